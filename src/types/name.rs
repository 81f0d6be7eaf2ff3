//! `TopicName`: a name that has passed Kafka's rules and may therefore become a path.

use std::fmt;

/// The topics that Kafka itself keeps; only these count as internal.
pub(crate) const INTERNAL_TOPICS: [&str; 3] =
    ["__consumer_offsets", "__transaction_state", "__share_group_state"];

const MAX_LENGTH: usize = 249;

/// A valid topic name: 1 to 249 of ASCII letters, digits, `.`, `_` and `-`, and neither `.` nor `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TopicName(String);

/// Why a text is no topic name; displays as Kafka words it (`Topic name is invalid: …` goes before it).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidTopicName {
    #[error("the empty string is not allowed")]
    Empty,
    #[error("'{0}' is not allowed")]
    Dots(String),
    #[error("the length of '{0}' is longer than the max allowed length 249")]
    TooLong(String),
    #[error("'{0}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'")]
    Characters(String),
}

impl TopicName {
    pub(crate) fn new(name: &str) -> Result<TopicName, InvalidTopicName> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if name.is_empty() {
            Err(InvalidTopicName::Empty)
        } else if name == "." || name == ".." {
            Err(InvalidTopicName::Dots(name.to_owned()))
        } else if name.chars().count() > MAX_LENGTH {
            Err(InvalidTopicName::TooLong(name.to_owned()))
        } else if !name.bytes().all(legal) {
            Err(InvalidTopicName::Characters(name.to_owned()))
        } else {
            Ok(TopicName(name.to_owned()))
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` would have the same metric name: `.` and `_` are taken as equal.
    pub(crate) fn collides_with(&self, other: &str) -> bool {
        let same = |a: u8, b: u8| a == b || (matches!(a, b'.' | b'_') && matches!(b, b'.' | b'_'));
        self.0.len() == other.len() && self.0.bytes().zip(other.bytes()).all(|(a, b)| same(a, b))
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_leave_the_directory_are_refused() {
        for bad in ["", ".", "..", "../x", "a/b", "a\\b", "a b", "é", "a\0b"] {
            assert!(TopicName::new(bad).is_err(), "{bad:?}");
        }
        assert!(TopicName::new(&"x".repeat(250)).is_err());
        assert!(TopicName::new(&"x".repeat(249)).is_ok());
        assert!(TopicName::new("--partitions").is_ok());
    }

    #[test]
    fn dots_and_underscores_collide() {
        let name = TopicName::new("a_b").unwrap();
        assert!(name.collides_with("a.b"));
        assert!(!name.collides_with("a-b"));
        assert!(!name.collides_with("a.bb"));
    }
}
