//! The points in time that `--to-datetime` and `--by-duration` mean.

use crate::cli::time;
use crate::types::{TimestampMs, read_iso_duration};

/// Reads `yyyy-MM-ddTHH:mm:ss.SSS`, with a zone or, without one, in UTC. The error is Kafka's sentence.
pub(in crate::cli::commands) fn datetime(text: &str) -> Result<TimestampMs, String> {
    let Some((_, clock)) = text.split_once('T') else {
        let words = "Error parsing timestamp. It does not contain a 'T' according to ISO8601 format";
        return Err(words.to_owned());
    };
    let has_zone = clock.contains(['+', '-', 'Z']);
    let complete = if has_zone { text.to_owned() } else { format!("{text}Z") };
    let has_ms = clock.contains('.');
    let read = time::read_iso(&complete).filter(|_| has_ms);
    read.ok_or_else(|| format!("Unparseable date: \"{complete}\""))
}

/// The moment that lies `text`, such as `PT1H`, before `now`. The error is Kafka's sentence.
pub(super) fn before(now: TimestampMs, text: &str) -> Result<TimestampMs, String> {
    let words = "Text cannot be parsed to a Duration";
    let duration_ms = read_iso_duration(text).ok_or_else(|| words.to_owned())?;
    Ok(TimestampMs(now.0.saturating_sub(duration_ms)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_required_and_utc_is_the_default() {
        let new_year = TimestampMs(1_609_459_200_003);
        for text in
            ["2021-01-01T00:00:00.003", "2021-01-01T02:00:00.003+0200", "2021-01-01T02:00:00.003+02:00"]
        {
            assert_eq!(datetime(text).unwrap(), new_year, "{text}");
        }
        let refused = |text: &str| datetime(text).unwrap_err();
        assert_eq!(refused("2020-06-01T00:00:00"), "Unparseable date: \"2020-06-01T00:00:00Z\"");
        assert!(refused("2020-06-01").starts_with("Error parsing timestamp."));
        assert_eq!(before(TimestampMs(3_600_000), "PT1H").unwrap(), TimestampMs(0));
        assert!(before(TimestampMs(0), "3h").is_err());
    }
}
