//! Which records a command moves: `--topic`, `--partitions`, `--from`, `--until`, `--group`, `--isolation-level`.

use super::error::Failure;
use super::options::{flag, valued};
use super::parse::Parsed;
use super::time;
use super::topic_filter::TopicFilter;
use crate::cli::target::Connection;
use crate::client::{
    Admin, BulkOrder, BulkRange, BulkReader, BulkReading, ConfigResource, ConfigSource, OffsetSpec,
    TopicDescription,
};
use crate::types::{ErrorCode, Offset, PartitionId, TopicPartition, now_ms};
use clap::Command;
use std::collections::{BTreeMap, BTreeSet};

/// The options, in the order of the help page.
pub(crate) fn options(table: Command) -> Command {
    table
        .arg(valued(
            "topic",
            "TOPICS",
            "Topics: a name, or a regular expression for whole names; repeatable, ',' means 'or'",
        ))
        .arg(valued("partitions", "IDS", "Partitions of each topic, such as 0,1,2 [default: all]"))
        .arg(valued(
            "from",
            "POSITION",
            "Where to begin: earliest, latest, an offset, @TIME (ISO 8601 or ms), or an age: -30m, -1h, -7d [default: earliest]",
        ))
        .arg(valued(
            "until",
            "POSITION",
            "Where to end, exclusive: the same [default: latest, the end at the time of the call]",
        ))
        .arg(valued("group", "GROUP", "Begin at what this group has committed, where it has"))
        .arg(valued(
            "isolation-level",
            "LEVEL",
            "read_committed leaves out aborted and open transactions, read_uncommitted doesn't [default: read_committed]",
        ))
        .arg(flag("skip-damaged", "Go on behind a damaged batch, with a line on standard error, instead of ending there"))
}

/// A topic that was chosen.
#[derive(Clone, Debug)]
pub(crate) struct ChosenTopic {
    pub(crate) name: String,
    /// How many partitions it has, whichever were chosen.
    pub(crate) partition_count: i32,
}

/// What the options ask for.
pub(crate) struct Request {
    patterns: Vec<String>,
    partitions: Option<BTreeSet<i32>>,
    from: Position,
    until: Position,
    group: Option<String>,
    pub(crate) read_committed: bool,
    skip_damaged: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    At(Offset),
    Spec(OffsetSpec),
}

impl Request {
    pub(crate) fn new(parsed: &Parsed) -> Result<Request, Failure> {
        if let Some(word) = parsed.words().first() {
            let word = word.to_string_lossy();
            return Err(Failure::misuse(format!("'{word}' is not expected; topics are named with --topic")));
        }
        let patterns = parsed.texts("topic");
        if patterns.is_empty() {
            return Err(Failure::misuse(
                "name the topics: --topic NAME, or a pattern; --topic '.*' is all of them",
            ));
        }
        let read_committed = match parsed.text("isolation-level")?.as_deref() {
            None | Some("read_committed") => true,
            Some("read_uncommitted") => false,
            Some(other) => {
                return Err(Failure::misuse(format!(
                    "the isolation level '{other}' is neither read_committed nor read_uncommitted"
                )));
            }
        };
        let group = parsed.text("group")?.map(|group| group.into_owned());
        if group.is_some() && parsed.has("from") {
            return Err(Failure::misuse("--group and --from both say where to begin: give one of them"));
        }
        Ok(Request {
            patterns,
            partitions: parsed.text("partitions")?.map(|text| partitions(&text)).transpose()?,
            from: position(parsed, "from", Position::Spec(OffsetSpec::Earliest))?,
            until: position(parsed, "until", Position::Spec(OffsetSpec::Latest))?,
            group,
            read_committed,
            skip_damaged: parsed.has("skip-damaged"),
        })
    }

    /// How the records are read.
    pub(crate) fn reading(&self, order: BulkOrder) -> BulkReading {
        let Request { read_committed, skip_damaged, .. } = *self;
        BulkReading { read_committed, skip_damaged, order }
    }

    /// The topics that there are, by name. What is named in full is one topic; a pattern leaves Kafka's own topics out.
    pub(crate) fn topics(&self, admin: &dyn Admin) -> Result<Vec<ChosenTopic>, Failure> {
        let all = admin.list_topics()?;
        let mut names = BTreeSet::new();
        for pattern in &self.patterns {
            if all.iter().any(|topic| topic.name == *pattern) {
                names.insert(pattern.clone());
                continue;
            }
            let filter = TopicFilter::new(pattern).map_err(Failure::misuse)?;
            let matching = all.iter().filter(|topic| !topic.internal && filter.matches(&topic.name));
            let before = names.len();
            names.extend(matching.map(|topic| topic.name.clone()));
            if names.len() == before {
                return Err(Failure::plain(format!("no topic matches '{pattern}'")));
            }
        }
        let names: Vec<String> = names.into_iter().collect();
        let described = admin.describe_topics(&names);
        described.into_iter().map(|topic| Ok(chosen(topic?))).collect()
    }

    /// The wanted parts of these topics, in order of topic and partition. `until` is open where the end is the log's.
    pub(crate) fn ranges(
        &self,
        admin: &dyn Admin,
        topics: &[ChosenTopic],
    ) -> Result<Vec<BulkRange>, Failure> {
        let mut partitions = Vec::new();
        for topic in topics {
            for number in 0..topic.partition_count {
                if self.partitions.as_ref().is_none_or(|wanted| wanted.contains(&number)) {
                    let partition = PartitionId(number);
                    partitions.push(TopicPartition { topic: topic.name.clone(), partition });
                }
            }
            let last = self.partitions.as_ref().and_then(BTreeSet::last);
            if let Some(last) = last.filter(|&&last| last >= topic.partition_count) {
                return Err(Failure::plain(format!("topic '{}' has no partition {last}", topic.name)));
            }
        }
        let committed: BTreeMap<TopicPartition, Offset> = match &self.group {
            Some(group) => {
                admin.describe_group(group)?;
                let offsets = admin.group_offsets(group)?;
                offsets.into_iter().map(|(partition, committed)| (partition, committed.offset)).collect()
            }
            None => BTreeMap::new(),
        };
        let from = resolve(admin, &partitions, self.from)?;
        // The end of a log is not an offset: it may be another when the log is read.
        let until = match self.until {
            Position::Spec(OffsetSpec::Latest) => vec![None; partitions.len()],
            until => resolve(admin, &partitions, until)?,
        };
        let range = |((partition, from), until): ((TopicPartition, Option<Offset>), Option<Offset>)| {
            // There is no record so late: nothing but what is still to come.
            let from = committed.get(&partition).copied().or(from).unwrap_or(Offset::MAX);
            BulkRange { partition, from, until }
        };
        Ok(partitions.into_iter().zip(from).zip(until).map(range).collect())
    }
}

/// What a topic sets for itself.
pub(crate) fn own_configs(admin: &dyn Admin, topic: &str) -> Result<BTreeMap<String, String>, Failure> {
    let entries = admin.describe_configs(&ConfigResource::Topic(topic.to_owned()))?;
    let own = entries.into_iter().filter(|entry| entry.source == ConfigSource::DynamicTopic);
    Ok(own.filter_map(|entry| Some((entry.name, entry.value?))).collect())
}

/// A reader of what there is now.
pub(crate) struct Reading {
    pub(crate) reader: Box<dyn BulkReader>,
    /// Its ranges, each with its end.
    pub(crate) planned: Vec<BulkRange>,
    /// Those behind whose end an open transaction holds records back.
    pub(crate) held: Vec<BulkRange>,
}

/// Opens a reader whose ranges end where their logs end now.
pub(crate) fn read_to_the_end(
    connection: &Connection,
    ranges: &[BulkRange],
    reading: BulkReading,
) -> Result<Reading, Failure> {
    let mut reader = connection.bulk_reader(ranges, reading)?;
    let wanted: Vec<_> = ranges.iter().map(|range| (range.partition.clone(), OffsetSpec::Latest)).collect();
    let latest = connection.admin()?.list_offsets(&wanted);
    let (mut planned, mut held) = (Vec::with_capacity(ranges.len()), Vec::new());
    let mut latest = latest.into_iter();
    for (index, range) in ranges.iter().enumerate() {
        let high = latest.next().transpose()?.and_then(|info| info.offset);
        let until = match reader.end(index) {
            // Where the records can't be read, reading them will tell.
            Err(error) if error.code == ErrorCode::CorruptMessage => high.unwrap_or(range.from),
            until => until?,
        };
        reader.stop_at(index, until);
        let from = reader.position(index).min(until);
        let partition = range.partition.clone();
        planned.push(BulkRange { partition, from, until: Some(until) });
        let high = high.unwrap_or(until);
        if until < range.until.map_or(high, |asked| asked.min(high)) {
            held.push(BulkRange { until: Some(until), ..range.clone() });
        }
    }
    Ok(Reading { reader, planned, held })
}

/// How many offsets ranges with an end span: about as many records as they hold.
pub(crate) fn span(ranges: &[BulkRange]) -> u64 {
    let each = ranges.iter().map(|range| range.until.unwrap_or(range.from).since(range.from));
    each.map(|count| u64::try_from(count).unwrap_or(0)).sum()
}

fn chosen(topic: TopicDescription) -> ChosenTopic {
    let partition_count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
    ChosenTopic { name: topic.name, partition_count }
}

/// The offset that a position means in each partition; `None` where there is no record so late.
fn resolve(
    admin: &dyn Admin,
    partitions: &[TopicPartition],
    position: Position,
) -> Result<Vec<Option<Offset>>, Failure> {
    let spec = match position {
        Position::At(offset) => return Ok(vec![Some(offset); partitions.len()]),
        Position::Spec(spec) => spec,
    };
    let wanted: Vec<_> = partitions.iter().map(|partition| (partition.clone(), spec)).collect();
    let found = admin.list_offsets(&wanted);
    found.into_iter().map(|info| Ok(info?.offset)).collect()
}

fn position(parsed: &Parsed, name: &str, missing: Position) -> Result<Position, Failure> {
    let Some(text) = parsed.text(name)? else { return Ok(missing) };
    let bad = || {
        Failure::misuse(format!(
            "--{name} '{text}' is no position: it is earliest, latest, an offset, @TIME or an age such as -1h"
        ))
    };
    match text.as_ref() {
        "earliest" => Ok(Position::Spec(OffsetSpec::Earliest)),
        "latest" => Ok(Position::Spec(OffsetSpec::Latest)),
        text => match (time::read_moment(text, now_ms()), text.parse::<i64>()) {
            (Some(time), _) => Ok(Position::Spec(OffsetSpec::Timestamp(time))),
            (None, Ok(offset)) if offset >= 0 => Ok(Position::At(Offset::new(offset))),
            _ => Err(bad()),
        },
    }
}

/// `0,1,4-6`.
fn partitions(text: &str) -> Result<BTreeSet<i32>, Failure> {
    let bad = || Failure::misuse(format!("--partitions '{text}' is no list of numbers such as 0,1,2"));
    let mut all = BTreeSet::new();
    for part in text.split(',') {
        let number =
            |text: &str| text.trim().parse::<i32>().ok().filter(|&number| (0..1_000_000).contains(&number));
        match part.split_once('-') {
            Some((first, last)) => {
                all.extend(number(first).ok_or_else(bad)?..=number(last).ok_or_else(bad)?);
            }
            None => all.extend([number(part).ok_or_else(bad)?]),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::options::table;
    use crate::types::TimestampMs;
    use std::ffi::OsString;

    fn parsed(line: &str) -> Parsed {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        Parsed::read(&options(table("x", "")), &words, Failure::as_misuse).unwrap()
    }

    #[test]
    fn positions_are_offsets_times_or_ages() {
        for (text, expected) in [
            ("earliest", Position::Spec(OffsetSpec::Earliest)),
            ("latest", Position::Spec(OffsetSpec::Latest)),
            ("7", Position::At(Offset::new(7))),
            ("@1700000000000", Position::Spec(OffsetSpec::Timestamp(TimestampMs(1_700_000_000_000)))),
        ] {
            let found =
                position(&parsed(&format!("--from {text}")), "from", Position::Spec(OffsetSpec::Latest));
            assert_eq!(found.unwrap(), expected, "{text}");
        }
        for bad in ["-3", "soon", "1.5", "@soon", ""] {
            assert!(
                position(&parsed(&format!("--from={bad}")), "from", Position::Spec(OffsetSpec::Latest))
                    .is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn partitions_are_listed_or_spanned() {
        let all: Vec<i32> = partitions("0,4-6, 2").unwrap().into_iter().collect();
        assert_eq!(all, [0, 2, 4, 5, 6]);
        for bad in ["", "a", "-1", "1-", "0,,1", "99999999"] {
            assert!(partitions(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for line in ["", "--topic a --group g --from 3", "--topic a b", "--topic a --isolation-level none"] {
            assert!(Request::new(&parsed(line)).is_err(), "{line}");
        }
        assert!(Request::new(&parsed("--topic a --topic b.* --until -1h")).is_ok());
    }
}
