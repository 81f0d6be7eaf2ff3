//! `--initial-controllers`: the first members of a quorum, each as `id@host:port:directory`.

use crate::client::NewVoter;
use crate::types::BrokerId;
use std::collections::BTreeSet;

/// Reads the list; the error is Kafka's sentence.
pub(super) fn parse(list: &str, listener: &str) -> Result<Vec<NewVoter>, String> {
    let mut seen = BTreeSet::new();
    let mut voters = Vec::new();
    for entry in list.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let voter = one(entry, listener)?;
        if !seen.insert(voter.id) {
            return Err(format!("Node id {} was specified more than once.", voter.id));
        }
        voters.push(voter);
    }
    if voters.is_empty() { Err("No voters given.".to_owned()) } else { Ok(voters) }
}

fn one(entry: &str, listener: &str) -> Result<NewVoter, String> {
    let (id, rest) = entry.split_once('@').ok_or("No @ found in dynamic voter string.")?;
    let id: i32 = id.parse().map_err(|_| "Failed to parse node id in dynamic voter string.")?;
    if id < 0 {
        return Err(format!("Invalid negative node id {id} in dynamic voter string."));
    }
    let (host, rest) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => rest.split_once(':').map_or((rest, None), |(host, rest)| (host, Some(rest))),
    };
    let rest = rest.ok_or("No colon following hostname could be found.")?;
    let (port, directory) = rest.split_once(':').ok_or("No colon following port could be found.")?;
    let port = port.parse().map_err(|_| "Failed to parse port in dynamic voter string.")?;
    let directory_id =
        directory.parse().map_err(|_| "Failed to parse directory ID in dynamic voter string.")?;
    Ok(NewVoter {
        id: BrokerId(id),
        directory_id,
        listener: listener.to_owned(),
        host: host.to_owned(),
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As recorded of Kafka's program.
    #[test]
    fn what_is_wrong_with_a_list_is_told_in_kafkas_words() {
        const ID: &str = "AAAAAAAAAAAAAAAAAAAAAw";
        for (list, why) in [
            (String::new(), "No voters given."),
            ("garbage".to_owned(), "No @ found in dynamic voter string."),
            ("1@h".to_owned(), "No colon following hostname could be found."),
            ("1@h:1".to_owned(), "No colon following port could be found."),
            (format!("x@h:1:{ID}"), "Failed to parse node id in dynamic voter string."),
            (format!("1@h:x:{ID}"), "Failed to parse port in dynamic voter string."),
            ("1@h:1:AAA".to_owned(), "Failed to parse directory ID in dynamic voter string."),
            (format!("1@h:1:{ID},1@h:1:{ID}"), "Node id 1 was specified more than once."),
        ] {
            assert_eq!(parse(&list, "C"), Err(why.to_owned()), "{list}");
        }
        let voters = parse(&format!("1@h:1:{ID}, 2@[::1]:5:{ID}"), "C").unwrap();
        assert_eq!((voters.len(), voters[1].host.as_str(), voters[1].port), (2, "::1", 5));
    }
}
