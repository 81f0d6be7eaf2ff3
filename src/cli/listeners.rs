//! The listeners of a server.properties: `NAME://HOST:PORT`, separated by commas.

use super::config::Properties;

/// Where a node listens, or tells others that it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listener {
    pub(super) name: String,
    pub(super) host: String,
    pub(super) port: u16,
}

/// Reads a list of listeners; entries that are none are left out. No host is this one.
pub(super) fn parse(list: &str) -> Vec<Listener> {
    let one = |entry: &str| {
        let (name, address) = entry.trim().split_once("://")?;
        let (host, port) = address.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let host = if host.is_empty() { "localhost" } else { host };
        Some(Listener { name: name.to_uppercase(), host: host.to_owned(), port: port.trim().parse().ok()? })
    };
    list.split(',').filter_map(one).collect()
}

/// The listener of this name that others are told of.
pub(super) fn advertised(properties: &Properties, name: &str) -> Option<Listener> {
    ["advertised.listeners", "listeners"].into_iter().find_map(|key| {
        let listeners = parse(&properties.text(key)?);
        listeners.into_iter().find(|listener| listener.name == name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advertised_listener_goes_before_the_other() {
        let properties = Properties::parse(
            b"listeners=PLAINTEXT://:9092, CONTROLLER://127.0.0.1:9093,X\nadvertised.listeners=PLAINTEXT://h:5\n",
        );
        let found = |name: &str| advertised(&properties, name).map(|l| format!("{}:{}", l.host, l.port));
        assert_eq!(found("PLAINTEXT").as_deref(), Some("h:5"));
        assert_eq!(found("CONTROLLER").as_deref(), Some("127.0.0.1:9093"));
        assert_eq!(found("X"), None);
        assert_eq!(parse("A://[::1]:1")[0].host, "::1");
        assert_eq!(parse("A://:1")[0].host, "localhost");
    }
}
