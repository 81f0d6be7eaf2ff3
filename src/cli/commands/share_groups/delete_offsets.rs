//! `--delete-offsets`: has a group without members forget topics.

use super::reset::one_group;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::client;
use crate::output::{Column, columns};
use std::io::Write;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let group = one_group(parsed)?;
    let mut topics = parsed.texts("topic");
    topics.sort();
    topics.dedup();
    let admin = context.connect(parsed)?.admin()?;
    let (outcomes, trouble) = match admin.delete_share_group_offsets(&group, &topics) {
        Ok(outcomes) => (outcomes, None),
        Err(error) => {
            let same = || Err(client::Error::new(error.code, error.message.clone()));
            (topics.iter().map(|_| same()).collect(), Some(error.message))
        }
    };
    match &trouble {
        Some(message) if context.is_kafka() => writeln!(context.stdout, "\nError: {message}")?,
        Some(message) => context.say(&format!("kt: {message}"))?,
        None => {}
    }
    write!(context.stdout, "\n{}", text(&topics, &outcomes))?;
    let failed = !context.is_kafka() && outcomes.iter().any(Result::is_err);
    Ok(if failed { Status::FAILURE } else { Status::SUCCESS })
}

/// Kafka's table.
fn text(topics: &[String], outcomes: &[client::Result<()>]) -> String {
    let mut rows = vec![vec!["TOPIC".to_owned(), "STATUS".to_owned()]];
    rows.extend(topics.iter().zip(outcomes).map(|(topic, outcome)| {
        let status = match outcome {
            Ok(()) => "Successful".to_owned(),
            Err(error) => format!("Error: {}", error.message),
        };
        vec![topic.clone(), status]
    }));
    columns(&[Column::AtLeast(15), Column::Free], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ErrorCode;

    #[test]
    fn the_table_is_kafkas_to_the_byte() {
        let topics = ["demo".to_owned(), "nosuch".to_owned()];
        let outcomes = [Ok(()), Err(client::Error::of(ErrorCode::UnknownTopicOrPartition))];
        let expected = "\
TOPIC           STATUS
demo            Successful
nosuch          Error: This server does not host this topic-partition.
";
        assert_eq!(text(&topics, &outcomes), expected);
    }
}
