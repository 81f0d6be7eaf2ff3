//! `--describe --state`: who coordinates the group and how far it is.

use super::describe::{Detail, Section};
use crate::cli::commands::groups::view::{Heading, View};
use crate::client::GroupDescription;
use crate::output::{Column, columns};

pub(super) fn section(group: &GroupDescription, detail: Detail) -> Section {
    Section { text: Some(text(group, detail)), view: view(group) }
}

/// Kafka's table.
fn text(group: &GroupDescription, detail: Detail) -> String {
    let coordinator = &group.coordinator;
    let address = format!("{}:{}  ({})", coordinator.host, coordinator.port, coordinator.id);
    let mut layout = vec![Column::AtLeast(15), Column::AtLeast(25), Column::Exactly(15)];
    let mut header = vec!["GROUP", "COORDINATOR (ID)", "STATE"];
    let mut row = vec![group.group.clone(), address, group.state.name().to_owned()];
    if detail == Detail::Verbose {
        layout.extend([Column::Exactly(12), Column::Exactly(17)]);
        header.extend(["GROUP-EPOCH", "ASSIGNMENT-EPOCH"]);
        let epoch = |epoch: Option<i32>| epoch.unwrap_or_default().to_string();
        row.extend([epoch(group.group_epoch), epoch(group.target_assignment_epoch)]);
    }
    layout.push(Column::Free);
    header.push("#MEMBERS");
    row.push(group.members.len().to_string());
    columns(&layout, &[header.into_iter().map(str::to_owned).collect(), row])
}

fn view(group: &GroupDescription) -> View {
    let headings = vec![
        Heading::text("GROUP", "group"),
        Heading::text("COORDINATOR", "coordinator"),
        Heading::number("ID", "coordinator_id"),
        Heading::text("STATE", "state"),
        Heading::number("MEMBERS", "members"),
        Heading::number("EPOCH", "group_epoch"),
        Heading::number("ASSIGNMENT-EPOCH", "assignment_epoch"),
    ];
    let row = vec![
        group.group.as_str().into(),
        format!("{}:{}", group.coordinator.host, group.coordinator.port).into(),
        group.coordinator.id.0.into(),
        group.state.name().into(),
        group.members.len().into(),
        group.group_epoch.into(),
        group.target_assignment_epoch.into(),
    ];
    View { headings, rows: vec![row] }
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
            coordinator: Node { id: BrokerId(1), host: "127.0.0.1".to_owned(), port: 24150 },
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
