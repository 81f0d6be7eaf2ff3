//! `--add-scram`: a user and a password to begin with, `SCRAM-SHA-256=[name=alice,password=secret]`.

use crate::cli::error::Failure;
use crate::cli::records::from_base64;
use crate::cli::target::stored_credential;
use crate::client::{ScramMechanism, Secret, StoredCredential};
use std::collections::BTreeMap;

const MIN_ITERATIONS: i32 = 4096;
const MAX_ITERATIONS: i32 = 16384;

/// Reads one argument of the option.
pub(super) fn parse(argument: &str) -> Result<StoredCredential, Failure> {
    let refuse = |message: String| Err(Failure::plain(message));
    let Some((name, settings)) = argument.split_once('=') else {
        return refuse(format!("Failed to find equals sign in SCRAM argument '{argument}'"));
    };
    let Some(mechanism) = ScramMechanism::ALL.into_iter().find(|mechanism| mechanism.name() == name) else {
        return refuse(format!("The add-scram mechanism {name} is not supported."));
    };
    let mut settings = components(settings)?;
    let Some(user) = settings.remove("name") else {
        return refuse("You must supply 'name' to add-scram".to_owned());
    };
    let iterations = iterations(mechanism, settings.remove("iterations"))?;
    let salt = match settings.remove("salt") {
        None => None,
        Some(text) => match from_base64(&text) {
            Some(salt) => Some(salt),
            None => return refuse(format!("Failed to decode given salt: {text}")),
        },
    };
    let secret = match (settings.remove("password"), settings.remove("saltedpassword")) {
        (None, None) => {
            return refuse("You must supply one of 'password' or 'saltedpassword' to add-scram".to_owned());
        }
        (Some(password), _) if password.is_empty() => {
            return Err(Failure::uncaught("java.lang.IllegalArgumentException", "Empty key"));
        }
        (Some(password), _) => Secret::Password(password.into_bytes()),
        (None, Some(_)) if salt.is_none() => {
            return refuse("You must supply 'salt' with 'saltedpassword' to add-scram".to_owned());
        }
        (None, Some(text)) => match from_base64(&text) {
            Some(salted) => Secret::Salted(salted),
            None => return refuse(format!("Failed to decode given saltedPassword: {text}")),
        },
    };
    if !settings.is_empty() {
        let names: Vec<String> = settings.into_keys().collect();
        return refuse(format!("Unknown SCRAM configurations: {}", names.join(", ")));
    }
    Ok(stored_credential(&user, mechanism, salt, iterations, &secret))
}

/// `[key=value,…]`; values may stand in quotes.
fn components(text: &str) -> Result<BTreeMap<String, String>, Failure> {
    let inner = text.strip_prefix('[');
    let inner = inner.ok_or_else(|| Failure::plain("Expected configuration string to start with ["))?;
    let inner = inner.strip_suffix(']');
    let inner = inner.ok_or_else(|| Failure::plain("Expected configuration string to end with ]"))?;
    let mut settings = BTreeMap::new();
    for part in inner.split(',') {
        let (key, value) = part
            .split_once('=')
            .ok_or_else(|| Failure::plain(format!("No equals sign found in SCRAM component: {part}")))?;
        let value = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
        settings.insert(key.to_owned(), value.to_owned());
    }
    Ok(settings)
}

fn iterations(mechanism: ScramMechanism, text: Option<String>) -> Result<i32, Failure> {
    let Some(text) = text else { return Ok(MIN_ITERATIONS) };
    let unreadable = |_| Failure::plain(format!("Failed to parse iterations count: {text}"));
    let count: i32 = text.parse().map_err(unreadable)?;
    let refuse = |how: &str, limit: i32| {
        let name = mechanism.name().replace('-', "_");
        let message = format!("The 'iterations' value must be {how} {limit} for add-scram using {name}");
        Err(Failure::plain(message))
    };
    match count {
        ..MIN_ITERATIONS => refuse(">=", MIN_ITERATIONS),
        MIN_ITERATIONS..=MAX_ITERATIONS => Ok(count),
        _ => refuse("<=", MAX_ITERATIONS),
    }
}

/// As Kafka prints the record of it.
pub(super) fn shown(credential: &StoredCredential) -> String {
    let StoredCredential { user, mechanism, salt, stored_key, server_key, iterations } = credential;
    let number = if *mechanism == ScramMechanism::Sha256 { 1 } else { 2 };
    let bytes = |bytes: &[u8]| {
        let signed: Vec<String> = bytes.iter().map(|byte| byte.cast_signed().to_string()).collect();
        format!("[{}]", signed.join(", "))
    };
    let [salt, stored, server] = [salt, stored_key, server_key].map(|field| bytes(field));
    format!(
        "UserScramCredentialRecord(name='{user}', mechanism={number}, salt={salt}, storedKey={stored}, serverKey={server}, \
         iterations={iterations})"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As recorded of Kafka's program.
    #[test]
    fn what_is_wrong_with_a_credential_is_told_in_kafkas_words() {
        for (argument, why) in [
            ("SCRAM-SHA-256", "Failed to find equals sign in SCRAM argument 'SCRAM-SHA-256'"),
            ("SCRAM-SHA-2=[name=a]", "The add-scram mechanism SCRAM-SHA-2 is not supported."),
            ("SCRAM-SHA-512=name=alice", "Expected configuration string to start with ["),
            ("SCRAM-SHA-512=[name,password=x]", "No equals sign found in SCRAM component: name"),
            ("SCRAM-SHA-512=[password=x]", "You must supply 'name' to add-scram"),
            ("SCRAM-SHA-512=[name=a]", "You must supply one of 'password' or 'saltedpassword' to add-scram"),
            (
                "SCRAM-SHA-512=[name=a,saltedpassword=\"YCE=\"]",
                "You must supply 'salt' with 'saltedpassword' to add-scram",
            ),
            ("SCRAM-SHA-512=[name=a,password=x,salt=%%]", "Failed to decode given salt: %%"),
            ("SCRAM-SHA-512=[name=a,password=x,iterations=x]", "Failed to parse iterations count: x"),
            (
                "SCRAM-SHA-256=[name=a,password=x,iterations=3]",
                "The 'iterations' value must be >= 4096 for add-scram using SCRAM_SHA_256",
            ),
            (
                "SCRAM-SHA-256=[name=a,password=x,iterations=30000]",
                "The 'iterations' value must be <= 16384 for add-scram using SCRAM_SHA_256",
            ),
            ("SCRAM-SHA-256=[name=a,password=x,bogus=3]", "Unknown SCRAM configurations: bogus"),
            ("SCRAM-SHA-256=[name=a,password=]", "Empty key"),
        ] {
            assert_eq!(parse(argument).unwrap_err().message(), why, "{argument}");
        }
    }

    #[test]
    fn a_credential_is_shown_as_the_record_that_it_becomes() {
        let credential = parse("SCRAM-SHA-256=[name=alice,password=x,salt=\"Zm9vYmFy\"]").unwrap();
        let text = shown(&credential);
        let begins = "UserScramCredentialRecord(name='alice', mechanism=1, salt=[102, 111, 111, 98, 97, 114], storedKey=[76, 22, -45,";
        assert!(text.starts_with(begins) && text.ends_with("121, 63], iterations=4096)"), "{text}");
    }
}
