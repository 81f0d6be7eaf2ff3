//! SCRAM credentials: the admin calls about them, and what a server needs of one that somebody logs in with. Nobody logs in to a
//! directory. Source: RFC 5802, KIP-84.

use super::cluster::Cluster;
use crate::client::{self, Result, ScramAlteration, ScramCredential};
use crate::metadata::{self, ScramMechanism, ScramUpsertion};
use crate::types::{ErrorCode, Uuid};
use subtle::ConstantTimeEq;

/// What is stored of a user's password: enough to recognise it, not enough to log in with it elsewhere.
#[derive(Clone)]
pub(crate) struct StoredCredential {
    mechanism: ScramMechanism,
    pub(crate) salt: Vec<u8>,
    pub(crate) iterations: i32,
    stored_key: Vec<u8>,
    server_key: Vec<u8>,
}

impl StoredCredential {
    /// The credential of a password.
    #[cfg(test)]
    pub(crate) fn of_password(
        mechanism: client::ScramMechanism,
        password: &[u8],
        salt: &[u8],
        iterations: i32,
    ) -> StoredCredential {
        let mechanism = own(mechanism);
        let salted_password = mechanism.salted_password(password, salt, iterations);
        let (user, salt) = (String::new(), salt.to_vec());
        StoredCredential::of(
            mechanism,
            &ScramUpsertion { user, mechanism, iterations, salt, salted_password }.credential(),
        )
    }

    fn of(mechanism: ScramMechanism, record: &metadata::UserScramCredentialRecord) -> StoredCredential {
        StoredCredential {
            mechanism,
            salt: record.salt.clone(),
            iterations: record.iterations,
            stored_key: record.stored_key.clone(),
            server_key: record.server_key.clone(),
        }
    }

    /// The credential of a user who has none: always the same for the same name, as a real one is, and proven by no password. Who
    /// asks for it can't tell that there is no such user.
    pub(crate) fn made_up(mechanism: client::ScramMechanism, user: &str, secret: &[u8]) -> StoredCredential {
        let mechanism = own(mechanism);
        let part = |what: &str| mechanism.hmac(secret, format!("{what} {user}").as_bytes());
        StoredCredential {
            mechanism,
            salt: part("salt").into_iter().take(SALT_BYTES).collect(),
            iterations: ITERATIONS_LEAST,
            stored_key: part("stored"),
            server_key: part("server"),
        }
    }

    /// Whether the client's proof shows that it knows the password. Takes the same time whatever the proof is.
    pub(crate) fn is_proven(&self, exchange: &[u8], proof: &[u8]) -> bool {
        let signature = self.mechanism.hmac(&self.stored_key, exchange);
        if signature.len() != proof.len() {
            return false;
        }
        let client_key: Vec<u8> = signature.iter().zip(proof).map(|(one, other)| one ^ other).collect();
        self.mechanism.hash(&client_key).ct_eq(&self.stored_key).into()
    }

    /// What shows the client that the server knows the password's keys as well.
    pub(crate) fn signature(&self, exchange: &[u8]) -> Vec<u8> {
        self.mechanism.hmac(&self.server_key, exchange)
    }
}

/// The credential that a user logs in with by this mechanism.
pub(super) fn stored(
    cluster: &Cluster,
    user: &str,
    mechanism: client::ScramMechanism,
) -> Result<Option<StoredCredential>> {
    let mechanism = own(mechanism);
    let found = cluster.with_image(|image| {
        let mut records = image.scram();
        let found = records.find(|record| record.name == user && record.mechanism == mechanism as i8);
        found.map(|record| StoredCredential::of(mechanism, record))
    })?;
    Ok(found)
}

/// The least that a broker accepts, and what kafka-configs takes if nothing is said.
const ITERATIONS_LEAST: i32 = 4096;

/// As many as a password gets here and from Kafka's tools.
const SALT_BYTES: usize = 32;

/// The most that a broker accepts.
const MAX_ITERATIONS: i32 = 16384;

pub(super) fn describe(cluster: &Cluster) -> Result<Vec<ScramCredential>> {
    let credentials = cluster.with_image(|image| {
        let credential = |record: &metadata::UserScramCredentialRecord| ScramCredential {
            user: record.name.clone(),
            mechanism: if record.mechanism == 2 { "SCRAM-SHA-512" } else { "SCRAM-SHA-256" },
            iterations: record.iterations,
        };
        image.scram().map(credential).collect()
    })?;
    Ok(credentials)
}

pub(super) fn alter(cluster: &Cluster, changes: &[ScramAlteration]) -> Result<()> {
    let refuse = |message: &str| Err(client::Error::new(ErrorCode::UnacceptableCredential, message));
    let (mut upsertions, mut deletions) = (Vec::new(), Vec::new());
    for change in changes {
        match change {
            ScramAlteration::Delete { user, mechanism } => {
                deletions.push((user.clone(), own(*mechanism)));
            }
            ScramAlteration::UpsertSalted { user, mechanism, iterations, salt, salted_password } => {
                upsertions.push(ScramUpsertion {
                    user: user.clone(),
                    mechanism: own(*mechanism),
                    iterations: *iterations,
                    salt: salt.clone(),
                    salted_password: salted_password.clone(),
                });
            }
            ScramAlteration::Upsert { user, mechanism, iterations, password } => {
                if password.is_empty() {
                    return refuse("Password must not be empty");
                }
                if *iterations > MAX_ITERATIONS {
                    return refuse("Too many iterations");
                }
                let (mechanism, salt) = (own(*mechanism), [Uuid::random().0, Uuid::random().0].concat());
                upsertions.push(ScramUpsertion {
                    user: user.clone(),
                    mechanism,
                    iterations: *iterations,
                    salted_password: mechanism.salted_password(password, &salt, *iterations),
                    salt,
                });
            }
        }
    }
    cluster.update(|image| Ok((metadata::alter_scram(image, &upsertions, &deletions)?, ())))
}

pub(super) const fn own(mechanism: client::ScramMechanism) -> ScramMechanism {
    match mechanism {
        client::ScramMechanism::Sha256 => ScramMechanism::Sha256,
        client::ScramMechanism::Sha512 => ScramMechanism::Sha512,
    }
}
