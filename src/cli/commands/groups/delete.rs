//! `--delete`: groups without members, with their offsets.

use super::deletion::Deletion;
use super::selection;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::java_order;
use crate::cli::parse::Parsed;
use crate::types::java::string_hash;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let admin = context.connect(parsed)?.admin()?;
    let mut groups = selection::groups(parsed, &*admin)?;
    java_order::sort(&mut groups, java_order::DEFAULT_CAPACITY, |group| string_hash(group));
    Deletion::of("consumer", groups, |group| Ok(admin.delete_group(group)?)).tell(context)
}
