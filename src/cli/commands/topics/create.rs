//! `--create`.

use super::assignment;
use super::options::executing;
use super::run::{admin, refused};
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use crate::client::NewTopic;
use crate::types::ErrorCode;
use crate::types::config::validate_topic_configs;
use crate::types::java::trim;
use std::collections::BTreeMap;
use std::io::Write;

const COLLISION_WARNING: &str = "WARNING: Due to limitations in metric names, topics with a period ('.') or \
     underscore ('_') could collide. To avoid issues it is best to use either, but not both.";

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<(), Failure> {
    let (topic, factor) = requested(parsed)?;
    if topic.name.contains(['.', '_']) {
        context.note(COLLISION_WARNING)?;
    }
    let topic = with_numbers(topic, factor)?;
    match admin(context, parsed)?.create_topic(&topic) {
        Ok(_) => Ok(writeln!(context.stdout, "Created topic {}.", topic.name)?),
        Err(error) if error.code == ErrorCode::TopicAlreadyExists && parsed.has("if-not-exists") => Ok(()),
        Err(error) => Err(refused(error)),
    }
}

/// The topic as it was typed, with the replication factor apart, whose range is not checked yet.
fn requested(parsed: &Parsed) -> Result<(NewTopic, Option<i32>), Failure> {
    let name = parsed.text("topic")?.unwrap_or_default().into_owned();
    let partitions = parsed.number::<i32>("partitions")?;
    let factor = parsed.number::<i32>("replication-factor")?;
    let assignments = match parsed.text("replica-assignment")? {
        Some(text) if !text.is_empty() => Some(assignment::parse(&text).map_err(executing)?),
        _ => None,
    };
    let configs = configs(&parsed.texts("config")).map_err(executing)?.into_iter().collect();
    Ok((NewTopic { name, partitions, replication_factor: None, assignments, configs }, factor))
}

fn with_numbers(mut topic: NewTopic, factor: Option<i32>) -> Result<NewTopic, Failure> {
    if let Some(factor) = factor {
        let valid = i16::try_from(factor).ok().filter(|factor| *factor >= 1);
        let why = "The replication factor must be between 1 and 32767 inclusive";
        topic.replication_factor = Some(valid.ok_or_else(|| executing(why))?);
    }
    if topic.partitions.is_some_and(|partitions| partitions < 1) {
        return Err(executing("The partitions must be greater than 0"));
    }
    Ok(topic)
}

/// The settings of `--config`; of equal names the last counts. The error is Kafka's sentence.
fn configs(words: &[String]) -> Result<BTreeMap<String, String>, String> {
    let mut settings = BTreeMap::new();
    for word in words {
        // As Java splits: empty parts at the end do not count, so that an empty value is none.
        let parts: Vec<&str> = word.trim_end_matches(['=', ' ']).split('=').collect();
        let [name, value] = parts.as_slice() else {
            return Err("requirement failed: Invalid topic config: all configs to be added must be in the \
                        format \"key=val\"."
                .to_owned());
        };
        settings.insert(trim(name).to_owned(), trim(value).to_owned());
    }
    validate_topic_configs(&settings)?;
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_cut_at_the_equals_sign() {
        let read = |words: &[&str]| configs(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>());
        let settings = read(&[" retention.ms = 1000 ", "retention.ms=2"]).unwrap();
        assert_eq!(settings.get("retention.ms").map(String::as_str), Some("2"));
        for bad in ["retention.ms", "retention.ms=", "a=b=c", ""] {
            assert!(read(&[bad]).unwrap_err().starts_with("requirement failed"), "{bad}");
        }
        assert_eq!(read(&["nosuch=1"]).unwrap_err(), "Unknown topic config name: nosuch");
    }
}
