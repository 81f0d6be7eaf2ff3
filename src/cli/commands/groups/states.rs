//! `--describe --state`: who coordinates the group, how it shares out, and how far it is.

use super::section::{Detail, Section};
use super::view::{Heading, View};
use crate::client::GroupDescription;
use crate::output::{Column, columns};

/// The epoch for which the targets of the members were computed.
const TARGET_EPOCH: Heading = Heading::number("TARGET-EPOCH", "target_assignment_epoch");

pub(super) fn section(group: &GroupDescription, detail: Detail) -> Section {
    Section { text: Some(text(group, detail)), view: view(group, TARGET_EPOCH) }
}

/// Kafka's table.
fn text(group: &GroupDescription, detail: Detail) -> String {
    let assignor = if group.assignor.is_empty() { "-" } else { &group.assignor };
    let mut cells = coordinator(group);
    cells.push((Column::Exactly(20), "ASSIGNMENT-STRATEGY", assignor.to_owned()));
    cells.push((Column::Exactly(20), "STATE", group.state.name().to_owned()));
    if detail == Detail::Verbose {
        let epoch = |epoch: Option<i32>| epoch.map_or_else(|| "-".to_owned(), |epoch| epoch.to_string());
        cells.push((Column::Exactly(15), "GROUP-EPOCH", epoch(group.group_epoch)));
        cells.push((Column::Exactly(25), "TARGET-ASSIGNMENT-EPOCH", epoch(group.target_assignment_epoch)));
    }
    cells.push((Column::Free, "#MEMBERS", group.members.len().to_string()));
    table(cells)
}

/// A column of a table with one row: its width, its title, the cell.
type Cell = (Column, &'static str, String);

/// The columns that every such table begins with.
pub(in crate::cli::commands) fn coordinator(group: &GroupDescription) -> Vec<Cell> {
    let coordinator = &group.coordinator;
    let address = format!("{}:{}  ({})", coordinator.host, coordinator.port, coordinator.id);
    vec![
        (Column::AtLeast(15), "GROUP", group.group.clone()),
        (Column::AtLeast(25), "COORDINATOR (ID)", address),
    ]
}

/// The table of these columns.
pub(in crate::cli::commands) fn table(cells: Vec<Cell>) -> String {
    let layout: Vec<Column> = cells.iter().map(|(column, _, _)| *column).collect();
    let (header, row) = cells.into_iter().map(|(_, title, cell)| (title.to_owned(), cell)).unzip();
    columns(&layout, &[header, row])
}

pub(in crate::cli::commands) fn view(group: &GroupDescription, target_epoch: Heading) -> View {
    let headings = vec![
        Heading::text("GROUP", "group"),
        Heading::text("COORDINATOR", "coordinator"),
        Heading::number("ID", "coordinator_id"),
        Heading::text("STRATEGY", "assignment_strategy"),
        Heading::text("STATE", "state"),
        Heading::number("MEMBERS", "members"),
        Heading::number("EPOCH", "group_epoch"),
        target_epoch,
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
            coordinator: Node {
                id: BrokerId(1),
                host: "localhost".to_owned(),
                port: 9092,
                rack: None,
                fenced: false,
            },
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
