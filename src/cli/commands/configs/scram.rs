//! The SCRAM credentials of users: what they can log in with to brokers that ask for it.

use super::changes::Changes;
use super::options::refused;
use super::request::Request;
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::client::{Admin, ScramAlteration, ScramMechanism};
use crate::output::{Made, in_hash_map_order};

const DEFAULT_ITERATIONS: i32 = 4096;
const MIN_ITERATIONS: i32 = 4096;

fn mechanism(key: &str) -> Option<ScramMechanism> {
    ScramMechanism::ALL.into_iter().find(|mechanism| mechanism.name() == key)
}

/// Whether a setting is a credential.
pub(super) fn is_scram(key: &str) -> bool {
    mechanism(key).is_some()
}

/// The lines that describe the credentials of a user, or of all users.
pub(super) fn lines(
    context: &Context,
    admin: &dyn Admin,
    user: Option<&str>,
) -> Result<Vec<String>, Failure> {
    let credentials = admin.describe_scram().map_err(|error| refused(context, error))?;
    let mut users: Vec<(&str, Vec<String>)> = Vec::new();
    for credential in credentials.iter().filter(|credential| user.is_none_or(|user| credential.user == user))
    {
        let text = format!("{}=iterations={}", credential.mechanism, credential.iterations);
        match users.last_mut() {
            Some((last, texts)) if *last == credential.user => texts.push(text),
            _ => users.push((&credential.user, vec![text])),
        }
    }
    in_hash_map_order(&mut users, Made::ToGrow, |(user, _)| user);
    let line = |(user, texts): (&str, Vec<String>)| {
        format!("SCRAM credential configs for user-principal '{user}' are {}", texts.join(", "))
    };
    Ok(users.into_iter().map(line).collect())
}

/// Changes credentials. `all` says whether nothing but credentials is to be changed.
pub(super) fn alter(
    context: &Context,
    admin: &dyn Admin,
    request: &Request,
    changes: &Changes,
    all: bool,
) -> Result<(), Failure> {
    if !all {
        return Err(Failure::plain(
            "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server.",
        ));
    }
    let user = request.name().unwrap_or_default();
    if user.is_empty() {
        return Err(Failure::plain(
            "The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using --bootstrap-server.",
        ));
    }
    let deletions = changes.delete.iter().filter_map(|key| mechanism(key));
    let deletions = deletions.map(|mechanism| ScramAlteration::Delete { user: user.to_owned(), mechanism });
    let mut alterations: Vec<ScramAlteration> = deletions.collect();
    for (key, text) in &changes.add {
        let Some(mechanism) = mechanism(key) else { continue };
        let (iterations, password) = credential(mechanism, text).map_err(Failure::plain)?;
        let password = password.as_bytes().to_vec();
        alterations.push(ScramAlteration::Upsert { user: user.to_owned(), mechanism, iterations, password });
    }
    admin.alter_scram(&alterations).map_err(|error| refused(context, error))
}

/// Reads `[iterations=N,]password=TEXT`; the error is Kafka's sentence.
fn credential(mechanism: ScramMechanism, text: &str) -> Result<(i32, &str), String> {
    let name = mechanism.name();
    let invalid = || format!("Invalid credential property {}={text}", name.replace('-', "_"));
    let (iterations, rest) = match text.strip_prefix("iterations=").and_then(|rest| rest.split_once(',')) {
        Some((digits, rest)) => (Some(digits), rest),
        None => (None, text),
    };
    let is_number =
        |text: &str| text.strip_prefix('-').unwrap_or(text).bytes().all(|byte| byte.is_ascii_digit());
    let password = rest.strip_prefix("password=").ok_or_else(invalid)?;
    let iterations = match iterations {
        Some(digits) if !is_number(digits) => return Err(invalid()),
        Some(digits) => digits.parse().map_err(|_| format!("For input string: \"{digits}\""))?,
        None => DEFAULT_ITERATIONS,
    };
    match iterations {
        -1 => Ok((DEFAULT_ITERATIONS, password)),
        ..MIN_ITERATIONS => Err(format!(
            "Iterations {iterations} is less than the minimum {MIN_ITERATIONS} required for {name}"
        )),
        _ => Ok((iterations, password)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As recorded of Kafka's program.
    #[test]
    fn a_password_is_all_that_follows_its_name() {
        for (text, expected) in [
            ("password=pw", (4096, "pw")),
            ("iterations=8192,password=pw", (8192, "pw")),
            ("iterations=-1,password=pw", (4096, "pw")),
            ("password=x,iterations=3", (4096, "x,iterations=3")),
            ("iterations=4096,password=", (4096, "")),
        ] {
            assert_eq!(credential(ScramMechanism::Sha256, text), Ok(expected), "{text}");
        }
        for (text, why) in [
            ("foo", "Invalid credential property SCRAM_SHA_256=foo"),
            ("iterations=8192", "Invalid credential property SCRAM_SHA_256=iterations=8192"),
            ("iterations=y,password=x", "Invalid credential property SCRAM_SHA_256=iterations=y,password=x"),
            (
                "iterations=3,password=x",
                "Iterations 3 is less than the minimum 4096 required for SCRAM-SHA-256",
            ),
            ("iterations=,password=x", "For input string: \"\""),
            ("iterations=99999999999,password=x", "For input string: \"99999999999\""),
        ] {
            assert_eq!(credential(ScramMechanism::Sha256, text), Err(why.to_owned()), "{text}");
        }
    }
}
