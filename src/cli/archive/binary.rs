//! The binary form: a mark, then frames, each checked and each bound to the ones before it.
//!
//! | at | size | field |
//! |---|---|---|
//! | 0 | 8 | `89 4B 54 58 0D 0A 1A 01`: no text, spoilt by whatever changes line ends; the last byte is the version |
//! | 8 | … | frames |
//!
//! A frame, big-endian:
//!
//! | at | size | field |
//! |---|---|---|
//! | 0 | u8 | kind |
//! | 1 | u32 | length of the content |
//! | 5 | u32 | CRC-32 of the previous frame's last checksum (of the mark, for the first), kind and length |
//! | 9 | … | content |
//! | … | u32 | CRC-32 of the checksum at 5 and the content |
//!
//! | kind | content |
//! |---|---|
//! | 1, topic | JSON: name, partitions, settings, what is exported of it. Topics are numbered from 0 in the order of their frames |
//! | 2, records | u32 topic, i32 partition, i64 last offset, u32 count of records; then batches, each u32 length and its bytes |
//! | 3, end | u64 count of all records; nothing follows |
//!
//! A head that doesn't fit its checksum is damage; a file that ends inside of a frame, or without an end frame, was torn.

use super::ArchivedTopic;
use crate::client::StoredBatch;
use std::io;

/// How a file begins.
pub(crate) const MAGIC: [u8; 8] = [0x89, b'K', b'T', b'X', b'\r', b'\n', 0x1a, 1];

const HEAD_BYTES: usize = 9;
const CHECK_BYTES: usize = 4;
/// Topic, partition, last offset, count.
const RECORDS_HEAD_BYTES: usize = 20;
/// A frame of records is written when it has grown to this.
const FRAME_BYTES: usize = 256 * 1024;

const TOPIC: u8 = 1;
const RECORDS: u8 = 2;
const END: u8 = 3;

/// What a frame holds.
#[derive(Debug)]
pub(crate) enum Frame<'a> {
    Topic(ArchivedTopic),
    Records(Stored<'a>),
    End,
}

/// Batches of one partition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored<'a> {
    /// The topic's number.
    pub(crate) topic: usize,
    pub(crate) partition: i32,
    /// The last offset of the last batch.
    pub(crate) last: i64,
    pub(crate) count: u64,
    batches: &'a [u8],
}

/// Why a file can't be read on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadFrame {
    #[error("this is no file of kt export --format binary")]
    Foreign,
    #[error("this file is of version {0}, which this kt doesn't know")]
    Version(u8),
    #[error("byte {at}: {what}")]
    Damaged { at: u64, what: String },
}

/// Makes frames, one after another, in memory.
#[derive(Debug)]
pub(crate) struct FrameWriter {
    chain: u32,
    /// The content of the records frame that is being built.
    content: Vec<u8>,
    count: u64,
    last: i64,
    total: u64,
}

impl FrameWriter {
    /// For a file that begins here; appends the mark.
    pub(crate) fn begin(out: &mut Vec<u8>) -> FrameWriter {
        out.extend_from_slice(&MAGIC);
        FrameWriter::after(crc32fast::hash(&MAGIC), 0)
    }

    /// For a file that has frames: the last checksum, and how many records they hold.
    pub(crate) fn after(chain: u32, total: u64) -> FrameWriter {
        FrameWriter { chain, content: Vec::new(), count: 0, last: -1, total }
    }

    pub(crate) fn topic(&mut self, out: &mut Vec<u8>, topic: &ArchivedTopic) -> io::Result<()> {
        let json = serde_json::to_vec(topic)?;
        self.frame(out, TOPIC, &json)
    }

    /// Adds a batch of a partition of the topic with this number; [`FrameWriter::close`] goes before one of another.
    pub(crate) fn batch(
        &mut self,
        out: &mut Vec<u8>,
        topic: usize,
        partition: i32,
        batch: &StoredBatch<'_>,
    ) -> io::Result<()> {
        if self.content.is_empty() {
            let topic = u32::try_from(topic).map_err(io::Error::other)?;
            self.content.extend_from_slice(&topic.to_be_bytes());
            self.content.extend_from_slice(&partition.to_be_bytes());
            self.content.extend_from_slice(&[0; 12]);
        }
        let length = u32::try_from(batch.bytes.len()).map_err(io::Error::other)?;
        self.content.extend_from_slice(&length.to_be_bytes());
        self.content.extend_from_slice(batch.bytes);
        self.count += batch.record_count;
        self.last = batch.last.get();
        if self.content.len() >= FRAME_BYTES { self.close(out) } else { Ok(()) }
    }

    /// Appends the frame that is being built.
    pub(crate) fn close(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let mut content = std::mem::take(&mut self.content);
        if content.is_empty() {
            return Ok(());
        }
        let count = u32::try_from(self.count).map_err(io::Error::other)?;
        let head = self.last.to_be_bytes().into_iter().chain(count.to_be_bytes());
        content.iter_mut().skip(8).zip(head).for_each(|(to, from)| *to = from);
        self.total += std::mem::take(&mut self.count);
        self.frame(out, RECORDS, &content)?;
        content.clear();
        self.content = content;
        Ok(())
    }

    /// Appends the end.
    pub(crate) fn end(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        self.close(out)?;
        self.frame(out, END, &self.total.to_be_bytes())
    }

    fn frame(&mut self, out: &mut Vec<u8>, kind: u8, content: &[u8]) -> io::Result<()> {
        let length = u32::try_from(content.len()).map_err(io::Error::other)?;
        let check = head_check(self.chain, kind, length);
        out.push(kind);
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&check.to_be_bytes());
        out.extend_from_slice(content);
        self.chain = content_check(check, content);
        out.extend_from_slice(&self.chain.to_be_bytes());
        Ok(())
    }
}

fn head_check(chain: u32, kind: u8, length: u32) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&chain.to_be_bytes());
    hasher.update(&[kind]);
    hasher.update(&length.to_be_bytes());
    hasher.finalize()
}

fn content_check(head: u32, content: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&head.to_be_bytes());
    hasher.update(content);
    hasher.finalize()
}

/// Takes frames from the front of what has been read.
#[derive(Debug)]
pub(crate) struct FrameReader {
    chain: u32,
    /// Where the next frame begins.
    at: u64,
    has_begun: bool,
    has_ended: bool,
    topics: usize,
    total: u64,
}

impl FrameReader {
    pub(crate) fn new() -> FrameReader {
        let chain = crc32fast::hash(&MAGIC);
        FrameReader { chain, at: 0, has_begun: false, has_ended: false, topics: 0, total: 0 }
    }

    /// Where the next frame begins: up to here the file is whole.
    pub(crate) fn position(&self) -> u64 {
        self.at
    }

    /// The last checksum.
    pub(crate) fn chain(&self) -> u32 {
        self.chain
    }

    /// How many records there were.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The next frame, if it is whole in `bytes`, which begin at [`FrameReader::position`]. Its size is how far the position
    /// has moved on.
    pub(crate) fn next<'a>(&mut self, bytes: &'a [u8]) -> Result<Option<Frame<'a>>, BadFrame> {
        let (bytes, skipped) = match self.has_begun {
            true => (bytes, 0),
            false => match bytes.split_at_checked(MAGIC.len()) {
                None => return Ok(None),
                Some((mark, rest)) => (check_mark(mark).map(|()| rest)?, MAGIC.len()),
            },
        };
        let at = self.at + skipped as u64;
        if self.has_ended && !bytes.is_empty() {
            return Err(damaged(at, "something follows the end"));
        }
        let Some((head, rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else { return Ok(None) };
        let &[kind, a, b, c, d, e, f, g, h] = head;
        let (length, check) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
        if head_check(self.chain, kind, length) != check {
            return Err(damaged(at, "a frame's head doesn't fit its checksum"));
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some((content, rest)) = rest.split_at_checked(length) else { return Ok(None) };
        let Some(stored) = rest.first_chunk::<CHECK_BYTES>() else { return Ok(None) };
        let chain = content_check(check, content);
        if chain != u32::from_be_bytes(*stored) {
            return Err(damaged(at, "a frame's content doesn't fit its checksum"));
        }
        let frame = self.read(kind, content).ok_or_else(|| damaged(at, "a frame can't be understood"))?;
        self.chain = chain;
        self.at = at + (HEAD_BYTES + length + CHECK_BYTES) as u64;
        self.has_begun = true;
        Ok(Some(frame))
    }

    fn read<'a>(&mut self, kind: u8, content: &'a [u8]) -> Option<Frame<'a>> {
        match kind {
            TOPIC => {
                self.topics += 1;
                serde_json::from_slice(content).ok().map(Frame::Topic)
            }
            RECORDS => {
                let (head, batches) = content.split_first_chunk::<RECORDS_HEAD_BYTES>()?;
                let (topic, head) = head.split_first_chunk::<4>()?;
                let (partition, head) = head.split_first_chunk::<4>()?;
                let (last, count) = head.split_first_chunk::<8>()?;
                let count = u64::from(u32::from_be_bytes(*count.first_chunk::<4>()?));
                let topic = usize::try_from(u32::from_be_bytes(*topic)).ok()?;
                self.total += count;
                (topic < self.topics).then_some(Frame::Records(Stored {
                    topic,
                    partition: i32::from_be_bytes(*partition),
                    last: i64::from_be_bytes(*last),
                    count,
                    batches,
                }))
            }
            END => {
                let total = u64::from_be_bytes(*content.first_chunk::<8>()?);
                self.has_ended = true;
                (total == self.total && content.len() == 8).then_some(Frame::End)
            }
            _ => None,
        }
    }
}

fn check_mark(mark: &[u8]) -> Result<(), BadFrame> {
    match (mark.split_last(), MAGIC.split_last()) {
        (Some((&version, mark)), Some((&known, expected))) if mark == expected => match version == known {
            true => Ok(()),
            false => Err(BadFrame::Version(version)),
        },
        _ => Err(BadFrame::Foreign),
    }
}

fn damaged(at: u64, what: &str) -> BadFrame {
    BadFrame::Damaged { at, what: what.to_owned() }
}

impl<'a> Stored<'a> {
    /// The batches' bytes; ends early where they are not well-formed.
    pub(crate) fn batches(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.batches;
        std::iter::from_fn(move || {
            let (length, behind) = rest.split_first_chunk::<4>()?;
            let (batch, behind) = behind.split_at_checked(u32::from_be_bytes(*length) as usize)?;
            rest = behind;
            Some(batch)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Offset;
    use std::collections::BTreeMap;

    fn file() -> Vec<u8> {
        let mut out = Vec::new();
        let mut writer = FrameWriter::begin(&mut out);
        let topic =
            ArchivedTopic { topic: "t".into(), partitions: 2, configs: BTreeMap::new(), ranges: Vec::new() };
        writer.topic(&mut out, &topic).unwrap();
        for (partition, bytes) in [(0, b"one".as_slice()), (0, b""), (1, b"three")] {
            let batch = StoredBatch { last: Offset::new(4), record_count: 2, bytes };
            if partition == 1 {
                writer.close(&mut out).unwrap();
            }
            writer.batch(&mut out, 0, partition, &batch).unwrap();
        }
        writer.end(&mut out).unwrap();
        out
    }

    type Batches = Vec<(i32, Vec<u8>)>;

    /// Reads all frames: their batches, and whether the end was there.
    fn read(bytes: &[u8]) -> Result<(Batches, bool), BadFrame> {
        let mut reader = FrameReader::new();
        let mut batches = Vec::new();
        while let Some(frame) = reader.next(&bytes[usize::try_from(reader.position()).unwrap()..])? {
            if let Frame::Records(stored) = frame {
                assert_eq!(stored.last, 4);
                batches.extend(stored.batches().map(|batch| (stored.partition, batch.to_vec())));
            }
        }
        Ok((batches, reader.has_ended()))
    }

    #[test]
    fn frames_come_back_and_every_prefix_is_known_for_one() {
        let file = file();
        let (batches, ended) = read(&file).unwrap();
        assert_eq!(batches, [(0, b"one".to_vec()), (0, Vec::new()), (1, b"three".to_vec())]);
        assert!(ended);
        for end in 0..file.len() {
            let (some, ended) = read(&file[..end]).unwrap();
            assert!(!ended && some.len() <= 3, "{end}");
        }
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let file = file();
        for bit in 0..file.len() * 8 {
            let mut bytes = file.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&bytes).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_frame_that_is_left_out_is_missed() {
        let file = file();
        let mut reader = FrameReader::new();
        let mut starts = Vec::new();
        while reader.next(&file[usize::try_from(reader.position()).unwrap()..]).unwrap().is_some() {
            starts.push(usize::try_from(reader.position()).unwrap());
        }
        for pair in starts.windows(2) {
            let without = [&file[..pair[0]], &file[pair[1]..]].concat();
            assert!(read(&without).is_err() || pair[1] == file.len());
        }
        assert_eq!(
            read(&[&file[..], b"x"].concat()).unwrap_err(),
            damaged(file.len() as u64, "something follows the end")
        );
        assert_eq!(read(b"{\"value\":\"x\"}").unwrap_err(), BadFrame::Foreign);
    }
}
