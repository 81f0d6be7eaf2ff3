//! `Loader`: replays a log's records in order and holds back those of a transaction until its end is there (KIP-868).

use super::image::Image;
use super::record::Record;

/// An image that grows with the log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loader {
    image: Image,
    /// The records since BeginTransaction, if one is open.
    open: Option<Vec<Record>>,
}

impl Loader {
    /// Takes the next record of the log.
    pub(crate) fn replay(&mut self, record: Record) {
        match (record, &mut self.open) {
            (Record::BeginTransaction(_), _) => self.open = Some(Vec::new()),
            (Record::EndTransaction, open) => {
                let records = open.take().unwrap_or_default();
                records.into_iter().for_each(|record| self.image.replay(record));
            }
            (Record::AbortTransaction(_), open) => *open = None,
            (record, Some(open)) => open.push(record),
            (record, None) => self.image.replay(record),
        }
    }

    /// The state without the records of an open transaction.
    pub(crate) fn image(&self) -> &Image {
        &self.image
    }

    /// Whether the log ends inside a transaction.
    pub(crate) fn in_transaction(&self) -> bool {
        self.open.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::FeatureLevelRecord;
    use super::*;

    fn feature(level: i16) -> Record {
        Record::FeatureLevel(FeatureLevelRecord { name: "metadata.version".to_owned(), level })
    }

    #[test]
    fn a_transaction_counts_when_it_has_ended_and_never_when_it_was_aborted() {
        let mut loader = Loader::default();
        let level = |loader: &Loader| loader.image().features().get("metadata.version").copied();
        loader.replay(Record::BeginTransaction(None));
        loader.replay(feature(1));
        assert_eq!((level(&loader), loader.in_transaction()), (None, true));
        loader.replay(Record::EndTransaction);
        assert_eq!((level(&loader), loader.in_transaction()), (Some(1), false));
        loader.replay(Record::BeginTransaction(None));
        loader.replay(feature(2));
        loader.replay(Record::AbortTransaction(None));
        loader.replay(Record::EndTransaction);
        assert_eq!(level(&loader), Some(1));
        loader.replay(feature(3));
        assert_eq!(level(&loader), Some(3));
    }
}
