//! JSON text from any value that serde knows.

use serde::Serialize;
use std::io;

/// Indented, with a line end.
pub(crate) fn json_pretty(value: &impl Serialize) -> io::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order_and_the_text_ends_its_line() {
        let value = serde_json::json!({"b": [1, null], "a": "x\ny"});
        let text = json_pretty(&value).unwrap();
        assert_eq!(text, "{\n  \"b\": [\n    1,\n    null\n  ],\n  \"a\": \"x\\ny\"\n}\n");
    }
}
