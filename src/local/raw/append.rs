//! Appending what producers send: one batch to one partition. Part of `RawLogs`.

use super::batch::ClientBatch;
use super::logs::RawLogs;
use super::producers::Producers;
use super::refusal::Refusal;
use super::slot::{Open, Slot};
use super::sync::Done;
use super::topics::RawTopic;
use crate::client;
use crate::disk::File;
use crate::local::error::Error;
use crate::local::locked::Locked;
use crate::local::partition::Partition;
use crate::log::Appender;
use crate::record::BatchHeader;
use crate::types::{ErrorCode, LeaderEpoch, Offset, PartitionId, TimestampMs, now_ms};
use std::sync::Arc;

/// So much is written without a sync at most.
const FLUSH_AFTER_BYTES: u64 = 16 * 1024 * 1024;

type Result<T> = std::result::Result<T, Refusal>;

/// When a producer is to be told that its batch is stored.
pub(crate) enum When {
    /// As soon as it is in the file; readers see it at once.
    Written,
    /// When it is durable and visible: then `Done` is called, unless the append itself is refused.
    Durable(Done),
}

/// Asked under the partition's lock before a transactional batch is written: whether its producer's transaction has this
/// partition and nobody has taken over. What it finds stays true until the batch is in the log.
pub(crate) type Gate<'a> = &'a mut dyn FnMut(&BatchHeader) -> client::Result<()>;

/// Where a batch lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) base_offset: Offset,
    /// The time that the topic gave its records, if it does so.
    pub(crate) append_time: Option<TimestampMs>,
    pub(crate) log_start: Offset,
}

impl RawLogs {
    /// Appends a batch as a producer sent it; one that its producer sent before is answered with its place. `gate` is asked
    /// for transactional batches. `When::Durable`'s call comes if and only if this returns a place.
    pub(crate) fn append(
        &self,
        topic: &RawTopic,
        partition: PartitionId,
        batch: &[u8],
        when: When,
        gate: Option<Gate<'_>>,
    ) -> Result<Stored> {
        let (batch, epoch) = checked(topic, partition, batch, &when)?;
        let slot = self.slot(topic, partition)?;
        let mut open = slot.open();
        open.treat_as(topic);
        let log_start = self.start_of(topic, &slot, &mut open)?;
        let append_time = batch.append_time;
        let shown = matches!(when, When::Written);
        let Open { partition, producers, owes_names, unsynced_bytes, .. } = &mut *open;
        let placed = Partition::lock(partition).map_err(Trouble::from).and_then(|mut locked| {
            place(&mut locked, producers, (owes_names, unsynced_bytes), batch, epoch, shown, gate)
        });
        match placed {
            Ok(placed) => {
                self.finish(&slot, &mut open, &placed, when);
                Ok(Stored { base_offset: placed.base_offset, append_time, log_start })
            }
            Err(trouble) => {
                drop(open);
                Err(self.refusal(&slot, trouble))
            }
        }
    }

    /// As `append`, for batches without a transaction, where nothing has to be waited for: neither a lock, nor a disk, nor a
    /// look at what others have written. Gives `when` back where that is not so; then nothing has been done.
    pub(crate) fn append_at_once(
        &self,
        topic: &RawTopic,
        partition: PartitionId,
        batch: &[u8],
        when: When,
    ) -> std::result::Result<Result<Stored>, When> {
        if ClientBatch::has_to_be_unfolded(batch, &topic.open().config, now_ms()) {
            return Err(when);
        }
        let Some(slot) = self.slot_at_once(topic, partition) else { return Err(when) };
        let Some(mut open) = slot.open_at_once() else { return Err(when) };
        let (batch, epoch) = match checked(topic, partition, batch, &when) {
            Ok(checked) if !checked.0.header.is_transactional() => checked,
            // Whoever may wait says why.
            _ => return Err(when),
        };
        open.treat_as(topic);
        let Ok(log_start) = self.start_of(topic, &slot, &mut open) else { return Err(when) };
        let append_time = batch.append_time;
        let shown = matches!(when, When::Written);
        let Open { partition, producers, owes_names, unsynced_bytes, .. } = &mut *open;
        let Ok(Some(mut locked)) = partition.lock_at_once() else { return Err(when) };
        let would_be = locked.end().segment_bytes + batch.size_bytes() as u64;
        if !producers.is_at(locked.log_end()) || would_be > topic.open().config.log.segment_bytes {
            return Err(when);
        }
        let placed = place(&mut locked, producers, (owes_names, unsynced_bytes), batch, epoch, shown, None);
        drop(locked);
        Ok(match placed {
            Ok(placed) => {
                self.finish(&slot, &mut open, &placed, when);
                Ok(Stored { base_offset: placed.base_offset, append_time, log_start })
            }
            Err(trouble) => {
                drop(open);
                Err(self.refusal(&slot, trouble))
            }
        })
    }

    fn refusal(&self, slot: &Arc<Slot>, trouble: Trouble) -> Refusal {
        match trouble {
            Trouble::Refused(refusal) => refusal,
            Trouble::Engine(error) => {
                self.learn(slot, &error);
                error.into()
            }
        }
    }

    /// Has what nobody waits for synced in the background: else a roll, which syncs all of a segment, would take long.
    fn flush(&self, slot: &Arc<Slot>, open: &Open, end: Offset) {
        if let Some(appender) = &open.partition.appender {
            self.inner.syncs.add(slot, appender.log_file(), Vec::new(), end, Box::new(|_| {}));
        }
    }

    /// Tells who waits, or has what is not durable yet made so.
    fn finish(&self, slot: &Arc<Slot>, open: &mut Open, placed: &Placed, when: When) {
        match (when, &placed.unsynced) {
            (When::Written, _) => {
                slot.published(placed.end);
                if open.unsynced_bytes >= FLUSH_AFTER_BYTES {
                    open.unsynced_bytes = 1;
                    self.flush(slot, open, placed.end);
                }
            }
            (When::Durable(done), Some((file, end))) => {
                let names =
                    if std::mem::take(&mut open.owes_names) { open.partition.names() } else { Vec::new() };
                self.inner.syncs.add(slot, Arc::clone(file), names, *end, done);
            }
            // It came a second time, and is visible. That tells nothing of the disk: whoever appended behind it may not have
            // waited for one.
            (When::Durable(done), None) => match open.partition.appender.as_ref().map(Appender::log_file) {
                Some(file) => self.inner.syncs.add(slot, file, open.partition.names(), placed.end, done),
                None => done(Ok(())),
            },
        }
    }
}

/// Where a batch was put, or found.
struct Placed {
    base_offset: Offset,
    /// The offset behind it.
    end: Offset,
    /// What is to be synced for the batch to be visible, and up to where; `None` if it is visible.
    unsynced: Option<(Arc<File>, Offset)>,
}

/// Why a batch was not appended.
enum Trouble {
    Refused(Refusal),
    /// Something is to be learned about the partition.
    Engine(Error),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Trouble {
        Trouble::Refused(refusal)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble::Engine(error)
    }
}

/// What a producer sent, held against its topic, and the epoch of the partition's leader.
fn checked<'a>(
    topic: &RawTopic,
    partition: PartitionId,
    batch: &'a [u8],
    when: &When,
) -> Result<(ClientBatch<'a>, LeaderEpoch)> {
    let at = format_args!("{}-{partition}", topic.name()).to_string();
    let epoch = topic.leader_epoch(partition);
    let epoch = epoch.ok_or_else(|| Refusal::of(ErrorCode::UnknownTopicOrPartition))?;
    let batch = ClientBatch::check(batch, &topic.open().config, &at, now_ms())?;
    if matches!(when, When::Durable(_)) && !topic.has_enough_replicas() {
        let message = format!(
            "The size of the current ISR is insufficient to satisfy the min.isr requirement for partition {at}"
        );
        return Err(Refusal::new(ErrorCode::NotEnoughReplicas, message));
    }
    Ok((batch, epoch))
}

/// Puts a batch at the log's end, or finds that it is in the log, and shows it at once if it is `shown`. The
/// slot's notes on what is to be synced are kept.
fn place(
    locked: &mut Locked<'_>,
    producers: &mut Producers,
    (owes_names, unsynced_bytes): (&mut bool, &mut u64),
    mut batch: ClientBatch<'_>,
    epoch: LeaderEpoch,
    shown: bool,
    gate: Option<Gate<'_>>,
) -> std::result::Result<Placed, Trouble> {
    let dir = locked.dir().to_owned();
    let (header, size_bytes) = (batch.header, batch.size_bytes() as u64);
    producers.catch_up(&dir, locked.log_end())?;
    if let Some(gate) = gate.filter(|_| header.is_transactional()) {
        gate(&header).map_err(Refusal::from)?;
    }
    let last_offset = match producers.check(&header)? {
        Some(last_offset) => last_offset,
        None => {
            let known = producers.at(locked.log_end());
            let appended = match locked.append_parts((&mut batch.head, &batch.records), known, epoch) {
                Ok(appended) => appended,
                Err(e) => {
                    // How much of it was written only a look at the log tells.
                    producers.forget();
                    return Err(e.into());
                }
            };
            *owes_names |= appended.first_in_segment;
            producers.appended(&BatchHeader::parse(&batch.head).map_err(Refusal::from)?);
            appended.last_offset
        }
    };
    let base_offset = last_offset.plus(header.base_offset().since(header.last_offset()));
    let end = last_offset.next();
    if shown && locked.high_watermark() < end {
        locked.publish(end)?;
        *unsynced_bytes += size_bytes;
    }
    let unsynced = locked.unsynced().filter(|_| locked.high_watermark() < end);
    Ok(Placed { base_offset, end, unsynced: unsynced.map(|unsynced| (unsynced.file, unsynced.end)) })
}
