//! Floating-point numbers as Java prints them: the shortest digits that mean the same number, at least two of them; plain from
//! 10^-3 up to 10^7, else with an exponent. Source: the documentation of `Double.toString` (as of JDK 19).

/// `Double.toString`.
pub(crate) fn double_text(value: f64) -> String {
    match special(value.is_nan(), value.is_infinite(), value == 0.0, value.is_sign_negative()) {
        Some(text) => text.to_owned(),
        None => from_digits(value.is_sign_negative(), &format!("{:e}", value.abs()), || {
            format!("{:.1e}", value.abs())
        }),
    }
}

/// `Float.toString`.
pub(crate) fn float_text(value: f32) -> String {
    match special(value.is_nan(), value.is_infinite(), value == 0.0, value.is_sign_negative()) {
        Some(text) => text.to_owned(),
        None => from_digits(value.is_sign_negative(), &format!("{:e}", value.abs()), || {
            format!("{:.1e}", value.abs())
        }),
    }
}

const fn special(nan: bool, infinite: bool, zero: bool, negative: bool) -> Option<&'static str> {
    match (nan, infinite, zero, negative) {
        (true, ..) => Some("NaN"),
        (_, true, _, false) => Some("Infinity"),
        (_, true, _, true) => Some("-Infinity"),
        (_, _, true, false) => Some("0.0"),
        (_, _, true, true) => Some("-0.0"),
        _ => None,
    }
}

/// Java's spelling of `D.DDDeN`; `two_digits` is the same number rounded to two digits, which Java prefers to one.
fn from_digits(negative: bool, scientific: &str, two_digits: impl Fn() -> String) -> String {
    let rounded;
    let scientific = if scientific.contains('.') {
        scientific
    } else {
        rounded = two_digits();
        rounded.as_str()
    };
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(|character| *character != '.').collect();
    let digits = match digits.trim_end_matches('0') {
        "" => "0",
        trimmed => trimmed,
    };
    let sign = if negative { "-" } else { "" };
    let or_zero = |text: &str| if text.is_empty() { "0".to_owned() } else { text.to_owned() };
    match usize::try_from(exponent) {
        Ok(places) if places < 7 => {
            let padded = format!("{digits:0<width$}", width = places + 1);
            let (whole, fraction) = padded.split_at_checked(places + 1).unwrap_or((&padded, ""));
            format!("{sign}{whole}.{}", or_zero(fraction))
        }
        Err(_) if exponent >= -3 => {
            let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
            format!("{sign}0.{}{digits}", "0".repeat(zeros))
        }
        _ => {
            let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
            format!("{sign}{first}.{}E{exponent}", or_zero(rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_look_as_in_java() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (100.0, "100.0"),
            (123_456.0, "123456.0"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (12_345_678.9, "1.23456789E7"),
            (0.001, "0.001"),
            (0.0123, "0.0123"),
            (0.00099, "9.9E-4"),
            (5e-324, "4.9E-324"),
            (1e22, "1.0E22"),
            (f64::MAX, "1.7976931348623157E308"),
            (2_393_736.541_207_228, "2393736.541207228"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(double_text(value), text);
        }
        assert_eq!(float_text(f32::from_be_bytes(*b"abcd")), "2.6100788E20");
        assert_eq!(float_text(1.1), "1.1");
        assert_eq!(float_text(f32::from_bits(1)), "1.4E-45");
    }
}
