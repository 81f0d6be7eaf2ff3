//! A line of JSON as a record or a topic. What is missing is left to whoever imports it; what is wrong is told with its column.

use super::ArchivedTopic;
use crate::cli::records::from_base64;
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a line is about.
#[derive(Debug)]
pub(crate) enum JsonLine<'a> {
    Topic(ArchivedTopic),
    Record(JsonRecord<'a>),
}

/// A header's key and value.
type OwnedHeader = (Vec<u8>, Option<Vec<u8>>);

/// A record as the line has it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct JsonRecord<'a> {
    pub(crate) topic: Option<Cow<'a, str>>,
    pub(crate) partition: Option<i32>,
    pub(crate) offset: Option<i64>,
    pub(crate) timestamp: Option<i64>,
    pub(crate) is_append_time: bool,
    pub(crate) key: Option<Cow<'a, [u8]>>,
    pub(crate) value: Option<Cow<'a, [u8]>>,
    pub(crate) headers: Vec<OwnedHeader>,
}

/// Why a line is neither.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadJson {
    #[error("column {column}: {what}")]
    Syntax { column: usize, what: String },
    #[error("{0}")]
    Meaning(String),
}

/// Text that is borrowed from the line unless something in it is escaped.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Every field that a line may have. The other names are those of `kcat -J`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields<'a> {
    #[serde(borrow)]
    topic: Option<Text<'a>>,
    partition: Option<i32>,
    offset: Option<i64>,
    #[serde(alias = "ts")]
    timestamp: Option<i64>,
    #[serde(borrow, rename = "timestampType", alias = "tstype")]
    timestamp_type: Option<Text<'a>>,
    #[serde(borrow)]
    key: Option<Text<'a>>,
    #[serde(borrow, rename = "keyBase64")]
    key_base64: Option<Text<'a>>,
    #[serde(borrow, alias = "payload")]
    value: Option<Text<'a>>,
    #[serde(borrow, rename = "valueBase64")]
    value_base64: Option<Text<'a>>,
    headers: Option<Vec<Value>>,
    #[serde(rename = "broker")]
    _broker: Option<i32>,
    partitions: Option<i32>,
    configs: Option<BTreeMap<String, String>>,
}

/// Reads a line without its end.
pub(crate) fn read_line(line: &[u8]) -> Result<JsonLine<'_>, BadJson> {
    let fields: Fields<'_> = serde_json::from_slice(line).map_err(|error| syntax(&error))?;
    if let Some(partitions) = fields.partitions {
        let topic = fields.topic.ok_or_else(|| meaning("a topic has no name"))?;
        if partitions < 1 {
            return Err(meaning("a topic has at least one partition"));
        }
        return Ok(JsonLine::Topic(ArchivedTopic {
            topic: topic.0.into_owned(),
            partitions,
            configs: fields.configs.unwrap_or_default(),
            ranges: Vec::new(),
        }));
    }
    if fields.configs.is_some() {
        return Err(meaning("\"configs\" belongs to a line with \"partitions\""));
    }
    let is_append_time = match fields.timestamp_type.as_ref().map(|text| text.0.as_ref()) {
        None | Some("CreateTime" | "NoTimestampType" | "create" | "unknown") => false,
        Some("LogAppendTime" | "logappend") => true,
        Some(other) => {
            return Err(meaning(format!(
                "\"timestampType\" is {other:?}, neither CreateTime nor LogAppendTime"
            )));
        }
    };
    Ok(JsonLine::Record(JsonRecord {
        topic: fields.topic.map(|text| text.0),
        partition: fields.partition,
        offset: fields.offset,
        timestamp: fields.timestamp,
        is_append_time,
        key: bytes("key", fields.key, fields.key_base64)?,
        value: bytes("value", fields.value, fields.value_base64)?,
        headers: headers(fields.headers.unwrap_or_default())?,
    }))
}

/// The partition that a line's record names, if it is one of this topic (`None`: of any). Looks at nothing else.
pub(crate) fn largest_partition(line: &[u8], topic: Option<&str>) -> Option<i32> {
    #[derive(Deserialize)]
    struct Place<'a> {
        #[serde(borrow)]
        topic: Option<Text<'a>>,
        partition: Option<i32>,
    }
    let place: Place<'_> = serde_json::from_slice(line).ok()?;
    let fits = topic.is_none_or(|topic| place.topic.is_some_and(|own| own.0 == topic));
    place.partition.filter(|_| fits)
}

fn meaning(what: impl Into<String>) -> BadJson {
    BadJson::Meaning(what.into())
}

fn syntax(error: &serde_json::Error) -> BadJson {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let what = text.strip_suffix(&place).unwrap_or(&text).to_owned();
    BadJson::Syntax { column: error.column(), what }
}

/// The bytes that one of two fields gives.
fn bytes<'a>(
    name: &str,
    text: Option<Text<'a>>,
    base64: Option<Text<'a>>,
) -> Result<Option<Cow<'a, [u8]>>, BadJson> {
    match (text, base64) {
        (Some(_), Some(_)) => Err(meaning(format!("there is \"{name}\" and \"{name}Base64\""))),
        (Some(Text(Cow::Borrowed(text))), None) => Ok(Some(Cow::Borrowed(text.as_bytes()))),
        (Some(Text(Cow::Owned(text))), None) => Ok(Some(Cow::Owned(text.into_bytes()))),
        (None, Some(Text(text))) => {
            decoded(&format!("{name}Base64"), &text).map(|bytes| Some(Cow::Owned(bytes)))
        }
        (None, None) => Ok(None),
    }
}

fn decoded(name: &str, text: &str) -> Result<Vec<u8>, BadJson> {
    from_base64(text).ok_or_else(|| meaning(format!("\"{name}\" is no base64")))
}

/// Headers as objects, or as kcat has them: key, value, key, value.
fn headers(items: Vec<Value>) -> Result<Vec<OwnedHeader>, BadJson> {
    if items.iter().all(Value::is_object) {
        return items.iter().map(header).collect();
    }
    if !items.len().is_multiple_of(2) {
        return Err(meaning("\"headers\" is a list of objects, or of keys and values in turn"));
    }
    items.chunks_exact(2).map(flat_header).collect()
}

fn flat_header(pair: &[Value]) -> Result<OwnedHeader, BadJson> {
    match pair {
        [Value::String(key), Value::String(value)] => {
            Ok((key.clone().into_bytes(), Some(value.clone().into_bytes())))
        }
        [Value::String(key), Value::Null] => Ok((key.clone().into_bytes(), None)),
        _ => Err(meaning("a header's key is a string, its value a string or null")),
    }
}

fn header(item: &Value) -> Result<OwnedHeader, BadJson> {
    let (mut key, mut value) = (None, None);
    for (name, field) in item.as_object().into_iter().flatten() {
        let text = || field.as_str().ok_or_else(|| meaning(format!("a header's \"{name}\" is no string")));
        match name.as_str() {
            "key" => key = Some(text()?.as_bytes().to_vec()),
            "keyBase64" => key = Some(decoded(name, text()?)?),
            "value" if field.is_null() => {}
            "value" => value = Some(text()?.as_bytes().to_vec()),
            "base64" | "valueBase64" => value = Some(decoded(name, text()?)?),
            _ => return Err(meaning(format!("a header has no \"{name}\""))),
        }
    }
    Ok((key.ok_or_else(|| meaning("a header has no key"))?, value))
}

#[cfg(test)]
mod tests {
    use super::super::write_record;
    use super::*;
    use crate::client::ConsumerRecord;
    use crate::types::{Headers, Offset, PartitionId, RecordView, TimestampMs, TimestampType, varint};

    fn record(line: &str) -> JsonRecord<'_> {
        match read_line(line.as_bytes()).unwrap() {
            JsonLine::Record(record) => record,
            JsonLine::Topic(topic) => panic!("{topic:?}"),
        }
    }

    fn why(line: &str) -> String {
        read_line(line.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn every_record_survives_its_line() {
        let odd: &[Option<&[u8]>] =
            &[None, Some(b""), Some(b"a\n\"\\\0"), Some("ü\u{2028}".as_bytes()), Some(b"\xff\xfe")];
        for (index, &key) in odd.iter().enumerate() {
            let value = odd[(index + 2) % odd.len()];
            let (mut encoded, mut expected) = (Vec::new(), Vec::new());
            for &header in odd {
                let name = key.unwrap_or(b"again");
                varint::put(&mut encoded, name.len() as i64);
                encoded.extend_from_slice(name);
                varint::put(&mut encoded, header.map_or(-1, |bytes| bytes.len() as i64));
                encoded.extend_from_slice(header.unwrap_or_default());
                expected.push((name.to_vec(), header.map(<[u8]>::to_vec)));
            }
            let view = RecordView {
                offset: Offset::new(9),
                timestamp: TimestampMs(-5),
                timestamp_type: TimestampType::LogAppend,
                key,
                value,
                headers: Headers::new(odd.len(), &encoded),
            };
            let consumed =
                ConsumerRecord { topic: "t", partition: PartitionId(2), record: view, delivery_count: None };
            let mut line = Vec::new();
            write_record(&mut line, &consumed).unwrap();
            assert_eq!(line.iter().filter(|&&byte| byte == b'\n').count(), 1);
            let line = String::from_utf8(line).unwrap();
            let read = record(line.trim_end());
            assert_eq!((read.key.as_deref(), read.value.as_deref()), (key, value), "{line}");
            assert_eq!((read.headers, read.topic.as_deref()), (expected, Some("t")));
            assert_eq!((read.partition, read.offset, read.timestamp), (Some(2), Some(9), Some(-5)));
            assert!(read.is_append_time);
        }
    }

    #[test]
    fn lines_may_be_short_and_of_other_tools() {
        let short = record("{\"value\":\"x\"}");
        assert_eq!((short.value.as_deref(), short.key.as_deref()), (Some(b"x".as_slice()), None));
        assert_eq!((short.partition, short.timestamp, short.headers.len()), (None, None, 0));
        let kcat = record(
            "{\"topic\":\"t\",\"partition\":1,\"offset\":5,\"tstype\":\"create\",\"ts\":17,\"broker\":0,\
             \"headers\":[\"a\",\"b\",\"a\",null],\"key\":null,\"payload\":\"p\"}",
        );
        assert_eq!((kcat.timestamp, kcat.value.as_deref()), (Some(17), Some(b"p".as_slice())));
        assert_eq!(kcat.headers, [(b"a".to_vec(), Some(b"b".to_vec())), (b"a".to_vec(), None)]);
        let topic = read_line(b"{\"topic\":\"t\",\"partitions\":3,\"configs\":{\"a\":\"b\"}}").unwrap();
        assert!(matches!(topic, JsonLine::Topic(ArchivedTopic { partitions: 3, .. })));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (line, expected) in [
            ("{\"valeu\":\"x\"}", "unknown field `valeu`"),
            ("{\"value\":5}", "column 10: invalid type: integer `5`, expected a string"),
            ("{\"value\":\"x\"", "EOF while parsing an object"),
            ("x", "column 1: expected value"),
            ("{\"keyBase64\":\"!\"}", "\"keyBase64\" is no base64"),
            ("{\"key\":\"a\",\"keyBase64\":\"YQ==\"}", "there is \"key\" and \"keyBase64\""),
            ("{\"headers\":[\"a\"]}", "keys and values in turn"),
            ("{\"headers\":[{\"value\":\"a\"}]}", "a header has no key"),
            ("{\"timestampType\":\"now\"}", "neither CreateTime nor LogAppendTime"),
            ("{\"partition\":99999999999}", "invalid value"),
            ("{\"partitions\":3}", "a topic has no name"),
            ("{\"topic\":\"t\",\"partitions\":0}", "at least one partition"),
            ("{\"value\":\"\\ud800\"}", "column"),
        ] {
            assert!(why(line).contains(expected), "{line}: {}", why(line));
        }
        assert!(read_line(b"{\"value\":\"\xff\"}").is_err());
    }
}
