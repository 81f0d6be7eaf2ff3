//! Every path in a data directory, and how names from outside become file names.

use crate::types::{PartitionId, TopicName, Uuid};
use std::path::{Path, PathBuf};

/// The directory for locks and live state; deleting it while nothing runs loses nothing.
pub(super) const COORDINATION: &str = ".kt";
/// The directory in it for the locks of those who look after partitions.
const UPKEEP: &str = "upkeep";
/// The longest file name that every file system takes.
const MAX_NAME_BYTES: usize = 255;

/// The paths under `.kt/`.
#[derive(Clone, Debug)]
pub(super) struct Coordination {
    root: PathBuf,
}

impl Coordination {
    pub(super) fn new(root: PathBuf) -> Coordination {
        Coordination { root }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Held while a data directory is being made.
    pub(super) fn cluster_lock(&self) -> PathBuf {
        self.root.join("cluster.lock")
    }

    /// Held while checkpoint files are read and replaced.
    pub(super) fn checkpoint_lock(&self) -> PathBuf {
        self.root.join("checkpoints.lock")
    }

    /// Who writes to the broker's directory; see `Seal`.
    pub(super) fn writers(&self) -> PathBuf {
        self.root.join("writers")
    }

    /// Held while `writers` is read and changed.
    pub(super) fn writers_lock(&self) -> PathBuf {
        self.root.join("writers.lock")
    }

    /// The levels of the broker's loggers.
    pub(super) fn loggers(&self) -> PathBuf {
        self.root.join("loggers")
    }

    /// Held while `loggers` is read and changed.
    pub(super) fn loggers_lock(&self) -> PathBuf {
        self.root.join("loggers.lock")
    }

    /// The word that sleeping readers wait on.
    pub(super) fn wake(&self) -> PathBuf {
        self.root.join("wake")
    }

    pub(super) fn partitions(&self) -> PathBuf {
        self.root.join("partitions")
    }

    /// The state file and lock of a partition. By the topic's id, so that a name used again is another partition.
    pub(super) fn partition(&self, topic_id: Uuid, partition: PartitionId) -> PathBuf {
        self.partitions().join(format!("{topic_id}-{partition}"))
    }

    /// Held by whoever cleans a partition's log or takes what is old out of it.
    pub(super) fn upkeep(&self, topic_id: Uuid, partition: PartitionId) -> PathBuf {
        self.root.join(UPKEEP).join(format!("{topic_id}-{partition}"))
    }

    /// Which partition of a topic is next for a record without a key.
    pub(super) fn rotation(&self, topic_id: Uuid) -> PathBuf {
        self.root.join("rotation").join(topic_id.to_string())
    }

    /// The producer ids that were taken from the metadata and that nobody has yet.
    pub(super) fn producer_ids(&self) -> PathBuf {
        self.root.join("producer-ids")
    }

    /// Where producers of a transactional id say that they live.
    pub(super) fn transactions(&self) -> PathBuf {
        self.root.join("transactions")
    }

    /// Held by the newest producer of a transactional id for as long as it lives.
    pub(super) fn transaction(&self, transactional_id: &str) -> PathBuf {
        self.transactions().join(encode_name(transactional_id))
    }

    /// Held by a bulk writer of this name for as long as it lives.
    pub(super) fn bulk(&self, name: &str) -> PathBuf {
        self.root.join("bulk").join(encode_name(name))
    }

    /// What a group keeps here.
    pub(super) fn group(&self, group: &str) -> PathBuf {
        self.root.join("groups").join(encode_name(group))
    }

    /// What the members of a group share between two records.
    pub(super) fn group_live(&self, group: &str) -> PathBuf {
        self.group(group).join("live")
    }

    /// The number that tells members when to look at what they share.
    pub(super) fn group_changes(&self, group: &str) -> PathBuf {
        self.group(group).join("changes")
    }

    /// The files of a group's members.
    pub(super) fn group_members(&self, group: &str) -> PathBuf {
        self.group(group).join("members")
    }

    /// What the members of a share group share of a partition.
    pub(super) fn group_share(&self, group: &str, topic_id: Uuid, partition: PartitionId) -> PathBuf {
        self.group(group).join("share").join(format!("{topic_id}-{partition}"))
    }

    /// Held by a member for as long as it lives.
    pub(super) fn group_member(&self, group: &str, member: &str) -> PathBuf {
        self.group_members(group).join(encode_name(member))
    }
}

/// The lock of who looks after a partition, by the path of its state file.
pub(super) fn upkeep_beside(state_path: &Path) -> Option<PathBuf> {
    let root = state_path.parent()?.parent()?;
    Some(root.join(UPKEEP).join(state_path.file_name()?))
}

/// The name of a replica's directory.
pub(super) fn partition_dir(broker: &Path, topic: &TopicName, partition: PartitionId) -> PathBuf {
    broker.join(format!("{topic}-{partition}"))
}

/// The name that a deleted replica's directory gets: `TOPIC-PARTITION.<32 hex>-delete`, the topic cut where the whole
/// would be too long for a file name.
pub(super) fn deleted_dir(broker: &Path, topic: &TopicName, partition: PartitionId, unique: Uuid) -> PathBuf {
    renamed_dir(broker, topic, partition, unique, "delete")
}

/// The name that the directory of a replica gets that the metadata doesn't know: the same with `-stray`.
pub(super) fn stray_dir(broker: &Path, topic: &TopicName, partition: PartitionId, unique: Uuid) -> PathBuf {
    renamed_dir(broker, topic, partition, unique, "stray")
}

fn renamed_dir(
    broker: &Path,
    topic: &TopicName,
    partition: PartitionId,
    unique: Uuid,
    what: &str,
) -> PathBuf {
    let hex: String = unique.0.iter().map(|byte| format!("{byte:02x}")).collect();
    let suffix = format!("-{partition}.{hex}-{what}");
    let kept = MAX_NAME_BYTES.saturating_sub(suffix.len()).min(topic.as_str().len());
    let topic = topic.as_str().get(..kept).unwrap_or_default();
    broker.join(format!("{topic}{suffix}"))
}

/// Any text as a file name of its own: letters, digits, '-', '_' and inner '.' stand for themselves, other bytes
/// become %XX; a name that would be too long ends in a hash of the whole.
pub(super) fn encode_name(text: &str) -> String {
    let mut name = String::from("g-");
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    if name.len() > 200 {
        name.truncate(160);
        // 128 bits of FNV-1a: no defence against an adversary, who could only make two of his own groups wait for
        // each other.
        let hash = text.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
            (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
        });
        name.push_str(&format!("~{hash:032x}"));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_its_directory() {
        for text in ["", ".", "..", "../x", "a/b", "\0", "é", &"x".repeat(1000)] {
            let name = encode_name(text);
            assert!(!name.contains('/') && !name.contains('\0') && name.len() <= MAX_NAME_BYTES, "{name}");
            assert!(name != "." && name != "..");
        }
        assert_eq!(encode_name("readers"), "g-readers");
        assert_ne!(encode_name("a/b"), encode_name("a%2Fb"));
        assert_ne!(encode_name(&"x".repeat(999)), encode_name(&"x".repeat(1000)));
    }

    #[test]
    fn a_deleted_directory_has_a_name_that_fits() {
        let topic = TopicName::new(&"t".repeat(249)).unwrap();
        let dir = deleted_dir(Path::new("/b"), &topic, PartitionId(12), Uuid::METADATA_TOPIC);
        let name = dir.file_name().unwrap().to_str().unwrap();
        assert_eq!(name.len(), 255);
        assert!(name.ends_with("-12.00000000000000000000000000000001-delete"));
    }
}
