//! `Reader`: takes the primitive types of Kafka's schemas from bytes that nobody vouches for. Source: KIP-482.

use super::CodecError;
use crate::types::{Uuid, varint};

type Result<T> = std::result::Result<T, CodecError>;

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
