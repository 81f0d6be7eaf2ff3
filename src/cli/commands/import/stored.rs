//! Importing the binary form: batch by batch, as they were stored.

use super::feed::Supply;
use super::run::{Session, Stop};
use crate::cli::archive::{Frame, FrameReader};
use crate::cli::error::Failure;

/// Imports every frame behind the first `done` bytes, which an earlier import has taken; their checksum is `crc`.
pub(super) fn import(session: &mut Session<'_>, done: u64, crc: u32) -> Result<Stop, Failure> {
    let mut reader = FrameReader::new();
    let mut is_passing = done > 0;
    loop {
        let before = reader.position();
        if is_passing && before >= done {
            if before != done || session.feed.crc() != crc {
                return Err(session.feed.is_another());
            }
            is_passing = false;
        }
        let at_byte = |failure: Failure| {
            let message = format!("byte {before}: {}", failure.message());
            failure.kt_message(message)
        };
        let read = reader.next(session.feed.held());
        match read.map_err(|error| Failure::plain(error.to_string()))? {
            Some(Frame::Topic(topic)) => session.sink.topic(&topic).map_err(at_byte)?,
            Some(Frame::Records(stored)) if is_passing => session.sink.record_count += stored.count,
            Some(Frame::Records(stored)) => session.sink.batches(&stored).map_err(at_byte)?,
            Some(Frame::End) => {}
            None => match session.read_on()? {
                Supply::Signal(number) => return Ok(Stop::Signal(number)),
                Supply::Ended if is_passing => return Err(session.feed.is_another()),
                Supply::Ended if reader.has_ended() => return Ok(Stop::End),
                Supply::Ended => return Err(torn(&reader)),
                Supply::More | Supply::Waiting => continue,
            },
        }
        session.feed.take(usize::try_from(reader.position() - before).unwrap_or(usize::MAX));
    }
}

fn torn(reader: &FrameReader) -> Failure {
    let (at, total) = (reader.position(), reader.total());
    Failure::plain(format!(
        "the file has no end: it is whole up to byte {at}, and the {total} records up to there are imported"
    ))
    .with_hint("complete it with kt export --resume, then import it with --resume")
}
