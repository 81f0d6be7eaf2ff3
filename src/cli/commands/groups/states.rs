//! `--describe --state`: who coordinates the group, how it shares out, and how far it is.

use super::describe::{Detail, Section};
use super::view::{Heading, View};
use crate::client::GroupDescription;
use crate::output::{Column, columns};

pub(super) fn section(group: &GroupDescription, detail: Detail) -> Section {
    Section { text: Some(text(group, detail)), view: view(group) }
}

/// Kafka's table.
fn text(group: &GroupDescription, detail: Detail) -> String {
    let coordinator = &group.coordinator;
    let address = format!("{}:{}  ({})", coordinator.host, coordinator.port, coordinator.id);
    let assignor = if group.assignor.is_empty() { "-" } else { &group.assignor };
    let mut layout = vec![Column::AtLeast(15), Column::AtLeast(25), Column::Exactly(20), Column::Exactly(20)];
    let mut header = vec!["GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE"];
    let mut row = vec![group.group.clone(), address, assignor.to_owned(), group.state.name().to_owned()];
    if detail == Detail::Verbose {
        layout.extend([Column::Exactly(15), Column::Exactly(25)]);
        header.extend(["GROUP-EPOCH", "TARGET-ASSIGNMENT-EPOCH"]);
        let epoch = |epoch: Option<i32>| epoch.map_or_else(|| "-".to_owned(), |epoch| epoch.to_string());
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
        Heading::text("STRATEGY", "assignment_strategy"),
        Heading::text("STATE", "state"),
        Heading::number("MEMBERS", "members"),
        Heading::number("EPOCH", "group_epoch"),
        Heading::number("TARGET-EPOCH", "target_assignment_epoch"),
    ];
    let assignor = Some(group.assignor.as_str()).filter(|name| !name.is_empty());
    let row = vec![
        group.group.as_str().into(),
        format!("{}:{}", group.coordinator.host, group.coordinator.port).into(),
        group.coordinator.id.0.into(),
        assignor.into(),
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

    /// An empty classic group.
    pub(in super::super) fn group(name: &str) -> GroupDescription {
        GroupDescription {
            group: name.to_owned(),
            group_type: GroupType::Classic,
            state: GroupState::Empty,
            coordinator: Node { id: BrokerId(1), host: "localhost".to_owned(), port: 9092 },
            assignor: String::new(),
            members: Vec::new(),
            group_epoch: None,
            target_assignment_epoch: None,
        }
    }

    #[test]
    fn two_blanks_stand_before_the_coordinators_id() {
        let expected = "\
GROUP           COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE                #MEMBERS
readers         localhost:9092  (1)       -                    Empty                0
";
        assert_eq!(text(&group("readers"), Detail::Brief), expected);
        let expected = "\
GROUP           COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE                GROUP-EPOCH     TARGET-ASSIGNMENT-EPOCH   #MEMBERS
readers         localhost:9092  (1)       -                    Empty                -               -                         0
";
        assert_eq!(text(&group("readers"), Detail::Verbose), expected);
    }
}
