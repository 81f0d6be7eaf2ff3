//! Formatting a log directory: who it belongs to, and the records with which the metadata of its cluster begins. Nothing of
//! the metadata itself is there before someone works on the directory. Source: KIP-631, KIP-853; kafka-storage's output.

use super::broker::Broker;
use super::error::{Error, Result};
use super::metadata::encode_records;
use super::quorum::Quorum;
use super::scram;
use crate::client::{self, NewLogDirectory, NewVoter, ScramMechanism, Secret, StoredCredential};
use crate::disk;
use crate::metadata::{self, Record, ScramUpsertion, UserScramCredentialRecord};
use crate::record::{self, BatchReader, Endpoint, KRaftVoter};
use crate::types::{LeaderEpoch, TimestampMs, Uuid, now_ms};
use std::ops::ControlFlow;

const BOOTSTRAP: &str = "bootstrap.checkpoint";
/// The snapshot with which the metadata of a quorum begins that can change its members.
const FIRST_SNAPSHOT: &str = "00000000000000000000-0000000000.checkpoint";

/// Makes the directory ready; whoever looks at it meanwhile sees one that isn't formatted.
pub(crate) fn format_directory(new: &NewLogDirectory) -> client::Result<()> {
    Ok(format(new)?)
}

fn format(new: &NewLogDirectory) -> Result<()> {
    let broker = Broker {
        id: new.node,
        dir: new.path.clone(),
        cluster_id: new.cluster_id.clone(),
        directory_id: new.directory_id,
    };
    disk::create_dirs(&broker.dir)?;
    if let Some(voters) = &new.voters {
        let dir = broker.metadata_dir();
        disk::create_dirs(&dir)?;
        let quorum = Quorum::dynamic(voters.iter().map(voter).collect());
        let snapshot = encode_records(&[], &quorum, now_ms(), LeaderEpoch(0))?;
        disk::replace(&dir.join(FIRST_SNAPSHOT), &snapshot)?;
    }
    let levels = new.levels.iter().map(|(name, level)| metadata::feature_level(name, *level));
    let credentials = new.credentials.iter().cloned().map(record).map(Record::UserScramCredential);
    write_bootstrap(&broker, &levels.chain(credentials).collect::<Vec<_>>())?;
    broker.write()?;
    Ok(disk::sync_path(&broker.dir)?)
}

fn voter(new: &NewVoter) -> KRaftVoter {
    let endpoint = Endpoint { name: new.listener.clone(), host: new.host.clone(), port: new.port };
    KRaftVoter {
        id: new.id.0,
        directory_id: new.directory_id,
        endpoints: vec![endpoint],
        min_supported_version: 0,
        max_supported_version: 1,
    }
}

fn record(credential: StoredCredential) -> UserScramCredentialRecord {
    let StoredCredential { user, mechanism, salt, stored_key, server_key, iterations } = credential;
    let mechanism = scram::own(mechanism) as i8;
    UserScramCredentialRecord { name: user, mechanism, salt, stored_key, server_key, iterations }
}

/// What is kept of a user's password; without a salt a new one is made.
pub(crate) fn stored_credential(
    user: &str,
    mechanism: ScramMechanism,
    salt: Option<Vec<u8>>,
    iterations: i32,
    secret: &Secret,
) -> StoredCredential {
    let own = scram::own(mechanism);
    let salt = salt.unwrap_or_else(|| [Uuid::random().0, Uuid::random().0].concat());
    let salted_password = match secret {
        Secret::Password(password) => own.salted_password(password, &salt, iterations),
        Secret::Salted(salted) => salted.clone(),
    };
    let upsertion =
        ScramUpsertion { user: user.to_owned(), mechanism: own, iterations, salt, salted_password };
    let record = upsertion.credential();
    StoredCredential {
        user: record.name,
        mechanism,
        salt: record.salt,
        stored_key: record.stored_key,
        server_key: record.server_key,
        iterations,
    }
}

/// Writes the records with which the metadata is to begin.
pub(super) fn write_bootstrap(broker: &Broker, records: &[Record]) -> Result<()> {
    let bytes = encode_records(records, &Quorum::default(), TimestampMs(0), LeaderEpoch(0))?;
    Ok(disk::replace(&broker.checkpoint(BOOTSTRAP), &bytes)?)
}

/// Reads them; `None` where there are none.
pub(super) fn read_bootstrap(broker: &Broker) -> Result<Option<Vec<Record>>> {
    let path = broker.checkpoint(BOOTSTRAP);
    let bytes = match disk::File::open(&path, disk::Mode::Read) {
        Ok(file) => file.read_all()?,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let damaged = |what: &str| Error::Metadata { path: path.clone(), what: what.to_owned() };
    let (mut rest, mut batches, mut records) = (bytes.as_slice(), BatchReader::default(), Vec::new());
    while !rest.is_empty() {
        let size = record::batch_size(rest).ok_or_else(|| damaged("a batch length that cannot be"))?;
        let (batch, behind) = rest.split_at_checked(size).ok_or_else(|| damaged("it ends inside a batch"))?;
        record::verify_crc(batch)?;
        rest = behind;
        if record::BatchHeader::parse(batch)?.is_control() {
            continue;
        }
        let mut failed = None;
        let _ = batches.for_each(batch, |record| match Record::decode(record.value.unwrap_or_default()) {
            Ok(record) => {
                records.push(record);
                ControlFlow::Continue(())
            }
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        })?;
        if let Some(error) = failed {
            return Err(error.into());
        }
    }
    Ok(Some(records))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::Cluster;
    use crate::types::BrokerId;

    fn new(path: std::path::PathBuf, voters: Option<Vec<NewVoter>>) -> NewLogDirectory {
        let secret = Secret::Password(b"x".to_vec());
        NewLogDirectory {
            path,
            node: BrokerId(4),
            cluster_id: "AAAAAAAAAAAAAAAAAAAAAQ".to_owned(),
            directory_id: Uuid::METADATA_TOPIC,
            levels: vec![("metadata.version".to_owned(), 29), ("transaction.version".to_owned(), 2)],
            credentials: vec![stored_credential("alice", ScramMechanism::Sha512, None, 4096, &secret)],
            voters,
        }
    }

    #[test]
    fn a_formatted_directory_is_one_to_work_in() {
        let voter = NewVoter {
            id: BrokerId(4),
            directory_id: Uuid::METADATA_TOPIC,
            listener: "CONTROLLER".to_owned(),
            host: "h".to_owned(),
            port: 1,
        };
        for voters in [None, Some(vec![voter])] {
            let data = tempfile::tempdir().unwrap();
            let is_dynamic = voters.is_some();
            format_directory(&new(data.path().join("broker-4"), voters)).unwrap();
            let admin = Cluster::open(data.path()).unwrap().admin();
            assert_eq!(admin.describe_cluster().unwrap().nodes.len(), 1);
            assert_eq!(admin.describe_scram().unwrap().len(), 1);
            let features = admin.describe_features().unwrap().features;
            let level = |name: &str| features.iter().find(|feature| feature.name == name).unwrap().level;
            assert_eq!((level("transaction.version"), level("group.version")), (2, 0));
            assert_eq!(level("kraft.version"), i16::from(is_dynamic));
            let quorum = admin.describe_quorum().unwrap();
            assert_eq!((quorum.leader, quorum.voters.len()), (BrokerId(4), 1));
            assert_eq!(quorum.voters[0].directory_id == Uuid::METADATA_TOPIC, is_dynamic);
        }
    }
}
