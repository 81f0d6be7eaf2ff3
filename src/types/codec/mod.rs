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

mod error;
mod reader;
mod writer;

pub(crate) use error::CodecError;
pub(crate) use reader::Reader;
pub(crate) use writer::{TaggedFields, Writer};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Uuid;

    type Result<T> = std::result::Result<T, CodecError>;

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
        assert_eq!(r.uvarint()?, 300);
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
