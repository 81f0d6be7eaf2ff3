//! `Destinations`: the topics that imported and copied records go to. Makes those that aren't there, and changes none that are.

use crate::cli::archive::ArchivedTopic;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use crate::client::{self, Admin, NewTopic};
use crate::types::ErrorCode;
use std::collections::BTreeMap;

/// How a record's topic is found and made.
pub(crate) struct Destinations {
    admin: Box<dyn Admin>,
    /// `--topic`.
    only: Option<String>,
    renamed: BTreeMap<String, String>,
    pub(crate) repartition: bool,
    /// `--partitions`.
    partitions: Option<i32>,
    known: BTreeMap<String, Known>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    partition_count: i32,
    /// It was made here, without anyone saying how large: it grows with what the records name.
    grows: bool,
}

impl Destinations {
    pub(crate) fn new(
        admin: Box<dyn Admin>,
        only: Option<String>,
        renamed: BTreeMap<String, String>,
        repartition: bool,
        partitions: Option<i32>,
    ) -> Destinations {
        Destinations { admin, only, renamed, repartition, partitions, known: BTreeMap::new() }
    }

    /// The name of the topic that records of `topic` go to.
    pub(crate) fn name(&self, topic: Option<&str>) -> Result<String, Failure> {
        match (&self.only, topic) {
            (Some(only), _) => Ok(only.clone()),
            (None, Some(topic)) => Ok(self.renamed.get(topic).map_or(topic, String::as_str).to_owned()),
            (None, None) => Err(Failure::plain("the record names no topic").with_hint("give --topic NAME")),
        }
    }

    /// Whether each topic of the file is one of its own here.
    pub(crate) fn keeps_names(&self) -> bool {
        self.only.is_none() && self.renamed.is_empty()
    }

    /// Whether a topic has been looked for, and is there.
    pub(crate) fn is_known(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    /// Sees to a topic that the file describes. Answers its name.
    pub(crate) fn describe(&mut self, topic: &ArchivedTopic) -> Result<String, Failure> {
        let name = self.name(Some(&topic.topic))?;
        let wanted = self.partitions.unwrap_or(topic.partitions);
        let configs = topic.configs.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        if !self.is_known(&name) {
            self.make(&name, Some(wanted), configs, false)?;
        }
        let count = self.known.get(&name).map_or(wanted, |known| known.partition_count);
        if count != topic.partitions && !self.repartition {
            let (from, theirs) = (&topic.topic, topic.partitions);
            return Err(Failure::plain(format!(
                "topic '{name}' has another number of partitions than '{from}': {count}, not {theirs}"
            ))
            .with_hint("add --repartition to share the records out by key"));
        }
        Ok(name)
    }

    /// Sees to the topic of a record in `partition`. `largest` finds the largest partition that the file's records of this
    /// topic name; it is asked only if the topic has to be made.
    pub(crate) fn ensure(
        &mut self,
        name: &str,
        partition: Option<i32>,
        largest: impl FnOnce() -> Result<Option<i32>, Failure>,
    ) -> Result<(), Failure> {
        if !self.is_known(name) {
            let exists = self.look(name)?;
            if !exists {
                let named = if self.repartition { None } else { largest()?.max(partition) };
                let count = self.partitions.or(named.map(|number| number.saturating_add(1)));
                self.make(name, count, Vec::new(), self.partitions.is_none() && !self.repartition)?;
            }
        }
        let Some(number) = partition.filter(|_| !self.repartition) else { return Ok(()) };
        let Some(known) = self.known.get(name).copied() else { return Ok(()) };
        if (0..known.partition_count).contains(&number) {
            return Ok(());
        }
        if !known.grows || number < 0 {
            let count = known.partition_count;
            return Err(Failure::plain(format!("topic '{name}' has no partition {number}: it has {count}"))
                .with_hint("add --repartition to share the records out by key"));
        }
        match self.admin.create_partitions(name, number.saturating_add(1), None) {
            Err(error) if error.code != ErrorCode::InvalidPartitions => Err(error.into()),
            // Somebody else may have been faster.
            _ => self.look(name).map(|_| ()),
        }
    }

    /// Looks for a topic; whether it is there.
    fn look(&mut self, name: &str) -> Result<bool, Failure> {
        let described = self.admin.describe_topics(&[name.to_owned()]).pop();
        match described {
            Some(Ok(topic)) => {
                let partition_count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
                let grows = self.known.get(name).is_some_and(|known| known.grows);
                self.known.insert(name.to_owned(), Known { partition_count, grows });
                Ok(true)
            }
            Some(Err(error)) if error.code != ErrorCode::UnknownTopicOrPartition => Err(error.into()),
            _ => Ok(false),
        }
    }

    /// Makes a topic unless it is there.
    fn make(
        &mut self,
        name: &str,
        partitions: Option<i32>,
        configs: Vec<(String, String)>,
        grows: bool,
    ) -> Result<(), Failure> {
        if self.look(name)? {
            return Ok(());
        }
        let topic = NewTopic { name: name.to_owned(), partitions, configs, ..NewTopic::default() };
        match self.admin.create_topic(&topic) {
            Ok(_) => {
                self.known.insert(name.to_owned(), Known { partition_count: 0, grows });
            }
            // Somebody else was faster.
            Err(error) if error.code == ErrorCode::TopicAlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
        if self.look(name)? {
            return Ok(());
        }
        Err(client::Error::of(ErrorCode::UnknownTopicOrPartition).into())
    }
}

/// `--rename`.
pub(crate) fn renamed(parsed: &Parsed) -> Result<BTreeMap<String, String>, Failure> {
    let pairs = parsed.texts("rename");
    let read = |pair: &String| match pair.split_once('=') {
        Some((from, to)) if !from.is_empty() && !to.is_empty() => Ok((from.to_owned(), to.to_owned())),
        _ => Err(Failure::misuse(format!("--rename '{pair}' is not of the form FROM=TO"))),
    };
    pairs.iter().map(read).collect()
}
