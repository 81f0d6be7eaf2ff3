//! `--list`: the ids of the share groups, or a table with their states.

use super::selection::share_groups;
use crate::cli::commands::groups::list::{Columns, ids, read_states, view};
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::client::{GroupListing, GroupState};
use crate::output::{Column, Format, columns};

/// The states that a share group can be in.
const STATES: [GroupState; 3] = [GroupState::Dead, GroupState::Empty, GroupState::Stable];

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let shows_states = parsed.has("state");
    let states = parsed.text("state")?.map_or(Ok(Vec::new()), |list| read_states(&list, &STATES))?;
    let format = context.format(parsed)?;
    let mut groups = share_groups(&*context.connect(parsed)?.admin()?)?;
    groups.retain(|group| states.is_empty() || states.contains(&group.state));
    let shown = Columns { types: false, states: shows_states || format != Format::Text };
    let view = view(&groups, shown);
    view.print(context, format, || if shows_states { text(&groups) } else { ids(&groups) })?;
    Ok(Status::SUCCESS)
}

/// Kafka's table.
fn text(groups: &[GroupListing]) -> String {
    let mut rows = vec![vec!["GROUP", "STATE"]];
    rows.extend(groups.iter().map(|group| vec![group.group.as_str(), group.state.name()]));
    columns(&[Column::AtLeast(15), Column::Free], &rows)
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
        assert_eq!(
            read_states(" stable , EMPTY,,", &STATES).unwrap(),
            [GroupState::Stable, GroupState::Empty]
        );
        assert_eq!(
            (read_states("", &STATES).unwrap(), read_states(",", &STATES).unwrap()),
            (Vec::new(), Vec::new())
        );
        for bad in ["assigning", "stable,bogus", ",stable"] {
            let expected = format!("Invalid state list '{bad}'. Valid states are: Dead, Empty, Stable");
            assert_eq!(read_states(bad, &STATES).unwrap_err().message(), expected);
        }
    }
}
