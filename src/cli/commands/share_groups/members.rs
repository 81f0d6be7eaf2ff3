//! `--describe --members`: who is in the group and what each one reads.

use crate::cli::commands::groups::members::{self, assignment_text};
use crate::cli::commands::groups::section::{Detail, Section};
use crate::client::GroupDescription;
use crate::output::{Column, columns};

pub(super) fn section(group: &GroupDescription, detail: Detail) -> Section {
    let text = (!group.members.is_empty()).then(|| text(group, detail));
    // No member has a place that is kept for it.
    Section { text, view: members::view(group).without("group_instance_id") }
}

/// Kafka's table.
fn text(group: &GroupDescription, detail: Detail) -> String {
    let verbose = detail == Detail::Verbose;
    let mut layout = vec![
        Column::AtLeast(15),
        Column::AtLeast(15),
        Column::AtLeast(15),
        Column::AtLeast(15),
        Column::Exactly(12),
    ];
    let mut header = vec!["GROUP", "CONSUMER-ID", "HOST", "CLIENT-ID", "#PARTITIONS"];
    if verbose {
        layout.push(Column::Exactly(13));
        header.push("MEMBER-EPOCH");
    }
    layout.push(Column::Free);
    header.push("ASSIGNMENT");
    let mut rows: Vec<Vec<String>> = vec![header.into_iter().map(str::to_owned).collect()];
    for member in &group.members {
        let mut row = vec![
            group.group.clone(),
            member.member_id.clone(),
            member.host.clone(),
            member.client_id.clone(),
            member.assignment.len().to_string(),
        ];
        if verbose {
            row.push(member.epoch.unwrap_or_default().to_string());
        }
        row.push(assignment_text(&member.assignment));
        rows.push(row);
    }
    columns(&layout, &rows)
}

#[cfg(test)]
mod tests {
    use super::super::states::tests::group;
    use super::*;
    use crate::client::MemberDescription;
    use crate::types::{PartitionId, TopicPartition};

    #[test]
    fn the_table_is_kafkas_to_the_byte() {
        let mut group = group("two");
        assert!(section(&group, Detail::Brief).text.is_none());
        let named =
            |partition| TopicPartition { topic: "demo".to_owned(), partition: PartitionId(partition) };
        group.members.push(MemberDescription {
            member_id: "CxsX1iddTHeIl6xyBdRrig".to_owned(),
            instance_id: None,
            client_id: "third".to_owned(),
            host: "/127.0.0.1".to_owned(),
            assignment: vec![named(0), named(1)],
            target_assignment: None,
            epoch: Some(4),
            upgraded: None,
        });
        let expected = "\
GROUP           CONSUMER-ID            HOST            CLIENT-ID       #PARTITIONS  MEMBER-EPOCH  ASSIGNMENT
two             CxsX1iddTHeIl6xyBdRrig /127.0.0.1      third           2            4             demo:0,1
";
        assert_eq!(text(&group, Detail::Verbose), expected);
    }
}
