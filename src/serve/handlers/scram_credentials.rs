//! DescribeUserScramCredentials and AlterUserScramCredentials: what users can log in with (KIP-554). A client grinds the
//! password itself: it never comes over the wire.

use crate::client::{self, Admin, Error, ScramAlteration, ScramCredential, ScramMechanism};
use crate::serve::call::Call;
use crate::serve::wire;
use crate::types::ErrorCode;
use crate::types::acl::AclOperation;
use kafka_protocol::messages::alter_user_scram_credentials_request::AlterUserScramCredentialsRequest;
use kafka_protocol::messages::alter_user_scram_credentials_response::{
    AlterUserScramCredentialsResponse, AlterUserScramCredentialsResult,
};
use kafka_protocol::messages::describe_user_scram_credentials_request::DescribeUserScramCredentialsRequest;
use kafka_protocol::messages::describe_user_scram_credentials_response::{
    CredentialInfo, DescribeUserScramCredentialsResponse, DescribeUserScramCredentialsResult,
};
use std::collections::BTreeMap;

const ITERATIONS_MIN: i32 = 4096;
const ITERATIONS_MAX: i32 = 16384;

fn mechanism(code: i8) -> Option<ScramMechanism> {
    match code {
        1 => Some(ScramMechanism::Sha256),
        2 => Some(ScramMechanism::Sha512),
        _ => None,
    }
}

pub(in crate::serve) fn describe(
    call: &Call,
    request: DescribeUserScramCredentialsRequest,
) -> DescribeUserScramCredentialsResponse {
    let permitted = call.access().cluster(AclOperation::Describe);
    let credentials = match permitted.and_then(|()| call.context.cluster.admin().describe_scram()) {
        Ok(credentials) => credentials,
        Err(error) => {
            return DescribeUserScramCredentialsResponse::default()
                .with_error_code(error.code.code())
                .with_error_message(wire::message(&error));
        }
    };
    let mut users: BTreeMap<&str, Vec<&ScramCredential>> = BTreeMap::new();
    for credential in &credentials {
        users.entry(&credential.user).or_default().push(credential);
    }
    let wanted: Vec<&str> = match request.users.as_deref() {
        None | Some([]) => users.keys().copied().collect(),
        Some(names) => names.iter().map(|user| user.name.as_str()).collect(),
    };
    let mut results: Vec<DescribeUserScramCredentialsResult> = Vec::new();
    for user in &wanted {
        if results.iter().any(|result| result.user.as_str() == *user) {
            continue;
        }
        let twice = wanted.iter().filter(|other| other == &user).count() > 1;
        results.push(described(user, users.get(user), twice));
    }
    DescribeUserScramCredentialsResponse::default().with_results(results)
}

fn described(
    user: &str,
    credentials: Option<&Vec<&ScramCredential>>,
    twice: bool,
) -> DescribeUserScramCredentialsResult {
    let result = DescribeUserScramCredentialsResult::default().with_user(wire::text(user));
    let refuse = |code: ErrorCode, message: String| {
        result.clone().with_error_code(code.code()).with_error_message(Some(wire::text(message)))
    };
    if twice {
        let message =
            format!("Cannot describe SCRAM credentials for the same user twice in a single request: {user}");
        return refuse(ErrorCode::DuplicateResource, message);
    }
    let Some(credentials) = credentials else {
        let message = format!("Attempt to describe a user credential that does not exist: {user}");
        return refuse(ErrorCode::ResourceNotFound, message);
    };
    let infos = credentials.iter().map(|credential| {
        let code = if credential.mechanism == ScramMechanism::Sha512.name() { 2 } else { 1 };
        CredentialInfo::default().with_mechanism(code).with_iterations(credential.iterations)
    });
    result.with_credential_infos(infos.collect())
}

pub(in crate::serve) fn alter(
    call: &Call,
    request: AlterUserScramCredentialsRequest,
) -> AlterUserScramCredentialsResponse {
    let admin = call.context.cluster.admin();
    let access = call.access();
    // Each user's change stands alone; two of one user are refused.
    let mut users: BTreeMap<&str, Vec<client::Result<ScramAlteration>>> = BTreeMap::new();
    for deletion in &request.deletions {
        let change = mechanism(deletion.mechanism)
            .map(|mechanism| ScramAlteration::Delete { user: deletion.name.to_string(), mechanism })
            .ok_or_else(unknown_mechanism);
        users.entry(&deletion.name).or_default().push(change);
    }
    for upsertion in &request.upsertions {
        let change = mechanism(upsertion.mechanism).ok_or_else(unknown_mechanism).and_then(|mechanism| {
            check_iterations(upsertion.iterations)?;
            Ok(ScramAlteration::UpsertSalted {
                user: upsertion.name.to_string(),
                mechanism,
                iterations: upsertion.iterations,
                salt: upsertion.salt.to_vec(),
                salted_password: upsertion.salted_password.to_vec(),
            })
        });
        users.entry(&upsertion.name).or_default().push(change);
    }
    let results = users.into_iter().map(|(user, changes)| {
        let (code, message) =
            wire::outcome(&access.cluster(AclOperation::Alter).and_then(|()| change(&*admin, user, changes)));
        AlterUserScramCredentialsResult::default()
            .with_user(wire::text(user))
            .with_error_code(code)
            .with_error_message(message)
    });
    AlterUserScramCredentialsResponse::default().with_results(results.collect())
}

fn unknown_mechanism() -> Error {
    Error::new(ErrorCode::UnsupportedSaslMechanism, "Unknown SCRAM mechanism")
}

fn check_iterations(iterations: i32) -> client::Result<()> {
    match iterations {
        ..ITERATIONS_MIN => Err(Error::new(ErrorCode::UnacceptableCredential, "Too few iterations")),
        ITERATIONS_MIN..=ITERATIONS_MAX => Ok(()),
        _ => Err(Error::new(ErrorCode::UnacceptableCredential, "Too many iterations")),
    }
}

fn change(
    admin: &dyn Admin,
    user: &str,
    changes: Vec<client::Result<ScramAlteration>>,
) -> client::Result<()> {
    if user.is_empty() {
        return Err(Error::new(ErrorCode::UnacceptableCredential, "Username must not be empty"));
    }
    if changes.len() > 1 {
        let message = "A user credential cannot be altered twice in the same request";
        return Err(Error::new(ErrorCode::DuplicateResource, message));
    }
    admin.alter_scram(&changes.into_iter().collect::<client::Result<Vec<_>>>()?)
}
