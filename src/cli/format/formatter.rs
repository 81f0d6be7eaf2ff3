//! `DefaultMessageFormatter` and its kin: a record as the text that the console consumer prints. Appends to a buffer; never writes.
//! Source: spec of the console tools, "Default formatter".

use super::deserializer::{Deserializer, Undeserializable};
use super::internal::InternalFormatter;
use crate::cli::config::Properties;
use crate::client::ConsumerRecord;
use crate::output::sanitize_bytes;
use crate::types::Headers;
use std::io::Write;

const PACKAGE: &str = "org.apache.kafka.tools.consumer.";

/// How records are printed (`--formatter`).
pub(crate) enum Formatter {
    Default(DefaultFormatter),
    /// Prints nothing.
    NoOp,
    /// JSON of the records of an internal topic.
    Internal(InternalFormatter),
}

/// The columns of the default formatter and what stands between them.
pub(crate) struct DefaultFormatter {
    columns: Vec<Column>,
    key_separator: Vec<u8>,
    line_separator: Vec<u8>,
    headers_separator: Vec<u8>,
    null_literal: Vec<u8>,
    key: Option<Deserializer>,
    value: Option<Deserializer>,
    headers: Option<Deserializer>,
    audience: Audience,
}

/// Who reads the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// A program: bytes as they are.
    Program,
    /// A terminal: its control characters are escaped.
    Terminal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Timestamp,
    Partition,
    Offset,
    Delivery,
    Epoch,
    Headers,
    Key,
    Value,
}

/// The columns in the order they are printed, with the property that asks for each.
const COLUMNS: [(&str, Column); 8] = [
    ("print.timestamp", Column::Timestamp),
    ("print.partition", Column::Partition),
    ("print.offset", Column::Offset),
    ("print.delivery", Column::Delivery),
    ("print.epoch", Column::Epoch),
    ("print.headers", Column::Headers),
    ("print.key", Column::Key),
    ("print.value", Column::Value),
];

/// A record that can't be printed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {part} can't be read: {why}")]
pub(crate) struct FormatterError {
    pub(crate) part: &'static str,
    #[source]
    pub(crate) why: Undeserializable,
}

impl Formatter {
    /// The formatter of this class; `None` if there is no such.
    pub(crate) fn by_class(class: &str, properties: &Properties, audience: Audience) -> Option<Formatter> {
        Some(match class.strip_prefix(PACKAGE)? {
            // The logging one prints the same; its log goes nowhere by default.
            "DefaultMessageFormatter" | "LoggingMessageFormatter" => {
                Formatter::Default(DefaultFormatter::new(properties, audience))
            }
            "NoOpMessageFormatter" => Formatter::NoOp,
            name => Formatter::Internal(InternalFormatter::by_name(name)?),
        })
    }

    /// Appends the record's text. What was appended before an error stays.
    #[inline]
    pub(crate) fn write(&self, record: &ConsumerRecord<'_>, out: &mut Vec<u8>) -> Result<(), FormatterError> {
        match self {
            Formatter::Default(formatter) => formatter.write(record, out),
            Formatter::NoOp => Ok(()),
            Formatter::Internal(formatter) => {
                formatter.write(record, out);
                Ok(())
            }
        }
    }
}

impl DefaultFormatter {
    /// Classes that aren't known leave the bytes as they are: see [`unknown_deserializers`].
    fn new(properties: &Properties, audience: Audience) -> DefaultFormatter {
        let bytes = |key: &str, default: &[u8]| properties.get(key).unwrap_or(default).to_vec();
        let deserializer =
            |key: &str| properties.text(key).and_then(|class| Deserializer::by_class(class.trim()));
        let is_printed =
            |(name, column): &(&str, Column)| properties.is_true(name).unwrap_or(*column == Column::Value);
        DefaultFormatter {
            columns: COLUMNS.iter().filter(|column| is_printed(column)).map(|(_, column)| *column).collect(),
            key_separator: bytes("key.separator", b"\t"),
            line_separator: bytes("line.separator", b"\n"),
            headers_separator: bytes("headers.separator", b","),
            null_literal: bytes("null.literal", b"null"),
            key: deserializer("key.deserializer"),
            value: deserializer("value.deserializer"),
            headers: deserializer("headers.deserializer"),
            audience,
        }
    }

    /// The value alone as it is, the usual case, costs two copies into the buffer.
    #[inline]
    fn write(&self, record: &ConsumerRecord<'_>, out: &mut Vec<u8>) -> Result<(), FormatterError> {
        if let ([Column::Value], None, Audience::Program) =
            (self.columns.as_slice(), self.value, self.audience)
        {
            out.extend_from_slice(record.record.value.unwrap_or(&self.null_literal));
            out.extend_from_slice(&self.line_separator);
            return Ok(());
        }
        self.write_columns(record, out)
    }

    fn write_columns(&self, record: &ConsumerRecord<'_>, out: &mut Vec<u8>) -> Result<(), FormatterError> {
        if let ([Column::Key, Column::Value], None, None, Audience::Program) =
            (self.columns.as_slice(), self.key, self.value, self.audience)
        {
            let key = record.record.key.unwrap_or(&self.null_literal);
            let value = record.record.value.unwrap_or(&self.null_literal);
            let separators = self.key_separator.len() + self.line_separator.len();
            // Room for all four at once, so that none of them has to look for it.
            out.reserve(key.len() + value.len() + separators);
            out.extend_from_slice(key);
            out.extend_from_slice(&self.key_separator);
            out.extend_from_slice(value);
            out.extend_from_slice(&self.line_separator);
            return Ok(());
        }
        let Some((last, others)) = self.columns.split_last() else { return Ok(()) };
        for column in others {
            self.write_column(*column, record, out)?;
            out.extend_from_slice(&self.key_separator);
        }
        self.write_column(*last, record, out)?;
        out.extend_from_slice(&self.line_separator);
        Ok(())
    }

    fn write_column(
        &self,
        column: Column,
        consumed: &ConsumerRecord<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatterError> {
        let record = &consumed.record;
        // Writing to memory can't fail.
        match column {
            Column::Timestamp => {
                let _ = write!(out, "{}:{}", record.timestamp_type.name(), record.timestamp);
            }
            Column::Partition => {
                let _ = write!(out, "Partition:{}", consumed.partition);
            }
            Column::Offset => {
                let _ = write!(out, "Offset:{}", record.offset);
            }
            Column::Delivery => {
                let _ = match consumed.delivery_count {
                    Some(count) => write!(out, "Delivery:{count}"),
                    None => write!(out, "Delivery:NOT_PRESENT"),
                };
            }
            // The console consumers don't hand it on to their formatter.
            Column::Epoch => out.extend_from_slice(b"Epoch:NOT_PRESENT"),
            Column::Headers => self.write_headers(&record.headers, out)?,
            Column::Key => self.write_part("key", self.key, record.key, out)?,
            Column::Value => self.write_part("value", self.value, record.value, out)?,
        }
        Ok(())
    }

    fn write_headers(&self, headers: &Headers<'_>, out: &mut Vec<u8>) -> Result<(), FormatterError> {
        if headers.is_empty() {
            out.extend_from_slice(b"NO_HEADERS");
        }
        for (index, header) in headers.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(&self.headers_separator);
            }
            self.write_bytes(header.key, out);
            out.push(b':');
            self.write_part("header", self.headers, header.value, out)?;
        }
        Ok(())
    }

    /// A null is its literal first, which is then deserialized like any other bytes.
    fn write_part(
        &self,
        part: &'static str,
        deserializer: Option<Deserializer>,
        bytes: Option<&[u8]>,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatterError> {
        let bytes = bytes.unwrap_or(&self.null_literal);
        match deserializer {
            None => self.write_bytes(bytes, out),
            Some(deserializer) => {
                let text = deserializer.text(bytes).map_err(|why| FormatterError { part, why })?;
                self.write_bytes(&text, out);
            }
        }
        Ok(())
    }

    fn write_bytes(&self, bytes: &[u8], out: &mut Vec<u8>) {
        match self.audience {
            Audience::Program => out.extend_from_slice(bytes),
            Audience::Terminal => sanitize_bytes(bytes, out),
        }
    }
}

/// The deserializer classes among the properties of a default formatter that don't exist.
pub(crate) fn unknown_deserializers(properties: &Properties) -> Vec<String> {
    ["key.deserializer", "value.deserializer", "headers.deserializer"]
        .iter()
        .filter_map(|key| properties.text(key))
        .filter(|class| !class.trim().is_empty() && Deserializer::by_class(class.trim()).is_none())
        .map(std::borrow::Cow::into_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Offset, PartitionId, RecordView, TimestampMs, TimestampType};
    use std::ffi::OsStr;

    /// `h:1` and `n:` null.
    const HEADERS: &[u8] = b"\x02h\x021\x02n\x01";

    fn print(words: &[&str], key: Option<&[u8]>, value: Option<&[u8]>, audience: Audience) -> String {
        print_delivered(words, (key, value), audience, None)
    }

    fn print_delivered(
        words: &[&str],
        (key, value): (Option<&[u8]>, Option<&[u8]>),
        audience: Audience,
        delivery_count: Option<i16>,
    ) -> String {
        let mut properties = Properties::default();
        words.iter().for_each(|word| properties.add_word(OsStr::new(word)));
        let class = "org.apache.kafka.tools.consumer.DefaultMessageFormatter";
        let formatter = Formatter::by_class(class, &properties, audience).unwrap();
        let record = RecordView {
            offset: Offset::new(7),
            timestamp: TimestampMs(17),
            timestamp_type: TimestampType::Create,
            key,
            value,
            headers: Headers::new(2, HEADERS),
        };
        let mut out = Vec::new();
        let record = ConsumerRecord { topic: "t", partition: PartitionId(3), record, delivery_count };
        let written = formatter.write(&record, &mut out);
        let text = String::from_utf8(out).unwrap();
        if written.is_err() { text + "!" } else { text }
    }

    #[test]
    fn columns_come_in_their_order_with_separators_between() {
        let (key, value) = (Some(&b"k"[..]), Some(&b"v"[..]));
        for (words, expected) in [
            (&[][..], "v\n"),
            (&["print.value=false"], ""),
            (&["print.key= True "], "k\tv\n"),
            (&["print.key=true", "print.value=no"], "k\n"),
            (&["print.offset=true", "print.partition=true", "key.separator=|"], "Partition:3|Offset:7|v\n"),
            (
                &["print.timestamp=true", "print.epoch=true", "print.delivery=true"],
                "CreateTime:17\tDelivery:NOT_PRESENT\tEpoch:NOT_PRESENT\tv\n",
            ),
            (&["print.headers=true", "headers.separator= & ", "line.separator=;"], "h:1 & n:null\tv;"),
            (&["null.literal=-", "print.headers=true", "print.value=false"], "h:1,n:-\n"),
        ] {
            assert_eq!(print(words, key, value, Audience::Program), expected, "{words:?}");
        }
    }

    #[test]
    fn a_share_groups_record_tells_how_often_it_was_delivered() {
        let record = (None, Some(&b"v"[..]));
        let text = print_delivered(&["print.delivery=true"], record, Audience::Program, Some(3));
        assert_eq!(text, "Delivery:3\tv\n");
    }

    #[test]
    fn nulls_are_literals_before_they_are_deserialized() {
        let integer = "value.deserializer=org.apache.kafka.common.serialization.IntegerDeserializer";
        assert_eq!(print(&[], None, None, Audience::Program), "null\n");
        assert_eq!(print(&[integer], None, None, Audience::Program), "1853189228\n");
        assert_eq!(
            print(&[integer, "print.offset=true"], None, Some(b"x"), Audience::Program),
            "Offset:7\t!"
        );
        assert_eq!(print(&["value.deserializer=NoSuch"], None, Some(b"x"), Audience::Program), "x\n");
    }

    #[test]
    fn a_terminal_is_not_given_commands() {
        assert_eq!(print(&[], None, Some(b"a\x1b[2Jb"), Audience::Terminal), "a\\u{1b}[2Jb\n");
        assert_eq!(print(&[], None, Some(b"a\x1b[2Jb"), Audience::Program), "a\x1b[2Jb\n");
    }

    #[test]
    fn only_full_class_names_are_formatters() {
        let none = Properties::default();
        for class in [
            "kafka.tools.DefaultMessageFormatter",
            "NoOpMessageFormatter",
            "",
            "org.apache.kafka.tools.consumer.",
        ] {
            assert!(Formatter::by_class(class, &none, Audience::Program).is_none(), "{class}");
        }
    }
}
