//! `--describe --offsets`: how far the group has come with each partition, and how much is not finished.

use super::failure::failed;
use crate::cli::commands::groups::section::{Detail, Section};
use crate::cli::commands::groups::view::{Heading, View};
use crate::cli::error::Failure;
use crate::client::{Admin, GroupDescription, SharePosition};
use crate::output::{Column, columns};
use crate::types::{Offset, TopicPartition};

type Row = (TopicPartition, SharePosition);

pub(super) fn section(
    admin: &dyn Admin,
    group: &GroupDescription,
    detail: Detail,
) -> Result<Section, Failure> {
    let rows = admin.share_group_offsets(&group.group).map_err(failed)?;
    Ok(Section { text: Some(text(&group.group, &rows, detail)), view: view(&group.group, &rows) })
}

/// Kafka's table, or what it says without one.
fn text(group: &str, rows: &[Row], detail: Detail) -> String {
    if rows.is_empty() {
        return format!("Share group '{group}' has no offset information.\n");
    }
    let verbose = detail == Detail::Verbose;
    let mut layout = vec![Column::AtLeast(15), Column::AtLeast(15), Column::Exactly(10)];
    let mut header = vec!["GROUP", "TOPIC", "PARTITION"];
    if verbose {
        layout.push(Column::Exactly(13));
        header.push("LEADER-EPOCH");
    }
    layout.extend([Column::Exactly(13), Column::Free]);
    header.extend(["START-OFFSET", "LAG"]);
    let mut cells: Vec<Vec<String>> = vec![header.into_iter().map(str::to_owned).collect()];
    for (tp, position) in rows {
        let mut line = vec![group.to_owned(), tp.topic.clone(), tp.partition.to_string()];
        if verbose {
            line.push(known(position.leader_epoch));
        }
        line.extend([known(position.start), known(position.lag)]);
        cells.push(line);
    }
    columns(&layout, &cells)
}

/// What is unknown is a dash.
fn known(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn view(group: &str, rows: &[Row]) -> View {
    let headings = vec![
        Heading::text("GROUP", "group"),
        Heading::text("TOPIC", "topic"),
        Heading::number("PARTITION", "partition"),
        Heading::number("EPOCH", "leader_epoch"),
        Heading::number("START", "start_offset"),
        Heading::number("LAG", "lag"),
    ];
    let rows = rows.iter().map(|(tp, position)| {
        vec![
            group.into(),
            tp.topic.as_str().into(),
            tp.partition.0.into(),
            position.leader_epoch.map(|epoch| epoch.0).into(),
            position.start.map(Offset::get).into(),
            position.lag.into(),
        ]
    });
    View { headings, rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{LeaderEpoch, PartitionId};

    #[test]
    fn the_table_is_kafkas_to_the_byte() {
        let tp = |partition| TopicPartition { topic: "demo".to_owned(), partition: PartitionId(partition) };
        let position = |start: Option<i64>, lag| SharePosition {
            start: start.map(Offset::new),
            leader_epoch: start.map(|_| LeaderEpoch(0)),
            lag,
        };
        let rows = [
            (tp(0), position(Some(3), Some(2))),
            (tp(1), position(Some(0), None)),
            (tp(10), position(None, None)),
        ];
        let expected = "\
GROUP           TOPIC           PARTITION  LEADER-EPOCH  START-OFFSET  LAG
sg              demo            0          0             3             2
sg              demo            1          0             0             -
sg              demo            10         -             -             -
";
        assert_eq!(text("sg", &rows, Detail::Verbose), expected);
        let brief = "\
GROUP                  TOPIC           PARTITION  START-OFFSET  LAG
console-share-consumer demo            0          3             2
";
        assert_eq!(text("console-share-consumer", &rows[..1], Detail::Brief), brief);
        assert_eq!(text("sg", &[], Detail::Brief), "Share group 'sg' has no offset information.\n");
    }
}
