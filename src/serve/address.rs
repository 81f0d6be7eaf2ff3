//! Where a server listens, and under which address its clients find it.

use super::error::Error;
use std::fmt;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

/// An address to listen on, as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listen {
    /// Without the brackets of an IPv6 address.
    host: String,
    /// 0 for one that is free.
    port: u16,
}

impl Listen {
    /// The loopback interface, at Kafka's own port.
    pub(crate) fn default_address() -> Listen {
        Listen { host: "localhost".into(), port: 9092 }
    }

    /// The addresses behind the name: `localhost` may have two.
    pub(super) fn resolve(&self) -> std::io::Result<Vec<SocketAddr>> {
        let mut addresses: Vec<SocketAddr> = (self.host.as_str(), self.port).to_socket_addrs()?.collect();
        // An IPv4 address comes first: where a port is to be found, it is found there, and that is what most clients try.
        addresses.sort_by_key(SocketAddr::is_ipv6);
        addresses.dedup();
        Ok(addresses)
    }

    /// Whether only this machine gets there. A name that can't be looked up may lead anywhere.
    pub(super) fn is_loopback(&self) -> bool {
        self.resolve().is_ok_and(|addresses| addresses.iter().all(|address| address.ip().is_loopback()))
    }

    /// What clients are told to come back to: the host as it was given, or for a wildcard the address that the client used.
    pub(super) fn advertised_host(&self, used: IpAddr) -> String {
        match self.host.parse::<IpAddr>() {
            Ok(ip) if ip.is_unspecified() => used.to_canonical().to_string(),
            _ => self.host.clone(),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl FromStr for Listen {
    type Err = Error;

    fn from_str(text: &str) -> Result<Listen, Error> {
        let wrong = || Error::Address { text: text.to_owned() };
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if bare.is_none() && host.contains(':') || host.is_empty() {
            return Err(wrong());
        }
        let port = port.parse().map_err(|_| wrong())?;
        Ok(Listen { host: bare.unwrap_or(host).to_owned(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_a_host_and_a_port() {
        let listen = |text: &str| text.parse::<Listen>().ok();
        assert_eq!(listen("localhost:9092"), Some(Listen::default_address()));
        assert_eq!(listen("[::1]:0").map(|l| (l.host, l.port)), Some(("::1".into(), 0)));
        for wrong in ["", "localhost", ":9092", "a:b", "::1:9092", "a:70000", "a:-1"] {
            assert_eq!(listen(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_wildcard_is_no_address_to_come_back_to() {
        let used = "192.0.2.7".parse().unwrap();
        let advertised = |text: &str| text.parse::<Listen>().unwrap().advertised_host(used);
        assert_eq!(advertised("0.0.0.0:9092"), "192.0.2.7");
        assert_eq!(advertised("[::]:9092"), "192.0.2.7");
        assert_eq!(advertised("localhost:9092"), "localhost");
    }
}
