//! Why a command has not done with a record, in words for people and in headers for a dead letter.

use super::record::OwnedRecord;
use std::fmt;
use std::time::Duration;

/// How much of what a command says at its end is kept.
pub(super) const MESSAGE_BYTES_MAX: usize = 1024;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// It ended with this status, which is not 0, or with 0 before it had answered.
    Status(i32),
    /// A signal ended it.
    Signal(i32),
    /// It was killed after this time.
    TimedOut(Duration),
    /// It could not be run at all.
    NotStarted,
    /// It answered that it can't.
    Answered,
    /// What it wrote can't be a record of the output topic.
    Refused,
}

/// A failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failing {
    pub(super) how: How,
    /// The last bytes of its standard error, or what it answered.
    pub(super) message: Vec<u8>,
}

impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = String::from_utf8_lossy(&self.message);
        let message = message.trim_end();
        match &self.how {
            How::Status(status) => write!(f, "it ended with status {status}"),
            How::Signal(signal) => write!(f, "signal {signal} ended it"),
            How::TimedOut(after) => write!(f, "it was killed after {} ms", after.as_millis()),
            How::NotStarted => write!(f, "it can't be run: {message}"),
            How::Answered if message.is_empty() => f.write_str("it answered with an error"),
            How::Answered => write!(f, "it answered: {message}"),
            How::Refused => write!(f, "its output is refused: {message}"),
        }
    }
}

/// The headers that a dead letter has behind those of its record, in order. A header of the same name that the record has
/// is left as it is: the last one counts.
pub(super) fn letter_headers(
    record: &OwnedRecord,
    failing: &Failing,
    attempts: u32,
    group: Option<&str>,
) -> Vec<(String, Vec<u8>)> {
    let mut headers = vec![
        ("topic", record.partition.topic.clone().into_bytes()),
        ("partition", record.partition.partition.to_string().into_bytes()),
        ("offset", record.offset.to_string().into_bytes()),
        ("timestamp", record.timestamp.to_string().into_bytes()),
    ];
    headers.extend(group.map(|group| ("group", group.as_bytes().to_vec())));
    headers.push(("attempts", attempts.to_string().into_bytes()));
    match failing.how {
        How::Status(status) => headers.push(("status", status.to_string().into_bytes())),
        How::Signal(signal) => headers.push(("signal", signal.to_string().into_bytes())),
        How::TimedOut(after) => headers.push(("timeout", after.as_millis().to_string().into_bytes())),
        How::NotStarted | How::Answered | How::Refused => {}
    }
    headers.push(("message", failing.message.clone()));
    headers.into_iter().map(|(name, value)| (format!("__kt.errors.{name}"), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::record::record;
    use super::*;

    fn failing(how: How) -> Failing {
        Failing { how, message: b"why\xff\n".to_vec() }
    }

    #[test]
    fn a_letter_says_where_it_is_from_and_why() {
        let headers = letter_headers(&record(3, 7, None), &failing(How::Status(9)), 4, Some("g"));
        let text: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value)))
            .collect();
        let expected = [
            "__kt.errors.topic=t",
            "__kt.errors.partition=3",
            "__kt.errors.offset=7",
            "__kt.errors.timestamp=17",
            "__kt.errors.group=g",
            "__kt.errors.attempts=4",
            "__kt.errors.status=9",
            "__kt.errors.message=why\u{fffd}\n",
        ];
        assert_eq!(text, expected);
        let names = |how| {
            let headers = letter_headers(&record(3, 7, None), &failing(how), 1, None);
            headers.into_iter().skip(5).map(|(name, _)| name).collect::<Vec<String>>()
        };
        assert_eq!(names(How::Signal(9)), ["__kt.errors.signal", "__kt.errors.message"]);
        assert_eq!(names(How::TimedOut(Duration::ZERO)), ["__kt.errors.timeout", "__kt.errors.message"]);
        assert_eq!(names(How::Answered), ["__kt.errors.message"]);
    }

    #[test]
    fn every_failure_has_words() {
        for (how, words) in [
            (How::Status(3), "it ended with status 3"),
            (How::Signal(9), "signal 9 ended it"),
            (How::TimedOut(Duration::from_millis(50)), "it was killed after 50 ms"),
            (How::NotStarted, "it can't be run: why\u{fffd}"),
            (How::Answered, "it answered: why\u{fffd}"),
            (How::Refused, "its output is refused: why\u{fffd}"),
        ] {
            assert_eq!(failing(how).to_string(), words);
        }
    }
}
