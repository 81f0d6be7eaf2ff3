//! `--replica-assignment`: the brokers of each partition, `1:2,2:3`.

use crate::types::BrokerId;
use crate::types::java::trim;

/// Reads the list. The error is Kafka's sentence.
pub(super) fn parse(text: &str) -> Result<Vec<Vec<BrokerId>>, String> {
    // As Java splits: empty parts at the end do not count.
    let parts: Vec<&str> = text.trim_end_matches(',').split(',').collect();
    let mut lists = Vec::with_capacity(parts.len());
    for (partition, part) in parts.iter().enumerate() {
        let list = part.trim_end_matches(':').split(':').map(broker).collect::<Result<Vec<_>, _>>()?;
        if let Some(twice) = duplicates(&list) {
            return Err(format!("Partition replica lists may not contain duplicate entries: {twice}"));
        }
        if lists.first().is_some_and(|first: &Vec<BrokerId>| first.len() != list.len()) {
            let brokers: Vec<String> = list.iter().map(ToString::to_string).collect();
            let brokers = brokers.join(", ");
            return Err(format!("Partition {partition} has different replication factor: [{brokers}]"));
        }
        lists.push(list);
    }
    Ok(lists)
}

fn broker(text: &str) -> Result<BrokerId, String> {
    let text = trim(text);
    text.parse().map(BrokerId).map_err(|_| format!("For input string: \"{text}\""))
}

fn duplicates(list: &[BrokerId]) -> Option<String> {
    let mut seen = Vec::new();
    let mut twice: Vec<String> = Vec::new();
    for broker in list {
        let name = broker.to_string();
        if seen.contains(broker) && !twice.contains(&name) {
            twice.push(name);
        }
        seen.push(*broker);
    }
    (!twice.is_empty()).then(|| twice.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<Vec<i32>>, String> {
        Ok(parse(text)?.into_iter().map(|list| list.into_iter().map(|broker| broker.0).collect()).collect())
    }

    #[test]
    fn lists_are_read_and_checked_as_kafka_does() {
        assert_eq!(parsed("1:2, 2:3"), Ok(vec![vec![1, 2], vec![2, 3]]));
        assert_eq!(parsed("1,2,"), Ok(vec![vec![1], vec![2]]));
        for (text, why) in [
            ("one", "For input string: \"one\""),
            ("1,,1", "For input string: \"\""),
            ("1:1,1:1", "Partition replica lists may not contain duplicate entries: 1"),
            ("1,1:2", "Partition 1 has different replication factor: [1, 2]"),
        ] {
            assert_eq!(parsed(text), Err(why.to_owned()));
        }
    }
}
