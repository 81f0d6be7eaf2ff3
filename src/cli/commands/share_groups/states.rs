//! `--describe --state`: who coordinates the group and how far it is.

use crate::cli::commands::groups::section::{Detail, Section};
use crate::cli::commands::groups::states;
use crate::cli::commands::groups::view::Heading;
use crate::client::GroupDescription;
use crate::output::Column;

/// The epoch for which the targets of the members were computed.
const ASSIGNMENT_EPOCH: Heading = Heading::number("ASSIGNMENT-EPOCH", "assignment_epoch");

pub(super) fn section(group: &GroupDescription, detail: Detail) -> Section {
    // There is one strategy only.
    let view = states::view(group, ASSIGNMENT_EPOCH).without("assignment_strategy");
    Section { text: Some(text(group, detail)), view }
}

/// Kafka's table.
fn text(group: &GroupDescription, detail: Detail) -> String {
    let mut cells = states::coordinator(group);
    cells.push((Column::Exactly(15), "STATE", group.state.name().to_owned()));
    if detail == Detail::Verbose {
        let epoch = |epoch: Option<i32>| epoch.unwrap_or_default().to_string();
        cells.push((Column::Exactly(12), "GROUP-EPOCH", epoch(group.group_epoch)));
        cells.push((Column::Exactly(17), "ASSIGNMENT-EPOCH", epoch(group.target_assignment_epoch)));
    }
    cells.push((Column::Free, "#MEMBERS", group.members.len().to_string()));
    states::table(cells)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::client::{GroupState, GroupType, Node};
    use crate::types::BrokerId;

    /// An empty share group.
    pub(in super::super) fn group(name: &str) -> GroupDescription {
        GroupDescription {
            group: name.to_owned(),
            group_type: GroupType::Share,
            state: GroupState::Empty,
            coordinator: Node {
                id: BrokerId(1),
                host: "127.0.0.1".to_owned(),
                port: 24150,
                rack: None,
                fenced: false,
            },
            assignor: "simple".to_owned(),
            members: Vec::new(),
            group_epoch: Some(9),
            target_assignment_epoch: Some(8),
        }
    }

    #[test]
    fn the_table_is_kafkas_to_the_byte() {
        let expected = "\
GROUP           COORDINATOR (ID)          STATE           GROUP-EPOCH  ASSIGNMENT-EPOCH  #MEMBERS
sg              127.0.0.1:24150  (1)      Empty           9            8                 0
";
        assert_eq!(text(&group("sg"), Detail::Verbose), expected);
        let expected = "\
GROUP           COORDINATOR (ID)          STATE           #MEMBERS
sg              127.0.0.1:24150  (1)      Empty           0
";
        assert_eq!(text(&group("sg"), Detail::Brief), expected);
    }
}
