//! The records of Kafka's own topics, decoded: each must be one that its coordinator could have written.

use crate::group::GroupRecord;
use crate::log::check::{Finding, Findings, Fix, Severity};
use crate::metadata::Record;
use crate::record::{BatchHeader, BatchReader};
use crate::share::ShareRecord;
use crate::txn::TransactionRecord;
use crate::types::RecordView;
use std::ops::ControlFlow;
use std::path::Path;

/// Whose records a log has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contents {
    Metadata,
    Groups,
    Transactions,
    ShareGroups,
    /// Anybody's, which can be anything.
    Users,
}

impl Contents {
    pub(super) fn of(topic: &str) -> Contents {
        match topic {
            "__cluster_metadata" => Contents::Metadata,
            "__consumer_offsets" => Contents::Groups,
            "__transaction_state" => Contents::Transactions,
            "__share_group_state" => Contents::ShareGroups,
            _ => Contents::Users,
        }
    }

    /// Decodes the records of a batch; hands those of the metadata to `visit`.
    pub(super) fn check(
        self,
        header: &BatchHeader,
        batch: &[u8],
        (file, position): (&Path, u64),
        findings: &mut Findings,
        mut visit: impl FnMut(Record),
    ) {
        if self == Contents::Users || header.is_control() {
            return;
        }
        let read = BatchReader::default().for_each_of(header, batch, |record| {
            match self.decode(record) {
                Ok(decoded) => decoded.into_iter().for_each(&mut visit),
                Err(what) => findings.add(Finding {
                    severity: Severity::Error,
                    file: file.to_owned(),
                    position: Some(position),
                    offset: Some(record.offset),
                    what,
                    meaning: "what it says is not known",
                    fix: Fix::None,
                }),
            }
            ControlFlow::Continue(())
        });
        // That a batch can't be read is found by whoever walks over it.
        drop(read);
    }

    fn decode(self, record: &RecordView<'_>) -> Result<Option<Record>, String> {
        match self {
            Contents::Metadata => {
                let decoded = Record::decode(record.value.unwrap_or_default());
                decoded.map(Some).map_err(|e| e.to_string())
            }
            Contents::Groups => {
                GroupRecord::decode(record.key, record.value).map(|_| None).map_err(|e| e.to_string())
            }
            Contents::Transactions => {
                TransactionRecord::decode(record.key, record.value).map(|_| None).map_err(|e| e.to_string())
            }
            Contents::ShareGroups => {
                ShareRecord::decode(record.key, record.value).map(|_| None).map_err(|e| e.to_string())
            }
            Contents::Users => Ok(None),
        }
    }
}
