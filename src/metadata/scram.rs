//! What Kafka keeps of a password: never the password, but keys that are made of it (RFC 5802, KIP-554). The salt is an
//! argument.

use super::error::PlanError;
use super::image::Image;
use super::record::Record;
use super::security_records::{RemoveUserScramCredentialRecord, UserScramCredentialRecord};
use crate::types::ErrorCode;
use hmac::{Hmac, Mac};
use sha2::digest::Digest;
use sha2::{Sha256, Sha512};
use std::collections::BTreeSet;

/// How a password is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScramMechanism {
    Sha256 = 1,
    Sha512 = 2,
}

impl ScramMechanism {
    const fn number(self) -> i8 {
        self as i8
    }

    /// The password and the salt, ground together so many times.
    pub(crate) fn salted_password(self, password: &[u8], salt: &[u8], iterations: i32) -> Vec<u8> {
        let rounds = u32::try_from(iterations).unwrap_or(0).max(1);
        match self {
            ScramMechanism::Sha256 => {
                pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password, salt, rounds).to_vec()
            }
            ScramMechanism::Sha512 => {
                pbkdf2::pbkdf2_hmac_array::<Sha512, 64>(password, salt, rounds).to_vec()
            }
        }
    }

    /// The keyed hash of the mechanism.
    pub(crate) fn hmac(self, key: &[u8], text: &[u8]) -> Vec<u8> {
        /// An HMAC takes a key of any length.
        fn of<M: Mac + hmac::digest::KeyInit>(key: &[u8], text: &[u8]) -> Vec<u8> {
            let mac = <M as Mac>::new_from_slice(key).map(|mac| mac.chain_update(text).finalize());
            mac.map(|mac| mac.into_bytes().to_vec()).unwrap_or_default()
        }
        match self {
            ScramMechanism::Sha256 => of::<Hmac<Sha256>>(key, text),
            ScramMechanism::Sha512 => of::<Hmac<Sha512>>(key, text),
        }
    }

    /// The plain hash of the mechanism.
    pub(crate) fn hash(self, text: &[u8]) -> Vec<u8> {
        match self {
            ScramMechanism::Sha256 => Sha256::digest(text).to_vec(),
            ScramMechanism::Sha512 => Sha512::digest(text).to_vec(),
        }
    }
}

/// A password that a user gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScramUpsertion {
    pub(crate) user: String,
    pub(crate) mechanism: ScramMechanism,
    pub(crate) iterations: i32,
    pub(crate) salt: Vec<u8>,
    pub(crate) salted_password: Vec<u8>,
}

impl ScramUpsertion {
    /// What is kept of it.
    pub(crate) fn credential(&self) -> UserScramCredentialRecord {
        let client_key = self.mechanism.hmac(&self.salted_password, b"Client Key");
        UserScramCredentialRecord {
            name: self.user.clone(),
            mechanism: self.mechanism.number(),
            salt: self.salt.clone(),
            stored_key: self.mechanism.hash(&client_key),
            server_key: self.mechanism.hmac(&self.salted_password, b"Server Key"),
            iterations: self.iterations,
        }
    }
}

/// The records that give passwords to users and take others away; all of them or none.
pub(crate) fn alter_scram(
    image: &Image,
    upsertions: &[ScramUpsertion],
    deletions: &[(String, ScramMechanism)],
) -> Result<Vec<Record>, PlanError> {
    // As Kafka has it: whichever way, and however many mechanisms there are.
    let mut seen = BTreeSet::new();
    let deleted = deletions.iter().map(|(user, _)| user);
    for user in deleted.chain(upsertions.iter().map(|upsertion| &upsertion.user)) {
        if !seen.insert(user) {
            let message = "A user credential cannot be altered twice in the same request";
            return Err(PlanError::new(ErrorCode::DuplicateResource, message));
        }
    }
    let mut records = Vec::new();
    for (user, mechanism) in deletions {
        if !image.scram.contains_key(&(user.clone(), mechanism.number())) {
            let message = "Attempt to delete a user credential that does not exist";
            return Err(PlanError::new(ErrorCode::ResourceNotFound, message));
        }
        records.push(Record::RemoveUserScramCredential(RemoveUserScramCredentialRecord {
            name: user.clone(),
            mechanism: mechanism.number(),
        }));
    }
    records.extend(upsertions.iter().map(|upsertion| Record::UserScramCredential(upsertion.credential())));
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice(salt: &[u8]) -> ScramUpsertion {
        let mechanism = ScramMechanism::Sha256;
        ScramUpsertion {
            user: "alice".to_owned(),
            mechanism,
            iterations: 4096,
            salt: salt.to_vec(),
            salted_password: mechanism.salted_password(b"x", salt, 4096),
        }
    }

    /// The keys that kafka-storage has made of the same password and salt.
    #[test]
    fn the_keys_are_kafkas() {
        let signed = |bytes: &[i8]| bytes.iter().map(|byte| byte.cast_unsigned()).collect::<Vec<u8>>();
        let credential = alice(b"foobar").credential();
        let stored = [
            76, 22, -45, -65, 9, -120, 115, -124, 62, 36, 95, 57, 61, -56, 45, -73, 109, -46, -41, 16, -103,
            -15, 0, -82, -63, -92, -78, 47, -63, -128, -78, -20,
        ];
        let server = [
            73, -98, -105, -40, 45, -72, -22, 52, 103, 91, 120, -28, 92, -38, 98, 66, -21, 66, 89, 72, -45,
            55, -127, -74, 106, -5, -108, 10, 119, 55, 121, 63,
        ];
        assert_eq!((credential.stored_key, credential.server_key), (signed(&stored), signed(&server)));
        let long = ScramMechanism::Sha512.salted_password(b"x", b"y", 4096);
        assert_eq!((long.len(), ScramMechanism::Sha512.hmac(&long, b"z").len()), (64, 64));
    }

    #[test]
    fn only_what_is_there_is_taken_away() {
        let mut image = Image::default();
        let key = ("alice".to_owned(), ScramMechanism::Sha256);
        let missing = alter_scram(&image, &[], std::slice::from_ref(&key)).unwrap_err();
        assert_eq!(missing.code, ErrorCode::ResourceNotFound);
        let records = alter_scram(&image, &[alice(b"s")], &[]).unwrap();
        records.into_iter().for_each(|record| image.replay(record));
        assert_eq!(image.scram().count(), 1);
        let twice = alter_scram(&image, &[alice(b"s")], std::slice::from_ref(&key)).unwrap_err();
        assert_eq!(twice.code, ErrorCode::DuplicateResource);
        let records = alter_scram(&image, &[], &[key]).unwrap();
        records.into_iter().for_each(|record| image.replay(record));
        assert_eq!(image.scram().count(), 0);
    }
}
