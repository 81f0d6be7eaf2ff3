//! `Compressor`: one codec at one level, with its state kept from batch to batch.

use super::error::{Error, Result};
use super::{Compression, lz4, xerial};
use flate2::{Compress, FlushCompress, Status};
use lz4_flex::block::CompressTable;

/// `1f 8b`, deflate, no flags, no time, no extra flags, unknown system: what Kafka's clients write.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

pub(super) struct Compressor {
    codec: Compression,
    level: i32,
    /// Made with the first batch, since making it can fail.
    state: Option<State>,
}

enum State {
    Gzip(Compress),
    Snappy(Box<snap::raw::Encoder>),
    Lz4(CompressTable),
    Zstd(zstd::bulk::Compressor<'static>),
}

impl Compressor {
    /// Levels outside the codec's range are brought into it. LZ4 has one level here, whatever is asked for.
    pub(super) fn new(codec: Compression, level: Option<i32>) -> Compressor {
        let level = level.unwrap_or(codec.default_level());
        let level = match codec.levels() {
            Some(_) if codec == Compression::Gzip && level == -1 => codec.default_level(),
            Some(levels) => level.clamp(*levels.start(), *levels.end()),
            None => level,
        };
        Compressor { codec, level, state: None }
    }

    pub(super) fn codec(&self) -> Compression {
        self.codec
    }

    /// Appends `input`, compressed as Kafka frames it, to `out`.
    pub(super) fn compress(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let codec = self.codec;
        self.try_compress(input, out).map_err(|reason| Error::Compression { codec, reason })
    }

    fn try_compress(&mut self, input: &[u8], out: &mut Vec<u8>) -> std::result::Result<(), String> {
        if self.state.is_none() {
            self.state = new_state(self.codec, self.level)?;
        }
        match &mut self.state {
            None => {
                out.extend_from_slice(input);
                Ok(())
            }
            Some(State::Gzip(deflate)) => gzip(deflate, input, out),
            Some(State::Snappy(encoder)) => xerial::compress(encoder, input, out),
            Some(State::Lz4(table)) => lz4::compress(table, input, out),
            Some(State::Zstd(zstd)) => {
                let start = out.len();
                out.resize(start + zstd::zstd_safe::compress_bound(input.len()), 0);
                let space = out.get_mut(start..).unwrap_or_default();
                let size = zstd.compress_to_buffer(input, space).map_err(|error| error.to_string())?;
                out.truncate(start + size);
                Ok(())
            }
        }
    }
}

fn new_state(codec: Compression, level: i32) -> std::result::Result<Option<State>, String> {
    Ok(match codec {
        Compression::None => None,
        Compression::Gzip => {
            let level = flate2::Compression::new(u32::try_from(level).unwrap_or(6));
            Some(State::Gzip(Compress::new(level, false)))
        }
        Compression::Snappy => Some(State::Snappy(Box::new(snap::raw::Encoder::new()))),
        Compression::Lz4 => Some(State::Lz4(CompressTable::large())),
        Compression::Zstd => {
            let mut zstd = zstd::bulk::Compressor::new(level).map_err(|error| error.to_string())?;
            zstd.include_contentsize(false).map_err(|error| error.to_string())?;
            Some(State::Zstd(zstd))
        }
    })
}

fn gzip(deflate: &mut Compress, input: &[u8], out: &mut Vec<u8>) -> std::result::Result<(), String> {
    out.extend_from_slice(&GZIP_HEADER);
    deflate.reset();
    let mut rest = input;
    loop {
        out.reserve(rest.len() / 2 + 64);
        let before = deflate.total_in();
        let status =
            deflate.compress_vec(rest, out, FlushCompress::Finish).map_err(|error| error.to_string())?;
        let taken = usize::try_from(deflate.total_in() - before).map_err(|error| error.to_string())?;
        rest = rest.get(taken..).unwrap_or_default();
        if status == Status::StreamEnd {
            break;
        }
    }
    out.extend_from_slice(&super::crc::crc32(input).to_le_bytes());
    out.extend_from_slice(&(input.len() as u32).to_le_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::decompress::Decompressor;

    fn inputs() -> Vec<Vec<u8>> {
        let text: Vec<u8> = (0..200_000u32).map(|i| b"delta fjord basalt "[(i % 19) as usize]).collect();
        let noise: Vec<u8> = (0..150_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 23) as u8).collect();
        vec![Vec::new(), b"x".to_vec(), text, noise]
    }

    #[test]
    fn every_codec_gives_back_what_it_took() {
        let mut decompressor = Decompressor::default();
        for codec in Compression::ALL {
            let mut compressor = Compressor::new(codec, None);
            for input in inputs() {
                let mut stream = Vec::new();
                compressor.compress(&input, &mut stream).unwrap();
                assert!(
                    decompressor.decompress(codec, &stream).unwrap() == input,
                    "{codec}, {}",
                    input.len()
                );
            }
        }
    }

    #[test]
    fn streams_begin_as_kafkas_do() {
        let starts: [(Compression, &[u8]); 4] = [
            (Compression::Gzip, &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]),
            (Compression::Snappy, &[0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
            (Compression::Lz4, &[0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]),
            // No content size, no checksum, not a single segment: a window descriptor follows.
            (Compression::Zstd, &[0x28, 0xb5, 0x2f, 0xfd, 0x00]),
        ];
        for (codec, start) in starts {
            let mut stream = Vec::new();
            Compressor::new(codec, None).compress(&b"fjord ".repeat(5000), &mut stream).unwrap();
            assert!(stream.starts_with(start), "{codec}: {:02x?}", &stream[..16]);
            assert!(stream.len() < 3000, "{codec}: {} bytes", stream.len());
        }
    }

    #[test]
    fn levels_out_of_range_are_brought_into_it() {
        for (codec, level, taken) in
            [(Compression::Gzip, -1, 6), (Compression::Gzip, 12, 9), (Compression::Zstd, 99, 22)]
        {
            assert_eq!(Compressor::new(codec, Some(level)).level, taken);
        }
    }
}
