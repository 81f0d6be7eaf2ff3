//! Runs kafka-configs: reads the request, opens the cluster, hands over.

use super::entity::EntityType;
use super::options::{failed, refused};
use super::request::{Action, Request};
use super::{alter, changes::Changes, describe, quotas};
use crate::cli::config::command_config;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let request = Request::read(parsed)?;
    command_config(parsed).map_err(|failure| {
        let name = parsed.all("command-config").last().unwrap_or_default().to_string_lossy();
        let exception = format!("java.nio.file.NoSuchFileException: {name}");
        failed(context, &exception, failure.message())
    })?;
    let format = context.format(parsed)?;
    let admin = context.connect(parsed)?.admin().map_err(|error| refused(context, error))?;
    let about_quotas = matches!(request.kind, EntityType::Users | EntityType::Clients | EntityType::Ips);
    match request.action {
        Action::Describe if about_quotas => quotas::describe(context, admin.as_ref(), &request, format),
        Action::Describe => describe::run(context, admin.as_ref(), &request, parsed.has("all"), format),
        Action::Alter => {
            let changes = Changes::read(context, parsed)?;
            if about_quotas {
                quotas::alter(context, admin.as_ref(), &request, &changes)?;
            } else {
                alter::run(context, admin.as_ref(), &request, &changes)?;
            }
            alter::confirm(context, &request)?;
            Ok(Status::SUCCESS)
        }
    }
}
