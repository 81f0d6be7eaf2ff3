//! LZ4 frames as Kafka stores them: independent blocks of 64 KiB, no content size, no checksums but the header's.
//!
//! The frame's own checksums are skipped over when reading, not compared: the batch's CRC covers these bytes
//! already, and Kafka's v0 message sets have a wrong one in the header (KIP-57).

use lz4_flex::block::{CompressTable, compress_into_with_table, decompress_into, get_maximum_output_size};

const MAGIC: [u8; 4] = 0x184d_2204u32.to_le_bytes();
/// FLG 0x60 (version 1, independent blocks), BD 0x40 (64 KiB), and the second byte of their xxHash-32.
const DESCRIPTOR: [u8; 3] = [0x60, 0x40, 0x82];
const BLOCK_SIZE: usize = 64 * 1024;
/// Set in a block's length when its bytes are stored as they are.
const STORED: u32 = 1 << 31;

mod flag {
    pub(super) const INDEPENDENT: u8 = 1 << 5;
    pub(super) const BLOCK_CHECKSUM: u8 = 1 << 4;
    pub(super) const CONTENT_SIZE: u8 = 1 << 3;
    pub(super) const CONTENT_CHECKSUM: u8 = 1 << 2;
    pub(super) const DICTIONARY: u8 = 1;
}

/// Appends `input` as one frame.
pub(super) fn compress(table: &mut CompressTable, input: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&DESCRIPTOR);
    for block in input.chunks(BLOCK_SIZE) {
        let start = out.len();
        out.resize(start + 4 + get_maximum_output_size(block.len()), 0);
        let space = out.get_mut(start + 4..).unwrap_or_default();
        let size = compress_into_with_table(block, space, table).map_err(|error| error.to_string())?;
        let length = if size < block.len() {
            out.truncate(start + 4 + size);
            size as u32
        } else {
            out.truncate(start + 4);
            out.extend_from_slice(block);
            block.len() as u32 | STORED
        };
        if let Some(field) = out.get_mut(start..start + 4) {
            field.copy_from_slice(&length.to_le_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
    Ok(())
}

/// Appends what one or more frames hold; stops with an error above `limit` bytes.
pub(super) fn decompress(mut input: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<(), String> {
    while !input.is_empty() {
        let frame = take_header(&mut input)?;
        let mut space = Space { filled: out.len(), out, limit };
        while take_block(&mut input, &frame, &mut space)? {}
        let filled = space.filled;
        out.truncate(filled);
        if frame.content_checksum {
            take(&mut input, 4, "the content checksum")?;
        }
    }
    Ok(())
}

struct Frame {
    block_size: usize,
    block_checksum: bool,
    content_checksum: bool,
}

fn take_header(input: &mut &[u8]) -> Result<Frame, String> {
    if take(input, 4, "the magic")? != MAGIC {
        return Err("not an lz4 frame".to_owned());
    }
    let (flags, sizes) = match take(input, 2, "the descriptor")? {
        &[flags, sizes] => (flags, sizes),
        _ => return Err("the descriptor is cut off".to_owned()),
    };
    if flags >> 6 != 1 || flags & flag::INDEPENDENT == 0 || flags & flag::DICTIONARY != 0 {
        return Err(format!("unsupported frame flags {flags:#04x}"));
    }
    let block_size = match sizes >> 4 {
        code @ 4..=7 => 1usize << (8 + 2 * code),
        code => return Err(format!("unknown block size {code}")),
    };
    let content_size = if flags & flag::CONTENT_SIZE == 0 { 0 } else { 8 };
    take(input, content_size + 1, "the header checksum")?;
    let set = |bit| flags & bit != 0;
    Ok(Frame {
        block_size,
        block_checksum: set(flag::BLOCK_CHECKSUM),
        content_checksum: set(flag::CONTENT_CHECKSUM),
    })
}

/// The output while blocks arrive: longer than what is filled, so that no byte is zeroed for each block anew.
struct Space<'a> {
    out: &'a mut Vec<u8>,
    filled: usize,
    limit: usize,
}

impl Space<'_> {
    /// Room for up to `size` more bytes.
    fn room(&mut self, size: usize) -> Result<&mut [u8], String> {
        let end = self.filled.saturating_add(size);
        if end > self.out.len() {
            self.out.resize(end.max(self.out.capacity().min(self.limit)), 0);
        }
        self.out.get_mut(self.filled..end).ok_or_else(|| "no room".to_owned())
    }

    fn fill(&mut self, size: usize) -> Result<(), String> {
        self.filled += size;
        if self.filled > self.limit { Err(format!("more than {} bytes", self.limit)) } else { Ok(()) }
    }
}

/// Decodes the next block; `false` at the frame's end mark.
fn take_block(input: &mut &[u8], frame: &Frame, space: &mut Space<'_>) -> Result<bool, String> {
    let (length, rest) = input.split_first_chunk::<4>().ok_or("a block's length is cut off")?;
    *input = rest;
    let length = u32::from_le_bytes(*length);
    if length == 0 {
        return Ok(false);
    }
    let size = (length & !STORED) as usize;
    if size > frame.block_size {
        return Err(format!("a block of {size} bytes in a frame of {} byte blocks", frame.block_size));
    }
    let block = take(input, size, "a block")?;
    if length & STORED == 0 {
        let room = space.room(frame.block_size)?;
        let filled = decompress_into(block, room).map_err(|error| error.to_string())?;
        space.fill(filled)?;
    } else {
        space.room(size)?.copy_from_slice(block);
        space.fill(size)?;
    }
    if frame.block_checksum {
        take(input, 4, "a block's checksum")?;
    }
    Ok(true)
}

fn take<'a>(input: &mut &'a [u8], size: usize, what: &str) -> Result<&'a [u8], String> {
    let (taken, rest) = input.split_at_checked(size).ok_or_else(|| format!("{what} is cut off"))?;
    *input = rest;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compressed(input: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        compress(&mut CompressTable::large(), input, &mut out).unwrap();
        out
    }

    #[test]
    fn blocks_of_64_kib_come_back() {
        let noise = (0..70_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 23) as u8);
        let input: Vec<u8> = noise.chain((0..100_000u32).map(|i| (i / 9) as u8)).collect();
        let frame = compressed(&input);
        let mut out = b"before".to_vec();
        decompress(&frame, &mut out, usize::MAX).unwrap();
        assert!(out == [b"before".as_slice(), &input].concat());
        assert!(decompress(&frame, &mut Vec::new(), input.len() - 1).is_err(), "above the limit");
    }

    #[test]
    fn every_prefix_is_refused() {
        let frame = compressed(b"lima lima lima lima lima lima lima lima");
        for end in 1..frame.len() {
            assert!(decompress(&frame[..end], &mut Vec::new(), usize::MAX).is_err(), "{end} bytes");
        }
        let mut twice = Vec::new();
        decompress(&[frame.as_slice(), &frame].concat(), &mut twice, usize::MAX).unwrap();
        assert_eq!(twice.len(), 78);
    }
}
