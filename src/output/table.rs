//! Tables for people: no lines, two blanks between columns, numbers to the right. A cell is never broken over two lines,
//! however narrow the terminal: names and ids are there to be copied.

use super::sanitize;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// On which side of its column a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    /// For numbers.
    Right,
}

/// The text of a table with its line ends. Cells are made harmless for a terminal here; rows are as long as `header`.
pub(crate) fn table<S: AsRef<str>>(header: &[(&str, Align)], rows: &[Vec<S>]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().map(|(name, _)| *name));
    for row in rows {
        table.add_row(row.iter().map(|cell| sanitize(cell.as_ref()).into_owned()));
    }
    for (column, (_, align)) in table.column_iter_mut().zip(header) {
        column.set_padding((0, 2));
        column.set_cell_alignment(match align {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        });
    }
    table.trim_fmt() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On a terminal whose width was not known every column was squeezed to one letter a line.
    #[test]
    fn long_names_stay_on_one_line() {
        let name = "n".repeat(300);
        let text = table(&[("TOPIC", Align::Left), ("ID", Align::Left)], &[vec![name.as_str(), "x"]]);
        assert_eq!(text.lines().count(), 2);
    }

    #[test]
    fn numbers_stand_to_the_right_and_nothing_trails() {
        let rows = [vec!["orders", "3"], vec!["a\u{1b}b", "120"]];
        let text = table(&[("TOPIC", Align::Left), ("PARTITIONS", Align::Right)], &rows);
        assert_eq!(text, "TOPIC     PARTITIONS\norders             3\na\\u{1b}b         120\n");
    }
}
