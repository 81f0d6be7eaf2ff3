//! `Reader` and `Writer`: the primitive types of Kafka's message schemas, classic and compact (KIP-482), over bytes in
//! memory. They know no message. Lengths and counts are checked against what is left before anything is allocated.
//!
//! | type | encoding |
//! |---|---|
//! | i8 … i64 | big-endian |
//! | varint, uvarint | base 128, low group first; varint is zigzag-mapped first |
//! | string, bytes, array | length i16 (string) or i32, -1 = null, then the content |
//! | compact_… | uvarint of length + 1, 0 = null, then the content |
//! | tagged fields | uvarint count, then per field uvarint tag, uvarint size, content; tags ascend |

use super::{Uuid, varint};

type Result<T> = std::result::Result<T, CodecError>;

/// Why bytes are not what a schema says; `at` counts from the start of the reader's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CodecError {
    #[error("ends early at byte {at}: {needed} more needed")]
    Truncated { at: usize, needed: usize },
    #[error("malformed {what} at byte {at}")]
    Malformed { at: usize, what: &'static str },
    /// Writing only.
    #[error("{what} of {length} is too long to be encoded")]
    TooLong { what: &'static str, length: usize },
}

/// Takes values from the front of a byte slice; what it returns borrows from it.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    total: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes, total: bytes.len() }
    }

    /// How many bytes were taken so far.
    pub(crate) const fn position(&self) -> usize {
        self.total - self.rest.len()
    }

    /// What has not been taken yet.
    pub(crate) const fn remaining(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Fails if bytes are left over.
    pub(crate) fn expect_end(&self) -> Result<()> {
        if self.is_empty() { Ok(()) } else { Err(self.malformed("end of message")) }
    }

    /// An error of the caller's at the present position.
    pub(crate) const fn malformed(&self, what: &'static str) -> CodecError {
        CodecError::Malformed { at: self.position(), what }
    }

    /// Takes exactly `length` bytes.
    #[inline]
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else {
            let needed = length - self.rest.len();
            return Err(CodecError::Truncated { at: self.position(), needed });
        };
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    fn take_array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let Some((taken, rest)) = self.rest.split_first_chunk::<N>() else {
            let needed = N - self.rest.len();
            return Err(CodecError::Truncated { at: self.position(), needed });
        };
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn i8(&mut self) -> Result<i8> {
        self.take_array().map(i8::from_be_bytes)
    }

    /// One byte; anything but 0 is true, as Kafka reads it.
    pub(crate) fn bool(&mut self) -> Result<bool> {
        self.i8().map(|byte| byte != 0)
    }

    pub(crate) fn i16(&mut self) -> Result<i16> {
        self.take_array().map(i16::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16> {
        self.take_array().map(u16::from_be_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32> {
        self.take_array().map(i32::from_be_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64> {
        self.take_array().map(i64::from_be_bytes)
    }

    pub(crate) fn f64(&mut self) -> Result<f64> {
        self.take_array().map(f64::from_be_bytes)
    }

    pub(crate) fn uuid(&mut self) -> Result<Uuid> {
        self.take_array().map(Uuid)
    }

    /// An unsigned varint of at most 32 bits.
    #[inline]
    pub(crate) fn uvarint(&mut self) -> Result<u32> {
        // Nearly all lengths, counts and tags of a record are below 128.
        if let Some((&byte, rest)) = self.rest.split_first()
            && byte < 0x80
        {
            self.rest = rest;
            return Ok(u32::from(byte));
        }
        let error = self.varint_error();
        varint::take_unsigned(&mut self.rest).and_then(|value| u32::try_from(value).ok()).ok_or(error)
    }

    /// A zigzag varint of at most 32 bits.
    pub(crate) fn varint(&mut self) -> Result<i32> {
        let error = self.varint_error();
        varint::take(&mut self.rest).and_then(|value| i32::try_from(value).ok()).ok_or(error)
    }

    /// A zigzag varint of at most 64 bits.
    pub(crate) fn varlong(&mut self) -> Result<i64> {
        let error = self.varint_error();
        varint::take(&mut self.rest).ok_or(error)
    }

    const fn varint_error(&self) -> CodecError {
        if self.is_empty() {
            CodecError::Truncated { at: self.position(), needed: 1 }
        } else {
            self.malformed("variable-length number")
        }
    }

    /// A length that -1 makes null; other negative ones are malformed.
    fn nullable_length(&self, length: i32, what: &'static str) -> Result<Option<usize>> {
        match length {
            -1 => Ok(None),
            _ => usize::try_from(length).map(Some).map_err(|_| self.malformed(what)),
        }
    }

    fn compact_length(&mut self) -> Result<Option<usize>> {
        // A u32 fits a usize on every system that kt runs on; the fallback makes `take` fail.
        Ok(self.uvarint()?.checked_sub(1).map(|length| usize::try_from(length).unwrap_or(usize::MAX)))
    }

    fn text(&mut self, length: Option<usize>) -> Result<Option<&'a str>> {
        let Some(length) = length else { return Ok(None) };
        let error = self.malformed("text that is not UTF-8");
        std::str::from_utf8(self.take(length)?).map(Some).map_err(|_| error)
    }

    fn non_null<T>(&self, value: Option<T>, what: &'static str) -> Result<T> {
        value.ok_or_else(|| self.malformed(what))
    }

    pub(crate) fn nullable_string(&mut self) -> Result<Option<&'a str>> {
        let length = i32::from(self.i16()?);
        let length = self.nullable_length(length, "string length")?;
        self.text(length)
    }

    pub(crate) fn string(&mut self) -> Result<&'a str> {
        let text = self.nullable_string()?;
        self.non_null(text, "string (null)")
    }

    pub(crate) fn compact_nullable_string(&mut self) -> Result<Option<&'a str>> {
        let length = self.compact_length()?;
        self.text(length)
    }

    pub(crate) fn compact_string(&mut self) -> Result<&'a str> {
        let text = self.compact_nullable_string()?;
        self.non_null(text, "string (null)")
    }

    pub(crate) fn nullable_bytes(&mut self) -> Result<Option<&'a [u8]>> {
        let length = self.i32()?;
        let length = self.nullable_length(length, "byte length")?;
        length.map(|length| self.take(length)).transpose()
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        let bytes = self.nullable_bytes()?;
        self.non_null(bytes, "bytes (null)")
    }

    pub(crate) fn compact_nullable_bytes(&mut self) -> Result<Option<&'a [u8]>> {
        let length = self.compact_length()?;
        length.map(|length| self.take(length)).transpose()
    }

    pub(crate) fn compact_bytes(&mut self) -> Result<&'a [u8]> {
        let bytes = self.compact_nullable_bytes()?;
        self.non_null(bytes, "bytes (null)")
    }

    /// Every element takes at least one byte, so a larger count than bytes left is a lie.
    fn bounded_count(&self, count: Option<usize>) -> Result<Option<usize>> {
        match count {
            Some(count) if count > self.rest.len() => Err(self.malformed("array count")),
            count => Ok(count),
        }
    }

    /// The count before a classic array's elements; `None` is a null array.
    pub(crate) fn array_count(&mut self) -> Result<Option<usize>> {
        let count = self.i32()?;
        let count = self.nullable_length(count, "array count")?;
        self.bounded_count(count)
    }

    /// The count before a compact array's elements; `None` is a null array.
    pub(crate) fn compact_array_count(&mut self) -> Result<Option<usize>> {
        let count = self.compact_length()?;
        self.bounded_count(count)
    }

    fn elements<T>(
        &mut self,
        count: usize,
        mut element: impl FnMut(&mut Reader<'a>) -> Result<T>,
    ) -> Result<Vec<T>> {
        (0..count).map(|_| element(self)).collect()
    }

    pub(crate) fn nullable_array<T>(
        &mut self,
        element: impl FnMut(&mut Reader<'a>) -> Result<T>,
    ) -> Result<Option<Vec<T>>> {
        let count = self.array_count()?;
        count.map(|count| self.elements(count, element)).transpose()
    }

    pub(crate) fn array<T>(&mut self, element: impl FnMut(&mut Reader<'a>) -> Result<T>) -> Result<Vec<T>> {
        let elements = self.nullable_array(element)?;
        self.non_null(elements, "array (null)")
    }

    pub(crate) fn nullable_compact_array<T>(
        &mut self,
        element: impl FnMut(&mut Reader<'a>) -> Result<T>,
    ) -> Result<Option<Vec<T>>> {
        let count = self.compact_array_count()?;
        count.map(|count| self.elements(count, element)).transpose()
    }

    pub(crate) fn compact_array<T>(
        &mut self,
        element: impl FnMut(&mut Reader<'a>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let elements = self.nullable_compact_array(element)?;
        self.non_null(elements, "array (null)")
    }

    /// Hands each tagged field to `field` with a reader of its content; what it leaves unread is skipped, so unknown
    /// tags need no more than an `Ok(())`.
    pub(crate) fn tagged_fields(
        &mut self,
        mut field: impl FnMut(u32, &mut Reader<'a>) -> Result<()>,
    ) -> Result<()> {
        for _ in 0..self.uvarint()? {
            let tag = self.uvarint()?;
            let size = self.uvarint()?;
            let content = self.take(usize::try_from(size).unwrap_or(usize::MAX))?;
            field(tag, &mut Reader::new(content))?;
        }
        Ok(())
    }

    /// Passes over the tagged fields of a message that has none of its own.
    pub(crate) fn skip_tagged_fields(&mut self) -> Result<()> {
        self.tagged_fields(|_, _| Ok(()))
    }
}

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

    /// Appends to `buffer`, which [`Writer::finish`] gives back.
    pub(crate) fn into_buffer(buffer: Vec<u8>) -> Writer {
        Writer { out: buffer, error: None }
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

    pub(crate) fn varint(&mut self, value: i32) {
        varint::put(&mut self.out, i64::from(value));
    }

    pub(crate) fn varlong(&mut self, value: i64) {
        varint::put(&mut self.out, value);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Vec<u8> {
        let mut w = Writer::new();
        w.i8(-1);
        w.bool(true);
        w.i16(-2);
        w.u16(9092);
        w.i32(-3);
        w.i64(i64::MIN);
        w.f64(0.5);
        w.uuid(Uuid::METADATA_TOPIC);
        w.uvarint(300);
        w.varint(-65);
        w.varlong(i64::MAX);
        w.string("topic");
        w.nullable_string(None);
        w.compact_string("");
        w.compact_nullable_string(None);
        w.bytes(b"raw");
        w.nullable_bytes(None);
        w.compact_bytes(&[7; 200]);
        w.array(&[1, 2], |w, &one| w.i32(one));
        w.array_count(None);
        w.compact_array(&["a", "b"], |w, one| w.compact_string(one));
        w.compact_array_count(None);
        w.tagged_fields(|tags| {
            tags.put(1, |w| w.i8(4));
            tags.put(8, |w| w.i32(5));
        });
        w.no_tagged_fields();
        w.finish().unwrap()
    }

    /// Reads what `written` wrote and answers the tagged fields' values.
    fn read(bytes: &[u8]) -> Result<(i8, Vec<&str>)> {
        let mut r = Reader::new(bytes);
        assert!(r.i8()? == -1 && r.bool()?);
        assert_eq!((r.i16()?, r.u16()?, r.i32()?, r.i64()?), (-2, 9092, -3, i64::MIN));
        assert_eq!((r.f64()?, r.uuid()?), (0.5, Uuid::METADATA_TOPIC));
        assert_eq!((r.uvarint()?, r.varint()?, r.varlong()?), (300, -65, i64::MAX));
        assert_eq!((r.string()?, r.nullable_string()?), ("topic", None));
        assert_eq!((r.compact_string()?, r.compact_nullable_string()?), ("", None));
        assert_eq!((r.bytes()?, r.nullable_bytes()?), (b"raw".as_slice(), None));
        assert_eq!(r.compact_bytes()?, &[7; 200]);
        assert_eq!(r.array(Reader::i32)?, [1, 2]);
        assert_eq!(r.nullable_array(Reader::i32)?, None);
        let texts = r.compact_array(Reader::compact_string)?;
        assert_eq!(r.nullable_compact_array(Reader::i32)?, None);
        let mut one = 0;
        r.tagged_fields(|tag, content| {
            if tag == 1 {
                one = content.i8()?;
            }
            Ok(())
        })?;
        r.skip_tagged_fields()?;
        r.expect_end()?;
        Ok((one, texts))
    }

    #[test]
    fn every_type_survives_and_every_prefix_is_refused() {
        let bytes = written();
        assert_eq!(read(&bytes).unwrap(), (4, vec!["a", "b"]));
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn lying_lengths_are_refused_before_anything_is_allocated() {
        let mut huge = 0x7fff_ffff_i32.to_be_bytes().to_vec();
        huge.push(0);
        assert!(matches!(Reader::new(&huge).array(Reader::i8), Err(CodecError::Malformed { .. })));
        assert_eq!(Reader::new(&huge).bytes(), Err(CodecError::Truncated { at: 4, needed: 0x7fff_fffe }));
        assert!(Reader::new(&(-2_i32).to_be_bytes()).nullable_bytes().is_err());
        assert!(Reader::new(&[0xff, 0xff, 0xff, 0xff, 0x7f]).uvarint().is_err());
        assert!(Reader::new(&[0]).compact_string().is_err());
        assert!(Reader::new(&[2, 0xff]).compact_string().is_err());
    }

    #[test]
    fn a_text_too_long_for_its_length_field_fails_at_the_end() {
        let mut w = Writer::new();
        w.string(&"x".repeat(0x8000));
        w.i8(1);
        assert_eq!(w.finish(), Err(CodecError::TooLong { what: "string", length: 0x8000 }));
    }
}
