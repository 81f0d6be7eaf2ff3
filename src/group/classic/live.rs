//! A classic group as its members see it between two records: what `__consumer_offsets` never holds, as bytes.
//!
//! Two parts, so that a sign of life doesn't look like a change: the structure, and the times until which each member's
//! session lasts. The format is kt's own and never outlives a boot of the machine.

use super::super::error::{Error, Result};
use super::group::{ClassicGroup, ClassicState, InitialDelay};
use super::member::{ClassicMember, WaitsFor};
use crate::types::{CodecError, Reader, TimestampMs, Writer};

const WHAT: &str = "live group";

impl ClassicGroup {
    /// Everything but the times of [`ClassicGroup::encode_sessions`].
    pub(crate) fn encode_structure(&self) -> Result<Vec<u8>> {
        let mut w = Writer::new();
        w.i8(match self.state {
            ClassicState::Empty => 0,
            ClassicState::PreparingRebalance => 1,
            ClassicState::CompletingRebalance => 2,
            ClassicState::Stable => 3,
        });
        w.i64(self.state_timestamp.0);
        w.nullable_string(self.protocol_type.as_deref());
        w.i32(self.generation);
        w.nullable_string(self.protocol.as_deref());
        w.nullable_string(self.leader.as_deref());
        w.bool(self.rebalance_deadline.is_some());
        w.i64(self.rebalance_deadline.map_or(0, |deadline| deadline.0));
        w.bool(self.initial.is_some());
        w.i64(self.initial.map_or(0, |initial| initial.left_ms));
        w.bool(self.initial.is_some_and(|initial| initial.joined));
        w.array_count(Some(self.promised.len()));
        for (id, until) in &self.promised {
            w.string(id);
            w.i64(until.0);
        }
        w.array_count(Some(self.unsynced.len()));
        self.unsynced.iter().for_each(|id| w.string(id));
        w.array_count(Some(self.members.len()));
        self.members.values().for_each(|member| write_member(&mut w, member));
        w.finish().map_err(Error::of(WHAT))
    }

    /// Until when each member's session lasts, in order of member ids.
    pub(crate) fn encode_sessions(&self) -> Vec<u8> {
        self.members.values().flat_map(|member| member.session_deadline.0.to_be_bytes()).collect()
    }

    /// The group of a structure and sessions that belong together.
    pub(crate) fn decode_live(structure: &[u8], sessions: &[u8]) -> Result<ClassicGroup> {
        let mut times = Reader::new(sessions);
        let mut r = Reader::new(structure);
        let group = read_group(&mut r, &mut times);
        let ended = group.and_then(|group| r.expect_end().and(times.expect_end()).map(|()| group));
        ended.map_err(Error::of(WHAT))
    }
}

fn write_member(w: &mut Writer, member: &ClassicMember) {
    w.string(&member.member_id);
    w.nullable_string(member.instance_id.as_deref());
    w.string(&member.client_id);
    w.string(&member.client_host);
    w.i32(member.rebalance_timeout_ms);
    w.i32(member.session_timeout_ms);
    w.array(&member.protocols, |w, (name, metadata)| {
        w.string(name);
        w.bytes(metadata);
    });
    w.bytes(&member.assignment);
    w.i8(match member.waits_for {
        None => 0,
        Some(WaitsFor::Join) => 1,
        Some(WaitsFor::Sync) => 2,
    });
}

type Read<T> = std::result::Result<T, CodecError>;

fn read_group(r: &mut Reader<'_>, times: &mut Reader<'_>) -> Read<ClassicGroup> {
    let state = match r.i8()? {
        0 => ClassicState::Empty,
        1 => ClassicState::PreparingRebalance,
        2 => ClassicState::CompletingRebalance,
        3 => ClassicState::Stable,
        _ => return Err(r.malformed("state")),
    };
    let mut group = ClassicGroup::new(TimestampMs(r.i64()?));
    group.state = state;
    group.protocol_type = r.nullable_string()?.map(str::to_owned);
    group.generation = r.i32()?;
    group.protocol = r.nullable_string()?.map(str::to_owned);
    group.leader = r.nullable_string()?.map(str::to_owned);
    let (has_deadline, deadline) = (r.bool()?, TimestampMs(r.i64()?));
    group.rebalance_deadline = has_deadline.then_some(deadline);
    let (has_initial, left_ms, joined) = (r.bool()?, r.i64()?, r.bool()?);
    group.initial = has_initial.then_some(InitialDelay { left_ms, joined });
    let promised = r.array(|r| Ok((r.string()?.to_owned(), TimestampMs(r.i64()?))))?;
    group.promised = promised.into_iter().collect();
    group.unsynced = r.array(|r| r.string().map(str::to_owned))?.into_iter().collect();
    let members = r.array(|r| read_member(r, times))?;
    let count = members.len();
    group.members = members.into_iter().map(|member| (member.member_id.clone(), member)).collect();
    if group.members.len() < count {
        return Err(r.malformed("member id (twice)"));
    }
    Ok(group)
}

fn read_member(r: &mut Reader<'_>, times: &mut Reader<'_>) -> Read<ClassicMember> {
    Ok(ClassicMember {
        member_id: r.string()?.to_owned(),
        instance_id: r.nullable_string()?.map(str::to_owned),
        client_id: r.string()?.to_owned(),
        client_host: r.string()?.to_owned(),
        rebalance_timeout_ms: r.i32()?,
        session_timeout_ms: r.i32()?,
        protocols: r.array(|r| Ok((r.string()?.to_owned(), r.bytes()?.to_vec())))?,
        assignment: r.bytes()?.to_vec(),
        waits_for: match r.i8()? {
            0 => None,
            1 => Some(WaitsFor::Join),
            2 => Some(WaitsFor::Sync),
            _ => return Err(r.malformed("what a member waits for")),
        },
        session_deadline: TimestampMs(times.i64()?),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Bench, G, request};
    use super::*;

    /// Groups in all their states, with each of the parts that come and go.
    fn groups() -> Vec<ClassicGroup> {
        let mut bench = Bench::new();
        bench.config.initial_rebalance_delay_ms = 3000;
        bench.join(&request("a", Some("one"), &["range", "sticky"]));
        let mut groups = vec![bench.group().clone()];
        let mut asking = request("c", None, &["range"]);
        asking.asks_for_id = true;
        bench.join(&asking);
        bench.join(&request("b", None, &["range"]));
        groups.push(bench.group().clone());
        for _ in 0..100 {
            bench.now += 3000;
            bench.tick();
        }
        groups.push(bench.group().clone());
        bench.now += 100_000;
        bench.tick();
        groups.push(bench.group().clone());
        let mut quick = Bench::new();
        quick.join(&request("x", None, &["range"]));
        groups.push(quick.group().clone());
        groups.push(ClassicGroup::new(TimestampMs(5)));
        assert!(groups.iter().any(|group| group.initial.is_some()));
        assert!(groups.iter().any(|group| !group.promised.is_empty()));
        assert!(groups.iter().any(|group| !group.unsynced.is_empty()));
        groups
    }

    #[test]
    fn a_live_group_survives_its_bytes() {
        for group in groups() {
            let (structure, sessions) = (group.encode_structure().unwrap(), group.encode_sessions());
            let read = ClassicGroup::decode_live(&structure, &sessions).unwrap();
            assert_eq!(format!("{read:?}"), format!("{group:?}"), "{G}");
            for end in 0..structure.len() {
                assert!(ClassicGroup::decode_live(&structure[..end], &sessions).is_err(), "{end}");
            }
            for end in 0..sessions.len() {
                assert!(ClassicGroup::decode_live(&structure, &sessions[..end]).is_err(), "{end}");
            }
        }
    }

    #[test]
    fn no_byte_that_is_flipped_does_more_than_damage() {
        for group in groups() {
            let (structure, sessions) = (group.encode_structure().unwrap(), group.encode_sessions());
            for index in 0..structure.len() {
                for bit in 0..8 {
                    let mut flipped = structure.clone();
                    flipped[index] ^= 1 << bit;
                    if let Ok(read) = ClassicGroup::decode_live(&flipped, &sessions) {
                        assert_eq!(read.encode_sessions(), sessions);
                    }
                }
            }
        }
    }
}
