//! JSON text from any value that serde knows.

use serde::Serialize;
use std::io;

/// One line, with its end.
pub(crate) fn json_line(value: &impl Serialize) -> io::Result<String> {
    Ok(serde_json::to_string(value)? + "\n")
}

/// Indented, with a line end.
pub(crate) fn json_pretty(value: &impl Serialize) -> io::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line() {
        let value = serde_json::json!({"b": [1, null], "a": "x\ny"});
        assert_eq!(json_line(&value).unwrap(), "{\"b\":[1,null],\"a\":\"x\\ny\"}\n");
        assert_eq!(json_pretty(&value).unwrap().lines().count(), 7);
    }
}
