//! All that is due in a directory, done at once: what `kt maintain` calls.

use super::expiry;
use super::leftovers;
use super::partition::{How, Tended, tend};
use super::report::{Deed, Outcome, Wanted};
use crate::client::{self, Result};
use crate::local::cluster::Cluster;
use crate::local::error::Error;
use crate::local::topic::OpenTopic;
use crate::signal;
use crate::types::{PartitionId, TopicName, TopicPartition};

/// `log.cleaner.dedupe.buffer.size`: so much memory is taken for the keys of a log.
const MEMORY_BYTES: usize = 128 * 1024 * 1024;
/// The same for who has other things to do.
const MODEST_MEMORY_BYTES: usize = 32 * 1024 * 1024;

impl Cluster {
    /// Does everything that is due, or what `wanted` says of it, and tells each thing as it is done. What can't be done is told
    /// too, and the rest goes on. Ends early, between two things, when the user wants out.
    pub(crate) fn maintain(
        &self,
        wanted: &Wanted<'_>,
        tell: &mut dyn FnMut(Outcome) -> Result<()>,
    ) -> Result<()> {
        let go_on = || !signal::is_interrupted();
        let how = How { memory_bytes: MEMORY_BYTES, rests: false, dry_run: wanted.dry_run, go_on: &go_on };
        self.maintain_as(wanted, &how, tell)
    }

    /// Does what is due beside other work: with pauses, and with little memory. What can't be done is left to the next time.
    pub(crate) fn maintain_beside(&self) -> Result<()> {
        let go_on = || !signal::is_interrupted();
        let how = How { memory_bytes: MODEST_MEMORY_BYTES, rests: true, dry_run: false, go_on: &go_on };
        self.maintain_as(&Wanted { topics: None, dry_run: false }, &how, &mut |_| Ok(()))
    }

    fn maintain_as(
        &self,
        wanted: &Wanted<'_>,
        how: &How<'_>,
        tell: &mut dyn FnMut(Outcome) -> Result<()>,
    ) -> Result<()> {
        self.coordination()?;
        let failed = |what: &str, error: client::Error| Outcome::Failed { what: what.to_owned(), error };
        if wanted.topics.is_none() {
            for part in [leftovers::remove, expiry::offsets, expiry::transactional_ids] {
                let mut deeds = Vec::new();
                let outcome = part(self, wanted.dry_run, &mut deeds);
                deeds.into_iter().try_for_each(|deed| tell(Outcome::Done(deed)))?;
                if let Err(error) = outcome {
                    tell(failed("the directory", error))?;
                }
            }
        }
        for topic in self.topics_of(wanted)? {
            for &(id, _) in &topic.partitions {
                if !(how.go_on)() {
                    return Ok(());
                }
                match tend(self, &topic, id, how) {
                    Ok(tended) => {
                        deeds(&topic, id, &tended).try_for_each(|deed| tell(Outcome::Done(deed)))?
                    }
                    // Deleted meanwhile.
                    Err(Error::PartitionGone { .. }) => {}
                    Err(error) => tell(failed(&format!("{}-{id}", topic.name), error.into()))?,
                }
            }
        }
        Ok(())
    }

    fn topics_of(&self, wanted: &Wanted<'_>) -> Result<Vec<OpenTopic>> {
        let broker = self.broker().id;
        Ok(self.with_image(|image| {
            let named = image.topics().sorted().into_iter().map(|topic| topic.name());
            let named = named.filter(|name| wanted.topics.is_none_or(|is_wanted| is_wanted(name)));
            named.filter_map(|name| OpenTopic::of(image, &TopicName::new(name).ok()?, broker)).collect()
        })?)
    }
}

/// What was done about a partition.
fn deeds(topic: &OpenTopic, id: PartitionId, tended: &Tended) -> impl Iterator<Item = Deed> + use<> {
    let partition = || TopicPartition { topic: topic.name.to_string(), partition: id };
    let tidied = tended.tidied.then(|| Deed::Tidied { partition: partition() });
    let deleted = tended.expired.map(|expired| Deed::Deleted {
        partition: partition(),
        segments: expired.segments as u64,
        bytes: expired.bytes,
        start: expired.start,
    });
    let compacted = tended.cleaned.map(|cleaned| Deed::Compacted {
        partition: partition(),
        end: cleaned.end,
        bytes_before: cleaned.bytes_before,
        bytes_after: cleaned.stats.map(|stats| stats.bytes_after),
        records: cleaned.stats.map(|stats| (stats.records_before, stats.records_after)),
    });
    [tidied, deleted, compacted].into_iter().flatten()
}
