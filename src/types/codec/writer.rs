//! `Writer`: appends the primitive types of Kafka's schemas to a buffer. Source: KIP-482.

use super::CodecError;
use crate::types::{Uuid, varint};

type Result<T> = std::result::Result<T, CodecError>;

/// Appends values to a buffer of its own. A text or array that its length field can't express is remembered and makes
/// [`Writer::finish`] fail, so that single calls need no check.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    out: Vec<u8>,
    error: Option<CodecError>,
}

impl Writer {
    pub(crate) fn new() -> Writer {
        Writer::default()
    }

    /// The bytes, unless something was too long.
    pub(crate) fn finish(self) -> Result<Vec<u8>> {
        self.error.map_or(Ok(self.out), Err)
    }

    /// How many bytes the buffer holds.
    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    pub(crate) fn i8(&mut self, value: i8) {
        self.raw(&value.to_be_bytes());
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.i8(i8::from(value));
    }

    pub(crate) fn i16(&mut self, value: i16) {
        self.raw(&value.to_be_bytes());
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.raw(&value.to_be_bytes());
    }

    pub(crate) fn i32(&mut self, value: i32) {
        self.raw(&value.to_be_bytes());
    }

    pub(crate) fn i64(&mut self, value: i64) {
        self.raw(&value.to_be_bytes());
    }

    pub(crate) fn f64(&mut self, value: f64) {
        self.raw(&value.to_be_bytes());
    }

    pub(crate) fn uuid(&mut self, value: Uuid) {
        self.raw(&value.0);
    }

    pub(crate) fn uvarint(&mut self, value: u32) {
        varint::put_unsigned(&mut self.out, u64::from(value));
    }

    fn fitting<T: TryFrom<usize>>(&mut self, length: usize, what: &'static str) -> Option<T> {
        let fitting = T::try_from(length).ok();
        if fitting.is_none() {
            self.error.get_or_insert(CodecError::TooLong { what, length });
        }
        fitting
    }

    fn compact_length(&mut self, length: Option<usize>, what: &'static str) {
        let length = length.map_or(0, |length| length.saturating_add(1));
        if let Some(length) = self.fitting(length, what) {
            self.uvarint(length);
        }
    }

    pub(crate) fn string(&mut self, text: &str) {
        if let Some(length) = self.fitting(text.len(), "string") {
            self.i16(length);
            self.raw(text.as_bytes());
        }
    }

    pub(crate) fn nullable_string(&mut self, text: Option<&str>) {
        match text {
            None => self.i16(-1),
            Some(text) => self.string(text),
        }
    }

    pub(crate) fn compact_string(&mut self, text: &str) {
        self.compact_bytes(text.as_bytes());
    }

    pub(crate) fn compact_nullable_string(&mut self, text: Option<&str>) {
        self.compact_nullable_bytes(text.map(str::as_bytes));
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        if let Some(length) = self.fitting(bytes.len(), "byte string") {
            self.i32(length);
            self.raw(bytes);
        }
    }

    pub(crate) fn nullable_bytes(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            None => self.i32(-1),
            Some(bytes) => self.bytes(bytes),
        }
    }

    pub(crate) fn compact_bytes(&mut self, bytes: &[u8]) {
        self.compact_nullable_bytes(Some(bytes));
    }

    pub(crate) fn compact_nullable_bytes(&mut self, bytes: Option<&[u8]>) {
        self.compact_length(bytes.map(<[u8]>::len), "byte string");
        self.raw(bytes.unwrap_or_default());
    }

    /// The count before a classic array's elements; `None` is a null array.
    pub(crate) fn array_count(&mut self, count: Option<usize>) {
        match count {
            None => self.i32(-1),
            Some(count) => {
                if let Some(count) = self.fitting(count, "array") {
                    self.i32(count);
                }
            }
        }
    }

    /// The count before a compact array's elements; `None` is a null array.
    pub(crate) fn compact_array_count(&mut self, count: Option<usize>) {
        self.compact_length(count, "array");
    }

    pub(crate) fn array<T>(&mut self, elements: &[T], mut element: impl FnMut(&mut Writer, &T)) {
        self.array_count(Some(elements.len()));
        elements.iter().for_each(|one| element(self, one));
    }

    pub(crate) fn compact_array<T>(&mut self, elements: &[T], mut element: impl FnMut(&mut Writer, &T)) {
        self.compact_array_count(Some(elements.len()));
        elements.iter().for_each(|one| element(self, one));
    }

    /// A section of tagged fields, put by `fields` in ascending order of tags.
    pub(crate) fn tagged_fields(&mut self, fields: impl FnOnce(&mut TaggedFields)) {
        let mut section = TaggedFields { count: 0, content: Writer::new() };
        fields(&mut section);
        self.uvarint(section.count);
        self.append(section.content);
    }

    /// An empty section of tagged fields.
    pub(crate) fn no_tagged_fields(&mut self) {
        self.uvarint(0);
    }

    fn append(&mut self, other: Writer) {
        self.raw(&other.out);
        self.error = self.error.or(other.error);
    }
}

/// The tagged fields of one message while they are being written.
#[derive(Debug)]
pub(crate) struct TaggedFields {
    count: u32,
    content: Writer,
}

impl TaggedFields {
    /// Adds the field `tag` whose content `content` writes.
    pub(crate) fn put(&mut self, tag: u32, content: impl FnOnce(&mut Writer)) {
        let mut one = Writer::new();
        content(&mut one);
        self.count += 1;
        self.content.uvarint(tag);
        if let Some(size) = self.content.fitting(one.len(), "tagged field") {
            self.content.uvarint(size);
        }
        self.content.append(one);
    }
}
