//! `ClientBatch`: a record batch as a producer sent it, held against what its topic takes.
//!
//! The header tells most; records are decoded only where a topic's settings ask for what it can't tell: keys in a compacted
//! topic, the oldest timestamp, another codec. A batch goes to the log as it came, but for a copy of its header.
//! Source: Kafka's `LogValidator` and `UnifiedLog.analyzeAndValidateRecords`, as observed; KIP-467 for blaming records.

use super::refusal::Refusal;
use super::unfold::Unfolding;
use crate::local::topic::TopicSettings;
use crate::record::{self, BatchBuilder, BatchHeader, Compression, HEADER_SIZE};
use crate::types::{ErrorCode, TimestampMs, TimestampType};
use std::borrow::Cow;

/// A refusal names so many records of a batch at most.
const BLAMED_MOST: usize = 1000;

type Result<T> = std::result::Result<T, Refusal>;

/// A batch that may be stored.
#[derive(Debug)]
pub(super) struct ClientBatch<'a> {
    pub(super) header: BatchHeader,
    /// The header's bytes, to be stamped.
    pub(super) head: [u8; HEADER_SIZE],
    /// What follows them.
    pub(super) records: Cow<'a, [u8]>,
    /// The time that every record got, where the topic gives one.
    pub(super) append_time: Option<TimestampMs>,
}

impl<'a> ClientBatch<'a> {
    /// Takes what a producer sent for one partition, `at` (for its error messages), at the time `now`.
    pub(super) fn check(
        bytes: &'a [u8],
        topic: &TopicSettings,
        at: &dyn std::fmt::Display,
        now: TimestampMs,
    ) -> Result<ClientBatch<'a>> {
        let header = check_frame(bytes, at)?;
        check_size(bytes.len(), topic)?;
        if let Err(error) = record::verify_crc(bytes) {
            return Err(Refusal::new(
                ErrorCode::CorruptMessage,
                format!("Record is corrupt: {error} in topic partition {at}."),
            ));
        }
        check_header(&header, at)?;
        let mut unfolding = Unfolding::default();
        check_records(&header, bytes, &mut unfolding, topic, at, now)?;
        let mut bytes = Cow::Borrowed(bytes);
        if topic.is_in_another_codec(&header) {
            bytes = Cow::Owned(in_codec_of(topic, &header, &bytes, &mut unfolding)?);
            check_size(bytes.len(), topic)?;
        }
        let append_time = topic.log_append_time.then_some(now);
        if let Some(time) = append_time {
            // A copy: the checksum is to be made anew.
            record::set_log_append_time(bytes.to_mut(), time);
        }
        let header = BatchHeader::parse(&bytes)?;
        let too_short = || Refusal::of(ErrorCode::CorruptMessage);
        let head = *bytes.first_chunk::<HEADER_SIZE>().ok_or_else(too_short)?;
        let records = match bytes {
            Cow::Borrowed(bytes) => Cow::Borrowed(bytes.get(HEADER_SIZE..).unwrap_or_default()),
            Cow::Owned(mut bytes) => Cow::Owned(bytes.split_off(HEADER_SIZE)),
        };
        Ok(ClientBatch { header, head, records, append_time })
    }

    /// Whether `check` would have to unfold the batch, or to fold it anew, which takes a while.
    pub(super) fn has_to_be_unfolded(bytes: &[u8], topic: &TopicSettings, now: TimestampMs) -> bool {
        let Ok(header) = BatchHeader::parse(bytes) else { return false };
        let is_folded = header.codec().is_ok_and(|codec| codec != Compression::None);
        topic.is_in_another_codec(&header) || (is_folded && looks_at_records(&header, topic, now))
    }

    pub(super) fn size_bytes(&self) -> usize {
        self.head.len() + self.records.len()
    }
}

/// One whole batch of the current format, and nothing behind it.
fn check_frame(bytes: &[u8], at: &dyn std::fmt::Display) -> Result<BatchHeader> {
    if bytes.is_empty() {
        return Err(Refusal::new(
            ErrorCode::InvalidRecord,
            format!("A produce request must have a record batch for {at}."),
        ));
    }
    let corrupt =
        |e: record::Error| Refusal::new(ErrorCode::CorruptMessage, format!("{e} in topic partition {at}."));
    let header = BatchHeader::parse(bytes).map_err(corrupt)?;
    if header.is_legacy() {
        let message = "Produce requests with version 3 or above are only allowed to contain record batches with magic version 2";
        return Err(Refusal::new(ErrorCode::InvalidRecord, message));
    }
    match header.size_bytes() {
        size if size < bytes.len() => {
            let message = "Produce requests with version 3 or above must contain exactly one record batch";
            Err(Refusal::new(ErrorCode::InvalidRecord, message))
        }
        size if size > bytes.len() => {
            let error = record::Error::Truncated { what: "a batch", needed: size, found: bytes.len() };
            Err(corrupt(error))
        }
        _ => Ok(header),
    }
}

fn check_size(bytes: usize, topic: &TopicSettings) -> Result<()> {
    let most = topic.max_message_bytes;
    if bytes > most {
        let message = format!(
            "The record batch size in the append is {bytes} bytes which exceeds the maximum configured value of {most}."
        );
        return Err(Refusal::new(ErrorCode::RecordTooLarge, message));
    }
    if bytes as u64 > topic.log.segment_bytes {
        let message = format!(
            "Message batch size is {bytes} bytes in append, which exceeds the maximum configured segment size of {}.",
            topic.log.segment_bytes
        );
        return Err(Refusal::new(ErrorCode::RecordListTooLarge, message));
    }
    Ok(())
}

fn check_header(header: &BatchHeader, at: &dyn std::fmt::Display) -> Result<()> {
    let invalid = |what: String| Err(Refusal::new(ErrorCode::InvalidRecord, what));
    let (base, count) = (header.base_offset().get(), header.record_count());
    if base != 0 {
        return invalid(format!(
            "The baseOffset of the record batch in the append to {at} should be 0, but it is {base}"
        ));
    }
    let last = header.last_offset().get();
    if last < 0 {
        return invalid(format!("Batch has an invalid offset range: [{base}, {last}]"));
    }
    if count <= 0 {
        return invalid(format!("Invalid reported count for record batch: {count}"));
    }
    if i64::from(count) != last + 1 {
        return invalid(format!(
            "Inconsistent batch offset range [{base}, {last}] and count of records {count}"
        ));
    }
    if header.is_control() {
        return invalid("Clients are not allowed to write control records".to_owned());
    }
    if header.has_delete_horizon() {
        return invalid("Clients are not allowed to set a delete horizon".to_owned());
    }
    if header.producer_id() >= 0 && (header.base_sequence() < 0 || header.producer_epoch() < 0) {
        return invalid(format!(
            "Invalid sequence number {} in record batch with producerId {}",
            header.base_sequence(),
            header.producer_id()
        ));
    }
    if header.is_transactional() && header.producer_id() < 0 {
        return invalid("A transactional batch must have a producer id".to_owned());
    }
    if let Err(error) = header.codec() {
        return Err(Refusal::new(ErrorCode::UnsupportedCompressionType, error.to_string()));
    }
    Ok(())
}

/// Whether the topic asks for what a batch's header doesn't tell.
fn looks_at_records(header: &BatchHeader, topic: &TopicSettings, now: TimestampMs) -> bool {
    let is_late = !topic.accepts_timestamp(header.max_timestamp(), now);
    topic.is_compacted() || is_late || topic.has_oldest_timestamp()
}

/// What only the records tell, looked at only where it matters.
fn check_records(
    header: &BatchHeader,
    bytes: &[u8],
    unfolding: &mut Unfolding,
    topic: &TopicSettings,
    at: &dyn std::fmt::Display,
    now: TimestampMs,
) -> Result<()> {
    if !topic.log_append_time && header.timestamp_type() == TimestampType::LogAppend {
        let message =
            "Invalid timestamp type in message. Producer should not set timestamp type to LogAppendTime.";
        return Err(Refusal::new(ErrorCode::InvalidTimestamp, message));
    }
    if !looks_at_records(header, topic, now) {
        return Ok(());
    }
    let is_late = !topic.accepts_timestamp(header.max_timestamp(), now);
    let (mut keyless, mut mistimed): (Vec<i32>, Vec<(i32, TimestampMs)>) = (Vec::new(), Vec::new());
    unfolding.each_record(bytes, |index, record| {
        if topic.is_compacted() && record.key.is_none() && keyless.len() < BLAMED_MOST {
            keyless.push(index);
        }
        if mistimed.len() < BLAMED_MOST && !topic.accepts_timestamp(record.timestamp, now) {
            mistimed.push((index, record.timestamp));
        }
    })?;
    if !keyless.is_empty() {
        let what = format!("Compacted topic cannot accept message without key in topic partition {at}.");
        return Err(Refusal {
            code: ErrorCode::InvalidRecord,
            message: Some("One or more records have been rejected due to invalid records".to_owned()),
            records: keyless.into_iter().map(|index| (index, what.clone())).collect(),
        });
    }
    if mistimed.is_empty() && !is_late {
        return Ok(());
    }
    let records = mistimed.into_iter().map(|(index, timestamp)| {
        (index, format!("Timestamp {timestamp} of message with offset {index} is out of range."))
    });
    Err(Refusal {
        code: ErrorCode::InvalidTimestamp,
        message: Some("One or more records have been rejected due to invalid timestamp".to_owned()),
        records: records.collect(),
    })
}

/// The batch with the codec that the topic prescribes.
fn in_codec_of(
    topic: &TopicSettings,
    header: &BatchHeader,
    bytes: &[u8],
    unfolding: &mut Unfolding,
) -> Result<Vec<u8>> {
    let mut builder: BatchBuilder = topic.builder_of_its_own();
    unfolding.each_record(bytes, |index, record| builder.append_view(index, record))?;
    Ok(builder.finish_as(header)?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::topic::TopicSettings;
    use crate::metadata::{Image, TopicConfig};
    use crate::record::{ProducerStamp, end_txn_batch};
    use crate::types::{BrokerId, Offset};

    const NOW: TimestampMs = TimestampMs(1_700_000_000_000);

    fn settings(change: impl FnOnce(&mut TopicConfig)) -> TopicSettings {
        let mut config = TopicConfig::effective(&Image::default(), "t", BrokerId(1));
        change(&mut config);
        TopicSettings::of(&config)
    }

    fn batch(records: &[(Option<&[u8]>, i64)], stamp: &ProducerStamp) -> Vec<u8> {
        let mut builder = BatchBuilder::new(Compression::None);
        for &(key, time) in records {
            builder.append(TimestampMs(time), key, Some(b"value"), &[]);
        }
        builder.finish(stamp).unwrap().to_vec()
    }

    fn plain() -> Vec<u8> {
        batch(&[(Some(b"a"), NOW.0), (None, NOW.0)], &ProducerStamp::NONE)
    }

    fn refused(bytes: &[u8], topic: &TopicSettings) -> ErrorCode {
        ClientBatch::check(bytes, topic, &"t-0", NOW).unwrap_err().code
    }

    #[test]
    fn a_sound_batch_is_not_copied_but_for_its_header() {
        let bytes = plain();
        let checked = ClientBatch::check(&bytes, &settings(|_| {}), &"t-0", NOW).unwrap();
        assert!(matches!(checked.records, Cow::Borrowed(_)));
        assert_eq!([checked.head.as_slice(), &checked.records].concat(), bytes);
        assert_eq!(checked.append_time, None);
    }

    #[test]
    fn every_flipped_bit_and_every_prefix_is_refused_or_changes_nothing_that_counts() {
        let (bytes, topic) = (plain(), settings(|_| {}));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let is_leader_epoch = (12..16).contains(&(bit / 8));
            assert_eq!(
                ClientBatch::check(&flipped, &topic, &"t-0", NOW).is_ok(),
                is_leader_epoch,
                "bit {bit}"
            );
        }
        for end in 0..bytes.len() {
            assert!(ClientBatch::check(&bytes[..end], &topic, &"t-0", NOW).is_err(), "prefix {end}");
        }
        assert_eq!(refused(&[bytes.clone(), bytes].concat(), &topic), ErrorCode::InvalidRecord);
    }

    #[test]
    fn what_a_client_may_not_write_is_refused() {
        let topic = settings(|_| {});
        let marker = end_txn_batch(record::EndTxn::Commit, 1, 0, 0, NOW).unwrap();
        assert_eq!(refused(&marker, &topic), ErrorCode::InvalidRecord);
        let stamp = ProducerStamp { producer_id: 5, epoch: 0, base_sequence: -1, transactional: false };
        assert_eq!(refused(&batch(&[(None, NOW.0)], &stamp), &topic), ErrorCode::InvalidRecord);
        let mut moved = plain();
        record::stamp(&mut moved, Offset::new(3), crate::types::LeaderEpoch(0));
        assert_eq!(refused(&moved, &topic), ErrorCode::InvalidRecord);
        let small = settings(|config| config.max_message_bytes = 20);
        assert_eq!(refused(&plain(), &small), ErrorCode::RecordTooLarge);
    }

    #[test]
    fn records_without_a_key_are_blamed_in_a_compacted_topic() {
        let topic = settings(|config| config.cleanup_compact = true);
        let refusal = ClientBatch::check(&plain(), &topic, &"t-0", NOW).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::InvalidRecord);
        assert_eq!(refusal.records.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn no_more_than_a_thousand_records_are_blamed() {
        let topic = settings(|config| config.cleanup_compact = true);
        let bytes = batch(&vec![(None, NOW.0); BLAMED_MOST + 5], &ProducerStamp::NONE);
        let refusal = ClientBatch::check(&bytes, &topic, &"t-0", NOW).unwrap_err();
        assert_eq!((refusal.code, refusal.records.len()), (ErrorCode::InvalidRecord, BLAMED_MOST));
    }

    #[test]
    fn timestamps_out_of_range_are_blamed() {
        let topic = settings(|config| {
            config.timestamp_after_max_ms = 1000;
            config.timestamp_before_max_ms = 500;
        });
        let times = |times: &[i64]| {
            let records: Vec<_> = times.iter().map(|time| (None, NOW.0 + time)).collect();
            let bytes = batch(&records, &ProducerStamp::NONE);
            let checked = ClientBatch::check(&bytes, &topic, &"t-0", NOW).map(|_| ());
            checked.map_err(|refusal| (refusal.code, refusal.records.iter().map(|r| r.0).collect::<Vec<_>>()))
        };
        assert_eq!(times(&[0, 1000, -500]), Ok(()));
        assert_eq!(times(&[0, 1001, 2000]), Err((ErrorCode::InvalidTimestamp, vec![1, 2])));
        assert_eq!(times(&[-501, 0]), Err((ErrorCode::InvalidTimestamp, vec![0])));
    }

    #[test]
    fn a_topic_gives_its_own_time_and_codec() {
        let appended =
            settings(|config| config.timestamp_policy = crate::metadata::TimestampPolicy::LogAppendTime);
        let bytes = plain();
        let checked = ClientBatch::check(&bytes, &appended, &"t-0", TimestampMs(77)).unwrap();
        assert_eq!(
            (checked.append_time, checked.header.max_timestamp()),
            (Some(TimestampMs(77)), TimestampMs(77))
        );
        let whole = [checked.head.as_slice(), &checked.records].concat();
        record::verify_crc(&whole).unwrap();
        assert_eq!(refused(&whole, &settings(|_| {})), ErrorCode::InvalidTimestamp);

        let zipped = settings(|config| config.compression = crate::metadata::TopicCompression::Gzip);
        let stamp = ProducerStamp { producer_id: 9, epoch: 1, base_sequence: 4, transactional: true };
        let bytes = batch(&[(Some(b"a"), NOW.0), (None, NOW.0)], &stamp);
        assert!(ClientBatch::has_to_be_unfolded(&bytes, &zipped, NOW));
        assert!(!ClientBatch::has_to_be_unfolded(&bytes, &settings(|_| {}), NOW));
        let checked = ClientBatch::check(&bytes, &zipped, &"t-0", NOW).unwrap();
        let whole = [checked.head.as_slice(), &checked.records].concat();
        record::verify_crc(&whole).unwrap();
        let header = BatchHeader::parse(&whole).unwrap();
        assert_eq!(header.codec().unwrap(), Compression::Gzip);
        assert_eq!((header.producer_id(), header.base_sequence(), header.is_transactional()), (9, 4, true));
        let mut keys = Vec::new();
        let mut unfolding = Unfolding::default();
        unfolding.each_record(&whole, |_, record| keys.push(record.key.map(<[u8]>::to_vec))).unwrap();
        assert_eq!(keys, [Some(b"a".to_vec()), None]);
    }
}
