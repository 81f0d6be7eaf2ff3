//! A broker's directory, unpacked as kt's data directory.

use crate::support::Kt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The directories, with what is in them.
pub(super) const ALL: [&str; 7] = [
    "plain",    // keys, headers, nulls, binary data, odd timestamps
    "codecs",   // every codec, by the producer and forced by the topic
    "segments", // rolled by size, time and full index; killed, so with preallocated indexes
    "txn",      // committed, aborted, interleaved and open transactions
    "compact",  // after cleaner runs, with tombstones
    "trimmed",  // log start offsets moved, segments retired
    "groups",   // classic and new groups, a share group
];

pub(super) fn fixture(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kafka-dirs").join(file)
}

/// Unpacks a directory; needs tar, and zstd by the crate.
pub(super) fn unpack(name: &str) -> Kt {
    let kt = Kt::new();
    std::fs::create_dir(kt.data()).unwrap();
    let tar = zstd::decode_all(std::fs::File::open(fixture(&format!("{name}.tar.zst"))).unwrap()).unwrap();
    let mut unpacking =
        Command::new("tar").args(["-xf", "-"]).current_dir(kt.data()).stdin(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut unpacking.stdin.take().unwrap(), &tar).unwrap();
    assert!(unpacking.wait().unwrap().success());
    kt
}
