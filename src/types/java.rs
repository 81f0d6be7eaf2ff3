//! Texts as Java makes and reads them, where Kafka's tools show them: numbers, blanks, the hash of a string.

/// `String.trim`: cuts characters up to the blank (U+0020) at both ends.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c <= ' ')
}

/// `String.hashCode`: h = 31·h + UTF-16 unit, in wrapping 32 bits.
pub(crate) fn string_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// `Double.toString`: plain digits from 10^-3 up to 10^7, else one digit, a fraction, and `E` with the exponent.
pub(crate) fn double_text(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() }
    } else if size == 0.0 || (1e-3..1e7).contains(&size) {
        format!("{value:?}")
    } else {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let fraction = if digits.contains('.') { "" } else { ".0" };
        format!("{digits}{fraction}E{exponent}")
    }
}

/// `Double.parseDouble` of a trimmed text, without hexadecimal notation.
pub(crate) fn parse_double(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, "NaN" | "Infinity") {
        return text.parse().ok();
    }
    let text = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    let number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
    text.bytes().all(number).then(|| text.parse().ok())?
}

/// Whether `Duration.parse` takes the text, other than with signs: days, hours, minutes, seconds with a fraction.
pub(crate) fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(['P', 'p']) else { return false };
    let (days, time) = match rest.split_once(['T', 't']) {
        Some((days, time)) if !time.is_empty() => (days, time),
        Some(_) => return false,
        None => (rest, ""),
    };
    let is_amount = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let days_good = days.is_empty() || days.strip_suffix(['D', 'd']).is_some_and(is_amount);
    let mut rest = time;
    for unit in [['H', 'h'], ['M', 'm']] {
        if let Some((number, after)) = rest.split_once(unit) {
            if !is_amount(number) {
                return false;
            }
            rest = after;
        }
    }
    let seconds_good = rest.is_empty()
        || rest.strip_suffix(['S', 's']).is_some_and(|seconds| {
            let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
            is_amount(whole) && is_amount(fraction) && fraction.len() <= 9
        });
    days_good && seconds_good && !(days.is_empty() && time.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_in_java() {
        for (value, text) in [
            (0.0, "0.0"),
            (1048576.0, "1048576.0"),
            (1e7, "1.0E7"),
            (12_345_678.5, "1.23456785E7"),
            (0.001, "0.001"),
            (0.00012, "1.2E-4"),
            (-0.5, "-0.5"),
            (f64::INFINITY, "Infinity"),
        ] {
            assert_eq!(double_text(value), text);
        }
    }

    #[test]
    fn doubles_are_read_as_in_java() {
        assert_eq!(parse_double("0.5d"), Some(0.5));
        assert_eq!(parse_double("1e-1"), Some(0.1));
        assert_eq!(parse_double("-Infinity"), Some(f64::NEG_INFINITY));
        for bad in ["", "inf", "nan", "x", "1_0", "d", "1 2"] {
            assert_eq!(parse_double(bad), None, "{bad}");
        }
    }

    #[test]
    fn durations_are_those_of_iso_8601() {
        for good in ["PT1H", "P2D", "P1DT2H3M4.5S", "PT0.000000001S", "pt5m"] {
            assert!(is_duration(good), "{good}");
        }
        for bad in ["", "P", "PT", "1H", "P1H", "PTH", "PT1M1H", "PT1.S", "x"] {
            assert!(!is_duration(bad), "{bad}");
        }
    }

    #[test]
    fn strings_hash_as_in_java() {
        assert_eq!(string_hash(""), 0);
        assert_eq!(string_hash("cleanup.policy"), -537988164);
        assert_eq!(trim("\t a b\n"), "a b");
    }
}
