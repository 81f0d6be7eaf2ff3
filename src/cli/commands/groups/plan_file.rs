//! `--from-file`: a plan as `--export` prints it, `[group,]topic,partition,offset` a line. Quotes and both kinds of line ends
//! are understood; a partition that is named twice gets the later offset.

use super::failure::because;
use crate::cli::error::Failure;
use crate::types::{Offset, PartitionId, TopicPartition};
use std::collections::BTreeMap;

/// What a file says of the partitions of each group.
pub(super) type FilePlan = BTreeMap<String, BTreeMap<TopicPartition, Offset>>;

/// Reads a plan. Lines without a group are about `only_group`; with one, the first line says which kind the file is of.
pub(super) fn read(text: &str, only_group: Option<&str>) -> Result<FilePlan, Failure> {
    let mut lines = text.lines().filter(|line| !line.is_empty()).peekable();
    let Some(first) = lines.peek() else {
        let class = "com.fasterxml.jackson.databind.exc.MismatchedInputException";
        return Err(because("the file is empty", &format!("{class}: No content to map due to end-of-input")));
    };
    let without_group = only_group.filter(|_| cells(first).len() < 4);
    let mut plan = FilePlan::new();
    for line in lines {
        let mut cells = cells(line).into_iter();
        let group = match without_group {
            Some(group) => group.to_owned(),
            None => cells.next().unwrap_or_default(),
        };
        let topic = cells.next().unwrap_or_default();
        let partition = PartitionId(number(cells.next().as_deref(), "int")?);
        let offset: i64 = number(cells.next().as_deref(), "long")?;
        if offset < 0 {
            return Err(Failure::usage("Invalid negative offset"));
        }
        plan.entry(group).or_default().insert(TopicPartition { topic, partition }, Offset::new(offset));
    }
    Ok(plan)
}

/// A number; one that is missing is 0, as a Java field that nobody set.
fn number<T: std::str::FromStr + Default>(cell: Option<&str>, kind: &str) -> Result<T, Failure> {
    let Some(cell) = cell else { return Ok(T::default()) };
    cell.trim().parse().map_err(|_| {
        let class = "com.fasterxml.jackson.databind.exc.InvalidFormatException";
        let cause =
            format!("{class}: Cannot deserialize value of type `{kind}` from String \"{cell}\": not a valid `{kind}` value");
        because(format!("'{cell}' is not a number"), &cause)
    })
}

/// The cells of a line; in quotes, a comma is text and two quotes are one.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let Some(cell) = cells.last_mut() else { break };
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            other => cell.push(other),
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, only_group: Option<&str>) -> Vec<String> {
        let plan = read(text, only_group).unwrap();
        let lines = plan.iter().flat_map(|(group, offsets)| {
            offsets.iter().map(move |(partition, offset)| format!("{group} {partition} {offset}"))
        });
        lines.collect()
    }

    #[test]
    fn both_kinds_of_files_are_read() {
        assert_eq!(shown("demo,1,4\nother,0,9\ndemo,1,5\n", Some("g")), ["g demo-1 5", "g other-0 9"]);
        assert_eq!(shown("g,demo,0,1\r\nh,\"a,b\",2,3\r\n", None), ["g demo-0 1", "h a,b-2 3"]);
        assert_eq!(shown("h,demo,0,1\n", Some("g")), ["h demo-0 1"]);
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        assert_eq!(read("", None).unwrap_err().message(), "the file is empty");
        assert_eq!(read("demo,x,1\n", Some("g")).unwrap_err().message(), "'x' is not a number");
        assert_eq!(read("demo,0,-1\n", Some("g")).unwrap_err().message(), "Invalid negative offset");
    }
}
