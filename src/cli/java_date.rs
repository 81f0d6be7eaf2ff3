//! Points in time by a pattern of Java's `SimpleDateFormat`, in UTC and English. Source: that class's documentation.

use super::time::Civil;
use crate::types::TimestampMs;
use std::fmt::Write;

const MS_PER_DAY: i64 = 86_400_000;
const LETTERS: &str = "GyYMLwWDdFEuaHkKhmsSzZX";
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// From the day on which time began.
const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

/// A pattern that is sound.
#[derive(Clone, Debug)]
pub(crate) struct DateFormat(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Text(char),
    /// A letter, and how often it stands there.
    Field(char, usize),
}

/// Why a pattern can't be used; displays in Java's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidPattern {
    #[error("Illegal pattern character '{0}'")]
    Letter(char),
    #[error("Unterminated quote")]
    Quote,
}

impl DateFormat {
    pub(crate) fn new(pattern: &str) -> Result<DateFormat, InvalidPattern> {
        let mut parts = Vec::new();
        let mut rest = pattern.chars().peekable();
        let mut is_quoted = false;
        while let Some(character) = rest.next() {
            match character {
                '\'' if rest.next_if_eq(&'\'').is_some() => parts.push(Part::Text('\'')),
                '\'' => is_quoted = !is_quoted,
                letter if letter.is_ascii_alphabetic() && !is_quoted => {
                    if !LETTERS.contains(letter) {
                        return Err(InvalidPattern::Letter(letter));
                    }
                    let mut count = 1;
                    while rest.next_if_eq(&letter).is_some() {
                        count += 1;
                    }
                    parts.push(Part::Field(letter, count));
                }
                other => parts.push(Part::Text(other)),
            }
        }
        if is_quoted { Err(InvalidPattern::Quote) } else { Ok(DateFormat(parts)) }
    }

    /// The time as the pattern has it.
    pub(crate) fn text(&self, time: TimestampMs) -> String {
        let moment = Moment::new(time);
        let mut out = String::new();
        for part in &self.0 {
            match *part {
                Part::Text(character) => out.push(character),
                Part::Field(letter, count) => moment.push(&mut out, letter, count),
            }
        }
        out
    }
}

/// A time with what a pattern may ask of it.
struct Moment {
    civil: Civil,
    /// Since 1970.
    days: i64,
    /// From 1.
    day_of_year: i64,
}

impl Moment {
    fn new(time: TimestampMs) -> Moment {
        let civil = Civil::at(time);
        let days = time.0.div_euclid(MS_PER_DAY);
        let day_of_year = days - first_day(civil.year) + 1;
        Moment { civil, days, day_of_year }
    }

    fn push(&self, out: &mut String, letter: char, count: usize) {
        let Civil { year, month, day, ms_of_day } = self.civil;
        let hour = ms_of_day / 3_600_000;
        let number = match letter {
            'G' => return out.push_str(if year > 0 { "AD" } else { "BC" }),
            'y' => return push_year(out, year, count),
            'Y' => return push_year(out, self.week().0, count),
            'M' | 'L' if count >= 3 => return push_name(out, named(&MONTHS, month - 1), count),
            'E' => return push_name(out, named(&DAYS, self.days.rem_euclid(7)), count),
            'a' => return out.push_str(if hour < 12 { "AM" } else { "PM" }),
            'z' => return out.push_str(if count < 4 { "UTC" } else { "Coordinated Universal Time" }),
            'Z' => return out.push_str("+0000"),
            'X' => return out.push('Z'),
            'M' | 'L' => month,
            'w' => self.week().1,
            'W' => (day - 1 + from_sunday(self.days - day + 1)) / 7 + 1,
            'D' => self.day_of_year,
            'd' => day,
            'F' => (day - 1) / 7 + 1,
            'u' => (self.days + 3).rem_euclid(7) + 1,
            'H' => hour,
            'k' => (hour + 23) % 24 + 1,
            'K' => hour % 12,
            'h' => (hour + 11) % 12 + 1,
            'm' => ms_of_day / 60_000 % 60,
            's' => ms_of_day / 1_000 % 60,
            _ => ms_of_day % 1_000,
        };
        // Writing to a text doesn't fail.
        let _ = write!(out, "{number:0count$}");
    }

    /// The year that the week belongs to, and its number there: weeks begin on Sunday, the first has January 1.
    fn week(&self) -> (i64, i64) {
        let next = first_day(self.civil.year + 1);
        if self.days >= next - from_sunday(next) {
            return (self.civil.year + 1, 1);
        }
        let first = first_day(self.civil.year);
        (self.civil.year, (self.days - first + from_sunday(first)) / 7 + 1)
    }
}

/// January 1 of a year, in days since 1970.
fn first_day(year: i64) -> i64 {
    let civil = Civil { year, month: 1, day: 1, ms_of_day: 0 };
    civil.timestamp().map_or(0, |time| time.0 / MS_PER_DAY)
}

/// How many days a day comes behind a Sunday.
fn from_sunday(days: i64) -> i64 {
    (days + 4).rem_euclid(7)
}

fn named(names: &[&'static str], index: i64) -> &'static str {
    usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or_default()
}

fn push_name(out: &mut String, name: &str, count: usize) {
    out.push_str(if count >= 4 { name } else { name.get(..3).unwrap_or(name) });
}

fn push_year(out: &mut String, year: i64, count: usize) {
    let year = if year > 0 { year } else { 1 - year };
    let number = if count == 2 { year % 100 } else { year };
    let _ = write!(out, "{number:0count$}");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21 15:38:31.251, a Saturday.
    const TIME: TimestampMs = TimestampMs(1_795_275_511_251);

    #[test]
    fn patterns_give_what_java_was_seen_to_print() {
        for (pattern, expected) in [
            ("yyyy-MM-dd HH:mm:ss:SSS", "2026-11-21 15:38:31:251"),
            (
                "MMMM MM M y yy yyy EEEE dd D k K S SSSS s'' HH H h m F W G L",
                "November 11 11 2026 26 2026 Saturday 21 325 15 3 251 0251 31' 15 15 3 38 3 3 AD 11",
            ),
            (
                "EEE, MMM d, yyyy 'at' hh:mm a z Z X D w u",
                "Sat, Nov 21, 2026 at 03:38 PM UTC +0000 Z 325 47 6",
            ),
            ("", ""),
        ] {
            assert_eq!(DateFormat::new(pattern).unwrap().text(TIME), expected);
        }
    }

    #[test]
    fn weeks_and_hours_turn_over_where_java_has_them_turn() {
        let text = |pattern: &str, ms: i64| DateFormat::new(pattern).unwrap().text(TimestampMs(ms));
        // 1969-12-31, a Wednesday of the week of January 1.
        assert_eq!(text("YYYY w yyyy D u", -1), "1970 1 1969 365 3");
        assert_eq!(text("H k K h a", 0), "0 24 0 12 AM");
        assert_eq!(text("H k K h a", 12 * 3_600_000), "12 12 0 12 PM");
    }

    #[test]
    fn patterns_that_java_refuses_are_refused() {
        assert_eq!(DateFormat::new("foo").unwrap_err().to_string(), "Illegal pattern character 'f'");
        assert_eq!(DateFormat::new("yyyy 'x").unwrap_err().to_string(), "Unterminated quote");
        assert!(DateFormat::new("'foo' ''").is_ok());
    }
}
