//! `BatchReader`: a batch's records, one after the other, as borrowed views. Nothing is allocated for a record;
//! compressed batches unfold into a buffer that the reader keeps.
//!
//! The CRC is not looked at (see `verify_crc`): a dump shows the records of a damaged batch as well. Every length
//! is checked all the same.

use super::Compression;
use super::batch::{BatchHeader, HEADER_SIZE};
use super::decompress::Decompressor;
use super::error::{Error, Result};
use super::legacy::{self, LegacyRecord};
use super::record::{Base, take_record};
use crate::types::{Offset, RecordView, TimestampType};
use std::ops::ControlFlow;

/// Decodes batches; keep one for as long as there are batches to read.
#[derive(Default)]
pub(crate) struct BatchReader {
    decompressor: Decompressor,
}

impl BatchReader {
    /// One that refuses compressed batches that unfold to more than so many bytes, before their first record.
    pub(crate) fn limited_to(bytes: usize) -> BatchReader {
        BatchReader { decompressor: Decompressor::limited_to(bytes) }
    }

    /// Calls `visit` for each record of a batch or legacy entry, until it breaks off; answers how it ended. Records
    /// before a damaged one have been visited when the error comes; if something is left over behind the last
    /// record, all before that one, as in Kafka. `batch` may be longer than the batch.
    pub(crate) fn for_each(
        &mut self,
        batch: &[u8],
        visit: impl FnMut(&RecordView<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let header = BatchHeader::parse(batch)?;
        self.for_each_of(&header, batch, visit)
    }

    /// The same where a visit can fail, which ends it: the inner error is the visit's, with the offset of its record.
    pub(crate) fn try_for_each<E>(
        &mut self,
        batch: &[u8],
        mut visit: impl FnMut(&RecordView<'_>) -> std::result::Result<(), E>,
    ) -> Result<std::result::Result<(), (Offset, E)>> {
        let mut failed = None;
        let _ = self.for_each(batch, |record| match visit(record) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some((record.offset, error));
                ControlFlow::Break(())
            }
        })?;
        Ok(failed.map_or(Ok(()), Err))
    }

    /// The same where the header is parsed already, in whatever way.
    pub(crate) fn for_each_of(
        &mut self,
        header: &BatchHeader,
        batch: &[u8],
        mut visit: impl FnMut(&RecordView<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        if header.is_legacy() {
            return self.for_each_legacy(header, batch, |record| visit(&record.view));
        }
        let count = header.record_count;
        if count < 0 {
            return Err(Error::RecordCount(count));
        }
        let records = self.records(header, batch)?;
        let appended = header.timestamp_type() == TimestampType::LogAppend;
        let base = Base {
            offset: header.base_offset,
            timestamp: header.base_timestamp,
            append_time: appended.then(|| header.max_timestamp()),
        };
        let mut rest = records;
        for index in 1..=count {
            let position = records.len() - rest.len();
            let record = take_record(&mut rest, base).map_err(|what| Error::Malformed { what, position })?;
            if index == count && !rest.is_empty() {
                return Err(Error::RecordsRemaining(count));
            }
            if visit(&record).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The bytes of a v2 batch's records, decompressed.
    pub(crate) fn records<'a>(&'a mut self, header: &BatchHeader, batch: &'a [u8]) -> Result<&'a [u8]> {
        let records = whole(header, batch)?.get(HEADER_SIZE..).unwrap_or_default();
        match header.codec()? {
            Compression::None => Ok(records),
            // A batch that compaction has emptied has nothing to decompress.
            _ if records.is_empty() && header.record_count == 0 => Ok(records),
            codec => self.decompressor.decompress(codec, records),
        }
    }

    /// The records of an entry of format v0 or v1 with what only those have: a wrapper message's inner entries,
    /// or the entry itself.
    pub(crate) fn for_each_legacy(
        &mut self,
        header: &BatchHeader,
        entry: &[u8],
        visit: impl FnMut(&LegacyRecord<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        legacy::for_each(&mut self.decompressor, header, whole(header, entry)?, visit)
    }
}

fn whole<'a>(header: &BatchHeader, batch: &'a [u8]) -> Result<&'a [u8]> {
    let truncated = Error::Truncated { what: "a batch", needed: header.size, found: batch.len() };
    batch.get(..header.size).ok_or(truncated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixtures;

    fn count(batch: &[u8]) -> Result<usize> {
        let mut count = 0;
        let flow = BatchReader::default().for_each(batch, |_| {
            count += 1;
            ControlFlow::Continue(())
        })?;
        assert!(flow.is_continue());
        Ok(count)
    }

    #[test]
    fn real_batches_of_every_codec_are_read() {
        let mut reader = BatchReader::default();
        for batch in fixtures::CODECS {
            let mut expected = 0..;
            let visit = |record: &RecordView<'_>| {
                let index = expected.next().unwrap();
                assert_eq!(record.offset, Offset::new(1 + index));
                assert_eq!(record.timestamp.0, 1_700_000_000_000 + 13 * index);
                assert_eq!(record.key.unwrap(), format!("key-{index}").as_bytes());
                assert!(record.value.unwrap().is_ascii() && record.value.unwrap().len() > 60);
                assert_eq!(record.headers.iter().map(|header| header.key).collect::<Vec<_>>(), [b"codec"]);
                ControlFlow::Continue(())
            };
            assert!(reader.for_each(batch, visit).unwrap().is_continue());
            assert_eq!(expected.next(), Some(50));
        }
    }

    #[test]
    fn the_visitor_can_stop() {
        let mut seen = 0;
        let flow = BatchReader::default().for_each(fixtures::LZ4, |_| {
            seen += 1;
            if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(flow.unwrap().is_break());
        assert_eq!(seen, 3);
    }

    #[test]
    fn damage_is_an_error_and_never_a_panic() {
        for batch in fixtures::V2.iter().chain(fixtures::LEGACY) {
            let sound = count(batch).unwrap();
            for end in 0..batch.len() {
                assert!(count(&batch[..end]).is_err());
            }
            for bit in 0..batch.len().min(600) * 8 {
                let mut damaged = batch.to_vec();
                damaged[bit / 8] ^= 1 << (bit % 8);
                assert!(count(&damaged).is_err() || sound > 0, "bit {bit}");
            }
        }
    }

    #[test]
    fn a_count_that_is_too_small_leaves_records_over() {
        let mut batch = fixtures::NONE.to_vec();
        batch[60] = 49;
        assert!(matches!(count(&batch), Err(Error::RecordsRemaining(49))));
        batch[60] = 51;
        assert!(matches!(count(&batch), Err(Error::Malformed { what: "length", .. })));
        batch[57] = 0x80;
        assert!(matches!(count(&batch), Err(Error::RecordCount(..0))));
    }
}
