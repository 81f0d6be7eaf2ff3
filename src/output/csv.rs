//! CSV (RFC 4180): cells with a comma, a quote or a line end are quoted.

/// A line with its end. `\n` alone ends it, as Unix tools expect.
pub(crate) fn csv_line<S: AsRef<str>>(cells: &[S]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell.as_ref())).collect();
    cells.join(",") + "\n"
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cells_that_need_it_are_quoted() {
        assert_eq!(csv_line(&["a", "b c", "d,e", "f\"g", ""]), "a,b c,\"d,e\",\"f\"\"g\",\n");
    }
}
