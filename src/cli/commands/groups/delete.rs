//! `--delete`: groups without members, with their offsets.

use super::failure::quoted;
use super::selection;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::java_order;
use crate::cli::parse::Parsed;
use crate::client;
use crate::types::java::string_hash;
use std::io::Write;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let admin = context.connect(parsed)?.admin()?;
    let mut groups = selection::groups(parsed, &*admin)?;
    java_order::sort(&mut groups, java_order::DEFAULT_CAPACITY, |group| string_hash(group));
    let mut deleted = Vec::new();
    let mut failed = Vec::new();
    for group in groups {
        match admin.delete_group(&group) {
            Ok(()) => deleted.push(group),
            Err(error) => failed.push((group, error)),
        }
    }
    if failed.is_empty() {
        writeln!(
            context.stdout,
            "Deletion of requested consumer groups ({}) was successful.",
            quoted(&deleted)
        )?;
        return Ok(Status::SUCCESS);
    }
    if context.is_kafka() {
        writeln!(context.stdout, "{}", kafka_text(&failed, &deleted))?;
        return Ok(Status::SUCCESS);
    }
    for (group, error) in &failed {
        context.say(&format!("kt: group '{group}' was not deleted: {}", error.message))?;
    }
    if !deleted.is_empty() {
        writeln!(context.stdout, "These consumer groups were deleted successfully: {}", quoted(&deleted))?;
    }
    Ok(Status::FAILURE)
}

/// Without the last line end.
fn kafka_text(failed: &[(String, client::Error)], deleted: &[String]) -> String {
    let mut text = "\nError: Deletion of some consumer groups failed:".to_owned();
    for (group, error) in failed {
        let class = error.java_class();
        text += &format!("\n* Group '{group}' could not be deleted due to: {class}: {}", error.message);
    }
    if !deleted.is_empty() {
        text += &format!("\n\nThese consumer groups were deleted successfully: {}", quoted(deleted));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ErrorCode;

    #[test]
    fn failures_are_told_as_kafka_tells_them() {
        let failed = [("nobody".to_owned(), client::Error::of(ErrorCode::GroupIdNotFound))];
        let expected = "\nError: Deletion of some consumer groups failed:\n* Group 'nobody' could not be deleted due to: \
                        org.apache.kafka.common.errors.GroupIdNotFoundException: The group id does not exist.\n\n\
                        These consumer groups were deleted successfully: 'somebody'";
        assert_eq!(kafka_text(&failed, &["somebody".to_owned()]), expected);
    }
}
