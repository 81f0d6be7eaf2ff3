//! Producer ids: taken from the metadata a block at a time, as a broker does, and given out one by one.
//!
//! What is left of the block stands in a file in `.kt/`, under its lock: `BOOT NEXT END`. It counts in the boot that wrote it
//! only, for after a power cut it could be old; then a new block is taken.

use crate::client::Result;
use crate::disk::{self, FileLock};
use crate::local::cluster::Cluster;
use crate::local::error::Error;
use crate::metadata::{ProducerIdsRecord, Record};

/// How many producer ids are taken at a time.
const BLOCK: i64 = 1000;

/// Takes a producer id that nobody has had.
pub(in crate::local) fn allocate_producer_id(cluster: &Cluster) -> Result<i64> {
    let lock = FileLock::acquire(&cluster.coordination()?.producer_ids()).map_err(Error::from)?;
    let text = lock.file().read_all().map_err(Error::from)?;
    let (id, end) = match left(&String::from_utf8_lossy(&text)) {
        Some((next, end)) => (next, end),
        None => {
            let first = take_block(cluster)?;
            (first, first.saturating_add(BLOCK))
        }
    };
    let rest = format!("{} {} {end}\n", disk::boot_id(), id.saturating_add(1));
    lock.file().write_at(rest.as_bytes(), 0).map_err(Error::from)?;
    lock.file().set_len(rest.len() as u64).map_err(Error::from)?;
    Ok(id)
}

/// The next id and the end of the block, exclusive; `None` if there is none left.
fn left(text: &str) -> Option<(i64, i64)> {
    let text = text.strip_suffix('\n')?;
    let mut numbers = text.split(' ');
    let boot: u64 = numbers.next()?.parse().ok()?;
    let (next, end): (i64, i64) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    (boot == disk::boot_id() && next < end && numbers.next().is_none()).then_some((next, end))
}

/// Takes a block and returns its first id.
fn take_block(cluster: &Cluster) -> Result<i64> {
    let broker = cluster.broker().id;
    cluster.update(|image| {
        let first = image.next_producer_id();
        let record = ProducerIdsRecord {
            broker,
            broker_epoch: image.brokers().get(&broker).map_or(-1, |registration| registration.epoch),
            next_producer_id: first.saturating_add(BLOCK),
        };
        Ok((vec![Record::ProducerIds(record)], first))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_counts_in_its_boot_and_whole_only() {
        let boot = disk::boot_id();
        assert_eq!(left(&format!("{boot} 3 1000\n")), Some((3, 1000)));
        for text in
            [format!("{boot} 1000 1000\n"), format!("{boot} 3 1000"), format!("{boot} 3\n"), String::new()]
        {
            assert_eq!(left(&text), None, "{text}");
        }
        assert_eq!(left(&format!("{} 3 1000\n", boot ^ 1)), None);
    }

    #[test]
    fn ids_are_given_out_one_by_one_and_never_twice() {
        let dir = tempfile::tempdir().unwrap();
        let cluster = Cluster::open(dir.path()).unwrap();
        let ids: Vec<i64> = (0..3).map(|_| allocate_producer_id(&cluster).unwrap()).collect();
        assert_eq!(ids, [0, 1, 2]);
        std::fs::remove_file(dir.path().join(".kt/producer-ids")).unwrap();
        assert_eq!(allocate_producer_id(&Cluster::open(dir.path()).unwrap()).unwrap(), 1000);
    }
}
