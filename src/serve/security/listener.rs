//! Where the server listens and what is spoken there: `[NAME://]HOST:PORT`, with Kafka's names for what a connection goes through
//! before requests are read. Source: Kafka's documentation of `listeners` and `listener.security.protocol.map`.

use super::error::Error;
use crate::serve::address::Listen;
use std::fmt;

/// What a connection goes through before requests are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Plaintext,
    Ssl,
    SaslPlaintext,
    SaslSsl,
}

impl Protocol {
    const ALL: [(Protocol, &'static str); 4] = [
        (Protocol::Plaintext, "PLAINTEXT"),
        (Protocol::Ssl, "SSL"),
        (Protocol::SaslPlaintext, "SASL_PLAINTEXT"),
        (Protocol::SaslSsl, "SASL_SSL"),
    ];

    fn named(name: &str) -> Option<Protocol> {
        Protocol::ALL
            .iter()
            .find(|(_, known)| known.eq_ignore_ascii_case(name))
            .map(|(protocol, _)| *protocol)
    }

    pub(crate) const fn is_encrypted(self) -> bool {
        matches!(self, Protocol::Ssl | Protocol::SaslSsl)
    }

    pub(crate) const fn is_sasl(self) -> bool {
        matches!(self, Protocol::SaslPlaintext | Protocol::SaslSsl)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Protocol::ALL.iter().find(|(protocol, _)| protocol == self).map_or("", |(_, name)| *name))
    }
}

/// A place to listen at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listener {
    /// In capitals; the protocol's own name if it was given none.
    pub(crate) name: String,
    pub(crate) protocol: Protocol,
    pub(crate) listen: Listen,
}

impl Default for Listener {
    /// For this machine only, at Kafka's own port.
    fn default() -> Listener {
        let listen = Listen::default_address();
        Listener { name: Protocol::Plaintext.to_string(), protocol: Protocol::Plaintext, listen }
    }
}

impl Listener {
    /// Reads a list, separated by commas. `protocols` are the pairs of `listener.security.protocol.map`.
    pub(crate) fn parse_list(list: &str, protocols: &[(String, Protocol)]) -> Result<Vec<Listener>, Error> {
        list.split(',').map(|entry| Listener::parse(entry.trim(), protocols)).collect()
    }

    fn parse(entry: &str, protocols: &[(String, Protocol)]) -> Result<Listener, Error> {
        let wrong = || Error::Listener(entry.to_owned());
        let (name, address) = entry.split_once("://").unwrap_or(("PLAINTEXT", entry));
        // As Kafka has it: no host is every interface.
        let every = if address.starts_with(':') { "0.0.0.0" } else { "" };
        let listen = format!("{every}{address}").parse::<Listen>().map_err(|_| wrong())?;
        if name.is_empty() || address.contains(['/', ' ']) {
            return Err(wrong());
        }
        let name = name.to_uppercase();
        let mapped = protocols.iter().find(|(known, _)| *known == name).map(|(_, protocol)| *protocol);
        let protocol =
            mapped.or_else(|| Protocol::named(&name)).ok_or_else(|| Error::Protocol(name.clone()))?;
        Ok(Listener { name, protocol, listen })
    }
}

/// Reads a `listener.security.protocol.map`: `NAME:PROTOCOL`, separated by commas.
pub(crate) fn parse_protocols(map: &str) -> Result<Vec<(String, Protocol)>, Error> {
    let pair = |entry: &str| {
        let (name, protocol) = entry.trim().split_once(':')?;
        Some((name.trim().to_uppercase(), Protocol::named(protocol.trim())?))
    };
    let entries = map.split(',').filter(|entry| !entry.trim().is_empty());
    entries
        .map(|entry| {
            pair(entry).ok_or_else(|| Error::Setting {
                key: "listener.security.protocol.map",
                value: entry.to_owned(),
                why: "it is not NAME:PROTOCOL",
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(list: &str, map: &str) -> Result<Vec<String>, Error> {
        let listeners = Listener::parse_list(list, &parse_protocols(map)?)?;
        let show = |l: &Listener| format!("{} {} {}", l.name, l.protocol, l.listen);
        Ok(listeners.iter().map(show).collect())
    }

    #[test]
    fn a_listener_has_a_protocol() {
        let cases = [
            ("127.0.0.1:0", "", "PLAINTEXT PLAINTEXT 127.0.0.1:0"),
            ("ssl://:9093", "", "SSL SSL 0.0.0.0:9093"),
            ("SASL_SSL://[::1]:1", "", "SASL_SSL SASL_SSL [::1]:1"),
            ("IN://h:2", "IN:SASL_PLAINTEXT, OUT:SSL", "IN SASL_PLAINTEXT h:2"),
            ("SSL://h:2", "SSL:PLAINTEXT", "SSL PLAINTEXT h:2"),
        ];
        for (list, map, want) in cases {
            assert_eq!(shown(list, map).unwrap(), [want], "{list}");
        }
        assert_eq!(shown("a:1, SSL://b:2", "").unwrap().len(), 2);
    }

    #[test]
    fn what_is_no_listener_is_refused() {
        for list in ["", "h", "h:", "h:65536", "h:-1", "::1:9092", "[::1:9092", "://h:1", "PLAINTEXT://a/b:1"]
        {
            assert_eq!(shown(list, ""), Err(Error::Listener(list.to_owned())));
        }
        assert_eq!(shown("IN://h:1", ""), Err(Error::Protocol("IN".to_owned())));
        assert!(shown("h:1", "X=SSL").is_err() && shown("h:1", "X:TLS").is_err());
    }
}
