//! The forms in which a listing can be printed.

/// `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Kafka's own text, to the byte.
    Text,
    /// For a person.
    Table,
    Json,
    Csv,
}

impl Format {
    pub(crate) fn by_name(name: &str) -> Option<Format> {
        match name {
            "kafka" => Some(Format::Text),
            "table" => Some(Format::Table),
            "json" => Some(Format::Json),
            "csv" => Some(Format::Csv),
            _ => None,
        }
    }
}
