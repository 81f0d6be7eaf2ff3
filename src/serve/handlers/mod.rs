//! One file a request: from the message to the engine and back.

pub(super) mod add_offsets_to_txn;
pub(super) mod add_partitions_to_txn;
pub(super) mod alter_configs;
pub(super) mod api_versions;
pub(super) mod create_partitions;
pub(super) mod create_topics;
pub(super) mod delete_topics;
pub(super) mod describe_cluster;
pub(super) mod describe_configs;
pub(super) mod describe_topic_partitions;
pub(super) mod end_txn;
pub(super) mod init_producer_id;
pub(super) mod metadata;
pub(super) mod transactions;
pub(super) mod txn_offset_commit;
pub(super) mod write_txn_markers;
