//! The records of brokers and controllers: registration, fencing, the end of a broker.
//! Schemas: KIP-631, KIP-841 (controlled shutdown), KIP-858 (log directories), KIP-919 (controllers).

use crate::types::{BrokerId, CodecError, Reader, Uuid, Writer};

type Result<T> = std::result::Result<T, CodecError>;

/// A listener.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Endpoint {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// 0 is PLAINTEXT.
    pub(crate) security_protocol: i16,
}

/// The levels of a feature that a node can work with, both inclusive.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SupportedFeature {
    pub(crate) name: String,
    pub(crate) min_version: i16,
    pub(crate) max_version: i16,
}

fn read_endpoint(r: &mut Reader<'_>) -> Result<Endpoint> {
    let endpoint = Endpoint {
        name: r.compact_string()?.to_owned(),
        host: r.compact_string()?.to_owned(),
        port: r.u16()?,
        security_protocol: r.i16()?,
    };
    r.skip_tagged_fields()?;
    Ok(endpoint)
}

fn write_endpoint(w: &mut Writer, endpoint: &Endpoint) {
    w.compact_string(&endpoint.name);
    w.compact_string(&endpoint.host);
    w.u16(endpoint.port);
    w.i16(endpoint.security_protocol);
    w.no_tagged_fields();
}

fn read_feature(r: &mut Reader<'_>) -> Result<SupportedFeature> {
    let feature = SupportedFeature {
        name: r.compact_string()?.to_owned(),
        min_version: r.i16()?,
        max_version: r.i16()?,
    };
    r.skip_tagged_fields()?;
    Ok(feature)
}

fn write_feature(w: &mut Writer, feature: &SupportedFeature) {
    w.compact_string(&feature.name);
    w.i16(feature.min_version);
    w.i16(feature.max_version);
    w.no_tagged_fields();
}

/// A broker with everything that it told the controller of itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RegisterBrokerRecord {
    pub(crate) broker: BrokerId,
    pub(crate) is_migrating_zk_broker: bool,
    /// New with every start of the broker.
    pub(crate) incarnation_id: Uuid,
    /// The offset of this record in the metadata log.
    pub(crate) epoch: i64,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) features: Vec<SupportedFeature>,
    pub(crate) rack: Option<String>,
    /// Whether the broker is shut out of leadership and ISRs (not started, dead).
    pub(crate) fenced: bool,
    pub(crate) in_controlled_shutdown: bool,
    pub(crate) log_dirs: Vec<Uuid>,
}

impl RegisterBrokerRecord {
    /// Version 1 brought the controlled shutdown, 2 the migration flag, 3 the log directories.
    pub(super) fn read(r: &mut Reader<'_>, version: u32) -> Result<RegisterBrokerRecord> {
        let mut record = RegisterBrokerRecord {
            broker: BrokerId(r.i32()?),
            is_migrating_zk_broker: version >= 2 && r.bool()?,
            incarnation_id: r.uuid()?,
            epoch: r.i64()?,
            endpoints: r.compact_array(read_endpoint)?,
            features: r.compact_array(read_feature)?,
            rack: r.compact_nullable_string()?.map(str::to_owned),
            fenced: r.bool()?,
            in_controlled_shutdown: version >= 1 && r.bool()?,
            log_dirs: Vec::new(),
        };
        r.tagged_fields(|tag, field| {
            if tag == 0 {
                record.log_dirs = field.compact_array(Reader::uuid)?;
            }
            Ok(())
        })?;
        Ok(record)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.i32(self.broker.0);
        w.bool(self.is_migrating_zk_broker);
        w.uuid(self.incarnation_id);
        w.i64(self.epoch);
        w.compact_array(&self.endpoints, write_endpoint);
        w.compact_array(&self.features, write_feature);
        w.compact_nullable_string(self.rack.as_deref());
        w.bool(self.fenced);
        w.bool(self.in_controlled_shutdown);
        w.tagged_fields(|tags| {
            if !self.log_dirs.is_empty() {
                tags.put(0, |w| w.compact_array(&self.log_dirs, |w, &dir| w.uuid(dir)));
            }
        });
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RegisterControllerRecord {
    pub(crate) controller: BrokerId,
    pub(crate) incarnation_id: Uuid,
    pub(crate) zk_migration_ready: bool,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) features: Vec<SupportedFeature>,
}

impl RegisterControllerRecord {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<RegisterControllerRecord> {
        let record = RegisterControllerRecord {
            controller: BrokerId(r.i32()?),
            incarnation_id: r.uuid()?,
            zk_migration_ready: r.bool()?,
            endpoints: r.compact_array(read_endpoint)?,
            features: r.compact_array(read_feature)?,
        };
        r.skip_tagged_fields()?;
        Ok(record)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.i32(self.controller.0);
        w.uuid(self.incarnation_id);
        w.bool(self.zk_migration_ready);
        w.compact_array(&self.endpoints, write_endpoint);
        w.compact_array(&self.features, write_feature);
        w.no_tagged_fields();
    }
}

/// Which broker, in which of its registrations: body of UnregisterBroker, FenceBroker and UnfenceBroker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BrokerAndEpoch {
    pub(crate) broker: BrokerId,
    pub(crate) epoch: i64,
}

impl BrokerAndEpoch {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<BrokerAndEpoch> {
        let record = BrokerAndEpoch { broker: BrokerId(r.i32()?), epoch: r.i64()? };
        r.skip_tagged_fields()?;
        Ok(record)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.i32(self.broker.0);
        w.i64(self.epoch);
        w.no_tagged_fields();
    }
}

/// What changes of a registered broker; `None` and an empty list leave things as they are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BrokerRegistrationChangeRecord {
    pub(crate) broker: BrokerId,
    pub(crate) epoch: i64,
    pub(crate) fenced: Option<bool>,
    pub(crate) enters_controlled_shutdown: bool,
    pub(crate) log_dirs: Vec<Uuid>,
}

impl BrokerRegistrationChangeRecord {
    /// The version that Kafka takes: the lowest that has the changed fields.
    pub(super) fn version(&self) -> u32 {
        match (self.log_dirs.is_empty(), self.enters_controlled_shutdown) {
            (false, _) => 2,
            (true, true) => 1,
            (true, false) => 0,
        }
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<BrokerRegistrationChangeRecord> {
        let mut record = BrokerRegistrationChangeRecord {
            broker: BrokerId(r.i32()?),
            epoch: r.i64()?,
            fenced: None,
            enters_controlled_shutdown: false,
            log_dirs: Vec::new(),
        };
        r.tagged_fields(|tag, field| {
            match tag {
                0 => {
                    record.fenced = match field.i8()? {
                        -1 => Some(false),
                        1 => Some(true),
                        _ => None,
                    }
                }
                1 => record.enters_controlled_shutdown = field.i8()? == 1,
                2 => record.log_dirs = field.compact_array(Reader::uuid)?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(record)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.i32(self.broker.0);
        w.i64(self.epoch);
        w.tagged_fields(|tags| {
            if let Some(fenced) = self.fenced {
                tags.put(0, |w| w.i8(if fenced { 1 } else { -1 }));
            }
            if self.enters_controlled_shutdown {
                tags.put(1, |w| w.i8(1));
            }
            if !self.log_dirs.is_empty() {
                tags.put(2, |w| w.compact_array(&self.log_dirs, |w, &dir| w.uuid(dir)));
            }
        });
    }
}
