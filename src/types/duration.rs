//! Lengths of time as ISO 8601 writes them.

const MS_PER_DAY: i64 = 24 * 60 * 60 * 1000;

/// Reads an ISO 8601 duration such as `P1DT2H3M4.5S`, as `java.time.Duration` does; in milliseconds, may be negative.
pub(crate) fn read_iso_duration(text: &str) -> Option<i64> {
    let text = text.to_ascii_uppercase();
    let (negative, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (days, clock) = match text.strip_prefix('P')?.split_once('T') {
        Some((_, "")) => return None,
        Some((days, clock)) => (days, clock),
        None => (text.strip_prefix('P')?, ""),
    };
    let mut total_ms: i64 = 0;
    let mut rest = days;
    let mut found = add_part(&mut rest, 'D', MS_PER_DAY, &mut total_ms)?;
    if !rest.is_empty() {
        return None;
    }
    rest = clock;
    found |= add_part(&mut rest, 'H', 3_600_000, &mut total_ms)?;
    found |= add_part(&mut rest, 'M', 60_000, &mut total_ms)?;
    if let Some(seconds) = rest.strip_suffix('S') {
        let (whole, fraction) = seconds.split_once(['.', ',']).unwrap_or((seconds, ""));
        let whole_seconds: i64 = whole.parse().ok()?;
        let fraction_ms = if fraction.is_empty() { 0 } else { read_fraction(fraction)? };
        let fraction_ms = if whole.starts_with('-') { -fraction_ms } else { fraction_ms };
        total_ms = total_ms.checked_add(whole_seconds.checked_mul(1_000)?)?.checked_add(fraction_ms)?;
        (rest, found) = ("", true);
    }
    if !found || !rest.is_empty() {
        return None;
    }
    if negative { total_ms.checked_neg() } else { Some(total_ms) }
}

/// Takes `NUMBER UNIT` from the front of `rest` if it is there; `None` if it is there and can't be read.
fn add_part(rest: &mut &str, unit: char, unit_ms: i64, total_ms: &mut i64) -> Option<bool> {
    let Some((number, after)) = rest.split_once(unit) else { return Some(false) };
    let number: i64 = number.parse().ok()?;
    *total_ms = total_ms.checked_add(number.checked_mul(unit_ms)?)?;
    *rest = after;
    Some(true)
}

/// Milliseconds of a decimal fraction of a second; digits beyond the third are cut.
pub(crate) fn read_fraction(text: &str) -> Option<i64> {
    if text.is_empty() || text.len() > 9 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{text:0<3}").get(..3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_java_reads_them() {
        for (text, ms) in [
            ("PT1H", 3_600_000),
            ("P1D", 86_400_000),
            ("P1DT2H3M4.5S", 93_784_500),
            ("pt0.1s", 100),
            ("-PT1M", -60_000),
            ("PT-1M", -60_000),
            ("PT-0.5S", -500),
            ("P0D", 0),
        ] {
            assert_eq!(read_iso_duration(text), Some(ms), "{text}");
        }
        for bad in [
            "",
            "P",
            "PT",
            "1H",
            "P1H",
            "PT1D",
            "PT1M1H",
            "P1DT",
            "PTS",
            "PT1",
            "P1W",
            "PT99999999999999999999S",
        ] {
            assert_eq!(read_iso_duration(bad), None, "{bad}");
        }
    }
}
