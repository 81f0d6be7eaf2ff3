//! `--delete`: share groups without members, with all they have done.

use super::selection;
use crate::cli::commands::groups::deletion::{Deletion, Refused};
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::client::Admin;
use crate::types::ErrorCode;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let admin = context.connect(parsed)?.admin()?;
    let groups = selection::groups(parsed, &*admin)?;
    Deletion::of("share", groups, |group| delete(&*admin, group)).tell(context)
}

fn delete(admin: &dyn Admin, group: &str) -> Result<(), Refused> {
    match admin.describe_share_group(group) {
        Ok(_) => admin.delete_group(group).map_err(|error| match error.code {
            ErrorCode::GroupNotEmpty => {
                Refused { class: error.java_class(), message: format!("Share group '{group}' is not EMPTY.") }
            }
            _ => error.into(),
        }),
        Err(error) if matches!(error.code, ErrorCode::GroupIdNotFound | ErrorCode::InvalidGroupId) => {
            let class = "java.lang.IllegalArgumentException".to_owned();
            Err(Refused { class, message: format!("Group '{group}' is not a share group.") })
        }
        Err(error) => Err(error.into()),
    }
}
