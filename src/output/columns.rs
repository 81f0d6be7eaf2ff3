//! Columns as Kafka's tools pad them: left-justified, one blank between, widths counted in characters.

/// How a column is padded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// At least this wide, wider if a cell is (`%-15s` with a computed width).
    AtLeast(usize),
    /// Padded to this width; a longer cell pushes the rest of its line.
    Exactly(usize),
    /// Not padded, usually the last.
    Free,
}

/// The lines of a table, each with its line end; the header is an ordinary first row. Rows may be shorter than `layout`.
pub(crate) fn columns<S: AsRef<str>>(layout: &[Column], rows: &[Vec<S>]) -> String {
    let widths: Vec<usize> = layout
        .iter()
        .enumerate()
        .map(|(index, column)| match column {
            Column::Exactly(width) => *width,
            Column::Free => 0,
            Column::AtLeast(width) => {
                let cells = rows.iter().filter_map(|row| row.get(index));
                cells.map(|cell| cell.as_ref().chars().count()).max().unwrap_or(0).max(*width)
            }
        })
        .collect();
    let mut out = String::new();
    for row in rows {
        for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if index > 0 {
                out.push(' ');
            }
            let cell = cell.as_ref();
            out.push_str(cell);
            out.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count())));
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_follow_the_longest_cell_and_the_last_column_is_free() {
        let rows = [vec!["GROUP", "N", "ID"], vec!["a-long-group", "17", "x"]];
        let text = columns(&[Column::AtLeast(7), Column::Exactly(3), Column::Free], &rows);
        assert_eq!(text, "GROUP        N   ID\na-long-group 17  x\n");
        assert_eq!(columns(&[Column::AtLeast(3)], &[vec!["é"]]), "é  \n");
    }
}
