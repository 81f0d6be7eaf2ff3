//! A server's security as settings give it, by Kafka's names. Those of one listener, `listener.name.NAME.…`, go before those of
//! all. Opens no file: who reads the settings has put the content of files in their place.

use super::error::Error;
use super::listener::{Listener, parse_protocols};
use super::mechanism::{Credentials, Mechanism};
use super::plain::PlainUsers;
use super::principal_rules::PrincipalRules;
use super::tls::{ClientAuth, Material, Tls};
use crate::acl::Policy;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Kafka's name for what kt does when it decides by access control entries.
const AUTHORIZER: &str = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";
/// The content of a file of names and passwords: a setting of kt's own.
const PLAIN_USERS: &str = "sasl.plain.users";

/// Settings by their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    values: BTreeMap<String, String>,
}

impl Given {
    /// Of equal names the last counts.
    pub(crate) fn new(values: impl IntoIterator<Item = (String, String)>) -> Given {
        Given { values: values.into_iter().collect() }
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    pub(crate) fn number(&self, key: &'static str, least: i64) -> Result<Option<i64>, Error> {
        let Some(text) = self.text(key) else { return Ok(None) };
        let wrong = |why| Error::Setting { key, value: text.to_owned(), why };
        let number: i64 = text.parse().map_err(|_| wrong("it is no whole number"))?;
        if number < least { Err(wrong("it is too small")) } else { Ok(Some(number)) }
    }

    pub(crate) fn switch(&self, key: &'static str) -> Result<bool, Error> {
        match self.text(key) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => {
                Err(Error::Setting { key, value: other.to_owned(), why: "it is neither true nor false" })
            }
        }
    }

    /// The setting of a listener, or else of all.
    fn of_listener(&self, name: &str, key: &str) -> Option<&str> {
        let own = format!("listener.name.{}.{key}", name.to_lowercase());
        self.text(&own).or_else(|| self.text(key))
    }
}

/// What a connection of one listener goes through before its requests are answered.
pub(crate) struct Gate {
    pub(crate) tls: Option<Tls>,
    pub(crate) sasl: Option<Sasl>,
}

/// How clients of a listener prove who they are.
pub(crate) struct Sasl {
    pub(crate) mechanisms: Vec<Mechanism>,
    pub(crate) credentials: Arc<Credentials>,
    /// How long a proof lasts; `None` as long as the connection.
    pub(crate) session: Option<Duration>,
    /// How long a client that failed waits for the answer.
    pub(crate) failure_delay: Duration,
}

impl Gate {
    pub(crate) fn of(listener: &Listener, given: &Given) -> Result<Gate, Error> {
        let tls = listener.protocol.is_encrypted().then(|| tls(&listener.name, given)).transpose()?;
        let sasl = listener.protocol.is_sasl().then(|| sasl(&listener.name, given)).transpose()?;
        Ok(Gate { tls, sasl })
    }

    /// Whether who comes in here has said who he is.
    pub(crate) fn knows_who_comes(&self, listener: &Listener, given: &Given) -> bool {
        self.sasl.is_some()
            || self.tls.is_some()
                && given.of_listener(&listener.name, "ssl.client.auth").is_some_and(|auth| auth == "required")
    }
}

/// The listeners that the settings name; none if they name none.
pub(crate) fn listeners(given: &Given) -> Result<Vec<Listener>, Error> {
    let protocols = parse_protocols(given.text("listener.security.protocol.map").unwrap_or_default())?;
    given.text("listeners").map_or(Ok(Vec::new()), |list| Listener::parse_list(list, &protocols))
}

fn tls(name: &str, given: &Given) -> Result<Tls, Error> {
    let bytes = |key: &str| given.of_listener(name, key).map(|text| text.as_bytes().to_vec());
    let missing = |what| Error::Missing(what);
    let material = Material {
        chain: bytes("ssl.keystore.certificate.chain")
            .ok_or_else(|| missing("a listener speaks TLS, but there is no certificate for the server"))?,
        key: bytes("ssl.keystore.key")
            .ok_or_else(|| missing("a listener speaks TLS, but there is no private key for the server"))?,
        authorities: bytes("ssl.truststore.certificates"),
    };
    let auth = given.of_listener(name, "ssl.client.auth").unwrap_or("none");
    let auth = ClientAuth::named(auth).ok_or_else(|| Error::Setting {
        key: "ssl.client.auth",
        value: auth.to_owned(),
        why: "it is none of none, requested and required",
    })?;
    let rules = given.of_listener(name, "ssl.principal.mapping.rules").unwrap_or("DEFAULT");
    Tls::new(&material, auth, PrincipalRules::parse(rules)?)
}

fn sasl(name: &str, given: &Given) -> Result<Sasl, Error> {
    let mut users = PlainUsers::default();
    if let Some(lines) = given.text(PLAIN_USERS) {
        users.add_lines(lines)?;
    }
    let jaas = given.of_listener(name, "plain.sasl.jaas.config").or_else(|| given.text("sasl.jaas.config"));
    if let Some(config) = jaas {
        users.add_jaas(config)?;
    }
    let named = given.of_listener(name, "sasl.enabled.mechanisms");
    let enabled = match named {
        Some(list) => {
            list.split(',').map(|name| Mechanism::named(name.trim())).collect::<Result<Vec<_>, _>>()?
        }
        None => Mechanism::ALL
            .into_iter()
            .filter(|mechanism| *mechanism != Mechanism::Plain || !users.is_empty())
            .collect(),
    };
    let mechanisms = Mechanism::ALL.into_iter().filter(|mechanism| enabled.contains(mechanism)).collect();
    let session = given.number("connections.max.reauth.ms", 0)?.filter(|ms| *ms > 0);
    let delay = given.number("connection.failed.authentication.delay.ms", 0)?.unwrap_or(100);
    Ok(Sasl {
        mechanisms,
        credentials: Arc::new(Credentials::new(users)),
        session: session.map(|ms| Duration::from_millis(ms.unsigned_abs())),
        failure_delay: Duration::from_millis(delay.unsigned_abs()),
    })
}

/// How access is decided; `None` where everybody may do everything.
pub(crate) fn policy(given: &Given) -> Result<Option<Policy>, Error> {
    let super_users = given.text("super.users").unwrap_or_default();
    let super_users: BTreeSet<String> =
        super_users.split(';').map(|user| user.trim().to_owned()).filter(|user| !user.is_empty()).collect();
    let wrong = |value: &str, key, why| Err(Error::Setting { key, value: value.to_owned(), why });
    if let Some(user) = super_users.iter().find(|user| !user.contains(':')) {
        return wrong(user, "super.users", "a principal has a type: User:NAME, separated by semicolons");
    }
    match given.text("authorizer.class.name") {
        None => Ok(None),
        Some(AUTHORIZER) => {
            let open_without_entries = given.switch("allow.everyone.if.no.acl.found")?;
            Ok(Some(Policy { super_users, open_without_entries }))
        }
        Some(other) => {
            let why = "the only one is org.apache.kafka.metadata.authorizer.StandardAuthorizer";
            wrong(other, "authorizer.class.name", why)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(values: &[(&str, &str)]) -> Given {
        Given::new(values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())))
    }

    fn gate(values: &[(&str, &str)]) -> Result<Gate, Error> {
        let given = given(values);
        Gate::of(&listeners(&given)?[0], &given)
    }

    #[test]
    fn a_listener_has_its_own_mechanisms() {
        let listeners = ("listeners", "IN://h:1");
        let map = ("listener.security.protocol.map", "IN:SASL_PLAINTEXT");
        let names = |values: &[(&str, &str)]| {
            let sasl = gate(values).unwrap().sasl.unwrap();
            sasl.mechanisms.iter().map(|mechanism| mechanism.name()).collect::<Vec<_>>().join(",")
        };
        assert_eq!(names(&[listeners, map]), "SCRAM-SHA-512,SCRAM-SHA-256");
        assert_eq!(names(&[listeners, map, (PLAIN_USERS, "a:b")]), "PLAIN,SCRAM-SHA-512,SCRAM-SHA-256");
        let own = ("listener.name.in.sasl.enabled.mechanisms", "SCRAM-SHA-256");
        assert_eq!(names(&[listeners, map, own, ("sasl.enabled.mechanisms", "PLAIN")]), "SCRAM-SHA-256");
        assert!(gate(&[listeners, map, ("sasl.enabled.mechanisms", "GSSAPI")]).is_err());
        assert!(gate(&[("listeners", "SSL://h:1")]).is_err());
    }

    #[test]
    fn access_is_decided_only_when_asked_for() {
        assert!(policy(&given(&[("super.users", "User:a")])).unwrap().is_none());
        let on = ("authorizer.class.name", AUTHORIZER);
        let both = policy(&given(&[on, ("super.users", "User:a; User:b")])).unwrap().unwrap();
        assert_eq!((both.super_users.len(), both.open_without_entries), (2, false));
        assert!(policy(&given(&[on, ("super.users", "a")])).is_err());
        assert!(policy(&given(&[("authorizer.class.name", "x")])).is_err());
        assert!(policy(&given(&[on, ("allow.everyone.if.no.acl.found", "yes")])).is_err());
    }
}
