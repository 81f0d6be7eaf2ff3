//! What a message holds, field by field, and how its bytes become JSON by that.
//!
//! A field exists from a version on. Flexible versions (KIP-482) have compact lengths and a section of tagged fields behind
//! each struct; a tagged field that is not there, or has its default value, is left out of the JSON. Kafka's own words are
//! used for what can't be read, as its tools show them.

use crate::types::Reader;
use serde_json::{Map, Value};

/// A message whose versions are flexible from one on.
#[derive(Clone, Copy)]
pub(super) struct Message {
    pub(super) flexible_since: i16,
    pub(super) fields: &'static [Field],
}

/// No version is flexible.
pub(super) const NEVER: i16 = i16::MAX;

#[derive(Clone, Copy)]
pub(super) struct Field {
    name: &'static str,
    kind: Kind,
    since: i16,
    /// Inclusive.
    until: i16,
    nullable: bool,
    tag: Option<(u32, Default)>,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Bool,
    I8,
    I16,
    U16,
    I32,
    I64,
    F64,
    Uuid,
    Text,
    Bytes,
    Array(&'static Kind),
    Struct(&'static [Field]),
    Structs(&'static [Field]),
}

/// The value that a tagged field has if it is not there.
#[derive(Clone, Copy)]
pub(super) enum Default {
    Null,
    Number(i64),
    /// 0, or nothing in it.
    Empty,
}

pub(super) const BOOL: Kind = Kind::Bool;
pub(super) const I8: Kind = Kind::I8;
pub(super) const I16: Kind = Kind::I16;
pub(super) const U16: Kind = Kind::U16;
pub(super) const I32: Kind = Kind::I32;
pub(super) const I64: Kind = Kind::I64;
pub(super) const F64: Kind = Kind::F64;
pub(super) const UUID: Kind = Kind::Uuid;
pub(super) const TEXT: Kind = Kind::Text;
pub(super) const BYTES: Kind = Kind::Bytes;

pub(super) const fn array(of: &'static Kind) -> Kind {
    Kind::Array(of)
}

/// A struct.
pub(super) const fn of(fields: &'static [Field]) -> Kind {
    Kind::Struct(fields)
}

/// An array of structs.
pub(super) const fn many(fields: &'static [Field]) -> Kind {
    Kind::Structs(fields)
}

/// A field of every version.
pub(super) const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, since: 0, until: i16::MAX, nullable: false, tag: None }
}

impl Field {
    /// It came with this version.
    pub(super) const fn since(mut self, version: i16) -> Field {
        self.since = version;
        self
    }

    /// Only this version has it.
    pub(super) const fn only(mut self, version: i16) -> Field {
        self.since = version;
        self.until = version;
        self
    }

    pub(super) const fn nullable(mut self) -> Field {
        self.nullable = true;
        self
    }

    pub(super) const fn tagged(mut self, tag: u32, default: Default) -> Field {
        self.tag = Some((tag, default));
        self
    }

    const fn is_in(&self, version: i16) -> bool {
        self.since <= version && version <= self.until
    }
}

/// Why bytes are not the message, in Kafka's words.
pub(super) type Result<T> = std::result::Result<T, String>;

impl Message {
    /// The JSON of a message of this version; bytes behind it stay in `bytes`.
    pub(super) fn decode(&self, version: i16, bytes: &mut Reader<'_>) -> Result<Value> {
        let decoder = Decoder { version, flexible: version >= self.flexible_since };
        decoder.fields(self.fields, bytes)
    }
}

#[derive(Clone, Copy)]
struct Decoder {
    version: i16,
    flexible: bool,
}

impl Decoder {
    fn fields(self, fields: &'static [Field], bytes: &mut Reader<'_>) -> Result<Value> {
        let mut values: Vec<Option<Value>> = Vec::with_capacity(fields.len());
        for field in fields {
            let plain = field.tag.is_none() && field.is_in(self.version);
            values.push(if plain { Some(self.value(field, bytes)?) } else { None });
        }
        if self.flexible {
            self.tags(fields, &mut values, bytes)?;
        }
        let named = fields.iter().zip(values);
        let present = named.filter_map(|(field, value)| Some((field.name.to_owned(), value?)));
        Ok(Value::Object(present.collect::<Map<_, _>>()))
    }

    /// The section of tagged fields; unknown ones are passed over. The size of a known one says nothing that its
    /// content doesn't, and Kafka doesn't look at it.
    fn tags(
        self,
        fields: &'static [Field],
        values: &mut [Option<Value>],
        bytes: &mut Reader<'_>,
    ) -> Result<()> {
        for _ in 0..unsigned(bytes)? {
            let tag = u32::try_from(unsigned(bytes)?).unwrap_or(u32::MAX);
            let size = unsigned(bytes)?;
            let known = fields.iter().zip(values.iter_mut()).find_map(|(field, value)| match field.tag {
                Some((number, default)) if number == tag && field.is_in(self.version) => {
                    Some((field, value, default))
                }
                _ => None,
            });
            match known {
                Some((field, slot, default)) => {
                    let value = self.value(field, bytes)?;
                    *slot = Some(value).filter(|value| *value != self.default_value(field.kind, default));
                }
                None => {
                    take(bytes, size)?;
                }
            }
        }
        Ok(())
    }

    fn default_value(self, kind: Kind, default: Default) -> Value {
        match (default, kind) {
            (Default::Null, _) => Value::Null,
            (Default::Number(number), _) => number.into(),
            (Default::Empty, Kind::Bool) => false.into(),
            (Default::Empty, Kind::I8 | Kind::I16 | Kind::U16 | Kind::I32 | Kind::I64) => 0.into(),
            (Default::Empty, Kind::F64) => 0.0.into(),
            (Default::Empty, Kind::Uuid) => crate::types::Uuid::ZERO.to_string().into(),
            (Default::Empty, Kind::Text | Kind::Bytes) => "".into(),
            (Default::Empty, Kind::Array(_) | Kind::Structs(_)) => Value::Array(Vec::new()),
            (Default::Empty, Kind::Struct(fields)) => {
                let plain = fields.iter().filter(|field| field.tag.is_none() && field.is_in(self.version));
                let default = |field: &Field| match field.nullable {
                    true => Value::Null,
                    false => self.default_value(field.kind, Default::Empty),
                };
                Value::Object(plain.map(|field| (field.name.to_owned(), default(field))).collect())
            }
        }
    }

    fn value(self, field: &Field, bytes: &mut Reader<'_>) -> Result<Value> {
        let null = || match field.nullable {
            true => Ok(Value::Null),
            false => Err(format!("non-nullable field {} was serialized as null", field.name)),
        };
        match field.kind {
            Kind::Text | Kind::Bytes => match self.length(field.kind, bytes)? {
                None => null(),
                Some(length) => self.content(field.kind, length, bytes),
            },
            Kind::Array(&of) => match self.count(bytes)? {
                None => null(),
                Some(count) => (0..count).map(|_| self.element(of, field, bytes)).collect(),
            },
            Kind::Structs(fields) => match self.count(bytes)? {
                None => null(),
                Some(count) => (0..count).map(|_| self.fields(fields, bytes)).collect(),
            },
            Kind::Struct(fields) => {
                // In a tag nullness is told as if by a length, elsewhere by a signed byte.
                let is_null = match (field.nullable, field.tag) {
                    (false, _) => false,
                    (true, Some(_)) => unsigned(bytes)? == 0,
                    (true, None) => bytes.i8().map_err(ends_early)? < 0,
                };
                if is_null { null() } else { self.fields(fields, bytes) }
            }
            kind => scalar(kind, bytes),
        }
    }

    /// An element of an array, which is never null and never an array.
    fn element(self, kind: Kind, field: &Field, bytes: &mut Reader<'_>) -> Result<Value> {
        match kind {
            Kind::Text | Kind::Bytes => match self.length(kind, bytes)? {
                None => Err(format!("non-nullable field {} element was serialized as null", field.name)),
                Some(length) => self.content(kind, length, bytes),
            },
            kind => scalar(kind, bytes),
        }
    }

    /// The length of a text or of bytes, `None` for null.
    fn length(self, kind: Kind, bytes: &mut Reader<'_>) -> Result<Option<usize>> {
        if self.flexible {
            return Ok(unsigned(bytes)?.checked_sub(1));
        }
        let length = match kind {
            Kind::Text => bytes.i16().map(i32::from),
            _ => bytes.i32(),
        };
        Ok(usize::try_from(length.map_err(ends_early)?).ok())
    }

    /// The number of an array's elements, `None` for null.
    fn count(self, bytes: &mut Reader<'_>) -> Result<Option<usize>> {
        let count = match self.flexible {
            true => unsigned(bytes)?.checked_sub(1),
            false => usize::try_from(bytes.i32().map_err(ends_early)?).ok(),
        };
        let remaining = bytes.remaining().len();
        match count {
            Some(count) if count > remaining => Err(format!(
                "Tried to allocate a collection of size {count}, but there are only {remaining} bytes remaining."
            )),
            count => Ok(count),
        }
    }

    fn content(self, kind: Kind, length: usize, bytes: &mut Reader<'_>) -> Result<Value> {
        let content = take(bytes, length)?;
        Ok(match kind {
            Kind::Bytes => super::json::base64(content),
            _ => super::json::java_text(content).into_owned(),
        }
        .into())
    }
}

fn scalar(kind: Kind, bytes: &mut Reader<'_>) -> Result<Value> {
    match kind {
        Kind::Bool => bytes.bool().map(Value::from),
        Kind::I8 => bytes.i8().map(Value::from),
        Kind::I16 => bytes.i16().map(Value::from),
        Kind::U16 => bytes.u16().map(Value::from),
        Kind::I32 => bytes.i32().map(Value::from),
        Kind::I64 => bytes.i64().map(Value::from),
        Kind::F64 => bytes.f64().map(Value::from),
        _ => bytes.uuid().map(|id| id.to_string().into()),
    }
    .map_err(ends_early)
}

fn unsigned(bytes: &mut Reader<'_>) -> Result<usize> {
    bytes.uvarint().map(|value| usize::try_from(value).unwrap_or(usize::MAX)).map_err(ends_early)
}

fn take<'a>(bytes: &mut Reader<'a>, length: usize) -> Result<&'a [u8]> {
    let remaining = bytes.remaining().len();
    bytes.take(length).map_err(|_| {
        format!("Error reading byte array of {length} byte(s): only {remaining} byte(s) available")
    })
}

/// What Java's buffers say of their end, which is nothing.
fn ends_early(_: crate::types::CodecError) -> String {
    "null".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: &[Field] = &[field("x", I8), field("label", TEXT).nullable()];
    const MESSAGE: Message = Message {
        flexible_since: 1,
        fields: &[
            field("id", I32),
            field("late", I16).since(1).tagged(0, Default::Number(-1)),
            field("points", many(POINT)),
            field("old", BOOL).only(0),
            field("home", of(POINT)).nullable().tagged(1, Default::Empty),
        ],
    };

    fn decode(version: i16, bytes: &[u8]) -> Result<String> {
        MESSAGE.decode(version, &mut Reader::new(bytes)).map(|value| value.to_string())
    }

    #[test]
    fn versions_differ_in_fields_and_lengths() {
        let classic = [0, 0, 0, 5, 0, 0, 0, 1, 9, 0xff, 0xff, 1];
        assert_eq!(decode(0, &classic).unwrap(), r#"{"id":5,"points":[{"x":9,"label":null}],"old":true}"#);
        let flexible = [0, 0, 0, 5, 2, 9, 3, b'h', b'i', 0, 0];
        assert_eq!(decode(1, &flexible).unwrap(), r#"{"id":5,"points":[{"x":9,"label":"hi"}]}"#);
    }

    #[test]
    fn tagged_fields_stand_in_their_place_unless_they_have_their_default() {
        let tags = |section: &[u8]| decode(1, &[[0, 0, 0, 5, 1].as_slice(), section].concat()).unwrap();
        assert_eq!(tags(&[1, 0, 2, 0, 7]), r#"{"id":5,"late":7,"points":[]}"#);
        assert_eq!(tags(&[1, 0, 2, 0xff, 0xff]), r#"{"id":5,"points":[]}"#);
        assert_eq!(tags(&[2, 1, 1, 0, 9, 1, 0]), r#"{"id":5,"points":[],"home":null}"#);
        assert_eq!(tags(&[1, 1, 4, 1, 3, 0, 0]), r#"{"id":5,"points":[],"home":{"x":3,"label":null}}"#);
        assert_eq!(tags(&[1, 1, 4, 1, 0, 0, 0]), r#"{"id":5,"points":[]}"#);
    }

    #[test]
    fn every_prefix_is_refused_in_kafkas_words() {
        let flexible = [0, 0, 0, 5, 2, 9, 3, b'h', b'i', 0, 0];
        for end in 0..flexible.len() {
            assert!(decode(1, &flexible[..end]).is_err(), "{end} bytes");
        }
        assert_eq!(
            decode(1, &[0, 0, 0, 5, 0]).unwrap_err(),
            "non-nullable field points was serialized as null"
        );
        assert_eq!(
            decode(1, &[0, 0, 0, 5, 9]).unwrap_err(),
            "Tried to allocate a collection of size 8, but there are only 0 bytes remaining."
        );
        assert_eq!(
            decode(1, &[0, 0, 0, 5, 2, 9, 8, 1]).unwrap_err(),
            "Error reading byte array of 7 byte(s): only 1 byte(s) available"
        );
    }
}
