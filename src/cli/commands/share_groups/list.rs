//! `--list`: the ids of the share groups, or a table with their states.

use super::selection::share_groups;
use crate::cli::commands::groups::view::{Heading, View};
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::client::{GroupListing, GroupState};
use crate::output::{Column, Format, columns};

/// The states that a share group can be in.
const STATES: [GroupState; 3] = [GroupState::Dead, GroupState::Empty, GroupState::Stable];

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let shows_states = parsed.has("state");
    let states = parsed.text("state")?.map_or(Ok(Vec::new()), |list| read_states(&list))?;
    let format = context.format(parsed)?;
    let mut groups = share_groups(&*context.connect(parsed)?.admin()?)?;
    groups.retain(|group| states.is_empty() || states.contains(&group.state));
    let view = view(&groups, shows_states || format != Format::Text);
    view.print(context, format, || if shows_states { text(&groups) } else { ids(&groups) })?;
    Ok(Status::SUCCESS)
}

/// Reads a list of states; of an empty one, any will do. What is empty at its end counts for nothing.
fn read_states(list: &str) -> Result<Vec<GroupState>, Failure> {
    let by_name = |name: &str| STATES.into_iter().find(|s| s.name().eq_ignore_ascii_case(name.trim()));
    let names = list.trim_end_matches(',');
    if names.is_empty() {
        return Ok(Vec::new());
    }
    names.split(',').map(by_name).collect::<Option<_>>().ok_or_else(|| {
        let valid: Vec<&str> = STATES.iter().map(|state| state.name()).collect();
        Failure::usage(format!("Invalid state list '{list}'. Valid states are: {}", valid.join(", ")))
    })
}

fn ids(groups: &[GroupListing]) -> String {
    groups.iter().map(|group| format!("{}\n", group.group)).collect()
}

/// Kafka's table.
fn text(groups: &[GroupListing]) -> String {
    let mut rows = vec![vec!["GROUP", "STATE"]];
    rows.extend(groups.iter().map(|group| vec![group.group.as_str(), group.state.name()]));
    columns(&[Column::AtLeast(15), Column::Free], &rows)
}

fn view(groups: &[GroupListing], shows_states: bool) -> View {
    let mut headings = vec![Heading::text("GROUP", "group")];
    if shows_states {
        headings.push(Heading::text("STATE", "state"));
    }
    let rows = groups.iter().map(|group| {
        let state = shows_states.then(|| group.state.name().into());
        [Some(group.group.as_str().into()), state].into_iter().flatten().collect()
    });
    View { headings, rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::GroupType;

    fn group(id: &str, state: GroupState) -> GroupListing {
        GroupListing {
            group: id.to_owned(),
            group_type: GroupType::Share,
            protocol: "share".to_owned(),
            state,
        }
    }

    #[test]
    fn the_table_is_kafkas_to_the_byte() {
        let groups = [group("sg", GroupState::Empty), group("two", GroupState::Stable)];
        assert_eq!(text(&groups), "GROUP           STATE\nsg              Empty\ntwo             Stable\n");
        let long = [group("console-share-consumer", GroupState::Empty)];
        assert_eq!(text(&long), "GROUP                  STATE\nconsole-share-consumer Empty\n");
        assert_eq!(ids(&groups), "sg\ntwo\n");
    }

    #[test]
    fn states_are_read_as_kafka_reads_them() {
        assert_eq!(read_states(" stable , EMPTY,,").unwrap(), [GroupState::Stable, GroupState::Empty]);
        assert_eq!((read_states("").unwrap(), read_states(",").unwrap()), (Vec::new(), Vec::new()));
        for bad in ["assigning", "stable,bogus", ",stable"] {
            let expected = format!("Invalid state list '{bad}'. Valid states are: Dead, Empty, Stable");
            assert_eq!(read_states(bad).unwrap_err().message(), expected);
        }
    }
}
