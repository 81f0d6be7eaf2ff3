//! The records that came nearest to what was expected, and what was different in them.

use super::condition::{Candidate, Condition, HOLDS};
use crate::cli::one_line::one_line;
use crate::client::ConsumerRecord;
use crate::types::{Offset, PartitionId};

/// How many are shown.
const SHOWN: usize = 3;

/// The nearest misses so far.
#[derive(Debug, Default)]
pub(super) struct Misses {
    /// The nearest first; of those that are as near the latest first.
    nearest: Vec<Miss>,
    /// How many records were looked at, those that were none included.
    pub(super) looked_at: u64,
}

#[derive(Debug)]
struct Miss {
    /// How many conditions hold, then how near the others come.
    rank: (usize, u32),
    partition: PartitionId,
    offset: Offset,
    differences: Vec<String>,
    text: String,
}

impl Misses {
    /// Takes note of a record that is none.
    pub(super) fn add(
        &mut self,
        conditions: &[Condition],
        candidate: &Candidate<'_>,
        record: &ConsumerRecord<'_>,
    ) {
        let each = conditions.iter().map(|condition| condition.nearness(candidate));
        let rank = each.fold((0, 0), |(held, near), nearness| match nearness {
            HOLDS => (held + 1, near),
            nearness => (held, near + nearness),
        });
        let place = self.nearest.iter().take_while(|miss| miss.rank > rank).count();
        if place == SHOWN {
            return;
        }
        let differences = conditions.iter().filter(|condition| !condition.holds(candidate));
        let miss = Miss {
            rank,
            partition: record.partition,
            offset: record.record.offset,
            differences: differences.map(|condition| condition.difference(candidate)).collect(),
            text: one_line(record),
        };
        self.nearest.insert(place, miss);
        self.nearest.truncate(SHOWN);
    }

    /// The lines that tell of them.
    pub(super) fn lines(&self, topic: &str, conditions: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for miss in &self.nearest {
            let Miss { rank: (held, _), partition, offset, text, .. } = miss;
            lines.push(format!(
                "  near: {topic}-{partition} offset {offset}, {held} of {conditions} hold: {text}"
            ));
            lines.extend(miss.differences.iter().map(|difference| format!("        {difference}")));
        }
        lines
    }
}
