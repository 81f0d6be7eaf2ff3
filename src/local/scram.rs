//! Admin calls about SCRAM credentials, which kt keeps for the brokers that are started on the directory: nobody logs in to a
//! directory.

use super::cluster::Cluster;
use crate::client::{self, Result, ScramAlteration, ScramCredential};
use crate::metadata::{self, ScramMechanism, ScramUpsertion};
use crate::types::{ErrorCode, Uuid};

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
