//! Points in time as people write them: ISO 8601 in UTC or with an offset, and how long ago. Knows no time zones by name.

use crate::types::{TimestampMs, read_fraction};
use std::time::Duration;

const MS_PER_DAY: i64 = 86_400_000;

/// A calendar date and a time of day, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    /// Milliseconds since midnight.
    pub(crate) ms_of_day: i64,
}

impl Civil {
    /// The date at this time (proleptic Gregorian calendar).
    pub(crate) fn at(time: TimestampMs) -> Civil {
        let days = time.0.div_euclid(MS_PER_DAY);
        // Days are counted from 0000-03-01, so that the leap day ends a year and months have a simple rule.
        let shifted = days.saturating_add(719_468);
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Civil {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
            ms_of_day: time.0.rem_euclid(MS_PER_DAY),
        }
    }

    /// The time of this date; `None` if there is no such date.
    pub(crate) fn timestamp(self) -> Option<TimestampMs> {
        if !(-9999..=9999).contains(&self.year)
            || !(1..=12).contains(&self.month)
            || !(1..=days_in_month(self.year, self.month)).contains(&self.day)
            || !(0..MS_PER_DAY).contains(&self.ms_of_day)
        {
            return None;
        }
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month_from_march = (self.month + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        Some(TimestampMs(days * MS_PER_DAY + self.ms_of_day))
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `2026-01-31 10:00:00,000`, as Kafka's log lines begin; UTC.
pub(crate) fn log_time(time: TimestampMs) -> String {
    let Civil { year, month, day, ms_of_day } = Civil::at(time);
    let (hour, minute) = (ms_of_day / 3_600_000, ms_of_day / 60_000 % 60);
    let (second, ms) = (ms_of_day / 1_000 % 60, ms_of_day % 1_000);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02},{ms:03}")
}

/// Reads `2026-01-31`, `2026-01-31T10:00`, `…:00`, `….123`, each with nothing (UTC), `Z`, `+HH`, `+HHMM` or `+HH:MM`.
pub(crate) fn read_iso(text: &str) -> Option<TimestampMs> {
    let (date, rest) = match text.split_once(['T', ' ']) {
        Some((date, rest)) => (date, rest),
        None => (text, "00:00"),
    };
    let mut date = date.splitn(3, '-');
    let (year, month, day) = (digits(date.next()?, 4)?, digits(date.next()?, 2)?, digits(date.next()?, 2)?);
    let (clock, offset_ms) = split_zone(rest)?;
    let civil = Civil { year, month, day, ms_of_day: read_clock(clock)? };
    Some(TimestampMs(civil.timestamp()?.0 - offset_ms))
}

/// Milliseconds since midnight of `HH:MM[:SS[.fraction]]`.
fn read_clock(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, ':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let (second, ms) = match parts.next() {
        None => (0, 0),
        Some(seconds) => match seconds.split_once('.') {
            None => (digits(seconds, 2)?, 0),
            Some((seconds, fraction)) => (digits(seconds, 2)?, read_fraction(fraction)?),
        },
    };
    let fits = hour < 24 && minute < 60 && second < 60;
    fits.then_some(((hour * 60 + minute) * 60 + second) * 1_000 + ms)
}

/// Splits off a zone; its offset in milliseconds.
fn split_zone(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, 0)) };
    let (clock, zone) = text.split_at_checked(at)?;
    let (sign, zone) = zone.split_at_checked(1)?;
    let (hours, minutes) = match zone.len() {
        2 => (digits(zone, 2)?, 0),
        4 => (digits(zone.get(..2)?, 2)?, digits(zone.get(2..)?, 2)?),
        5 => {
            let (hours, minutes) = zone.split_once(':')?;
            (digits(hours, 2)?, digits(minutes, 2)?)
        }
        _ => return None,
    };
    let offset_ms = (hours * 60 + minutes) * 60_000;
    Some((clock, if sign == "-" { -offset_ms } else { offset_ms }))
}

/// Reads kt's own points in time: `@ISO-TIME`, or how long ago: `-30s`, `-30m`, `-1h`, `-2d`, `-1w`.
pub(crate) fn read_moment(text: &str, now: TimestampMs) -> Option<TimestampMs> {
    if let Some(iso) = text.strip_prefix('@') {
        return read_iso(iso).or_else(|| iso.parse().ok().map(TimestampMs));
    }
    let ago = text.strip_prefix('-')?;
    let (number, unit_ms) =
        [("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", MS_PER_DAY), ("w", 7 * MS_PER_DAY)]
            .into_iter()
            .find_map(|(unit, unit_ms)| Some((ago.strip_suffix(unit)?, unit_ms)))?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let ago_ms = number.parse::<i64>().ok()?.checked_mul(unit_ms)?;
    Some(TimestampMs(now.0.saturating_sub(ago_ms).max(0)))
}

/// Reads a length of time: `500ms`, `5s`, `1.5s`, `2m`, `1h`; a number alone is seconds.
pub(crate) fn read_duration(text: &str) -> Option<Duration> {
    let (number, unit_ms) = [("ms", 1.0), ("s", 1e3), ("m", 6e4), ("h", 3.6e6), ("d", 8.64e7), ("", 1e3)]
        .into_iter()
        .find_map(|(unit, unit_ms)| Some((text.strip_suffix(unit)?, unit_ms)))?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    // Longer than a century is not to be waited for.
    let ms = number.parse::<f64>().ok().map(|number| number * unit_ms).filter(|ms| *ms < 3.2e12)?;
    Duration::try_from_secs_f64(ms / 1e3).ok()
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let fits = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_survive_their_text() {
        for ms in [0, -1, 1_700_000_000_123, 951_782_400_000, -62_135_596_800_000, 253_402_300_799_999] {
            let civil = Civil::at(TimestampMs(ms));
            assert_eq!(civil.timestamp(), Some(TimestampMs(ms)), "{civil:?}");
        }
        assert_eq!(log_time(TimestampMs(1_700_000_000_123)), "2023-11-14 22:13:20,123");
    }

    #[test]
    fn iso_times_are_read_with_their_zone() {
        for (text, ms) in [
            ("2023-11-14T22:13:20.123Z", 1_700_000_000_123),
            ("2023-11-14T23:13:20.123+01:00", 1_700_000_000_123),
            ("2023-11-14T17:43:20.123-0430", 1_700_000_000_123),
            ("2023-11-14T22:13:20", 1_700_000_000_000),
            ("2023-11-14T22:13Z", 1_699_999_980_000),
            ("2023-11-14", 1_699_920_000_000),
        ] {
            assert_eq!(read_iso(text), Some(TimestampMs(ms)), "{text}");
        }
        for bad in
            ["", "2023-02-29", "2023-11-14T24:00", "2023-11-14T22", "x", "2023-11-14T22:13:20.Z", "2023-1-4"]
        {
            assert_eq!(read_iso(bad), None, "{bad}");
        }
    }

    #[test]
    fn lengths_of_time_have_a_unit() {
        for (text, ms) in
            [("500ms", 500), ("5s", 5_000), ("1.5s", 1_500), ("2m", 120_000), ("3", 3_000), ("0", 0)]
        {
            assert_eq!(read_duration(text), Some(Duration::from_millis(ms)), "{text}");
        }
        for bad in ["", "s", "-1s", "1e3s", "5 s", "1y", "1..2s", "99999999999d"] {
            assert_eq!(read_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn moments_are_told_by_time_or_by_distance() {
        let now = TimestampMs(1_700_000_000_000);
        assert_eq!(read_moment("-1h", now), Some(TimestampMs(now.0 - 3_600_000)));
        assert_eq!(read_moment("-2d", now), Some(TimestampMs(now.0 - 172_800_000)));
        assert_eq!(read_moment("@2023-11-14T22:13:20Z", TimestampMs(0)), Some(now));
        assert_eq!(read_moment("@1700000000000", TimestampMs(0)), Some(now));
        for bad in ["-3", "5", "earliest", "-h", "--1h", "@soon", "-1y", "@"] {
            assert_eq!(read_moment(bad, now), None, "{bad}");
        }
    }
}
