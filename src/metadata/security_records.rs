//! Quotas, SCRAM credentials, access control entries and delegation tokens. A command that works on a directory is bound by none
//! of them, but all are kept: a directory of a real broker must not lose them when its metadata is written anew.

use crate::types::{CodecError, Reader, Uuid, Writer};

type Result<T> = std::result::Result<T, CodecError>;

/// A quota's entity: type (`user`, `client-id`, `ip`) and name, `None` for the default; in the order of the record.
pub(crate) type QuotaEntity = Vec<(String, Option<String>)>;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClientQuotaRecord {
    pub(crate) entity: QuotaEntity,
    pub(crate) key: String,
    pub(crate) value: f64,
    pub(crate) remove: bool,
}

impl ClientQuotaRecord {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<ClientQuotaRecord> {
        let entity = r.compact_array(|r| {
            let part = (r.compact_string()?.to_owned(), r.compact_nullable_string()?.map(str::to_owned));
            r.skip_tagged_fields()?;
            Ok(part)
        })?;
        let record = ClientQuotaRecord {
            entity,
            key: r.compact_string()?.to_owned(),
            value: r.f64()?,
            remove: r.bool()?,
        };
        r.skip_tagged_fields()?;
        Ok(record)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.compact_array(&self.entity, |w, (kind, name)| {
            w.compact_string(kind);
            w.compact_nullable_string(name.as_deref());
            w.no_tagged_fields();
        });
        w.compact_string(&self.key);
        w.f64(self.value);
        w.bool(self.remove);
        w.no_tagged_fields();
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct UserScramCredentialRecord {
    pub(crate) name: String,
    /// 1 is SCRAM-SHA-256, 2 is SCRAM-SHA-512.
    pub(crate) mechanism: i8,
    pub(crate) salt: Vec<u8>,
    pub(crate) stored_key: Vec<u8>,
    pub(crate) server_key: Vec<u8>,
    pub(crate) iterations: i32,
}

impl UserScramCredentialRecord {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<UserScramCredentialRecord> {
        let record = UserScramCredentialRecord {
            name: r.compact_string()?.to_owned(),
            mechanism: r.i8()?,
            salt: r.compact_bytes()?.to_vec(),
            stored_key: r.compact_bytes()?.to_vec(),
            server_key: r.compact_bytes()?.to_vec(),
            iterations: r.i32()?,
        };
        r.skip_tagged_fields()?;
        Ok(record)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.compact_string(&self.name);
        w.i8(self.mechanism);
        w.compact_bytes(&self.salt);
        w.compact_bytes(&self.stored_key);
        w.compact_bytes(&self.server_key);
        w.i32(self.iterations);
        w.no_tagged_fields();
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RemoveUserScramCredentialRecord {
    pub(crate) name: String,
    pub(crate) mechanism: i8,
}

impl RemoveUserScramCredentialRecord {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<RemoveUserScramCredentialRecord> {
        let record =
            RemoveUserScramCredentialRecord { name: r.compact_string()?.to_owned(), mechanism: r.i8()? };
        r.skip_tagged_fields()?;
        Ok(record)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.compact_string(&self.name);
        w.i8(self.mechanism);
        w.no_tagged_fields();
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessControlEntryRecord {
    pub(crate) id: Uuid,
    pub(crate) resource_type: i8,
    pub(crate) resource_name: String,
    pub(crate) pattern_type: i8,
    pub(crate) principal: String,
    pub(crate) host: String,
    pub(crate) operation: i8,
    pub(crate) permission_type: i8,
}

impl AccessControlEntryRecord {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<AccessControlEntryRecord> {
        let record = AccessControlEntryRecord {
            id: r.uuid()?,
            resource_type: r.i8()?,
            resource_name: r.compact_string()?.to_owned(),
            pattern_type: r.i8()?,
            principal: r.compact_string()?.to_owned(),
            host: r.compact_string()?.to_owned(),
            operation: r.i8()?,
            permission_type: r.i8()?,
        };
        r.skip_tagged_fields()?;
        Ok(record)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.uuid(self.id);
        w.i8(self.resource_type);
        w.compact_string(&self.resource_name);
        w.i8(self.pattern_type);
        w.compact_string(&self.principal);
        w.compact_string(&self.host);
        w.i8(self.operation);
        w.i8(self.permission_type);
        w.no_tagged_fields();
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DelegationTokenRecord {
    pub(crate) owner: String,
    pub(crate) requester: String,
    pub(crate) renewers: Vec<String>,
    /// The three times are milliseconds since 1970.
    pub(crate) issue_timestamp_ms: i64,
    pub(crate) max_timestamp_ms: i64,
    pub(crate) expiration_timestamp_ms: i64,
    pub(crate) token_id: String,
}

impl DelegationTokenRecord {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<DelegationTokenRecord> {
        let record = DelegationTokenRecord {
            owner: r.compact_string()?.to_owned(),
            requester: r.compact_string()?.to_owned(),
            renewers: r.compact_array(|r| r.compact_string().map(str::to_owned))?,
            issue_timestamp_ms: r.i64()?,
            max_timestamp_ms: r.i64()?,
            expiration_timestamp_ms: r.i64()?,
            token_id: r.compact_string()?.to_owned(),
        };
        r.skip_tagged_fields()?;
        Ok(record)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.compact_string(&self.owner);
        w.compact_string(&self.requester);
        w.compact_array(&self.renewers, |w, renewer| w.compact_string(renewer));
        w.i64(self.issue_timestamp_ms);
        w.i64(self.max_timestamp_ms);
        w.i64(self.expiration_timestamp_ms);
        w.compact_string(&self.token_id);
        w.no_tagged_fields();
    }
}
