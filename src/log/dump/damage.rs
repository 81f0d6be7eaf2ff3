//! Why a record can't be read, as Kafka finds it: Kafka reads on behind the end that a record's length says, and compares
//! the two afterwards. Only for words; whether a record is sound is decided in `record`.

use crate::types::varint;

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// The records end before its length does.
    NoLength,
    /// A field ends, or would end, behind the records' end.
    Structure,
    /// Its length goes beyond the records' end.
    Remaining {
        declared: i32,
        left: usize,
    },
    /// Its fields take another number of bytes than its length says.
    Size {
        declared: i32,
        read: usize,
    },
    NegativeHeaderCount(i32),
    /// More headers than bytes.
    HeaderCount(i32),
    NegativeHeaderKeySize(i32),
}

/// Looks at the record that begins `bytes`, which reach to the end of its batch; `None` if nothing is found.
pub(crate) fn damage(bytes: &[u8]) -> Option<Damage> {
    let mut rest = bytes;
    walk(&mut rest).err()
}

fn walk(rest: &mut &[u8]) -> Result<(), Damage> {
    let declared = number(rest).map_err(|_| Damage::NoLength)?;
    let before = rest.len();
    if usize::try_from(declared).is_ok_and(|size| size > before) {
        return Err(Damage::Remaining { declared, left: before });
    }
    let (_attributes, after) = rest.split_first().ok_or(Damage::Structure)?;
    *rest = after;
    varint::take(rest).ok_or(Damage::Structure)?;
    number(rest)?;
    skip(rest)?;
    skip(rest)?;
    let headers = number(rest)?;
    let count = usize::try_from(headers).map_err(|_| Damage::NegativeHeaderCount(headers))?;
    if count > rest.len() {
        return Err(Damage::HeaderCount(headers));
    }
    for _ in 0..count {
        let key = number(&mut &**rest)?;
        if key < 0 {
            return Err(Damage::NegativeHeaderKeySize(key));
        }
        skip(rest)?;
        skip(rest)?;
    }
    let read = before - rest.len();
    if usize::try_from(declared) == Ok(read) { Ok(()) } else { Err(Damage::Size { declared, read }) }
}

fn number(rest: &mut &[u8]) -> Result<i32, Damage> {
    varint::take(rest).and_then(|value| i32::try_from(value).ok()).ok_or(Damage::Structure)
}

fn skip(rest: &mut &[u8]) -> Result<(), Damage> {
    let Ok(size) = usize::try_from(number(rest)?) else { return Ok(()) };
    *rest = rest.get(size..).ok_or(Damage::Structure)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_named_by_what_kafka_trips_over() {
        let sound = [16, 0, 0, 0, 2, b'k', 2, b'v', 0, 0];
        let with = |length: u8| [&[length], &sound[1..]].concat();
        assert_eq!(damage(&sound), None);
        assert_eq!(damage(&with(18)), Some(Damage::Size { declared: 9, read: 8 }));
        assert_eq!(damage(&with(20)), Some(Damage::Remaining { declared: 10, left: 9 }));
        assert_eq!(damage(&[]), Some(Damage::NoLength));
        assert_eq!(damage(&[10, 0, 0, 0, 80, b'k']), Some(Damage::Structure));
        assert_eq!(damage(&[12, 0, 0, 0, 1, 1, 9]), Some(Damage::NegativeHeaderCount(-5)));
        assert_eq!(damage(&[14, 0, 0, 0, 1, 1, 10, 0]), Some(Damage::HeaderCount(5)));
        assert_eq!(damage(&[14, 0, 0, 0, 1, 1, 2, 3]), Some(Damage::NegativeHeaderKeySize(-2)));
    }
}
