//! What goes where, and where each source partition is taken up.

use crate::cli::archive::ArchivedTopic;
use crate::cli::destinations::Destinations;
use crate::cli::error::Failure;
use crate::cli::ranges::{ChosenTopic, own_configs};
use crate::client::{Admin, BulkMark, BulkRange, BulkSource, BulkStart, BulkWriter};
use crate::types::{Offset, Uuid};
use std::collections::BTreeMap;

/// A topic on its way.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// The target's name.
    pub(super) to: String,
    /// What is counted under, as a group.
    group: String,
    /// Records of the source may vanish between others.
    is_compacted: bool,
    /// What a mark remembers: from which topic to which it was, and in which way.
    note: String,
}

/// A partition being copied.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) source: BulkSource,
    pub(super) to: String,
    pub(super) note: String,
    /// The position of the last mark.
    pub(super) marked: i64,
    /// It was copied before, up to there.
    pub(super) is_continued: bool,
    /// A part of what is behind the mark may be copied already: there is no other mark until all has been read.
    pub(super) is_unsure: bool,
}

/// How records are copied; the same for all marks of a target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) repartition: bool,
    pub(super) read_committed: bool,
    pub(super) restart: bool,
}

impl Manner {
    fn words(self) -> String {
        let partitions = if self.repartition { "by-key" } else { "kept" };
        let level = if self.read_committed { "committed" } else { "uncommitted" };
        format!("partitions={partitions} records={level}")
    }
}

/// Finds or makes the target of each topic.
pub(super) fn routes(
    from: &dyn Admin,
    to: &dyn Admin,
    destinations: &mut Destinations,
    topics: &[ChosenTopic],
    name: Option<&str>,
    manner: Manner,
) -> Result<BTreeMap<String, Route>, Failure> {
    let mut routes = BTreeMap::new();
    for topic in topics {
        let archived = ArchivedTopic {
            topic: topic.name.clone(),
            partitions: topic.partition_count,
            configs: own_configs(from, &topic.name)?,
            ranges: Vec::new(),
        };
        let target = destinations.describe(&archived)?;
        let is_compacted =
            archived.configs.get("cleanup.policy").is_some_and(|policy| policy.contains("compact"));
        let (from_id, to_id) = (id(from, &topic.name)?, id(to, &target)?);
        let note = format!("from={from_id} to={to_id} {}", manner.words());
        let group = format!("kt-copy.{}", name.unwrap_or(&target));
        routes.insert(topic.name.clone(), Route { to: target, group, is_compacted, note });
    }
    Ok(routes)
}

fn id(admin: &dyn Admin, topic: &str) -> Result<Uuid, Failure> {
    match admin.describe_topics(&[topic.to_owned()]).pop() {
        Some(described) => Ok(described?.id),
        None => Err(Failure::plain(format!("there is no topic '{topic}'"))),
    }
}

/// Takes a partition up where it was left, or begins it; `range` then begins there. Nothing is begun where a mark speaks of
/// another topic. `log_start` is the first offset that is still there.
///
/// What was written behind a mark is told from the rest by counting. Where records behind it may be gone, counting would pass
/// over others in their place: then what was written since the mark is written again, which is at most what a second brought.
pub(super) fn take_up(
    writer: &mut dyn BulkWriter,
    route: &Route,
    range: &mut BulkRange,
    log_start: Offset,
    restart: bool,
) -> Result<Lane, Failure> {
    let found = writer.last_mark(&route.group, &range.partition)?.filter(|_| !restart);
    let anew = |position| BulkStart::Anew(BulkMark { position, note: route.note.clone() });
    let is_continued =
        found.as_ref().is_some_and(|mark| compare(&mark.note, &route.note) == Comparison::Same);
    let start = match found.map(|mark| (compare(&mark.note, &route.note), mark)) {
        None | Some((Comparison::NewTarget, _)) => anew(range.from),
        Some((Comparison::Same, mark)) => {
            range.from = mark.position;
            let may_lack = route.is_compacted || log_start > mark.position;
            if may_lack { anew(mark.position) } else { BulkStart::Resumed }
        }
        Some((Comparison::Other(what), _)) => {
            let (partition, to) = (&range.partition, &route.to);
            return Err(Failure::plain(format!("{partition} was copied to '{to}' before, {what}"))
                .with_hint("--restart copies everything again, --name NAME keeps another count"));
        }
    };
    let is_unsure = start == BulkStart::Resumed;
    let source = writer.begin(Some(&route.group), &range.partition, start)?;
    let (to, note) = (route.to.clone(), route.note.clone());
    Ok(Lane { source, to, note, marked: range.from.get(), is_continued, is_unsure })
}

/// What a mark is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Same,
    /// The target is another topic by now: nothing of the source is in it.
    NewTarget,
    Other(&'static str),
}

fn compare(found: &str, expected: &str) -> Comparison {
    if found == expected {
        return Comparison::Same;
    }
    let word = |text: &str, at: usize| text.split(' ').nth(at).unwrap_or_default().to_owned();
    if word(found, 1) != word(expected, 1) {
        Comparison::NewTarget
    } else if word(found, 0) != word(expected, 0) {
        Comparison::Other("from another topic of this name")
    } else {
        Comparison::Other("with another --repartition or --isolation-level")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_other_topics_are_told_apart() {
        let own = "from=a to=b partitions=kept records=committed";
        assert_eq!(compare(own, own), Comparison::Same);
        for (found, expected) in [
            ("from=a to=c partitions=kept records=committed", Comparison::NewTarget),
            ("", Comparison::NewTarget),
            (
                "from=x to=b partitions=kept records=committed",
                Comparison::Other("from another topic of this name"),
            ),
        ] {
            assert_eq!(compare(found, own), expected, "{found}");
        }
        let keyed = "from=a to=b partitions=by-key records=committed";
        assert!(matches!(compare(keyed, own), Comparison::Other(_)));
    }
}
