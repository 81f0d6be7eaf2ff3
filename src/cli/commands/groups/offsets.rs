//! `--describe --offsets`: what is committed of each partition, how far its log goes, who reads it.

use super::failure::failed;
use super::section::{Detail, Section};
use super::view::{Heading, View};
use crate::cli::error::Failure;
use crate::client::{Admin, CommittedOffset, GroupDescription, MemberDescription, OffsetSpec};
use crate::output::{Column, columns};
use crate::types::{Offset, TopicPartition};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What a group has committed.
type Commits = BTreeMap<TopicPartition, CommittedOffset>;

/// A partition that the group has to do with.
#[derive(Clone, Debug)]
struct Row<'a> {
    partition: TopicPartition,
    committed: Option<&'a CommittedOffset>,
    /// `None` where the partition is no more.
    log_end: Option<Offset>,
    owner: Option<&'a MemberDescription>,
}

impl Row<'_> {
    /// From the committed offset to the log's end, even where the log begins later.
    fn lag(&self) -> Option<i64> {
        Some(self.log_end?.since(self.committed?.offset))
    }
}

/// The sections of all groups. The ends of their partitions are asked for at once: many groups read the same topics.
pub(super) fn sections(
    admin: &dyn Admin,
    groups: &[GroupDescription],
    detail: Detail,
) -> Result<Vec<Section>, Failure> {
    let committed = groups.iter().map(|group| admin.group_offsets(&group.group).map_err(failed));
    let committed: Vec<Commits> =
        committed.map(|commits| Ok(commits?.into_iter().collect())).collect::<Result<_, Failure>>()?;
    let owned = groups.iter().flat_map(|group| &group.members).flat_map(|member| &member.assignment);
    let all: BTreeSet<&TopicPartition> = committed.iter().flat_map(BTreeMap::keys).chain(owned).collect();
    let requests: Vec<(TopicPartition, OffsetSpec)> =
        all.iter().map(|&partition| (partition.clone(), OffsetSpec::Latest)).collect();
    let answers =
        admin.list_offsets(&requests).into_iter().map(|answer| answer.ok().and_then(|info| info.offset));
    let ends: BTreeMap<&TopicPartition, Option<Offset>> = all.into_iter().zip(answers).collect();
    let sections = groups.iter().zip(&committed).map(|(group, committed)| {
        let rows = rows(group, committed, &ends);
        let text = (!rows.is_empty()).then(|| text(&group.group, &rows, detail));
        Section { text, view: view(&group.group, &rows) }
    });
    Ok(sections.collect())
}

/// Members with many partitions first, then what nobody owns; by topic and partition within each.
fn rows<'a>(
    group: &'a GroupDescription,
    committed: &'a Commits,
    ends: &BTreeMap<&TopicPartition, Option<Offset>>,
) -> Vec<Row<'a>> {
    let row = |partition: &TopicPartition, owner| Row {
        partition: partition.clone(),
        committed: committed.get(partition),
        log_end: ends.get(partition).copied().flatten(),
        owner,
    };
    let mut members: Vec<&MemberDescription> = group.members.iter().collect();
    members.sort_by_key(|member| Reverse(member.assignment.len()));
    let mut rows = Vec::new();
    let mut owned: BTreeSet<&TopicPartition> = BTreeSet::new();
    for member in members {
        let mine: BTreeSet<&TopicPartition> = member.assignment.iter().collect();
        rows.extend(mine.iter().map(|partition| row(partition, Some(member))));
        owned.extend(mine);
    }
    rows.extend(committed.keys().filter(|tp| !owned.contains(tp)).map(|partition| row(partition, None)));
    rows
}

/// Kafka's table.
fn text(group: &str, rows: &[Row<'_>], detail: Detail) -> String {
    let verbose = detail == Detail::Verbose;
    let mut layout = vec![Column::AtLeast(15), Column::AtLeast(15), Column::Exactly(10)];
    let mut header = vec!["GROUP", "TOPIC", "PARTITION"];
    if verbose {
        layout.push(Column::Exactly(15));
        header.push("LEADER-EPOCH");
    }
    layout.extend([Column::Exactly(15), Column::Exactly(15), Column::Exactly(15)]);
    header.extend(["CURRENT-OFFSET", "LOG-END-OFFSET", "LAG"]);
    layout.extend([Column::AtLeast(15), Column::AtLeast(15), Column::Free]);
    header.extend(["CONSUMER-ID", "HOST", "CLIENT-ID"]);
    let mut cells: Vec<Vec<String>> = vec![header.into_iter().map(str::to_owned).collect()];
    for row in rows {
        let mut line =
            vec![group.to_owned(), row.partition.topic.clone(), row.partition.partition.to_string()];
        if verbose {
            line.push(known(row.committed.and_then(|committed| committed.leader_epoch)));
        }
        line.extend([known(row.committed.map(|c| c.offset)), known(row.log_end), known(row.lag())]);
        let owner = |field: fn(&MemberDescription) -> &str| known(row.owner.map(field));
        line.extend([owner(|m| &m.member_id), owner(|m| &m.host), owner(|m| &m.client_id)]);
        cells.push(line);
    }
    columns(&layout, &cells)
}

/// What is unknown is a dash.
fn known(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn view(group: &str, rows: &[Row<'_>]) -> View {
    let headings = vec![
        Heading::text("GROUP", "group"),
        Heading::text("TOPIC", "topic"),
        Heading::number("PARTITION", "partition"),
        Heading::number("EPOCH", "leader_epoch"),
        Heading::number("OFFSET", "current_offset"),
        Heading::number("END", "log_end_offset"),
        Heading::number("LAG", "lag"),
        Heading::text("MEMBER", "consumer_id"),
        Heading::text("HOST", "host"),
        Heading::text("CLIENT", "client_id"),
    ];
    let rows = rows.iter().map(|row| {
        let committed = row.committed;
        vec![
            group.into(),
            row.partition.topic.as_str().into(),
            row.partition.partition.0.into(),
            committed.and_then(|c| c.leader_epoch).map(|epoch| epoch.0).into(),
            committed.map(|c| c.offset.get()).into(),
            row.log_end.map(Offset::get).into(),
            row.lag().into(),
            row.owner.map(|member| member.member_id.as_str()).into(),
            row.owner.map(|member| member.host.as_str()).into(),
            row.owner.map(|member| member.client_id.as_str()).into(),
        ]
    });
    View { headings, rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::super::states::tests::group;
    use super::*;
    use crate::types::{LeaderEpoch, PartitionId};

    fn tp(topic: &str, partition: i32) -> TopicPartition {
        TopicPartition { topic: topic.to_owned(), partition: PartitionId(partition) }
    }

    fn commit(offset: i64, epoch: Option<i32>) -> CommittedOffset {
        let leader_epoch = epoch.map(LeaderEpoch);
        CommittedOffset { offset: Offset::new(offset), leader_epoch, metadata: String::new() }
    }

    #[test]
    fn partitions_without_an_owner_or_a_commit_have_dashes() {
        let mut group = group("g");
        group.members.push(MemberDescription {
            member_id: "console-consumer-1".to_owned(),
            instance_id: None,
            client_id: "console-consumer".to_owned(),
            host: "/127.0.0.1".to_owned(),
            assignment: vec![tp("demo", 10), tp("demo", 2)],
            target_assignment: None,
            epoch: None,
            upgraded: None,
        });
        let committed = [(tp("demo", 2), commit(3, Some(0))), (tp("old", 0), commit(5, None))].into();
        let ends = [(tp("demo", 2), Some(Offset::new(10))), (tp("demo", 10), Some(Offset::new(4)))];
        let ends = ends.iter().map(|(tp, end)| (tp, *end)).collect();
        let rows = rows(&group, &committed, &ends);
        let expected = "\
GROUP           TOPIC           PARTITION  LEADER-EPOCH    CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID        HOST            CLIENT-ID
g               demo            2          0               3               10              7               console-consumer-1 /127.0.0.1      console-consumer
g               demo            10         -               -               4               -               console-consumer-1 /127.0.0.1      console-consumer
g               old             0          -               5               -               -               -                  -               -
";
        assert_eq!(text("g", &rows, Detail::Verbose), expected);
        let brief = text("g", &rows[2..], Detail::Brief);
        let expected = "\
GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID     HOST            CLIENT-ID
g               old             0          5               -               -               -               -               -
";
        assert_eq!(brief, expected);
    }
}
