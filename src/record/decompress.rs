//! `Decompressor`: any codec, into one buffer that is reused. Streams come from files and clients: the buffer
//! grows with what they really hold, never with what they claim, and ends at what a batch may hold at all.

use super::error::{Error, Result};
use super::{Compression, lz4, xerial};
use flate2::{Decompress, FlushDecompress, Status};

/// No batch of Kafka's holds more: its lengths are 32 bit.
const LIMIT: usize = i32::MAX as usize;
/// The least that a gzip member is given to unfold into at a time.
const CHUNK: usize = 64 * 1024;

pub(super) struct Decompressor {
    /// More than this is refused, in bytes.
    limit: usize,
    buffer: Vec<u8>,
    inflate: Option<Decompress>,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

impl Default for Decompressor {
    fn default() -> Decompressor {
        Decompressor::limited_to(LIMIT)
    }
}

impl Decompressor {
    /// One that unfolds streams of so many bytes at most.
    pub(super) fn limited_to(limit: usize) -> Decompressor {
        Decompressor { limit: limit.min(LIMIT), buffer: Vec::new(), inflate: None, zstd: None }
    }

    /// What `input` holds; valid until the next call.
    pub(super) fn decompress(&mut self, codec: Compression, input: &[u8]) -> Result<&[u8]> {
        self.buffer.clear();
        let done = match codec {
            Compression::None => {
                self.buffer.extend_from_slice(input);
                Ok(())
            }
            Compression::Gzip => self.gunzip(input),
            Compression::Snappy => xerial::decompress(input, &mut self.buffer, self.limit),
            Compression::Lz4 => lz4::decompress(input, &mut self.buffer, self.limit),
            Compression::Zstd => self.unzstd(input),
        };
        done.map_err(|reason| Error::Decompression { codec, reason })?;
        Ok(&self.buffer)
    }

    /// One or more gzip members. Their CRC is not compared: the batch's covers these bytes already.
    fn gunzip(&mut self, mut input: &[u8]) -> std::result::Result<(), String> {
        let inflate = self.inflate.get_or_insert_with(|| Decompress::new(false));
        while !input.is_empty() {
            skip_gzip_header(&mut input).ok_or("not in gzip format")?;
            inflate.reset(false);
            let start = self.buffer.len();
            loop {
                self.buffer.reserve(CHUNK.max(input.len().saturating_mul(3)).min(self.limit));
                let (taken, given) = (inflate.total_in(), inflate.total_out());
                let status = inflate
                    .decompress_vec(input, &mut self.buffer, FlushDecompress::None)
                    .map_err(|error| error.to_string())?;
                let taken = usize::try_from(inflate.total_in() - taken).map_err(|error| error.to_string())?;
                input = input.get(taken..).unwrap_or_default();
                if self.buffer.len() > self.limit {
                    return Err(format!("more than {} bytes", self.limit));
                }
                if status == Status::StreamEnd {
                    break;
                }
                if taken == 0 && inflate.total_out() == given {
                    return Err("the stream is cut off".to_owned());
                }
            }
            let (trailer, rest) = input.split_first_chunk::<8>().ok_or("the trailer is cut off")?;
            let [.., a, b, c, d] = *trailer;
            if u32::from_le_bytes([a, b, c, d]) as usize != self.buffer.len() - start {
                return Err("the trailer's size is wrong".to_owned());
            }
            input = rest;
        }
        Ok(())
    }

    fn unzstd(&mut self, input: &[u8]) -> std::result::Result<(), String> {
        // Blocks say how many there are, so the bound is near the truth; memory is only taken as it is written.
        let bound = zstd::bulk::Decompressor::upper_bound(input).ok_or("not a zstd frame")?;
        self.buffer.reserve(bound.min(self.limit));
        let zstd = match &mut self.zstd {
            Some(zstd) => zstd,
            none => none.insert(zstd::bulk::Decompressor::new().map_err(|error| error.to_string())?),
        };
        zstd.decompress_to_buffer(input, &mut self.buffer).map_err(|error| error.to_string())?;
        match self.buffer.len() > self.limit {
            true => Err(format!("more than {} bytes", self.limit)),
            false => Ok(()),
        }
    }
}

/// Skips a member's header with its optional fields (RFC 1952); `None` if there is none or it is cut off.
fn skip_gzip_header(input: &mut &[u8]) -> Option<()> {
    let (header, mut rest) = input.split_first_chunk::<10>()?;
    let [0x1f, 0x8b, 8, flags, ..] = *header else {
        return None;
    };
    if flags & 4 != 0 {
        let (length, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    for text in [8, 16] {
        if flags & text != 0 {
            rest = rest.get(memchr::memchr(0, rest)? + 1..)?;
        }
    }
    if flags & 2 != 0 {
        rest = rest.get(2..)?;
    }
    *input = rest;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::compress::Compressor;

    fn stream(codec: Compression, input: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Compressor::new(codec, None).compress(input, &mut out).unwrap();
        out
    }

    #[test]
    fn every_prefix_is_refused() {
        let input = b"orchid meadow ".repeat(40);
        let mut decompressor = Decompressor::default();
        for codec in [Compression::Gzip, Compression::Lz4, Compression::Zstd] {
            let stream = stream(codec, &input);
            for end in 1..stream.len() {
                assert!(decompressor.decompress(codec, &stream[..end]).is_err(), "{codec}: {end}");
            }
        }
    }

    #[test]
    fn flipped_bits_never_panic() {
        let input = b"orchid meadow ".repeat(400);
        let mut decompressor = Decompressor::default();
        for codec in Compression::ALL {
            let sound = stream(codec, &input);
            for bit in 0..sound.len().min(400) * 8 {
                let mut damaged = sound.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                let size = decompressor.decompress(codec, &damaged).map_or(0, <[u8]>::len);
                assert!(size <= LIMIT);
            }
        }
    }

    #[test]
    fn more_than_the_limit_is_refused() {
        let input = vec![b'x'; 300_000];
        for codec in Compression::ALL.into_iter().filter(|&codec| codec != Compression::None) {
            let stream = stream(codec, &input);
            assert!(Decompressor::limited_to(299_999).decompress(codec, &stream).is_err(), "{codec}");
            assert_eq!(Decompressor::limited_to(400_000).decompress(codec, &stream).unwrap().len(), 300_000);
        }
    }

    #[test]
    fn several_members_are_one_stream() {
        let mut decompressor = Decompressor::default();
        for codec in [Compression::Gzip, Compression::Lz4, Compression::Zstd] {
            let both = [stream(codec, b"one "), stream(codec, b"two")].concat();
            assert_eq!(decompressor.decompress(codec, &both).unwrap(), b"one two", "{codec}");
        }
    }

    #[test]
    fn optional_gzip_fields_are_skipped() {
        let mut member = stream(Compression::Gzip, b"named");
        member[3] = 4 | 8 | 2;
        let fields = [2, 0, b'e', b'x', b'n', b'a', b'm', b'e', 0, 0x12, 0x34];
        member.splice(10..10, fields);
        assert_eq!(Decompressor::default().decompress(Compression::Gzip, &member).unwrap(), b"named");
    }
}
