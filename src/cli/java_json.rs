//! JSON files as Kafka's tools read them: the first value counts, types are checked when a value is used, and what is wrong is
//! told in the words of Kafka's JSON classes.

use serde_json::{Map, Value};

/// The first value of a text; `None` if it is none. What follows is of no interest.
pub(super) fn first(text: &[u8]) -> Option<Value> {
    serde_json::Deserializer::from_slice(text).into_iter::<Value>().next()?.ok()
}

pub(super) fn object(value: &Value) -> Result<&Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("Expected JSON object, received {value}"))
}

pub(super) fn array(value: &Value) -> Result<&[Value], String> {
    match value {
        Value::Array(values) => Ok(values),
        other => Err(format!("Expected JSON array, received {other}")),
    }
}

pub(super) fn field<'v>(fields: &'v Map<String, Value>, name: &str) -> Result<&'v Value, String> {
    fields.get(name).ok_or_else(|| format!("No such field exists: `{name}`"))
}

pub(super) fn string(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| expected("String", value))
}

pub(super) fn int(value: &Value) -> Result<i32, String> {
    let number = value.as_i64().and_then(|number| i32::try_from(number).ok());
    number.ok_or_else(|| expected("Integer", value))
}

pub(super) fn long(value: &Value) -> Result<i64, String> {
    value.as_i64().ok_or_else(|| expected("Long", value))
}

fn expected(kind: &str, value: &Value) -> String {
    format!("Expected `{kind}` value, received {value}")
}
