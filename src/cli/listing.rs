//! Listings with Kafka's headings: each column as wide as its widest cell, a tab behind every cell.

use crate::cli::error::Failure;
use crate::output::{Align, Format, csv_line, json_pretty, table};
use crate::types::TopicPartition;
use serde_json::{Map, Value};

/// A cell, as text or as a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Text(String),
    Number(i64),
    /// Of what has no value; `None` in Kafka's words.
    Absent,
    Partitions(Vec<TopicPartition>),
}

impl Cell {
    pub(crate) fn or_absent(number: Option<i64>) -> Cell {
        number.map_or(Cell::Absent, Cell::Number)
    }

    fn text(&self) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Number(number) => number.to_string(),
            Cell::Absent => "None".to_owned(),
            Cell::Partitions(partitions) => {
                partitions.iter().map(TopicPartition::to_string).collect::<Vec<_>>().join(",")
            }
        }
    }

    fn json(&self) -> Value {
        match self {
            Cell::Text(text) => Value::from(text.as_str()),
            Cell::Number(number) => Value::from(*number),
            Cell::Absent => Value::Null,
            Cell::Partitions(partitions) => partitions.iter().map(TopicPartition::to_string).collect(),
        }
    }
}

/// A heading and whether its cells are numbers.
pub(crate) type Heading = (&'static str, Align);

/// Rows under headings.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub(crate) headings: &'static [Heading],
    pub(crate) rows: Vec<Vec<Cell>>,
}

impl Listing {
    pub(crate) fn render(&self, format: Format) -> Result<String, Failure> {
        let texts: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(Cell::text).collect()).collect();
        let names: Vec<&str> = self.headings.iter().map(|(name, _)| *name).collect();
        Ok(match format {
            Format::Text => text(&names, &texts),
            Format::Json => json_pretty(&self.objects())?,
            Format::Csv => {
                let keys: Vec<String> = names.iter().map(|name| key(name)).collect();
                texts.iter().fold(csv_line(&keys), |all, row| all + &csv_line(row))
            }
            Format::Table => table(self.headings, &texts),
        })
    }

    fn objects(&self) -> Vec<Map<String, Value>> {
        let object = |row: &Vec<Cell>| {
            let cells = self.headings.iter().zip(row);
            cells.map(|((name, _), cell)| (key(name), cell.json())).collect()
        };
        self.rows.iter().map(object).collect()
    }
}

/// A heading as a key: `Duration(min)` becomes `durationMin`.
fn key(heading: &str) -> String {
    let plain = heading.replace("(min)", "Min");
    let mut letters = plain.chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}

fn text(names: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = names.iter().map(|name| name.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = cells.zip(&widths).map(|(cell, &width)| format!("{cell:width$}\t"));
        padded.collect::<String>() + "\n"
    };
    let mut all = String::new();
    all.push_str(&line(&mut names.iter().copied()));
    for row in rows {
        all.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::PartitionId;

    #[test]
    fn every_cell_is_as_wide_as_the_widest_and_ends_in_a_tab() {
        let partition = TopicPartition { topic: "a".to_owned(), partition: PartitionId(1) };
        let listing = Listing {
            headings: &[
                ("Id", Align::Left),
                ("Duration(min)", Align::Right),
                ("TopicPartitions", Align::Left),
            ],
            rows: vec![
                vec![Cell::Text("long".into()), Cell::Number(5), Cell::Partitions(vec![partition])],
                vec![Cell::Text("b".into()), Cell::Absent, Cell::Partitions(Vec::new())],
            ],
        };
        assert_eq!(
            listing.render(Format::Text).unwrap(),
            "Id  \tDuration(min)\tTopicPartitions\t\n\
             long\t5            \ta-1            \t\n\
             b   \tNone         \t               \t\n"
        );
        assert_eq!(
            listing.render(Format::Csv).unwrap(),
            "id,durationMin,topicPartitions\nlong,5,a-1\nb,None,\n"
        );
        let json = listing.render(Format::Json).unwrap();
        assert!(json.contains("\"durationMin\": null") && json.contains("\"a-1\""), "{json}");
    }
}
