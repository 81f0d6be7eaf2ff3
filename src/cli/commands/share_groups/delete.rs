//! `--delete`: share groups without members, with all they have done.

use super::selection;
use crate::cli::commands::groups::failure::quoted;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::client::{self, Admin};
use crate::types::ErrorCode;
use std::io::Write;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let admin = context.connect(parsed)?.admin()?;
    let (mut deleted, mut failed) = (Vec::new(), Vec::new());
    for group in selection::groups(parsed, &*admin)? {
        match delete(&*admin, &group) {
            Ok(()) => deleted.push(group),
            Err(refused) => failed.push((group, refused)),
        }
    }
    if failed.is_empty() {
        writeln!(
            context.stdout,
            "Deletion of requested share groups ({}) was successful.",
            quoted(&deleted)
        )?;
        return Ok(Status::SUCCESS);
    }
    if context.is_kafka() {
        writeln!(context.stdout, "{}", kafka_text(&failed, &deleted))?;
        return Ok(Status::SUCCESS);
    }
    for (group, refused) in &failed {
        context.say(&format!("kt: group '{group}' was not deleted: {}", refused.message))?;
    }
    if !deleted.is_empty() {
        writeln!(context.stdout, "These share groups were deleted successfully: {}", quoted(&deleted))?;
    }
    Ok(Status::FAILURE)
}

/// Why a group was not deleted, with the Java class of the exception.
#[derive(Debug)]
struct Refused {
    class: String,
    message: String,
}

fn delete(admin: &dyn Admin, group: &str) -> Result<(), Refused> {
    let of = |error: client::Error| Refused { class: error.java_class(), message: error.message };
    match admin.describe_share_group(group) {
        Ok(_) => admin.delete_group(group).map_err(|error| match error.code {
            ErrorCode::GroupNotEmpty => {
                Refused { class: error.java_class(), message: format!("Share group '{group}' is not EMPTY.") }
            }
            _ => of(error),
        }),
        Err(error) if matches!(error.code, ErrorCode::GroupIdNotFound | ErrorCode::InvalidGroupId) => {
            let class = "java.lang.IllegalArgumentException".to_owned();
            Err(Refused { class, message: format!("Group '{group}' is not a share group.") })
        }
        Err(error) => Err(of(error)),
    }
}

/// Without the last line end.
fn kafka_text(failed: &[(String, Refused)], deleted: &[String]) -> String {
    let mut text = "\nError: Deletion of some share groups failed:".to_owned();
    for (group, Refused { class, message }) in failed {
        text += &format!("\n* Group '{group}' could not be deleted due to: {class}: {message}");
    }
    if !deleted.is_empty() {
        text += &format!("\n\nThese share groups were deleted successfully: {}", quoted(deleted));
    }
    text
}
