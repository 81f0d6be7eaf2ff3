//! The live part of a group of any kind as bytes: what its members share between two records.

use super::classic::ClassicGroup;
use super::error::{Error, Result};
use super::modern::{ModernConfig, ModernGroup};
use super::state::GroupKind;
use crate::types::CodecError;

/// The first byte of a structure tells the kind of group.
const CLASSIC: u8 = 1;
const MODERN: u8 = 2;
/// A sign of life is written down when it prolongs a session by at least this part of it.
const SESSION_PARTS: i64 = 30;

/// A group with members, or on its way to have some, as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LiveBytes {
    /// What changes when the members do something.
    pub(crate) structure: Vec<u8>,
    /// When each session ends, milliseconds as big-endian i64: what changes by signs of life alone.
    pub(crate) sessions: Vec<u8>,
    /// Differs where members other than the one that made the change have to look at the group.
    pub(crate) phase: Vec<u8>,
    /// Signs of life that prolong sessions by less than this need not be written.
    pub(crate) slack_ms: i64,
}

impl LiveBytes {
    /// The live part of a group; `None` for one that its records tell whole.
    pub(crate) fn of(kind: &GroupKind) -> Result<Option<LiveBytes>> {
        match kind {
            GroupKind::Classic(group) if !group.is_at_rest() => LiveBytes::of_classic(group).map(Some),
            GroupKind::Consumer(group) if group.has_members() => LiveBytes::of_modern(group).map(Some),
            _ => Ok(None),
        }
    }

    fn of_classic(group: &ClassicGroup) -> Result<LiveBytes> {
        let mut structure = vec![CLASSIC];
        structure.extend(group.encode_structure()?);
        let shortest = group.members().map(|member| i64::from(member.session_timeout_ms)).min();
        Ok(LiveBytes {
            structure,
            sessions: group.encode_sessions(),
            phase: group.phase(),
            slack_ms: shortest.unwrap_or(0) / SESSION_PARTS,
        })
    }

    fn of_modern(group: &ModernGroup) -> Result<LiveBytes> {
        let mut structure = vec![MODERN];
        structure.extend(group.encode_structure()?);
        Ok(LiveBytes {
            structure,
            sessions: group.encode_sessions(),
            phase: group.phase(),
            slack_ms: i64::from(ModernConfig::SHORTEST_SESSION_MS) / SESSION_PARTS,
        })
    }

    /// The group of a structure and its sessions.
    pub(crate) fn decode(structure: &[u8], sessions: &[u8]) -> Result<GroupKind> {
        match structure.split_first() {
            Some((&CLASSIC, rest)) => Ok(GroupKind::Classic(ClassicGroup::decode_live(rest, sessions)?)),
            Some((&MODERN, rest)) => Ok(GroupKind::Consumer(ModernGroup::decode_live(rest, sessions)?)),
            _ => Err(Error::of("live group")(CodecError::Malformed { at: 0, what: "kind of group" })),
        }
    }

    /// Whether the sessions have moved on from `known` by enough to be written down.
    pub(crate) fn outlast(&self, known: &[u8]) -> bool {
        let times = |bytes: &[u8]| -> Vec<i64> {
            bytes
                .chunks_exact(8)
                .filter_map(|time| time.first_chunk())
                .map(|time| i64::from_be_bytes(*time))
                .collect()
        };
        let (new, old) = (times(&self.sessions), times(known));
        let moved = |(new, old): (&i64, &i64)| new.abs_diff(*old) > self.slack_ms.unsigned_abs();
        new.len() != old.len() || new.iter().zip(&old).any(moved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::TimestampMs;

    #[test]
    fn only_groups_with_members_have_a_live_part() {
        assert_eq!(LiveBytes::of(&GroupKind::OffsetsOnly).unwrap(), None);
        assert_eq!(LiveBytes::of(&GroupKind::Classic(ClassicGroup::new(TimestampMs(1)))).unwrap(), None);
        assert!(LiveBytes::decode(&[], &[]).is_err() && LiveBytes::decode(&[9], &[]).is_err());
    }

    #[test]
    fn small_signs_of_life_need_not_be_written() {
        let sessions = |times: &[i64]| times.iter().flat_map(|time| time.to_be_bytes()).collect::<Vec<u8>>();
        let live = LiveBytes {
            structure: Vec::new(),
            sessions: sessions(&[100, 200]),
            phase: Vec::new(),
            slack_ms: 10,
        };
        assert!(!live.outlast(&sessions(&[100, 190])) && live.outlast(&sessions(&[100, 189])));
        assert!(live.outlast(&sessions(&[100])));
    }
}
