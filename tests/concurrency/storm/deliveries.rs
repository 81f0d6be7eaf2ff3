//! Which records were delivered how often, told from the journal.

use super::producers::PRODUCERS;

/// How often what was written was delivered.
pub(super) struct Deliveries {
    /// Nobody dies or is stopped: each record comes exactly once.
    exactly_once: bool,
    /// Behind the last record of each partition that was delivered.
    next: Vec<u64>,
    /// By producer, by number of the record.
    counts: Vec<Vec<u32>>,
    repeated: usize,
}

impl Deliveries {
    pub(super) fn new(partitions: usize, exactly_once: bool) -> Deliveries {
        let counts = vec![Vec::new(); PRODUCERS];
        Deliveries { exactly_once, next: vec![0; partitions], counts, repeated: 0 }
    }

    /// Takes the next record; says what is wrong with it.
    pub(super) fn follow(&mut self, partition: usize, offset: u64, value: &str) -> Result<(), String> {
        let next = &mut self.next[partition];
        if offset > *next {
            return Err(format!("partition {partition}: offset {offset} comes after {next} was to come"));
        }
        if self.exactly_once && offset < *next {
            return Err(format!("partition {partition}: offset {offset} comes a second time"));
        }
        *next = (*next).max(offset + 1);
        let numbers = value.split_once('-').and_then(|(p, n)| Some((p.parse().ok()?, n.parse().ok()?)));
        let (producer, number): (usize, usize) = numbers.ok_or(format!("a record {value:?}"))?;
        let counts = &mut self.counts[producer];
        if counts.len() <= number {
            counts.resize(number + 1, 0);
        }
        counts[number] += 1;
        self.repeated += usize::from(counts[number] > 1);
        Ok(())
    }

    /// The first record that was written and not delivered.
    pub(super) fn missing(&self, written: &[usize]) -> Option<String> {
        let of = |producer: usize, number: usize| self.counts[producer].get(number).copied().unwrap_or(0);
        let all = (0..PRODUCERS).flat_map(|producer| (0..written[producer]).map(move |n| (producer, n)));
        let mut missing = all.filter(|&(producer, number)| of(producer, number) == 0);
        missing.next().map(|(producer, number)| format!("{producer}-{number}"))
    }

    /// Behind the last record delivered of each partition.
    pub(super) fn ends(&self) -> &[u64] {
        &self.next
    }

    /// How many deliveries were not the first of their record.
    pub(super) fn repeated(&self) -> usize {
        self.repeated
    }
}

#[test]
fn gaps_repetitions_and_what_never_came_are_seen() {
    let mut all = Deliveries::new(2, false);
    all.follow(1, 0, "0-0").unwrap();
    all.follow(1, 1, "0-2").unwrap();
    all.follow(1, 0, "0-0").unwrap();
    assert!(all.follow(1, 3, "0-3").is_err());
    assert_eq!((all.repeated(), all.ends()), (1, &[0, 2][..]));
    assert_eq!(all.missing(&[3, 0, 0, 0]), Some("0-1".to_owned()));
    let mut once = Deliveries::new(1, true);
    once.follow(0, 0, "0-0").unwrap();
    assert!(once.follow(0, 0, "0-0").is_err());
}
