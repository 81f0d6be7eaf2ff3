//! `--list`: the ids of the consumer groups, or a table with their types and states.

use super::selection::consumer_groups;
use super::view::{Heading, View};
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::client::{GroupListing, GroupState, GroupType};
use crate::output::{Column, Format, columns};

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let filter = Filter::read(parsed)?;
    let format = context.format(parsed)?;
    let mut groups = consumer_groups(&*context.connect(parsed)?.admin()?)?;
    groups.retain(|group| filter.takes(group));
    let detailed = filter.columns != Columns::NONE;
    let view = view(&groups, if detailed || format == Format::Text { filter.columns } else { Columns::ALL });
    view.print(context, format, || if detailed { text(&groups, filter.columns) } else { ids(&groups) })?;
    Ok(Status::SUCCESS)
}

/// Which columns are shown beside the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli::commands) struct Columns {
    pub(in crate::cli::commands) types: bool,
    pub(in crate::cli::commands) states: bool,
}

impl Columns {
    const NONE: Columns = Columns { types: false, states: false };
    const ALL: Columns = Columns { types: true, states: true };
}

struct Filter {
    columns: Columns,
    /// Empty for any.
    states: Vec<GroupState>,
    types: Vec<GroupType>,
}

impl Filter {
    fn read(parsed: &Parsed) -> Result<Filter, Failure> {
        let states = parsed.text("state")?;
        let types = parsed.text("type")?;
        Ok(Filter {
            columns: Columns { types: parsed.has("type"), states: parsed.has("state") },
            states: states.map_or(Ok(Vec::new()), |list| read_states(&list, &GroupState::ALL))?,
            types: types.map_or(Ok(Vec::new()), |list| read_types(&list))?,
        })
    }

    fn takes(&self, group: &GroupListing) -> bool {
        (self.states.is_empty() || self.states.contains(&group.state))
            && (self.types.is_empty() || self.types.contains(&group.group_type))
    }
}

/// The names in a list. As in Java commas at its end separate nothing; an empty list asks for everything.
fn names(list: &str) -> Vec<&str> {
    let list = list.trim_end_matches(',');
    if list.is_empty() { Vec::new() } else { list.split(',').collect() }
}

/// Reads a list of some of the `valid` states.
pub(in crate::cli::commands) fn read_states(
    list: &str,
    valid: &[GroupState],
) -> Result<Vec<GroupState>, Failure> {
    let by_name = |name: &str| valid.iter().copied().find(|s| s.name().eq_ignore_ascii_case(name.trim()));
    names(list).into_iter().map(by_name).collect::<Option<_>>().ok_or_else(|| {
        let valid: Vec<&str> = valid.iter().map(|state| state.name()).collect();
        Failure::usage(format!("Invalid state list '{list}'. Valid states are: {}", valid.join(", ")))
    })
}

fn read_types(list: &str) -> Result<Vec<GroupType>, Failure> {
    let valid = [GroupType::Classic, GroupType::Consumer];
    let by_name = |name: &str| valid.into_iter().find(|t| t.name().eq_ignore_ascii_case(name.trim()));
    names(list).into_iter().map(by_name).collect::<Option<_>>().ok_or_else(|| {
        Failure::usage(format!("Invalid types list '{list}'. Valid types are: Classic, Consumer"))
    })
}

pub(in crate::cli::commands) fn ids(groups: &[GroupListing]) -> String {
    groups.iter().map(|group| format!("{}\n", group.group)).collect()
}

/// Kafka's table.
fn text(groups: &[GroupListing], shown: Columns) -> String {
    let longest = groups.iter().map(|group| group.group.chars().count()).max().unwrap_or(0);
    let mut layout = vec![Column::Exactly(10 + longest.max(15))];
    let mut rows = vec![vec!["GROUP"]];
    rows.extend(groups.iter().map(|group| vec![group.group.as_str()]));
    let mut add = |title: &'static str, cell: fn(&GroupListing) -> &'static str| {
        layout.push(Column::Exactly(20));
        let cells = std::iter::once(title).chain(groups.iter().map(cell));
        rows.iter_mut().zip(cells).for_each(|(row, cell)| row.push(cell));
    };
    if shown.types {
        add("TYPE", |group| group.group_type.name());
    }
    if shown.states {
        add("STATE", |group| group.state.name());
    }
    columns(&layout, &rows)
}

pub(in crate::cli::commands) fn view(groups: &[GroupListing], shown: Columns) -> View {
    let mut headings = vec![Heading::text("GROUP", "group")];
    if shown.types {
        headings.push(Heading::text("TYPE", "type"));
    }
    if shown.states {
        headings.push(Heading::text("STATE", "state"));
    }
    let rows = groups.iter().map(|group| {
        let types = shown.types.then(|| group.group_type.name().into());
        let states = shown.states.then(|| group.state.name().into());
        [Some(group.group.as_str().into()), types, states].into_iter().flatten().collect()
    });
    View { headings, rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(id: &str, group_type: GroupType, state: GroupState) -> GroupListing {
        GroupListing { group: id.to_owned(), group_type, protocol: "consumer".to_owned(), state }
    }

    #[test]
    fn the_table_is_kafkas_to_the_byte() {
        let groups = [
            group("alpha", GroupType::Classic, GroupState::Empty),
            group("beta", GroupType::Consumer, GroupState::Stable),
        ];
        let expected = "GROUP                     TYPE                 STATE               \n\
                        alpha                     Classic              Empty               \n\
                        beta                      Consumer             Stable              \n";
        assert_eq!(text(&groups, Columns::ALL), expected);
        let long = [group("a-name-of-twenty-five-chars", GroupType::Classic, GroupState::Empty)];
        let states = Columns { types: false, states: true };
        assert!(text(&long, states).starts_with(&format!("{:37} STATE", "GROUP")));
        assert_eq!(ids(&groups), "alpha\nbeta\n");
    }

    #[test]
    fn lists_take_any_case_and_blanks() {
        assert_eq!(
            read_states("stable, EMPTY", &GroupState::ALL).unwrap(),
            [GroupState::Stable, GroupState::Empty]
        );
        assert!(
            read_states("bogus", &GroupState::ALL)
                .unwrap_err()
                .message()
                .starts_with("Invalid state list 'bogus'. Valid")
        );
        assert_eq!(read_types("Consumer").unwrap(), [GroupType::Consumer]);
        assert!(read_types("share").is_err());
        assert_eq!(
            (read_states("", &GroupState::ALL).unwrap(), read_states("Empty,", &GroupState::ALL).unwrap()),
            (vec![], vec![GroupState::Empty])
        );
        assert!(read_states(" ", &GroupState::ALL).is_err() && read_types(",Classic").is_err());
    }
}
