//! What came of deleting groups, in the words of the tool that has deleted them.

use super::failure::quoted;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::client;
use std::io::Write;

/// Why a group was not deleted.
#[derive(Debug)]
pub(in crate::cli::commands) struct Refused {
    /// The Java class of the exception.
    pub(in crate::cli::commands) class: String,
    pub(in crate::cli::commands) message: String,
}

impl From<client::Error> for Refused {
    fn from(error: client::Error) -> Refused {
        Refused { class: error.java_class(), message: error.message }
    }
}

/// Groups that were to be deleted, each in the order in which it was its turn.
#[derive(Debug, Default)]
pub(in crate::cli::commands) struct Deletion {
    /// What Kafka calls such groups: `consumer` or `share`.
    kind: &'static str,
    deleted: Vec<String>,
    failed: Vec<(String, Refused)>,
}

impl Deletion {
    /// Deletes all that can be deleted.
    pub(in crate::cli::commands) fn of(
        kind: &'static str,
        groups: Vec<String>,
        delete: impl Fn(&str) -> Result<(), Refused>,
    ) -> Deletion {
        let mut deletion = Deletion { kind, ..Deletion::default() };
        for group in groups {
            match delete(&group) {
                Ok(()) => deletion.deleted.push(group),
                Err(refused) => deletion.failed.push((group, refused)),
            }
        }
        deletion
    }

    /// Prints the outcome. In Kafka's register the status is 0 whatever it is.
    pub(in crate::cli::commands) fn tell(&self, context: &mut Context) -> Result<Status, Failure> {
        let Deletion { kind, deleted, failed } = self;
        if failed.is_empty() {
            let names = quoted(deleted);
            writeln!(context.stdout, "Deletion of requested {kind} groups ({names}) was successful.")?;
            return Ok(Status::SUCCESS);
        }
        if context.is_kafka() {
            writeln!(context.stdout, "{}", self.failure_text())?;
            return Ok(Status::SUCCESS);
        }
        for (group, refused) in failed {
            context.say(&format!("kt: group '{group}' was not deleted: {}", refused.message))?;
        }
        if !deleted.is_empty() {
            writeln!(context.stdout, "{}", self.success_text())?;
        }
        Ok(Status::FAILURE)
    }

    fn success_text(&self) -> String {
        format!("These {} groups were deleted successfully: {}", self.kind, quoted(&self.deleted))
    }

    /// What Kafka prints where something failed, without the last line end.
    fn failure_text(&self) -> String {
        let mut text = format!("\nError: Deletion of some {} groups failed:", self.kind);
        for (group, Refused { class, message }) in &self.failed {
            text += &format!("\n* Group '{group}' could not be deleted due to: {class}: {message}");
        }
        if !self.deleted.is_empty() {
            text += "\n\n";
            text += &self.success_text();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ErrorCode;

    #[test]
    fn failures_are_told_as_kafka_tells_them() {
        let groups = ["nobody", "somebody"].map(str::to_owned).to_vec();
        let deletion = Deletion::of("consumer", groups, |group| match group {
            "nobody" => Err(client::Error::of(ErrorCode::GroupIdNotFound).into()),
            _ => Ok(()),
        });
        let expected = "\nError: Deletion of some consumer groups failed:\n* Group 'nobody' could not be deleted due to: \
                        org.apache.kafka.common.errors.GroupIdNotFoundException: The group id does not exist.\n\n\
                        These consumer groups were deleted successfully: 'somebody'";
        assert_eq!(deletion.failure_text(), expected);
    }
}
