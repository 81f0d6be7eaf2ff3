//! SASL PLAIN: a name and a password, checked against a list of users. Source: RFC 4616, KIP-43.

use super::error::{Error, Refusal};
use sha2::digest::Digest;
use sha2::{Sha256, digest::Output};
use std::collections::BTreeMap;
use subtle::ConstantTimeEq;

const MODULE: &str = "org.apache.kafka.common.security.plain.PlainLoginModule";

/// Names and what is kept of their passwords in memory: a hash each, so that all are of one length.
#[derive(Clone, Default)]
pub(crate) struct PlainUsers {
    users: BTreeMap<String, Output<Sha256>>,
}

impl PlainUsers {
    pub(crate) fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// Reads lines of `NAME:PASSWORD`; empty ones and those that begin with `#` say nothing.
    pub(crate) fn add_lines(&mut self, text: &str) -> Result<(), Error> {
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            match line.split_once(':') {
                Some((name, password)) if !name.is_empty() && !password.is_empty() => {
                    self.add(name, password)
                }
                _ => return Err(Error::User { line: number + 1 }),
            }
        }
        Ok(())
    }

    /// Reads a `sasl.jaas.config`: the module, a control flag, then `user_NAME="PASSWORD"` among other options, and a semicolon.
    pub(crate) fn add_jaas(&mut self, config: &str) -> Result<(), Error> {
        let wrong = || Error::Jaas(config.split('=').next().unwrap_or_default().to_owned());
        let mut words = jaas_words(config).ok_or_else(wrong)?.into_iter();
        if words.next().as_deref() != Some(MODULE) || words.next().is_none() {
            return Err(wrong());
        }
        for option in words {
            let (key, value) = option.split_once('=').ok_or_else(wrong)?;
            if let Some(name) = key.strip_prefix("user_") {
                self.add(name, value);
            }
        }
        Ok(())
    }

    fn add(&mut self, name: &str, password: &str) {
        self.users.insert(name.to_owned(), Sha256::digest(password));
    }

    /// Checks what a client sent, `authorization NUL name NUL password`, and returns its name. Costs the same for a name that there
    /// isn't, and for any password.
    pub(super) fn check(&self, token: &[u8]) -> Result<String, Refusal> {
        let malformed = |why: String| Err(Refusal::Malformed(why));
        let text = String::from_utf8_lossy(token);
        let parts: Vec<&str> = text.split('\0').collect();
        let &[authorization, name, password] = parts.as_slice() else {
            return malformed(format!("Invalid SASL/PLAIN response: expected 3 tokens, got {}", parts.len()));
        };
        if name.is_empty() {
            return malformed("Authentication failed: username not specified".to_owned());
        }
        if password.is_empty() {
            return malformed("Authentication failed: password not specified".to_owned());
        }
        let given = Sha256::digest(password);
        let known = self.users.get(name);
        let is_right: bool = given.ct_eq(known.unwrap_or(&Output::<Sha256>::default())).into();
        if known.is_none() || !is_right {
            return Err(Refusal::Invalid("Authentication failed: Invalid username or password"));
        }
        if !authorization.is_empty() && authorization != name {
            return Err(Refusal::Invalid(
                "Authentication failed: Client requested an authorization id that is different from username",
            ));
        }
        Ok(name.to_owned())
    }
}

/// The words up to the semicolon; quotes are taken away, and in them a backslash takes the next character as it is.
fn jaas_words(config: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut characters = config.trim().chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', Some(_)) => word.push(characters.next()?),
            (_, Some(open)) if character == open => quote = None,
            ('"' | '\'', None) => quote = Some(character),
            (';', None) => {
                words.extend((!word.is_empty()).then_some(word));
                return characters.next().is_none().then_some(words);
            }
            (' ' | '\t' | '\n' | '\r', None) => {
                words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            }
            _ => word.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users() -> PlainUsers {
        let mut users = PlainUsers::default();
        users.add_lines("# who may come in\nalice:a:b\n\nbob:x\n").unwrap();
        users
    }

    #[test]
    fn a_name_comes_in_with_its_password() {
        let refused = |token: &str| users().check(token.as_bytes()).unwrap_err().to_string();
        assert_eq!(users().check(b"\0alice\0a:b").as_deref(), Ok("alice"));
        assert_eq!(users().check(b"bob\0bob\0x").as_deref(), Ok("bob"));
        assert_eq!(refused("\0alice\0a"), "Authentication failed: Invalid username or password");
        assert_eq!(refused("\0carol\0a"), "Authentication failed: Invalid username or password");
        assert_eq!(
            refused("bob\0alice\0a:b"),
            "Authentication failed: Client requested an authorization id that is different from username"
        );
        assert_eq!(refused("\0\0a"), "Authentication failed: username not specified");
        assert_eq!(refused("\0alice\0"), "Authentication failed: password not specified");
        assert_eq!(refused("alice"), "Invalid SASL/PLAIN response: expected 3 tokens, got 1");
        assert_eq!(refused("\0a\0b\0c"), "Invalid SASL/PLAIN response: expected 3 tokens, got 4");
    }

    #[test]
    fn users_come_from_a_jaas_configuration() {
        let mut users = PlainUsers::default();
        let config =
            format!("{MODULE} required\n  username='admin' user_alice=\"a \\\"b;\" user_bob=\"x\" ;\n");
        users.add_jaas(&config).unwrap();
        assert_eq!(users.check(b"\0alice\0a \"b;").as_deref(), Ok("alice"));
        assert_eq!(users.check(b"\0bob\0x").as_deref(), Ok("bob"));
        for wrong in ["", "x required;", &format!("{MODULE} required user_a=\"b\""), &format!("{MODULE};")] {
            assert!(PlainUsers::default().add_jaas(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lines_that_are_none_are_refused() {
        for (text, line) in [("alice", 1), ("a:b\n:c", 2), ("a:", 1)] {
            assert_eq!(PlainUsers::default().add_lines(text), Err(Error::User { line }));
        }
    }
}
