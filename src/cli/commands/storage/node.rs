//! `Node`: what a server.properties says of its node, as far as its directories are concerned, and what Kafka would refuse of it.

use super::tool::missing;
use crate::cli::config::Properties;
use crate::cli::error::Failure;
use crate::cli::listeners::{self, Listener};
use crate::cli::parse::Parsed;
use crate::types::BrokerId;

const CONFIG_EXCEPTION: &str = "org.apache.kafka.common.config.ConfigException";
const ILLEGAL_ARGUMENT: &str = "java.lang.IllegalArgumentException";
/// Where Kafka keeps its logs when nobody says where.
const DEFAULT_DIRECTORY: &str = "/tmp/kafka-logs";

/// A node and its directories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) id: BrokerId,
    pub(super) is_controller: bool,
    /// All directories, sorted.
    pub(super) directories: Vec<String>,
    /// The one of them that the metadata is kept in.
    pub(super) metadata_directory: String,
    /// Whether the quorum is a fixed one.
    pub(super) has_fixed_voters: bool,
    /// Where the node listens as a controller.
    pub(super) controller_listener: Option<Listener>,
}

fn refuse(what: impl Into<String>) -> Failure {
    Failure::uncaught(CONFIG_EXCEPTION, what)
}

impl Node {
    /// Reads the file that `--config` names.
    pub(super) fn load(parsed: &Parsed) -> Result<Node, Failure> {
        let path = parsed.all("config").last().ok_or_else(|| missing("config"))?;
        let properties = Properties::load(path).map_err(|error| {
            let name = path.to_string_lossy();
            Failure::uncaught("java.nio.file.NoSuchFileException", name.clone())
                .kt_message(format!("can't read '{name}': {error}"))
        })?;
        Node::read(&properties)
    }

    fn read(properties: &Properties) -> Result<Node, Failure> {
        let required = |key: &str| {
            let message = format!("Missing required configuration \"{key}\" which has no default value.");
            properties.text(key).map(|text| text.trim().to_owned()).ok_or_else(|| refuse(message))
        };
        let roles = required("process.roles")?;
        let id = required("node.id")?;
        let not_a_number =
            |_| refuse(format!("Invalid value {id} for configuration broker.id: Not a number of type INT"));
        let id: i32 = id.parse().map_err(not_a_number)?;
        if id < 0 {
            let message = format!("Invalid value {id} for configuration node.id: Value must be at least 0");
            return Err(refuse(message));
        }
        let roles: Vec<&str> = roles.split(',').map(str::trim).collect();
        if let Some(role) = roles.iter().find(|role| !["broker", "controller"].contains(role)) {
            return Err(refuse(format!(
                "Invalid value {role} for configuration process.roles: String must be one of: broker, controller"
            )));
        }
        let (directories, metadata_directory) = directories(properties)?;
        let is_controller = roles.contains(&"controller");
        let has_fixed_voters = check_quorum(properties, id, is_controller)?;
        let names = required("controller.listener.names")?;
        let mut names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        let controller_listener = names.find_map(|name| listeners::advertised(properties, name));
        if is_controller && controller_listener.is_none() {
            let message = "requirement failed: controller.listener.names must contain at least one value appearing in \
                           the 'listeners' configuration when running the KRaft controller role";
            return Err(Failure::uncaught(ILLEGAL_ARGUMENT, message));
        }
        Ok(Node {
            id: BrokerId(id),
            is_controller,
            directories,
            metadata_directory,
            has_fixed_voters,
            controller_listener,
        })
    }
}

/// All directories and the one for the metadata.
fn directories(properties: &Properties) -> Result<(Vec<String>, String), Failure> {
    let empty =
        || refuse("Configuration 'log.dirs' must not be empty. Valid values include: any non-empty value");
    let list = properties.text("log.dirs").or_else(|| properties.text("log.dir"));
    let list = list.unwrap_or(DEFAULT_DIRECTORY.into());
    let list: Vec<String> =
        list.split(',').map(|dir| dir.trim().to_owned()).filter(|dir| !dir.is_empty()).collect();
    let first = list.first().cloned().ok_or_else(empty)?;
    let metadata = properties.text("metadata.log.dir").map(|dir| dir.trim().to_owned());
    let metadata = metadata.filter(|dir| !dir.is_empty()).unwrap_or(first);
    let mut directories = list;
    directories.push(metadata.clone());
    directories.sort();
    directories.dedup();
    Ok((directories, metadata))
}

/// Whether the voters are fixed; the node must be one of them if it is a controller.
fn check_quorum(properties: &Properties, id: i32, is_controller: bool) -> Result<bool, Failure> {
    let of =
        |key: &str| properties.text(key).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let Some(voters) = of("controller.quorum.voters") else {
        return match of("controller.quorum.bootstrap.servers") {
            Some(_) => Ok(false),
            None => Err(refuse(
                "If using process.roles, either controller.quorum.bootstrap.servers must contain the set of bootstrap \
                 controllers or controller.quorum.voters must contain a parseable set of controllers.",
            )),
        };
    };
    let mut ids = Vec::new();
    for voter in voters.split(',') {
        let parsed = voter.trim().split_once('@').and_then(|(id, address)| {
            let (_, port) = address.rsplit_once(':')?;
            port.parse::<u16>().ok()?;
            id.parse::<i32>().ok()
        });
        ids.push(parsed.ok_or_else(|| {
            refuse(
                "Invalid configuration value for controller.quorum.voters. Each entry should be in the form \
                 `{id}@{host}:{port}`.",
            )
        })?);
    }
    if is_controller && !ids.contains(&id) {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let message = format!(
            "requirement failed: If process.roles contains the 'controller' role, the node id {id} must be included in \
             the set of voters controller.quorum.voters=Set({})",
            ids.join(", ")
        );
        return Err(Failure::uncaught(ILLEGAL_ARGUMENT, message));
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Node, String> {
        Node::read(&Properties::parse(text.as_bytes())).map_err(|failure| failure.message().to_owned())
    }

    const BASE: &str = "process.roles=broker,controller\nnode.id=1\ncontroller.listener.names=CONTROLLER\n\
                        listeners=PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2\n";

    #[test]
    fn directories_are_sorted_and_the_first_one_keeps_the_metadata() {
        let text = format!("{BASE}controller.quorum.bootstrap.servers=h:1\nlog.dirs=/b, /a,/b\n");
        let node = read(&text).unwrap();
        assert_eq!(
            (node.directories, node.metadata_directory.as_str()),
            (vec!["/a".into(), "/b".into()], "/b")
        );
        assert!(!node.has_fixed_voters && node.is_controller);
        let node = read(&format!("{text}metadata.log.dir=/m")).unwrap();
        assert_eq!((node.directories.len(), node.metadata_directory.as_str()), (3, "/m"));
        assert!(read(&format!("{BASE}controller.quorum.voters=1@h:2\n")).unwrap().has_fixed_voters);
    }

    /// As recorded of Kafka's program.
    #[test]
    fn what_kafka_would_not_start_with_is_refused_in_its_words() {
        for (text, why) in [
            ("", "Missing required configuration \"process.roles\" which has no default value."),
            (
                "process.roles=broker",
                "Missing required configuration \"node.id\" which has no default value.",
            ),
            (
                "process.roles=broker\nnode.id=x",
                "Invalid value x for configuration broker.id: Not a number of type INT",
            ),
            (
                "process.roles=broker\nnode.id=-1",
                "Invalid value -1 for configuration node.id: Value must be at least 0",
            ),
            (
                "process.roles=bogus\nnode.id=1",
                "Invalid value bogus for configuration process.roles: String must be one of: broker, controller",
            ),
            (
                "process.roles=broker\nnode.id=1\nlog.dirs=",
                "Configuration 'log.dirs' must not be empty. Valid values include: any non-empty value",
            ),
            (
                "process.roles=broker\nnode.id=1\ncontroller.quorum.voters=x",
                "Invalid configuration value for controller.quorum.voters. Each entry should be in the form `{id}@{host}:{port}`.",
            ),
        ] {
            assert_eq!(read(text), Err(why.to_owned()), "{text}");
        }
    }
}
