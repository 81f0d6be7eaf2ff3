//! `add-controller`: adds the controller of a server.properties to the quorum.

use super::tool::admin;
use crate::cli::config::Properties;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::java_uuid;
use crate::cli::listeners::{self, Listener};
use crate::cli::parse::Parsed;
use crate::types::{BrokerId, Uuid};
use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;

pub(super) fn run(
    context: &mut Context,
    parsed: &Parsed,
    config: Option<&Properties>,
) -> Result<Status, Failure> {
    let missing = || {
        Failure::plain(
            "You must supply the configuration file of the controller you are adding when using add-controller.",
        )
    };
    let Controller { id, directory_id, endpoints } = Controller::read(config.ok_or_else(missing)?)?;
    let endpoint = |Listener { name, host, port }: &Listener| format!("{name}://{host}:{port}");
    let endpoints = endpoints.iter().map(endpoint).collect::<Vec<_>>().join(", ");
    let what = format!("controller {id} with directory id {directory_id} and endpoints: {endpoints}");
    if parsed.has("dry-run") {
        writeln!(context.stdout, "DRY RUN of adding {what}")?;
        return Ok(Status::SUCCESS);
    }
    admin(context, parsed)?.add_voter(id, directory_id).map_err(Failure::printed)?;
    writeln!(context.stdout, "Added {what}")?;
    Ok(Status::SUCCESS)
}

/// A controller as its properties describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Controller {
    id: BrokerId,
    directory_id: Uuid,
    endpoints: Vec<Listener>,
}

impl Controller {
    fn read(config: &Properties) -> Result<Controller, Failure> {
        const ASK: &str = "Is this a valid controller configuration file?";
        let refuse = |what: &str| Failure::plain(format!("{what} {ASK}"));
        let id = config.text("node.id").ok_or_else(|| refuse("node.id not found in configuration file."))?;
        let unreadable = |_| Failure::with_blank(format!("For input string: \"{id}\""));
        let id: i32 = id.parse().map_err(unreadable)?;
        if id < 0 {
            return Err(refuse("node.id was negative in configuration file."));
        }
        let roles = config.text("process.roles").unwrap_or_default();
        if !roles.split(',').any(|role| role.trim() == "controller") {
            return Err(refuse("process.roles did not contain 'controller' in configuration file."));
        }
        let directory = metadata_directory(config)
            .ok_or_else(|| refuse("Neither metadata.log.dir nor log.dirs were found."))?;
        let directory_id = directory_id(&directory)?;
        let names = config.text("controller.listener.names");
        let names = names.ok_or_else(|| refuse("controller.listener.names was not found."))?;
        let endpoint = |name: &str| {
            let unknown =
                || Failure::plain(format!("Cannot find information about controller listener name: {name}"));
            listeners::advertised(config, name).ok_or_else(unknown)
        };
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        Ok(Controller {
            id: BrokerId(id),
            directory_id,
            endpoints: names.map(endpoint).collect::<Result<_, _>>()?,
        })
    }
}

fn metadata_directory(config: &Properties) -> Option<String> {
    let of = |key: &str| config.text(key).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let dirs = of("log.dirs").or_else(|| of("log.dir"));
    let first = || dirs.and_then(|dirs| dirs.split(',').next().map(|dir| dir.trim().to_owned()));
    of("metadata.log.dir").or_else(first)
}

/// The id that a formatted directory has.
fn directory_id(directory: &str) -> Result<Uuid, Failure> {
    let path = Path::new(directory).join("meta.properties");
    let unreadable = |_| Failure::plain(format!("Unable to read meta.properties from {directory}"));
    let meta = Properties::load(OsStr::new(&path)).map_err(unreadable)?;
    let missing = || Failure::plain(format!("No directory id found in {directory}"));
    let id = meta.text("directory.id").ok_or_else(missing)?;
    java_uuid::parse(&id).map_err(Failure::plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_lacks_is_told_in_kafkas_words() {
        let refusal = |text: &str| {
            Controller::read(&Properties::parse(text.as_bytes())).unwrap_err().message().to_owned()
        };
        const ASK: &str = "Is this a valid controller configuration file?";
        assert_eq!(refusal(""), format!("node.id not found in configuration file. {ASK}"));
        assert_eq!(refusal("node.id=x"), "For input string: \"x\"");
        assert_eq!(refusal("node.id=-1"), format!("node.id was negative in configuration file. {ASK}"));
        let roles = format!("process.roles did not contain 'controller' in configuration file. {ASK}");
        assert_eq!(refusal("node.id=1\nprocess.roles=broker"), roles);
        let node = "node.id=1\nprocess.roles=broker,controller\n";
        assert_eq!(refusal(node), format!("Neither metadata.log.dir nor log.dirs were found. {ASK}"));
        let unreadable = "Unable to read meta.properties from /nowhere";
        assert_eq!(refusal(&format!("{node}log.dirs=/nowhere,/b")), unreadable);
    }
}
