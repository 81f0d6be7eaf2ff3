//! Batches that Kafka wrote, for the tests of this folder.

macro_rules! batch {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/fixtures/batches/", $name, ".bin"))
    };
}

pub(super) const NONE: &[u8] = batch!("v2-none");
pub(super) const LZ4: &[u8] = batch!("v2-lz4");
pub(super) const HORIZON: &[u8] = batch!("v2-delete-horizon");
pub(super) const LEADER_CHANGE: &[u8] = batch!("v2-leader-change");
pub(super) const MARKER: &[u8] = batch!("v2-marker");
pub(super) const NULLS: &[u8] = batch!("v2-nulls");

/// Fifty records each: keys `key-0` to `key-49` and one header `codec`.
pub(super) const CODECS: &[&[u8]] = &[NONE, batch!("v2-gzip"), batch!("v2-snappy"), LZ4, batch!("v2-zstd")];

pub(super) const V2: &[&[u8]] = &[
    NONE,
    batch!("v2-gzip"),
    batch!("v2-snappy"),
    LZ4,
    batch!("v2-zstd"),
    HORIZON,
    LEADER_CHANGE,
    MARKER,
    NULLS,
    batch!("v2-snapshot-header"),
    batch!("v2-snapshot-footer"),
    HEADERS,
];

pub(super) const HEADERS: &[u8] = batch!("v2-headers");
pub(super) const SNAPSHOT_HEADER: &[u8] = batch!("v2-snapshot-header");
pub(super) const SNAPSHOT_FOOTER: &[u8] = batch!("v2-snapshot-footer");

pub(super) const V0_WRAPPERS: &[&[u8]] = &[batch!("v0-gzip"), batch!("v0-snappy"), batch!("v0-lz4")];
pub(super) const V1_WRAPPERS: &[&[u8]] = &[batch!("v1-gzip"), batch!("v1-snappy"), batch!("v1-lz4")];
pub(super) const V1_LOG_APPEND: &[u8] = batch!("v1-gzip-log-append");

pub(super) const LEGACY: &[&[u8]] = &[
    batch!("v0-none"),
    batch!("v0-gzip"),
    batch!("v0-snappy"),
    batch!("v0-lz4"),
    batch!("v1-none"),
    batch!("v1-gzip"),
    batch!("v1-snappy"),
    batch!("v1-lz4"),
    V1_LOG_APPEND,
];
