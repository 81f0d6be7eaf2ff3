//! Listings in the forms that kt has beside Kafka's text: a table for a person, JSON, CSV. Kafka's text stands beside each
//! listing.

use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::output::{Align, Format, csv_line, json_pretty, table};
use serde_json::{Map, Value};
use std::io::Write;

/// A column of a listing: its heading for people, its name in JSON and CSV.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli::commands) struct Heading {
    pub(in crate::cli::commands) title: &'static str,
    pub(in crate::cli::commands) name: &'static str,
    pub(in crate::cli::commands) align: Align,
}

impl Heading {
    pub(in crate::cli::commands) const fn text(title: &'static str, name: &'static str) -> Heading {
        Heading { title, name, align: Align::Left }
    }

    pub(in crate::cli::commands) const fn number(title: &'static str, name: &'static str) -> Heading {
        Heading { title, name, align: Align::Right }
    }
}

/// A listing that has no words of its own: what is unknown is null.
#[derive(Clone, Debug)]
pub(in crate::cli::commands) struct View {
    pub(in crate::cli::commands) headings: Vec<Heading>,
    /// As long as `headings`.
    pub(in crate::cli::commands) rows: Vec<Vec<Value>>,
}

impl View {
    /// The listing less a column, named as in JSON.
    pub(in crate::cli::commands) fn without(mut self, name: &str) -> View {
        if let Some(index) = self.headings.iter().position(|heading| heading.name == name) {
            self.headings.remove(index);
            for row in &mut self.rows {
                row.remove(index);
            }
        }
        self
    }

    /// Prints the listing as anything but Kafka's text, which `text` gives.
    pub(in crate::cli::commands) fn print(
        &self,
        context: &mut Context,
        format: Format,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let out = match format {
            Format::Text => text(),
            Format::Table => self.table(),
            Format::Json => json_pretty(&self.json())?,
            Format::Csv => self.csv(),
        };
        Ok(context.stdout.write_all(out.as_bytes())?)
    }

    fn table(&self) -> String {
        let header: Vec<(&str, Align)> = self.headings.iter().map(|h| (h.title, h.align)).collect();
        let rows: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(|v| shown(v, "-")).collect()).collect();
        table(&header, &rows)
    }

    fn csv(&self) -> String {
        let names: Vec<&str> = self.headings.iter().map(|heading| heading.name).collect();
        let rows = self.rows.iter().map(|row| {
            let cells: Vec<String> = row.iter().map(|value| shown(value, "")).collect();
            csv_line(&cells)
        });
        csv_line(&names) + &rows.collect::<String>()
    }

    fn json(&self) -> Vec<Map<String, Value>> {
        let named = |row: &Vec<Value>| {
            self.headings
                .iter()
                .zip(row)
                .map(|(heading, value)| (heading.name.to_owned(), value.clone()))
                .collect()
        };
        self.rows.iter().map(named).collect()
    }
}

fn shown(value: &Value, null: &str) -> String {
    match value {
        Value::Null => null.to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_known_is_a_dash_null_or_an_empty_cell() {
        let headings = vec![Heading::text("GROUP", "group"), Heading::number("LAG", "lag")];
        let view =
            View { headings, rows: vec![vec!["g".into(), Value::Null], vec!["h, i".into(), 3.into()]] };
        assert_eq!(view.csv(), "group,lag\ng,\n\"h, i\",3\n");
        let json = serde_json::to_string(&view.json()).unwrap();
        assert_eq!(json, r#"[{"group":"g","lag":null},{"group":"h, i","lag":3}]"#);
        assert!(view.table().contains('-'));
    }
}
