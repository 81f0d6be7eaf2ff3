//! Finding a log's end from its files alone: after a crash, on a directory that another program wrote, or where the
//! shared state is gone.
//!
//! Cost: the listing of the directory and the batches after the last index entry, however long the log is. A tail that
//! a crash tore is cut; damage before it is refused, for cutting there would lose what was acknowledged.

use super::append::account;
use super::names::{FileKind, segment_file, segments};
use super::segment::Segment;
use super::{Error, LeaderEpochs, LogConfig, LogEnd, Result, offset_index, producer_snapshot, time_index};
use crate::disk::{self, Durability, File, Mode};
use crate::record::{self, BatchHeader};
use crate::types::{LeaderEpoch, Offset, TimestampMs};
use std::path::Path;

/// The unit in which a file's content reaches the disk.
const PAGE_BYTES: usize = 4096;
/// Fewer zeros than this at the edge of a batch say nothing.
const LEAST_UNWRITTEN_BYTES: usize = 16;

/// How a log's end is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recovery {
    /// An end that was true earlier in this boot: everything before it is known to be whole.
    pub(crate) known: Option<LogEnd>,
    /// Records below this offset are known to be durable: damage there is never a torn tail.
    pub(crate) durable: Offset,
    /// Whether the files may be changed: the tail cut, the indexes completed.
    pub(crate) writable: bool,
}

/// Finds the end of the log in `dir`. The caller holds the partition's lock if `how.writable`.
pub(crate) fn recover(dir: &Path, how: &Recovery, config: &LogConfig) -> Result<LogEnd> {
    let bases = segments(dir)?;
    let Some(&base) = bases.last() else {
        if how.writable {
            super::append::create(dir, Offset::ZERO)?;
        }
        let end = LogEnd::empty(Offset::ZERO, LeaderEpoch::UNKNOWN);
        return Ok(end);
    };
    let path = segment_file(dir, base, FileKind::Log);
    if how.writable {
        // A snapshot may have it under a second name, as it was closed then.
        disk::unshare(&path)?;
    }
    let log = File::open(&path, Mode::Read)?;
    let length = log.len()?;
    let known = how.known.filter(|end| end.segment_base == base && end.segment_bytes <= length);
    let mut end = match known {
        Some(end) => end,
        None => from_indexes(dir, base, &log, length)?,
    };
    if end.leader_epoch == LeaderEpoch::UNKNOWN {
        let epochs = match LeaderEpochs::read(dir) {
            Err(Error::Malformed { .. }) if !how.writable => LeaderEpochs::default(),
            other => other?,
        };
        end.leader_epoch = epochs.last().unwrap_or(LeaderEpoch::UNKNOWN);
    }
    let segment = how.writable.then(|| Segment::open(dir, base)).transpose()?;
    let mut begun = Vec::new();
    let stop = walk(&log, length, &mut end, segment.as_ref(), config, &mut begun)?;
    if let Some(what) = stop {
        refuse_damage(&log, length, &end, how.durable, what)?;
    }
    if end.log_end < how.durable {
        let what = format!("the log ends here, but records up to offset {} were durable", how.durable);
        return Err(Error::Damaged {
            file: log.path().to_owned(),
            position: end.segment_bytes,
            offset: end.log_end,
            what,
        });
    }
    if let Some(segment) = &segment {
        if length > end.segment_bytes {
            segment.log.set_len(end.segment_bytes)?;
            forget_epochs(dir, &mut end)?;
        }
        note_epochs(dir, &begun)?;
        producer_snapshot::forget_beyond(dir, end.log_end)?;
        segment.trim_indexes(&end)?;
    }
    Ok(end)
}

/// Drops the leader epochs that began with what was cut, so that the next batch begins its epoch anew.
fn forget_epochs(dir: &Path, end: &mut LogEnd) -> Result<()> {
    let mut epochs = LeaderEpochs::read(dir)?;
    if epochs.truncate(end.log_end) {
        epochs.write(dir, Durability::Synced)?;
        end.leader_epoch = epochs.last().unwrap_or(LeaderEpoch::UNKNOWN);
    }
    Ok(())
}

/// Notes the leader epochs that `begun` says began where: who wrote their first batch may have died before it said so.
fn note_epochs(dir: &Path, begun: &[(LeaderEpoch, Offset)]) -> Result<()> {
    if begun.is_empty() {
        return Ok(());
    }
    let mut epochs = LeaderEpochs::read(dir)?;
    let changed = begun.iter().fold(false, |changed, &(epoch, start)| epochs.assign(epoch, start) | changed);
    if changed { epochs.write(dir, Durability::Synced) } else { Ok(()) }
}

/// The state of the segment just before the batch of its last trustworthy index entry; of the whole segment if none.
/// After a power cut the indexes may hold anything: an entry counts if a whole batch lies where it points.
fn from_indexes(dir: &Path, base: Offset, log: &File, length: u64) -> Result<LogEnd> {
    let start = LogEnd::empty(base, LeaderEpoch::UNKNOWN);
    let index = match File::open(&segment_file(dir, base, FileKind::OffsetIndex), Mode::Read) {
        Ok(file) => file,
        Err(e) if e.is_not_found() => return Ok(start),
        Err(e) => return Err(e.into()),
    };
    let mut batch = Vec::new();
    let mut slots = offset_index::count(&index, base)?;
    while let Some(slot) = slots.checked_sub(1) {
        slots = slot;
        let Some(entry) = offset_index::read(&index, base, slot)? else { continue };
        let whole = read_batch(log, length, entry.position, &mut batch)?
            .is_ok_and(|header| header.last_offset() == entry.last_offset && header.base_offset() > base);
        if !whole {
            continue;
        }
        // The entry was written before its batch was taken into account: resume at that batch, the index already full.
        let header = BatchHeader::parse(&batch)?;
        let mut end = start;
        end.log_end = header.base_offset();
        end.segment_bytes = entry.position;
        end.index_entries = u32::try_from(slot + 1).unwrap_or(u32::MAX);
        end.first_timestamp = first_timestamp(log, length)?;
        resume_time(dir, base, entry.last_offset, &mut end)?;
        return Ok(end);
    }
    Ok(start)
}

/// The time index's part of the state: the entries up to the offset of an index entry.
fn resume_time(dir: &Path, base: Offset, upto: Offset, end: &mut LogEnd) -> Result<()> {
    let file = match File::open(&segment_file(dir, base, FileKind::TimeIndex), Mode::Read) {
        Ok(file) => file,
        Err(e) if e.is_not_found() => return Ok(()),
        Err(e) => return Err(e.into()),
    };
    let entries = time_index::count(&file, base)?;
    let kept = offset_index::partition_point(entries, |slot| {
        Ok(time_index::read(&file, base, slot)?.is_some_and(|entry| entry.offset <= upto))
    })?;
    if let Some(last) =
        kept.checked_sub(1).map(|slot| time_index::read(&file, base, slot)).transpose()?.flatten()
    {
        end.time_index_entries = u32::try_from(kept).unwrap_or(u32::MAX);
        end.last_indexed_timestamp = last.timestamp;
        end.max_timestamp = last.timestamp;
        end.max_timestamp_offset = last.offset;
    }
    Ok(())
}

fn first_timestamp(log: &File, length: u64) -> Result<TimestampMs> {
    let mut batch = Vec::new();
    Ok(read_batch(log, length, 0, &mut batch)?.map_or(TimestampMs::NONE, |header| header.max_timestamp()))
}

/// Walks the whole batches from `end` on, and adds to `begun` where leader epochs begin that are new to `end`. Returns what is wrong with the bytes behind the last one, if any are there.
pub(super) fn walk(
    log: &File,
    length: u64,
    end: &mut LogEnd,
    segment: Option<&Segment>,
    config: &LogConfig,
    begun: &mut Vec<(LeaderEpoch, Offset)>,
) -> Result<Option<String>> {
    let mut batch = Vec::new();
    // The batch of the entry that was resumed at has its entry: it only starts the count of bytes anew.
    let mut resumed = end.index_entries > 0 && end.bytes_since_index == 0;
    while end.segment_bytes < length {
        let header = match read_batch(log, length, end.segment_bytes, &mut batch)? {
            Ok(header) => header,
            Err(what) => return Ok(Some(what)),
        };
        if header.base_offset() < end.log_end {
            return Ok(Some(format!("base offset {} after {}", header.base_offset(), end.log_end)));
        }
        if std::mem::take(&mut resumed) {
            end.bytes_since_index = 0;
        }
        if header.leader_epoch() > end.leader_epoch {
            begun.push((header.leader_epoch(), header.base_offset()));
            end.leader_epoch = header.leader_epoch();
        }
        account(end, segment, config, header.last_offset(), header.max_timestamp(), batch.len() as u64)?;
    }
    Ok(None)
}

/// Reads the batch at `position` whole and checks it against its checksum; the inner error says why it is none.
fn read_batch(
    log: &File,
    length: u64,
    position: u64,
    batch: &mut Vec<u8>,
) -> Result<std::result::Result<BatchHeader, String>> {
    let mut prefix = [0; record::LOG_OVERHEAD];
    if log.read_at(&mut prefix, position)? < prefix.len() {
        return Ok(Err("the file ends inside a batch header".into()));
    }
    let Some(size) = record::batch_size(&prefix) else {
        return Ok(Err("a batch length that cannot be".into()));
    };
    if position.saturating_add(size as u64) > length {
        return Ok(Err("the file ends inside a batch".into()));
    }
    batch.resize(size, 0);
    if log.read_at(batch, position)? < size {
        return Ok(Err("the file ends inside a batch".into()));
    }
    let header = record::verify_crc(batch).and_then(|()| BatchHeader::parse(batch));
    Ok(header.map_err(|e| e.to_string()))
}

/// Tells damage from a torn tail. Below the durable offset nothing can be torn; no whole batch follows a torn one; and
/// a batch that is all there, with a wrong checksum, is torn only if a power cut left pages of it unwritten.
fn refuse_damage(log: &File, length: u64, end: &LogEnd, durable: Offset, what: String) -> Result<()> {
    let position = end.segment_bytes;
    let damaged = |what| {
        let file = log.path().to_owned();
        Err(Error::Damaged { file, position, offset: end.log_end, what })
    };
    if end.log_end < durable {
        return damaged(what);
    }
    let mut prefix = [0; record::LOG_OVERHEAD];
    let size =
        if log.read_at(&mut prefix, position)? == prefix.len() { record::batch_size(&prefix) } else { None };
    let Some(size) = size.filter(|&size| position.saturating_add(size as u64) <= length) else {
        return Ok(());
    };
    let next = position + size as u64;
    if next < length
        && let Ok(header) = read_batch(log, length, next, &mut Vec::new())?
        && header.base_offset() > end.log_end
    {
        return damaged(format!("{what}, and a whole batch follows at position {next}"));
    }
    let mut batch = vec![0; size];
    log.read_at(&mut batch, position)?;
    if has_unwritten_page(&batch, position) { Ok(()) } else { damaged(what) }
}

/// Whether some page of the file that the batch lies on holds nothing but zeros of it.
fn has_unwritten_page(batch: &[u8], position: u64) -> bool {
    let first = PAGE_BYTES - usize::try_from(position % PAGE_BYTES as u64).unwrap_or(0);
    let (head, rest) = batch.split_at(first.min(batch.len()));
    let unwritten = |page: &[u8]| page.len() >= LEAST_UNWRITTEN_BYTES && page.iter().all(|&byte| byte == 0);
    unwritten(head) || rest.chunks(PAGE_BYTES).any(unwritten)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Appender, Gaps, LogReader};
    use crate::record::{BatchBuilder, Compression, ProducerStamp};

    const CONFIG: LogConfig = LogConfig {
        segment_bytes: 1 << 20,
        segment_ms: i64::MAX,
        segment_index_bytes: 1 << 20,
        index_interval_bytes: 300,
    };
    const HOW: Recovery = Recovery { known: None, durable: Offset::ZERO, writable: true };

    /// Appends `count` batches of two records each and returns the log's end.
    fn write(dir: &Path, count: i64) -> LogEnd {
        let mut end = LogEnd::empty(Offset::ZERO, LeaderEpoch(0));
        let mut appender = Appender::open(dir, &end).unwrap();
        for number in 0..count {
            append(&mut appender, &mut end, 1_000 + number);
        }
        end
    }

    fn append(appender: &mut Appender, end: &mut LogEnd, time: i64) {
        let mut builder = BatchBuilder::new(Compression::None);
        for _ in 0..2 {
            builder.append(TimestampMs(time), None, Some(b"some value"), &[]);
        }
        let batch = builder.finish(&ProducerStamp::NONE).unwrap();
        appender.append(end, batch, LeaderEpoch(0), &CONFIG).unwrap();
    }

    fn log_path(dir: &Path) -> std::path::PathBuf {
        segment_file(dir, Offset::ZERO, FileKind::Log)
    }

    #[test]
    fn the_end_found_from_the_files_is_the_end_that_was_carried() {
        for count in [0, 1, 2, 5, 40] {
            let dir = tempfile::tempdir().unwrap();
            let end = write(dir.path(), count);
            let found = recover(dir.path(), &HOW, &CONFIG).unwrap();
            assert_eq!(found.log_end, end.log_end);
            assert_eq!(found.segment_bytes, end.segment_bytes);
            assert_eq!(found.index_entries, end.index_entries, "{count} batches");
            assert_eq!(found.bytes_since_index, end.bytes_since_index, "{count} batches");
            assert_eq!(found.time_index_entries, end.time_index_entries);
            assert_eq!(found.max_timestamp, end.max_timestamp);
        }
    }

    #[test]
    fn a_tail_torn_anywhere_is_cut_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let end = write(dir.path(), 12);
        let whole = std::fs::read(log_path(dir.path())).unwrap();
        let batch = whole.len() / 12;
        for cut in (whole.len() - 2 * batch)..whole.len() {
            std::fs::write(log_path(dir.path()), &whole[..cut]).unwrap();
            let found = recover(dir.path(), &HOW, &CONFIG).unwrap();
            let kept = cut / batch;
            assert_eq!(found.log_end, Offset::new(2 * kept as i64));
            assert_eq!(std::fs::metadata(log_path(dir.path())).unwrap().len(), (kept * batch) as u64);
        }
        assert_eq!(end.log_end, Offset::new(24));
    }

    #[test]
    fn damage_before_the_tail_is_refused_by_position_and_offset() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), 3);
        let mut bytes = std::fs::read(log_path(dir.path())).unwrap();
        let batch = bytes.len() / 3;
        bytes[batch + 70] ^= 1;
        std::fs::write(log_path(dir.path()), &bytes).unwrap();
        let error = recover(dir.path(), &HOW, &CONFIG).unwrap_err().to_string();
        assert!(error.contains(&format!("position {batch} (offset 2)")), "{error}");
        assert_eq!(std::fs::read(log_path(dir.path())).unwrap(), bytes);
    }

    #[test]
    fn damage_in_what_is_durable_is_never_taken_for_a_torn_tail() {
        let dir = tempfile::tempdir().unwrap();
        let end = write(dir.path(), 3);
        let bytes = std::fs::read(log_path(dir.path())).unwrap();
        std::fs::write(log_path(dir.path()), &bytes[..bytes.len() - 5]).unwrap();
        let how = Recovery { durable: end.log_end, ..HOW };
        assert!(matches!(recover(dir.path(), &how, &CONFIG), Err(Error::Damaged { .. })));
        assert_eq!(recover(dir.path(), &HOW, &CONFIG).unwrap().log_end, Offset::new(4));
    }

    #[test]
    fn a_last_batch_that_is_all_there_is_damaged_unless_a_page_was_never_written() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), 3);
        let whole = std::fs::read(log_path(dir.path())).unwrap();
        let mut bytes = whole.clone();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(log_path(dir.path()), &bytes).unwrap();
        assert!(matches!(recover(dir.path(), &HOW, &CONFIG), Err(Error::Damaged { .. })));
        std::fs::write(log_path(dir.path()), &whole).unwrap();
        let mut end = recover(dir.path(), &HOW, &CONFIG).unwrap();
        let mut appender = Appender::open(dir.path(), &end).unwrap();
        let mut builder = BatchBuilder::new(Compression::None);
        builder.append(TimestampMs(2_000), None, Some(&[b'x'; 3 * PAGE_BYTES]), &[]);
        appender
            .append(&mut end, builder.finish(&ProducerStamp::NONE).unwrap(), LeaderEpoch(0), &CONFIG)
            .unwrap();
        let mut bytes = std::fs::read(log_path(dir.path())).unwrap();
        bytes[PAGE_BYTES..2 * PAGE_BYTES].fill(0);
        std::fs::write(log_path(dir.path()), &bytes).unwrap();
        assert_eq!(recover(dir.path(), &HOW, &CONFIG).unwrap().log_end, Offset::new(6));
    }

    /// The batch that began an epoch was cut, and the epoch's entry stayed: the next batch of that epoch, at a lower
    /// offset, then looked damaged.
    #[test]
    fn an_epoch_that_was_cut_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        let mut end = write(dir.path(), 2);
        let whole = end.segment_bytes;
        let mut appender = Appender::open(dir.path(), &end).unwrap();
        let mut builder = BatchBuilder::new(Compression::None);
        let mut put = |appender: &mut Appender, end: &mut LogEnd, epoch| {
            builder.clear();
            builder.append(TimestampMs(7), None, Some(b"value"), &[]);
            let batch = builder.finish(&ProducerStamp::NONE).unwrap();
            appender.append(end, batch, LeaderEpoch(epoch), &CONFIG).unwrap();
        };
        put(&mut appender, &mut end, 3);
        std::fs::OpenOptions::new()
            .write(true)
            .open(log_path(dir.path()))
            .unwrap()
            .set_len(whole + 9)
            .unwrap();
        let mut end = recover(dir.path(), &HOW, &CONFIG).unwrap();
        let mut appender = Appender::open(dir.path(), &end).unwrap();
        put(&mut appender, &mut end, 2);
        put(&mut appender, &mut end, 3);
        let mut reader = LogReader::open(dir.path(), Offset::ZERO, Gaps::Never).unwrap();
        let mut buffer = vec![0; 4096];
        while reader.read(&mut buffer, end.log_end).unwrap().is_some() {}
        assert_eq!(reader.next(), Offset::new(6));
    }

    /// Who died between the first batch of an epoch and the note of it left an epoch that nobody knew of.
    #[test]
    fn an_epoch_that_nobody_noted_is_noted() {
        for operations in 0.. {
            let dir = tempfile::tempdir().unwrap();
            let mut end = write(dir.path(), 2);
            let known = end;
            let mut appender = Appender::open(dir.path(), &end).unwrap();
            let mut builder = BatchBuilder::new(Compression::None);
            builder.append(TimestampMs(7), None, Some(b"value"), &[]);
            let batch = builder.finish(&ProducerStamp::NONE).unwrap();
            crate::disk::kill_after(operations);
            let outcome = appender.append(&mut end, batch, LeaderEpoch(3), &CONFIG);
            let was_killed = crate::disk::disarm();
            let how = Recovery { known: Some(known), ..HOW };
            let found = recover(dir.path(), &how, &CONFIG).unwrap();
            if found.log_end > known.log_end {
                let epochs = LeaderEpochs::read(dir.path()).unwrap();
                assert_eq!(epochs.last(), Some(LeaderEpoch(3)), "killed after {operations}");
            }
            if !was_killed {
                assert!(outcome.is_ok() && found.log_end > known.log_end);
                return;
            }
        }
    }

    /// The snapshot of a batch that was cut stayed: the batches that came in its place were passed over, and a
    /// transaction that never was kept readers waiting.
    #[test]
    fn what_was_known_of_producers_that_were_cut_is_forgotten() {
        use crate::log::ProducerStates;
        let dir = tempfile::tempdir().unwrap();
        let mut end = write(dir.path(), 2);
        let whole = end.segment_bytes;
        let mut appender = Appender::open(dir.path(), &end).unwrap();
        let put = |appender: &mut Appender, end: &mut LogEnd, producer_id| {
            let mut builder = BatchBuilder::new(Compression::None);
            builder.append(TimestampMs(7), None, Some(b"value"), &[]);
            let stamp = ProducerStamp { producer_id, epoch: 0, base_sequence: 0, transactional: true };
            appender.append(end, builder.finish(&stamp).unwrap(), LeaderEpoch(0), &CONFIG).unwrap();
        };
        put(&mut appender, &mut end, 7);
        let log = std::fs::OpenOptions::new().write(true).open(log_path(dir.path())).unwrap();
        log.set_len(whole + 9).unwrap();
        let mut end = recover(dir.path(), &HOW, &CONFIG).unwrap();
        let mut appender = Appender::open(dir.path(), &end).unwrap();
        put(&mut appender, &mut end, 8);
        let states = ProducerStates::load(dir.path(), Offset::ZERO, end.log_end).unwrap();
        let known: Vec<i64> = states.iter().map(|(id, _)| id).collect();
        assert_eq!(known, [8]);
    }

    #[test]
    fn rolled_segments_are_read_as_one_log_and_offsets_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let config = LogConfig { segment_bytes: 500, ..CONFIG };
        let mut end = LogEnd::empty(Offset::ZERO, LeaderEpoch(0));
        let mut appender = Appender::open(dir.path(), &end).unwrap();
        let mut builder = BatchBuilder::new(Compression::None);
        for number in 0..40 {
            builder.clear();
            builder.append(TimestampMs(number), None, Some(b"some value"), &[]);
            let batch = builder.finish(&ProducerStamp::NONE).unwrap();
            appender.append(&mut end, batch, LeaderEpoch(0), &config).unwrap();
        }
        assert!(segments(dir.path()).unwrap().len() > 5);
        for from in 0..40 {
            let mut reader = LogReader::open(dir.path(), Offset::new(from), Gaps::Never).unwrap();
            let mut buffer = vec![0; 200];
            let mut last = Offset::ZERO;
            while let Some(chunk) = reader.read(&mut buffer, end.log_end).unwrap() {
                last = chunk.batches().last().unwrap().unwrap().0.last_offset();
            }
            assert_eq!(last.next(), end.log_end);
            let found = super::super::first_at_or_after(
                dir.path(),
                TimestampMs(from),
                Offset::ZERO,
                end.log_end,
                Gaps::Never,
            );
            assert_eq!(found.unwrap(), Some((Offset::new(from), TimestampMs(from))));
        }
    }
}
