//! `--describe --members`: who is in the group and what each one has.

use super::section::{Detail, Section};
use super::view::{Heading, View};
use crate::client::{GroupDescription, MemberDescription};
use crate::output::{Column, columns};
use crate::types::TopicPartition;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn section(group: &GroupDescription, detail: Detail) -> Section {
    Section { text: Some(text(group, detail)), view: view(group) }
}

/// Kafka's table; the header alone for an empty group.
fn text(group: &GroupDescription, detail: Detail) -> String {
    let members = &group.members;
    let has_instances = members.iter().any(|member| member.instance_id.is_some());
    let has_classic_guests = members.iter().any(|member| member.upgraded == Some(false));
    let mut layout = vec![Column::AtLeast(15), Column::AtLeast(15)];
    let mut header = vec!["GROUP", "CONSUMER-ID"];
    if has_instances {
        layout.push(Column::AtLeast(17));
        header.push("GROUP-INSTANCE-ID");
    }
    layout.extend([Column::AtLeast(15), Column::AtLeast(15), Column::Exactly(15)]);
    header.extend(["HOST", "CLIENT-ID", "#PARTITIONS"]);
    match detail {
        // A blank follows the last column.
        Detail::Brief => {
            layout.push(Column::Free);
            header.push("");
        }
        Detail::Verbose => {
            layout.extend([
                Column::Exactly(15),
                Column::AtLeast(20),
                Column::Exactly(15),
                Column::AtLeast(20),
            ]);
            header.extend(["CURRENT-EPOCH", "CURRENT-ASSIGNMENT", "TARGET-EPOCH", "TARGET-ASSIGNMENT"]);
            if has_classic_guests {
                layout.push(Column::Free);
                header.push("UPGRADED");
            }
        }
    }
    let mut rows: Vec<Vec<String>> = vec![header.into_iter().map(str::to_owned).collect()];
    for member in members {
        let mut row = vec![group.group.clone(), member.member_id.clone()];
        if has_instances {
            row.push(member.instance_id.clone().unwrap_or_default());
        }
        row.extend([member.host.clone(), member.client_id.clone(), member.assignment.len().to_string()]);
        match detail {
            Detail::Brief => row.push(String::new()),
            Detail::Verbose => {
                row.extend(epochs_and_assignments(group, member));
                if has_classic_guests {
                    row.push(member.upgraded.unwrap_or(true).to_string());
                }
            }
        }
        rows.push(row);
    }
    columns(&layout, &rows)
}

/// The verbose columns; a classic member has dashes for epochs and target.
fn epochs_and_assignments(group: &GroupDescription, member: &MemberDescription) -> [String; 4] {
    let epoch = |epoch: Option<i32>| epoch.map_or_else(|| "-".to_owned(), |epoch| epoch.to_string());
    let current = assignment_text(&member.assignment);
    match &member.target_assignment {
        None => [epoch(member.epoch), current, "-".to_owned(), "-".to_owned()],
        Some(target) => {
            [epoch(member.epoch), current, epoch(group.target_assignment_epoch), assignment_text(target)]
        }
    }
}

/// `topic:0,1;other:2`; `-` for nothing.
pub(in crate::cli::commands) fn assignment_text(partitions: &[TopicPartition]) -> String {
    let mut by_topic: BTreeMap<&str, BTreeSet<i32>> = BTreeMap::new();
    for tp in partitions {
        by_topic.entry(&tp.topic).or_default().insert(tp.partition.0);
    }
    if by_topic.is_empty() {
        return "-".to_owned();
    }
    let topics = by_topic.into_iter().map(|(topic, numbers)| {
        let numbers: Vec<String> = numbers.iter().map(i32::to_string).collect();
        format!("{topic}:{}", numbers.join(","))
    });
    topics.collect::<Vec<_>>().join(";")
}

pub(in crate::cli::commands) fn view(group: &GroupDescription) -> View {
    let headings = vec![
        Heading::text("GROUP", "group"),
        Heading::text("MEMBER", "consumer_id"),
        Heading::text("INSTANCE", "group_instance_id"),
        Heading::text("HOST", "host"),
        Heading::text("CLIENT", "client_id"),
        Heading::number("PARTITIONS", "partitions"),
        Heading::text("ASSIGNMENT", "assignment"),
        Heading::number("EPOCH", "epoch"),
    ];
    let rows = group.members.iter().map(|member| {
        let assignment = if member.assignment.is_empty() {
            Value::Null
        } else {
            assignment_text(&member.assignment).into()
        };
        vec![
            group.group.as_str().into(),
            member.member_id.as_str().into(),
            member.instance_id.as_deref().into(),
            member.host.as_str().into(),
            member.client_id.as_str().into(),
            member.assignment.len().into(),
            assignment,
            member.epoch.into(),
        ]
    });
    View { headings, rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::super::states::tests::group;
    use super::*;
    use crate::types::PartitionId;

    fn member(id: &str, instance: Option<&str>, partitions: &[(&str, i32)]) -> MemberDescription {
        let named = |&(topic, partition): &(&str, i32)| TopicPartition {
            topic: topic.to_owned(),
            partition: PartitionId(partition),
        };
        MemberDescription {
            member_id: id.to_owned(),
            instance_id: instance.map(str::to_owned),
            client_id: "c".to_owned(),
            host: "/127.0.0.1".to_owned(),
            assignment: partitions.iter().map(named).collect(),
            target_assignment: None,
            epoch: None,
            upgraded: None,
        }
    }

    #[test]
    fn an_empty_group_has_a_header_of_the_smallest_widths() {
        let mut empty = group("a-group-with-a-rather-long-name");
        empty.group = "a-group-with-a-rather-long-name".to_owned();
        let expected = "GROUP           CONSUMER-ID     HOST            CLIENT-ID       #PARTITIONS     \n";
        assert_eq!(text(&empty, Detail::Brief), expected);
        let expected = "GROUP           CONSUMER-ID     HOST            CLIENT-ID       #PARTITIONS     CURRENT-EPOCH   CURRENT-ASSIGNMENT   TARGET-EPOCH    TARGET-ASSIGNMENT   \n";
        assert_eq!(text(&empty, Detail::Verbose), expected);
    }

    #[test]
    fn members_show_what_they_have() {
        let mut group = group("g");
        group.members = vec![
            member("one-1", Some("one"), &[("orders", 10), ("orders", 2), ("events", 0)]),
            member("two-1", None, &[]),
        ];
        let expected = "\
GROUP           CONSUMER-ID     GROUP-INSTANCE-ID HOST            CLIENT-ID       #PARTITIONS     CURRENT-EPOCH   CURRENT-ASSIGNMENT   TARGET-EPOCH    TARGET-ASSIGNMENT   
g               one-1           one               /127.0.0.1      c               3               -               events:0;orders:2,10 -               -                   
g               two-1                             /127.0.0.1      c               0               -               -                    -               -                   
";
        assert_eq!(text(&group, Detail::Verbose), expected);
    }
}
