//! The files of a broker's directory that are no partition's: who it is, how it was left, and what has no place there.

use crate::disk::{self, Entry};
use crate::local::broker::Broker;
use crate::local::site::partition_name;
use crate::log::check::{Findings, Fix, Severity};
use crate::metadata::Image;
use crate::types::{BrokerId, Uuid};
use std::collections::BTreeSet;
use std::path::Path;

const WHOSE: &str = "a broker refuses to start here, or takes the directory for another's";
const CLEAN: &str = "a broker may trust logs that it should look through, or the other way round";

const FILES: [&str; 8] = [
    "meta.properties",
    ".lock",
    ".kafka_cleanshutdown",
    "bootstrap.checkpoint",
    "recovery-point-offset-checkpoint",
    "replication-offset-checkpoint",
    "log-start-offset-checkpoint",
    "cleaner-offset-checkpoint",
];
const KEYS: [&str; 4] = ["node.id", "directory.id", "version", "cluster.id"];

/// Checks `meta.properties` to the letter, as far as others know what it says.
pub(super) fn check_meta(broker: &Broker, image: &Image, findings: &mut Findings) {
    let path = broker.dir.join("meta.properties");
    let mut wrong = |what: String| findings.file(Severity::Error, &path, what, WHOSE, Fix::None);
    let text = match disk::read_text(&path) {
        Ok(Some(text)) => text,
        Ok(None) => return wrong("it is missing".to_owned()),
        Err(e) => return wrong(e.to_string()),
    };
    let Some(body) = text.strip_suffix('\n') else { return wrong("its last line has no end".to_owned()) };
    let (mut comments, mut seen) = (0, Vec::new());
    for line in body.split('\n') {
        if let Some(comment) = line.strip_prefix('#') {
            comments += 1;
            if !(comment.is_empty() || comments == 2 && is_date(comment)) {
                wrong(format!("the comment {line:?}"));
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            wrong(format!("the line {line:?}"));
            continue;
        };
        if !KEYS.contains(&key) || seen.contains(&key) {
            wrong(format!("the key {key:?}"));
        }
        seen.push(key);
        if let Some(what) = check_value(key, value, broker, image) {
            wrong(what);
        }
    }
    if let Some(missing) = KEYS.iter().find(|key| !seen.contains(*key)) {
        wrong(format!("no {missing}"));
    }
    if comments != 2 {
        wrong(format!("{comments} lines of comment instead of 2"));
    }
}

fn check_value(key: &str, value: &str, broker: &Broker, image: &Image) -> Option<String> {
    let id: Option<Uuid> = value.parse().ok().filter(|id: &Uuid| id.to_string() == value);
    match key {
        "version" => (value != "1").then(|| format!("version {value:?}")),
        "cluster.id" => id.is_none().then(|| format!("the cluster id {value:?}")),
        "directory.id" => {
            let registered = image.brokers().get(&broker.id).map(|broker| broker.log_dirs.as_slice());
            match (id, registered) {
                (None, _) => Some(format!("the directory id {value:?}")),
                (Some(id), Some(known)) if !known.is_empty() && !known.contains(&id) => Some(format!(
                    "directory id {id}, and the metadata knows none such of broker {}",
                    broker.id
                )),
                _ => None,
            }
        }
        "node.id" => {
            let number: Option<i32> = value.parse().ok().filter(|id: &i32| id.to_string() == value);
            let known = number.is_some_and(|id| {
                let brokers = image.brokers();
                brokers.is_empty()
                    || brokers.contains_key(&BrokerId(id))
                    || image.controllers().contains_key(&BrokerId(id))
            });
            (!known).then(|| format!("node id {value:?}, which the metadata doesn't know"))
        }
        _ => None,
    }
}

/// Whether a text is a date as Java prints it: `Sat Nov 21 09:57:43 UTC 2026`.
fn is_date(text: &str) -> bool {
    const DAYS: [&str; 7] = ["Sat", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = text.split(' ').collect();
    let [weekday, month, day, time, zone, year] = words.as_slice() else { return false };
    let number = |text: &str, digits: usize| -> Option<i64> {
        let legal = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| legal)
    };
    let clock: Vec<Option<i64>> = time.split(':').map(|part| number(part, 2)).collect();
    let in_day = matches!(clock.as_slice(), [Some(0..24), Some(0..60), Some(0..60)]);
    let (Some(month), Some(day @ 1..=31), Some(year)) =
        (MONTHS.iter().position(|name| name == month), number(day, 2), number(year, 4))
    else {
        return false;
    };
    // Zeller's congruence: the year begins with March.
    let month = i64::try_from(month).unwrap_or(0) + 1;
    let (month, year) = if month < 3 { (month + 12, year - 1) } else { (month, year) };
    let place = (day + 13 * (month + 1) / 5 + year + year / 4 - year / 100 + year / 400) % 7;
    let named = usize::try_from(place).ok().and_then(|place| DAYS.get(place));
    let is_zone =
        !zone.is_empty() && zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-:".contains(&byte));
    in_day && is_zone && named == Some(weekday)
}

/// Checks the note that a broker was stopped in good order. `epochs` are those of the broker's registrations.
pub(super) fn check_clean_shutdown(broker: &Broker, epochs: &BTreeSet<i64>, findings: &mut Findings) {
    let path = broker.dir.join(".kafka_cleanshutdown");
    let Ok(Some(text)) = disk::read_text(&path) else { return };
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let epoch = line.strip_prefix("{\"version\":0,\"brokerEpoch\":").and_then(|rest| rest.strip_suffix('}'));
    let number: Option<i64> =
        epoch.and_then(|text| text.parse().ok().filter(|number: &i64| number.to_string() == text));
    let mut wrong = |what: String| findings.file(Severity::Warning, &path, what, CLEAN, Fix::AsideWhole);
    match number {
        None => wrong("it is not written as such a file is".to_owned()),
        Some(epoch) if epoch != -1 && !epochs.is_empty() && !epochs.contains(&epoch) => {
            wrong(format!("broker epoch {epoch}, in which broker {} was never registered", broker.id));
        }
        Some(_) => {}
    }
}

/// Notes what has no place in a broker's directory.
pub(super) fn check_names(dir: &Path, entries: &[Entry], findings: &mut Findings) {
    for entry in entries {
        let name = entry.name.as_str();
        let is_passing = ["-delete", "-future", "-stray"].iter().any(|ending| name.ends_with(ending));
        let known = if entry.is_dir {
            partition_name(name).is_some() || is_passing
        } else {
            FILES.contains(&name) || name.ends_with(".tmp")
        };
        if !known {
            let (what, meaning) = if entry.is_dir {
                ("a directory that is no partition's", "a broker refuses to start here")
            } else {
                ("a file that no broker has", "it is no part of the directory")
            };
            findings.file(Severity::Warning, &dir.join(name), what, meaning, Fix::AsideWhole);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_the_weekday_that_it_had() {
        for date in
            ["Sat Nov 21 09:57:43 UTC 2026", "Thu Feb 29 00:00:00 CET 2024", "Mon Jan 01 23:59:59 Z 2024"]
        {
            assert!(is_date(date), "{date}");
        }
        for date in [
            "Sun Nov 21 09:57:43 UTC 2026",
            "Sat Nov 21 24:57:43 UTC 2026",
            "Sat Nov 22 09:57:43 UTC 2026",
            "",
        ] {
            assert!(!is_date(date), "{date}");
        }
    }
}
