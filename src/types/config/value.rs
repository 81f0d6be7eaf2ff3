//! `ConfigType`: what texts a configuration takes, and `ConfigValue`: what they mean.

use crate::types::java;
use std::fmt;

/// The values that a configuration may have. Limits are inclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ConfigType {
    Int {
        min: i32,
        max: i32,
    },
    /// 1 to 9, or -1.
    GzipLevel,
    Long {
        min: i64,
    },
    Short,
    Double {
        min: f64,
        max: f64,
    },
    Boolean,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Any of these words, separated by commas; also none at all.
    ListOf(&'static [&'static str]),
    /// `PARTITION:BROKER,…`, or `*`.
    ThrottledReplicas,
    /// `earliest`, `latest`, or `by_duration:` with a duration of ISO 8601.
    OffsetReset,
    /// Any words, separated by commas.
    List,
    Text,
    /// A text that is never shown.
    Password,
}

/// A configuration's value; displays as Kafka prints it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ConfigValue {
    Int(i32),
    Long(i64),
    Double(f64),
    Boolean(bool),
    Text(String),
    List(Vec<String>),
}

impl fmt::Display for ConfigValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigValue::Int(value) => value.fmt(f),
            ConfigValue::Long(value) => value.fmt(f),
            ConfigValue::Double(value) => f.write_str(&java::double_text(*value)),
            ConfigValue::Boolean(value) => value.fmt(f),
            ConfigValue::Text(value) => f.write_str(value),
            ConfigValue::List(values) => f.write_str(&values.join(",")),
        }
    }
}

impl ConfigType {
    /// Reads `raw`, the value of `name`, without a look at limits and lists of words. The error is Kafka's sentence.
    pub(crate) fn parse(&self, name: &str, raw: &str) -> Result<ConfigValue, String> {
        let text = java::trim(raw);
        let not_a_number = |kind| invalid(name, raw, &format!("Not a number of type {kind}"));
        match self {
            ConfigType::Int { .. } | ConfigType::GzipLevel => {
                text.parse().map(ConfigValue::Int).map_err(|_| not_a_number("INT"))
            }
            ConfigType::Long { .. } => text.parse().map(ConfigValue::Long).map_err(|_| not_a_number("LONG")),
            ConfigType::Double { .. } => {
                java::parse_double(text).map(ConfigValue::Double).ok_or_else(|| not_a_number("DOUBLE"))
            }
            ConfigType::Boolean if text.eq_ignore_ascii_case("true") => Ok(ConfigValue::Boolean(true)),
            ConfigType::Boolean if text.eq_ignore_ascii_case("false") => Ok(ConfigValue::Boolean(false)),
            ConfigType::Boolean => Err(invalid(name, raw, "Expected value to be either true or false")),
            ConfigType::Short => {
                let number = text.parse::<i16>().map_err(|_| not_a_number("SHORT"));
                number.map(|number| ConfigValue::Int(i32::from(number)))
            }
            ConfigType::OneOf(_) | ConfigType::Text | ConfigType::Password | ConfigType::OffsetReset => {
                Ok(ConfigValue::Text(text.to_owned()))
            }
            ConfigType::ListOf(_) | ConfigType::ThrottledReplicas | ConfigType::List => {
                Ok(ConfigValue::List(list(text)))
            }
        }
    }

    /// Checks a parsed value against limits and lists of words. The error is Kafka's sentence.
    pub(crate) fn check(&self, name: &str, value: &ConfigValue) -> Result<(), String> {
        match (self, value) {
            (ConfigType::Int { min, max }, ConfigValue::Int(number)) => {
                check_range(name, value, number, Some(min), (*max < i32::MAX).then_some(max))
            }
            (ConfigType::GzipLevel, ConfigValue::Int(level)) => {
                let good = *level == -1 || (1..=9).contains(level);
                let why = "Value must be between 1 and 9 or equal to -1";
                if good { Ok(()) } else { Err(invalid(name, value, why)) }
            }
            (ConfigType::Long { min }, ConfigValue::Long(number)) => {
                check_range(name, value, number, (*min > i64::MIN).then_some(min), None)
            }
            (ConfigType::Double { min, max }, ConfigValue::Double(number)) => {
                let shown =
                    |limit: f64| if limit.fract() == 0.0 { format!("{limit:.0}") } else { limit.to_string() };
                // As in Java, NaN is neither too small nor too large.
                if number < min {
                    Err(invalid(name, value, &format!("Value must be at least {}", shown(*min))))
                } else if number > max {
                    Err(invalid(name, value, &format!("Value must be no more than {}", shown(*max))))
                } else {
                    Ok(())
                }
            }
            (ConfigType::OneOf(words), ConfigValue::Text(word)) => check_word(name, word, words),
            (ConfigType::ListOf(words), ConfigValue::List(list)) => {
                if list.iter().any(String::is_empty) {
                    return Err(format!("Configuration '{name}' values must not be empty."));
                }
                list.iter().try_for_each(|word| check_word(name, word, words))
            }
            (ConfigType::ThrottledReplicas, ConfigValue::List(list)) => check_replicas(name, list),
            (ConfigType::OffsetReset, ConfigValue::Text(text)) => check_offset_reset(name, text),
            _ => Ok(()),
        }
    }
}

/// Kafka's sentence about a bad value.
fn invalid(name: &str, value: impl fmt::Display, why: &str) -> String {
    format!("Invalid value {value} for configuration {name}: {why}")
}

/// Splits at commas; blanks around them go, and a blank text is an empty list.
fn list(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    text.split(',').map(|item| java::trim(item).to_owned()).collect()
}

fn check_range<T: PartialOrd + fmt::Display>(
    name: &str,
    value: &ConfigValue,
    number: &T,
    min: Option<&T>,
    max: Option<&T>,
) -> Result<(), String> {
    match (min, max) {
        (Some(min), _) if number < min => Err(invalid(name, value, &format!("Value must be at least {min}"))),
        (_, Some(max)) if number > max => {
            Err(invalid(name, value, &format!("Value must be no more than {max}")))
        }
        _ => Ok(()),
    }
}

fn check_word(name: &str, word: &str, words: &[&str]) -> Result<(), String> {
    if words.contains(&word) {
        return Ok(());
    }
    Err(invalid(name, word, &format!("String must be one of: {}", words.join(", "))))
}

fn check_offset_reset(name: &str, text: &str) -> Result<(), String> {
    let good = match text.strip_prefix("by_duration:") {
        Some(duration) => java::is_duration(duration),
        None => matches!(text, "earliest" | "latest"),
    };
    if good {
        return Ok(());
    }
    let why = format!(
        "Invalid value `{text}` for configuration {name}. The value must be either 'earliest', 'latest' or of the \
         format 'by_duration:<PnDTnHnMn.nS>'."
    );
    Err(invalid(name, text, &why))
}

fn check_replicas(name: &str, list: &[String]) -> Result<(), String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let replica = |item: &String| item.split_once(':').is_some_and(|(a, b)| digits(a) && digits(b));
    if list.iter().all(replica) || matches!(list, [all] if all == "*") {
        return Ok(());
    }
    let why = format!(
        "{name} must be the literal '*' or a list of replicas in the following format: \
         [partitionId]:[brokerId],[partitionId]:[brokerId],..."
    );
    Err(invalid(name, format!("[{}]", list.join(", ")), &why))
}
