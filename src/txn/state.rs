//! `Transactions`: the newest value of every transactional id, by replay.

use super::error::Result;
use super::records::{TransactionRecord, TransactionValue};
use std::collections::BTreeMap;

/// The transactional ids of one partition of `__transaction_state`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transactions {
    by_id: BTreeMap<String, TransactionValue>,
}

impl Transactions {
    /// Takes a record of the log into account; one of an unknown type is skipped.
    pub(crate) fn replay(&mut self, key: Option<&[u8]>, value: Option<&[u8]>) -> Result<()> {
        if let Some(record) = TransactionRecord::decode(key, value)? {
            self.apply(record);
        }
        Ok(())
    }

    /// Takes a decoded record into account.
    pub(crate) fn apply(&mut self, record: TransactionRecord) {
        match record.value {
            Some(value) => self.by_id.insert(record.transactional_id, value),
            None => self.by_id.remove(&record.transactional_id),
        };
    }

    /// All transactional ids, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &TransactionValue)> {
        self.by_id.iter().map(|(id, value)| (id.as_str(), value))
    }

    pub(crate) fn get(&self, transactional_id: &str) -> Option<&TransactionValue> {
        self.by_id.get(transactional_id)
    }
}
