//! What a command line of kafka-configs asks for: the action and the entities, after all checks that need no cluster.

use super::entity::{DEFAULT_FLAGS, EntityType, FLAGS};
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use std::net::{IpAddr, ToSocketAddrs};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Describe,
    Alter,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) action: Action,
    /// The type; with a second one only for the quotas of a user's client.
    pub(super) kind: EntityType,
    pub(super) types: Vec<EntityType>,
    /// An empty name is the default entity. There can be fewer names than types.
    pub(super) names: Vec<String>,
}

impl Request {
    pub(super) fn read(parsed: &Parsed) -> Result<Request, Failure> {
        let action = action(parsed)?;
        let names_of_types = type_names(parsed);
        if let Some(twice) = duplicates(&names_of_types) {
            return Err(Failure::plain(format!("Duplicate entity type(s) specified: {twice}")));
        }
        let types = names_of_types.iter().map(|name| known_type(name)).collect::<Result<Vec<_>, _>>()?;
        let Some(&kind) = types.first() else {
            return Err(Failure::plain("At least one entity type must be specified"));
        };
        let quota_pair = types.contains(&EntityType::Users) && types.contains(&EntityType::Clients);
        if types.len() > 1 && !(quota_pair && types.len() == 2) {
            return Err(Failure::plain("Only 'users' and 'clients' entity types may be specified together"));
        }
        check_spelling(parsed)?;
        if parsed.has("bootstrap-server") && parsed.has("bootstrap-controller") {
            return Err(Failure::plain(
                "Only one of --bootstrap-server or --bootstrap-controller can be specified",
            ));
        }
        let request = Request { action, kind, types, names: names(parsed) };
        request.check_names()?;
        match action {
            Action::Describe => request.check_describe(parsed)?,
            Action::Alter => request.check_alter(parsed)?,
        }
        Ok(request)
    }

    /// The name of the first entity: `None` if there is none, empty for the default.
    pub(super) fn name(&self) -> Option<&str> {
        self.names.first().map(String::as_str)
    }

    fn type_list(&self) -> String {
        self.types.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(",")
    }

    fn check_names(&self) -> Result<(), Failure> {
        for name in self.names.iter().filter(|name| !name.is_empty()) {
            let wrong = match self.kind {
                EntityType::Brokers | EntityType::BrokerLoggers if name.parse::<i32>().is_err() => {
                    "valid integer broker id"
                }
                EntityType::Ips if !is_address(name) => "valid IP or resolvable host",
                _ => continue,
            };
            let kind = self.kind.name();
            return Err(Failure::plain(format!(
                "The entity name for {kind} must be a {wrong}, but it is: {name}"
            )));
        }
        Ok(())
    }

    fn check_describe(&self, parsed: &Parsed) -> Result<(), Failure> {
        if parsed.has("entity-default") && !self.types.iter().any(|kind| kind.has_default()) {
            let types = self.type_list();
            return Err(Failure::plain(format!(
                "--entity-default must not be specified with --describe of {types}"
            )));
        }
        let named = self.names.iter().any(|name| !name.is_empty());
        if self.kind == EntityType::BrokerLoggers && !named {
            return Err(Failure::plain("An entity name must be specified with --describe of broker-loggers"));
        }
        Ok(())
    }

    fn check_alter(&self, parsed: &Parsed) -> Result<(), Failure> {
        if self.types.iter().any(|kind| kind.has_default()) {
            if self.names.is_empty() {
                return Err(Failure::plain(
                    "An entity-name or default entity must be specified with --alter of users, clients, brokers or ips",
                ));
            }
        } else if self.names.iter().all(String::is_empty) {
            let types = self.type_list();
            return Err(Failure::plain(format!("An entity name must be specified with --alter of {types}")));
        }
        match parsed.which(&["add-config", "add-config-file", "delete-config"]).as_slice() {
            [] => Err(Failure::plain(
                "At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter",
            )),
            ["add-config", "add-config-file", ..] => {
                Err(Failure::plain("Only one of --add-config or --add-config-file must be specified"))
            }
            _ => Ok(()),
        }
    }
}

fn action(parsed: &Parsed) -> Result<Action, Failure> {
    let action = match (parsed.has("describe"), parsed.has("alter")) {
        (true, false) => Action::Describe,
        (false, true) => Action::Alter,
        _ => {
            return Err(Failure::usage("Command must include exactly one action: --describe, --alter"));
        }
    };
    if action == Action::Describe
        && let Some(other) = parsed.which(&["add-config", "delete-config"]).first()
    {
        return Err(Failure::usage(format!("Option \"[describe]\" can't be used with option \"[{other}]\"")));
    }
    Ok(action)
}

/// The types as they were named, those of `--entity-type` first.
fn type_names(parsed: &Parsed) -> Vec<String> {
    let flags = FLAGS.iter().chain(&DEFAULT_FLAGS).filter(|(option, _)| parsed.has(option));
    let mut names = parsed.texts("entity-type");
    names.extend(flags.map(|(_, kind)| kind.name().to_owned()));
    names
}

/// What occurs more than once.
fn duplicates(names: &[String]) -> Option<String> {
    let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let pairs = sorted.windows(2).filter(|pair| pair.first() == pair.last());
    let mut twice: Vec<&str> = pairs.filter_map(|pair| pair.first().copied()).collect();
    twice.dedup();
    (!twice.is_empty()).then(|| twice.join(","))
}

fn known_type(name: &str) -> Result<EntityType, Failure> {
    EntityType::by_name(name).ok_or_else(|| {
        let known = EntityType::ALL.map(EntityType::name).join(", ");
        Failure::plain(format!(
            "Invalid entity type {name}, the entity type must be one of {known} with a --bootstrap-server or \
             --bootstrap-controller argument"
        ))
    })
}

fn check_spelling(parsed: &Parsed) -> Result<(), Failure> {
    let long = !parsed.which(&["entity-name", "entity-type", "entity-default"]).is_empty();
    let short = FLAGS.iter().chain(&DEFAULT_FLAGS).any(|(option, _)| parsed.has(option));
    if long && short {
        return Err(Failure::plain(
            "--entity-{type,name,default} should not be used in conjunction with specific entity flags",
        ));
    }
    Ok(())
}

/// The names in the order of the types; empty for a default.
fn names(parsed: &Parsed) -> Vec<String> {
    let text = |value: Option<&std::ffi::OsStr>| value.unwrap_or_default().to_string_lossy().into_owned();
    let mut names: Vec<String> =
        parsed.in_order(&["entity-name", "entity-default"]).map(|(_, value)| text(value)).collect();
    for (option, _) in FLAGS.iter().filter(|(option, _)| parsed.has(option)) {
        names.extend(parsed.texts(option).into_iter().take(1));
    }
    names.extend(DEFAULT_FLAGS.iter().filter(|(option, _)| parsed.has(option)).map(|_| String::new()));
    names
}

/// Whether the text is an address, or the name of a host that the system can resolve.
fn is_address(text: &str) -> bool {
    if text.parse::<IpAddr>().is_ok() {
        return true;
    }
    let numbers = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    !numbers && (text, 0).to_socket_addrs().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn read(line: &str) -> Result<Request, String> {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let tool = &super::super::TOOL;
        let parsed = Parsed::read(&(tool.command)(), &words, tool.argument_errors).unwrap();
        Request::read(&parsed).map_err(|failure| failure.message().to_owned())
    }

    #[test]
    fn entities_are_named_in_either_spelling() {
        let topic = read("--describe --topic t").unwrap();
        assert_eq!(topic, read("--describe --entity-type topics --entity-name t").unwrap());
        assert_eq!((topic.kind, topic.name()), (EntityType::Topics, Some("t")));
        let defaults = read("--describe --broker-defaults").unwrap();
        assert_eq!(defaults, read("--describe --entity-type brokers --entity-default").unwrap());
        assert_eq!(defaults.name(), Some(""));
        let pair =
            read("--describe --entity-type users --entity-default --entity-type clients --entity-name app");
        assert_eq!(pair.unwrap().names, ["", "app"]);
        assert_eq!(read("--describe --entity-type groups").unwrap().name(), None);
    }

    #[test]
    fn wrong_requests_are_refused_in_kafkas_words() {
        for (line, why) in [
            ("--describe", "At least one entity type must be specified"),
            ("--describe --entity-type topics --topic t", "Duplicate entity type(s) specified: topics"),
            (
                "--describe --topic t --broker 1",
                "Only 'users' and 'clients' entity types may be specified together",
            ),
            (
                "--describe --topic t --add-config a=b",
                "Option \"[describe]\" can't be used with option \"[add-config]\"",
            ),
            (
                "--describe --entity-type topics --entity-default",
                "--entity-default must not be specified with --describe of topics",
            ),
            (
                "--describe --broker one",
                "The entity name for brokers must be a valid integer broker id, but it is: one",
            ),
            (
                "--describe --ip 300.1.2.3",
                "The entity name for ips must be a valid IP or resolvable host, but it is: 300.1.2.3",
            ),
            (
                "--alter --topic t",
                "At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter",
            ),
            (
                "--alter --entity-type topics --add-config a=b",
                "An entity name must be specified with --alter of topics",
            ),
            (
                "--alter --topic t --add-config a=b --add-config-file f",
                "Only one of --add-config or --add-config-file must be specified",
            ),
        ] {
            assert_eq!(read(line).unwrap_err(), why, "{line}");
        }
    }
}
