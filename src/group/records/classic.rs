//! The metadata of a classic group: key type 2, values of versions 0 to 4; Kafka 4.2 writes 3.
//!
//! Fields: protocol type string, generation i32, protocol ?string, leader ?string, (2+) state timestamp i64, members
//! [id string, (3+) ?instance id, client id, host, (1+) rebalance timeout i32, session timeout i32, subscription bytes,
//! assignment bytes]. Version 4 has the same fields in compact encodings, with tagged fields at each end.

use crate::types::{CodecError, Reader, TimestampMs, Writer};

/// The value of a classic group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClassicGroupValue {
    /// `consumer`, or empty before anyone joined.
    pub(crate) protocol_type: String,
    pub(crate) generation: i32,
    /// The assignor in force; `None` without members.
    pub(crate) protocol: Option<String>,
    pub(crate) leader: Option<String>,
    /// When the group entered its state; -1 where an old broker wrote none.
    pub(crate) state_timestamp: TimestampMs,
    pub(crate) members: Vec<ClassicMemberValue>,
}

/// One member in the value of a classic group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClassicMemberValue {
    pub(crate) member_id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) client_id: String,
    pub(crate) client_host: String,
    pub(crate) rebalance_timeout_ms: i32,
    pub(crate) session_timeout_ms: i32,
    pub(crate) subscription: Vec<u8>,
    pub(crate) assignment: Vec<u8>,
}

impl ClassicGroupValue {
    pub(super) const NEWEST: i16 = 4;
    pub(super) const WRITTEN: i16 = 3;

    pub(super) fn read(version: i16, r: &mut Reader<'_>) -> Result<ClassicGroupValue, CodecError> {
        let compact = version >= 4;
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let protocol_type = if compact { r.compact_string()? } else { r.string()? }.to_owned();
        let generation = r.i32()?;
        let protocol = owned(if compact { r.compact_nullable_string()? } else { r.nullable_string()? });
        let leader = owned(if compact { r.compact_nullable_string()? } else { r.nullable_string()? });
        let state_timestamp = TimestampMs(if version >= 2 { r.i64()? } else { -1 });
        let members = if compact {
            r.compact_array(ClassicMemberValue::read_compact)?
        } else {
            r.array(|r| ClassicMemberValue::read(version, r))?
        };
        if compact {
            r.skip_tagged_fields()?;
        }
        Ok(ClassicGroupValue { protocol_type, generation, protocol, leader, state_timestamp, members })
    }

    /// Writes version 3.
    pub(super) fn write(&self, w: &mut Writer) {
        w.string(&self.protocol_type);
        w.i32(self.generation);
        w.nullable_string(self.protocol.as_deref());
        w.nullable_string(self.leader.as_deref());
        w.i64(self.state_timestamp.0);
        w.array(&self.members, |w, member| {
            w.string(&member.member_id);
            w.nullable_string(member.instance_id.as_deref());
            w.string(&member.client_id);
            w.string(&member.client_host);
            w.i32(member.rebalance_timeout_ms);
            w.i32(member.session_timeout_ms);
            w.bytes(&member.subscription);
            w.bytes(&member.assignment);
        });
    }
}

impl ClassicMemberValue {
    fn read(version: i16, r: &mut Reader<'_>) -> Result<ClassicMemberValue, CodecError> {
        let member_id = r.string()?.to_owned();
        let instance_id = if version >= 3 { r.nullable_string()?.map(str::to_owned) } else { None };
        let client_id = r.string()?.to_owned();
        let client_host = r.string()?.to_owned();
        let first = r.i32()?;
        // Version 0 has a session timeout only, which then bounded rebalances too.
        let session_timeout_ms = if version >= 1 { r.i32()? } else { first };
        Ok(ClassicMemberValue {
            member_id,
            instance_id,
            client_id,
            client_host,
            rebalance_timeout_ms: first,
            session_timeout_ms,
            subscription: r.bytes()?.to_vec(),
            assignment: r.bytes()?.to_vec(),
        })
    }

    fn read_compact(r: &mut Reader<'_>) -> Result<ClassicMemberValue, CodecError> {
        let member = ClassicMemberValue {
            member_id: r.compact_string()?.to_owned(),
            instance_id: r.compact_nullable_string()?.map(str::to_owned),
            client_id: r.compact_string()?.to_owned(),
            client_host: r.compact_string()?.to_owned(),
            rebalance_timeout_ms: r.i32()?,
            session_timeout_ms: r.i32()?,
            subscription: r.compact_bytes()?.to_vec(),
            assignment: r.compact_bytes()?.to_vec(),
        };
        r.skip_tagged_fields()?;
        Ok(member)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(version: i16) -> Vec<u8> {
        let mut w = Writer::new();
        let text = |w: &mut Writer, t: &str| if version >= 4 { w.compact_string(t) } else { w.string(t) };
        let blob = |w: &mut Writer, b: &[u8]| if version >= 4 { w.compact_bytes(b) } else { w.bytes(b) };
        text(&mut w, "consumer");
        w.i32(3);
        text(&mut w, "range");
        text(&mut w, "m-1");
        if version >= 2 {
            w.i64(1234);
        }
        if version >= 4 {
            w.compact_array_count(Some(1))
        } else {
            w.array_count(Some(1))
        }
        text(&mut w, "m-1");
        if version >= 3 {
            text(&mut w, "one");
        }
        text(&mut w, "m");
        text(&mut w, "/127.0.0.1");
        if version >= 1 {
            w.i32(300_000);
        }
        w.i32(45_000);
        blob(&mut w, b"sub");
        blob(&mut w, b"");
        if version >= 4 {
            w.no_tagged_fields();
            w.no_tagged_fields();
        }
        w.finish().unwrap()
    }

    #[test]
    fn every_version_is_read_and_every_prefix_refused() {
        for version in 0..=4 {
            let bytes = written(version);
            let mut r = Reader::new(&bytes);
            let group = ClassicGroupValue::read(version, &mut r).unwrap();
            r.expect_end().unwrap();
            assert_eq!((group.generation, group.protocol.as_deref()), (3, Some("range")));
            assert_eq!(group.state_timestamp.0, if version >= 2 { 1234 } else { -1 });
            let member = &group.members[0];
            assert_eq!(member.instance_id.as_deref(), (version >= 3).then_some("one"));
            assert_eq!(member.rebalance_timeout_ms, if version >= 1 { 300_000 } else { 45_000 });
            assert_eq!(
                (member.session_timeout_ms, member.subscription.as_slice()),
                (45_000, b"sub".as_slice())
            );
            for end in 0..bytes.len() {
                assert!(ClassicGroupValue::read(version, &mut Reader::new(&bytes[..end])).is_err());
            }
            if version == ClassicGroupValue::WRITTEN {
                let mut w = Writer::new();
                group.write(&mut w);
                assert_eq!(w.finish().unwrap(), bytes);
            }
        }
    }
}
