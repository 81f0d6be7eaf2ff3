//! Setting right what can be: batches that can't be read are left out of their log, with an empty batch for their offsets, so
//! that everything else can be read again; fields that no checksum covers are restored; indexes, snapshots and epochs are made
//! anew from the log. Whatever is replaced or left out is kept aside.
//!
//! The caller holds the partition's lock, and forgets what he knew of the log's end afterwards. A crash at any moment leaves
//! each file as it was or as it is to be; the next repair does the rest.

use super::aside::Aside;
use super::finding::{Finding, Findings, Fix};
use super::indexes::beside;
use super::partition::{Circumstances, Depth, check_partition};
use super::walk::{Mend, Walk};
use crate::disk::{self, Durability, File, Mode};
use crate::log::append::roll_indexes;
use crate::log::names::{
    FileKind, PARTITION_METADATA, segment_file, segments, with_kind, write_partition_metadata,
};
use crate::log::producer_snapshot::write_snapshot;
use crate::log::segment::Segment;
use crate::log::txn_index::{self, AbortedTransaction};
use crate::log::{LeaderEpochs, LogConfig, LogEnd, ProducerStates, Result, control_record, epochs};
use crate::record::{self, ControlRecord, EndTxn};
use crate::types::{LeaderEpoch, Offset};
use std::path::{Path, PathBuf};

const COPY_BYTES: usize = 1024 * 1024;

/// A segment with what is to be made of it.
struct Plan {
    base: Offset,
    path: PathBuf,
    mends: Vec<Mend>,
}

/// Repairs the log in `dir`. Answers what is still wrong with it.
pub(crate) fn repair_partition(
    dir: &Path,
    how: &Circumstances,
    config: &LogConfig,
    aside: &Aside,
) -> Result<Vec<Finding>> {
    let found = look(dir, how)?;
    if found.is_empty() {
        return Ok(found);
    }
    for finding in found.iter().filter(|finding| finding.fix == Fix::AsideWhole) {
        aside.move_away(&finding.file)?;
    }
    if found.iter().any(|finding| finding.file.ends_with(PARTITION_METADATA) && finding.fix == Fix::Rebuild)
        && let Some(id) = how.topic_id
    {
        aside.keep(&dir.join(PARTITION_METADATA))?;
        write_partition_metadata(dir, id)?;
    }
    let plans = plan(dir, how)?;
    let epochs = Stamps::choose(dir, &plans);
    let mut mended = Vec::new();
    let mut newest = None;
    for plan in &plans {
        if mend_log(plan, &epochs, newest, aside)? {
            mended.push(plan.base);
        }
        let last = plan.mends.iter().rev().find_map(Mend::place);
        newest = last.map(|(base, epoch)| epochs.of(base, epoch)).or(newest);
    }
    let end = rebuild_epochs(dir, how, &found, !mended.is_empty(), aside)?;
    let concerns = |path: &Path| found.iter().any(|finding| finding.file == path);
    for (index, &base) in segments(dir)?.iter().enumerate() {
        let log = segment_file(dir, base, FileKind::Log);
        let is_mended = mended.contains(&base);
        if is_mended || concerns(&beside(&log, "index")) || concerns(&beside(&log, "timeindex")) {
            let is_last = index + 1 == segments(dir)?.len();
            rebuild_indexes(dir, base, is_last, config, aside)?;
        }
    }
    rebuild_snapshots(dir, &found, end, aside)?;
    for &base in &segments(dir)? {
        let index = beside(&segment_file(dir, base, FileKind::Log), "txnindex");
        if mended.contains(&base) || concerns(&index) {
            rebuild_transactions(dir, base, &index, aside)?;
        }
    }
    disk::sync_path(dir)?;
    look(dir, how)
}

fn look(dir: &Path, how: &Circumstances) -> Result<Vec<Finding>> {
    let mut findings = Findings::default();
    check_partition(dir, how, &mut findings, |_, _, _, _, _| {})?;
    Ok(findings.into_all())
}

/// What is to be made of each segment's log.
fn plan(dir: &Path, how: &Circumstances) -> Result<Vec<Plan>> {
    let bases = segments(dir)?;
    let mut plans = Vec::new();
    let mut end = bases.first().copied().unwrap_or(Offset::ZERO);
    for (index, &base) in bases.iter().enumerate() {
        let path = segment_file(dir, base, FileKind::Log);
        let log = File::open(&path, Mode::Read)?;
        let next = bases.get(index + 1).copied();
        let length = log.len()?;
        let mut walk = Walk {
            log: &log,
            end: length,
            expected: end.max(base),
            first: base,
            gaps_below: how.gaps_below,
            limit: next.unwrap_or(Offset::MAX),
            is_active: next.is_none(),
            depth: Depth::Full,
            mends: Some(Vec::new()),
        };
        end = walk.run(&mut Findings::default(), |_, _| Ok(()))?;
        let mut mends = walk.mends.take().unwrap_or_default();
        // A log doesn't end before it begins.
        let next = next.or(Some(how.log_start).filter(|&start| start > end));
        if let Some(next) = next {
            match mends.last_mut() {
                Some(Mend::Leave { next: until @ None, .. }) => *until = Some(next),
                // The end of the segment, or a whole one, is missing.
                _ if end < next && end >= how.gaps_below => {
                    mends.push(Mend::Leave { position: length, bytes: 0, first: end, next: Some(next) });
                }
                _ => {}
            }
            end = end.max(next);
        }
        plans.push(Plan { base, path, mends });
    }
    Ok(plans)
}

/// Which leader epochs batches are given.
struct Stamps {
    /// Those of the checkpoint, as far as it can be read.
    known: LeaderEpochs,
    /// Whether a single batch contradicts it, which is wrong then; else batches keep theirs.
    counts: bool,
}

impl Stamps {
    fn choose(dir: &Path, plans: &[Plan]) -> Stamps {
        let known = LeaderEpochs::read(dir).unwrap_or_default();
        let batches = plans.iter().flat_map(|plan| &plan.mends).filter_map(Mend::place);
        let differing = batches.filter(|&(base, epoch)| known.of(base).is_some_and(|known| known != epoch));
        let counts = differing.count() == 1;
        Stamps { known, counts }
    }

    fn of(&self, base: Offset, own: LeaderEpoch) -> LeaderEpoch {
        self.known.of(base).filter(|_| self.counts).unwrap_or(own)
    }

    /// The epoch of offsets whose records are lost, between those of the batches around them.
    fn of_lost(&self, first: Offset, before: Option<LeaderEpoch>, after: Option<LeaderEpoch>) -> LeaderEpoch {
        let fits = |epoch: &LeaderEpoch| {
            before.is_none_or(|before| *epoch >= before) && after.is_none_or(|after| *epoch <= after)
        };
        self.known.of(first).filter(fits).or(before).or(after).unwrap_or(LeaderEpoch(0))
    }
}

impl Mend {
    /// The base offset and the leader epoch of a batch.
    fn place(&self) -> Option<(Offset, LeaderEpoch)> {
        match *self {
            Mend::Keep { base, epoch, .. } | Mend::Restore { base, epoch, .. } => Some((base, epoch)),
            Mend::Leave { .. } => None,
        }
    }
}

/// Makes a segment's log what it is to be; answers whether anything was to be done.
fn mend_log(plan: &Plan, stamps: &Stamps, mut newest: Option<LeaderEpoch>, aside: &Aside) -> Result<bool> {
    let is_sound =
        |mend: &Mend| matches!(mend, Mend::Keep { base, epoch, .. } if stamps.of(*base, *epoch) == *epoch);
    let sound = plan.mends.iter().take_while(|mend| is_sound(mend)).count();
    disk::unshare(&plan.path)?;
    let log = File::open(&plan.path, Mode::Create)?;
    match plan.mends.get(sound..) {
        None | Some([]) => return Ok(false),
        // A torn tail.
        Some(&[Mend::Leave { position, next: None, .. }]) => {
            keep_piece(&log, position, log.len()?.saturating_sub(position), aside)?;
            log.set_len(position)?;
            log.sync_data()?;
            return Ok(true);
        }
        Some(_) => {}
    }
    let path = plan.path.with_extension("log.tmp");
    disk::remove_file(&path)?;
    let new = File::open(&path, Mode::Create)?;
    let mut writer = Writer { from: &log, to: &new, position: 0, buffer: vec![0; COPY_BYTES] };
    for (index, mend) in plan.mends.iter().enumerate() {
        match *mend {
            Mend::Keep { position, size, base, epoch: own } => {
                let epoch = stamps.of(base, own);
                newest = Some(epoch);
                if epoch == own {
                    writer.copy(position, size)?
                } else {
                    writer.place(position, size, base, epoch, None)?
                }
            }
            Mend::Restore { position, size, base, epoch: own, flip } => {
                let epoch = stamps.of(base, own);
                newest = Some(epoch);
                writer.place(position, size, base, epoch, flip)?;
            }
            Mend::Leave { position, bytes, first, next } => {
                if bytes > 0 {
                    keep_piece(&log, position, bytes, aside)?;
                }
                let after = plan.mends.iter().skip(index).find_map(Mend::place);
                let after = after.map(|(base, epoch)| stamps.of(base, epoch));
                writer.fill(first, next, stamps.of_lost(first, newest, after))?;
            }
        }
    }
    new.sync_data()?;
    aside.keep(&plan.path)?;
    disk::rename(&path, &plan.path)?;
    Ok(true)
}

/// Keeps bytes of a log that are left out of it.
fn keep_piece(log: &File, position: u64, bytes: u64, aside: &Aside) -> Result<()> {
    let mut piece = vec![0; usize::try_from(bytes).unwrap_or(usize::MAX).min(1 << 31)];
    let count = log.read_at(&mut piece, position)?;
    piece.truncate(count);
    aside.keep_bytes(log.path(), position, &piece)
}

/// Writes a log anew.
struct Writer<'a> {
    from: &'a File,
    to: &'a File,
    position: u64,
    buffer: Vec<u8>,
}

impl Writer<'_> {
    fn copy(&mut self, position: u64, size: usize) -> Result<()> {
        self.read(position, size)?;
        self.write(size)
    }

    /// A batch with what lies outside its checksum set, and a bit flipped.
    fn place(
        &mut self,
        position: u64,
        size: usize,
        base: Offset,
        epoch: LeaderEpoch,
        flip: Option<usize>,
    ) -> Result<()> {
        self.read(position, size)?;
        if let Some(flip) = flip
            && let Some(byte) = self.buffer.get_mut(flip / 8)
        {
            *byte ^= 1 << (flip % 8);
        }
        if let Some(batch) = self.buffer.get_mut(..size).filter(|batch| batch.len() >= record::HEADER_SIZE) {
            record::place(batch, base, epoch);
        }
        self.write(size)
    }

    /// Batches without records for offsets whose records are lost.
    fn fill(&mut self, first: Offset, next: Option<Offset>, epoch: LeaderEpoch) -> Result<()> {
        let mut first = first;
        while let Some(next) = next.filter(|&next| first < next) {
            let last = Offset::new(next.get() - 1).min(first.plus(i64::from(i32::MAX)));
            self.to.write_at(&record::empty_batch(first, last, epoch), self.position)?;
            self.position += record::HEADER_SIZE as u64;
            first = last.next();
        }
        Ok(())
    }

    fn read(&mut self, position: u64, size: usize) -> Result<()> {
        if self.buffer.len() < size {
            self.buffer.resize(size, 0);
        }
        let filled = self.from.read_at(self.buffer.get_mut(..size).unwrap_or_default(), position)?;
        debug_assert_eq!(filled, size, "it was read before");
        Ok(())
    }

    fn write(&mut self, size: usize) -> Result<()> {
        self.to.write_at(self.buffer.get(..size).unwrap_or_default(), self.position)?;
        self.position += size as u64;
        Ok(())
    }
}

/// Has the epochs agree with the log; answers where that ends.
fn rebuild_epochs(
    dir: &Path,
    how: &Circumstances,
    found: &[Finding],
    is_mended: bool,
    aside: &Aside,
) -> Result<Offset> {
    let plans = plan(dir, how)?;
    let batches = plans.iter().flat_map(|plan| &plan.mends).filter_map(Mend::place);
    let mut epochs = LeaderEpochs::of_batches(batches.map(|(base, epoch)| (epoch, base)));
    epochs.begin_at(how.log_start);
    let mut findings = Findings::default();
    let report = check_partition(dir, how, &mut findings, |_, _, _, _, _| {})?;
    let path = dir.join(epochs::FILE);
    let is_wrong = |all: &[Finding]| all.iter().any(|finding| finding.file == path);
    if is_wrong(findings.all()) || !is_mended && is_wrong(found) {
        aside.keep(&path)?;
        epochs.write(dir, Durability::Synced)?;
    }
    Ok(report.end)
}

fn rebuild_indexes(dir: &Path, base: Offset, is_last: bool, config: &LogConfig, aside: &Aside) -> Result<()> {
    let log = segment_file(dir, base, FileKind::Log);
    for extension in ["index", "timeindex"] {
        aside.move_away(&beside(&log, extension))?;
    }
    let segment = Segment::open(dir, base)?;
    let mut end = LogEnd::empty(base, LeaderEpoch::UNKNOWN);
    let length = segment.log.len()?;
    crate::log::recovery::walk(&segment.log, length, &mut end, Some(&segment), config, &mut Vec::new())?;
    if !is_last {
        roll_indexes(&segment, &mut end)?;
    }
    segment.sync()
}

/// Makes the snapshots anew that were found wrong; those behind the log's end go.
fn rebuild_snapshots(dir: &Path, found: &[Finding], end: Offset, aside: &Aside) -> Result<()> {
    let all = with_kind(dir, FileKind::ProducerSnapshot)?;
    let path = |at: Offset| segment_file(dir, at, FileKind::ProducerSnapshot);
    let wrong: Vec<Offset> =
        all.into_iter().filter(|&at| at > end || found.iter().any(|f| f.file == path(at))).collect();
    for &at in &wrong {
        aside.move_away(&path(at))?;
    }
    wrong.into_iter().filter(|&at| at <= end).try_for_each(|at| write_snapshot(dir, at, None))
}

/// Makes a segment's transaction index anew: an entry for each ABORT marker that ends something.
fn rebuild_transactions(dir: &Path, base: Offset, path: &Path, aside: &Aside) -> Result<()> {
    let mut states = ProducerStates::load(dir, Offset::ZERO, base)?;
    let next = segments(dir)?.into_iter().find(|&other| other > base).unwrap_or(Offset::MAX);
    let mut entries = Vec::new();
    crate::log::each_of_producers(dir, base, next, |header, batch| {
        if header.base_offset() < base {
            return Ok(());
        }
        if header.is_control()
            && let Some(ControlRecord::EndTxn { outcome: EndTxn::Abort, .. }) = control_record(batch)?
            && let Some(first_offset) = states.open_transaction(header.producer_id())
        {
            let (producer_id, last_offset) = (header.producer_id(), header.last_offset());
            let last_stable_offset = states.stable_without(producer_id, last_offset.next());
            entries.push(AbortedTransaction { producer_id, first_offset, last_offset, last_stable_offset });
        }
        states.observe(header, batch)
    })?;
    let bytes = txn_index::encode_all(&entries);
    let before = if path.exists() { File::open(path, Mode::Read)?.read_all()? } else { Vec::new() };
    if bytes != before {
        aside.keep(path)?;
        if entries.is_empty() { disk::remove_file(path)? } else { disk::replace(path, &bytes)? }
    }
    Ok(())
}
