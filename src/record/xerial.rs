//! Snappy as Kafka stores it: the xerial stream, a 16-byte header and then blocks of `i32 length` + raw Snappy.

use snap::raw::{Decoder, Encoder, decompress_len, max_compress_len};

const MAGIC: [u8; 8] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];
/// Version 1, compatible with version 1.
const VERSIONS: [u8; 8] = [0, 0, 0, 1, 0, 0, 0, 1];
/// Input bytes of every block but the last.
const BLOCK_SIZE: usize = 32 * 1024;
/// Raw Snappy never expands more than this: three bytes can copy at most 64.
const MAX_EXPANSION: usize = 64;

/// Appends `input` as a xerial stream.
pub(super) fn compress(encoder: &mut Encoder, input: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&VERSIONS);
    for block in input.chunks(BLOCK_SIZE) {
        let start = out.len();
        out.resize(start + 4 + max_compress_len(block.len()), 0);
        let space = out.get_mut(start + 4..).unwrap_or_default();
        let size = encoder.compress(block, space).map_err(|error| error.to_string())?;
        let length = u32::try_from(size).map_err(|error| error.to_string())?;
        if let Some(field) = out.get_mut(start..start + 4) {
            field.copy_from_slice(&length.to_be_bytes());
        }
        out.truncate(start + 4 + size);
    }
    Ok(())
}

/// Appends what a xerial stream, or one bare Snappy block, holds; stops with an error above `limit` bytes.
pub(super) fn decompress(input: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<(), String> {
    let Some(stream) = input.strip_prefix(&MAGIC) else {
        return block(input, out, limit);
    };
    let (_, mut rest) = stream.split_at_checked(VERSIONS.len()).ok_or("the stream's header is cut off")?;
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<4>().ok_or("a block's length is cut off")?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|error| error.to_string())?;
        let (bytes, after) = after.split_at_checked(length).ok_or("a block is cut off")?;
        block(bytes, out, limit)?;
        rest = after;
    }
    Ok(())
}

fn block(bytes: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<(), String> {
    let size = decompress_len(bytes).map_err(|error| error.to_string())?;
    let start = out.len();
    if size > bytes.len().saturating_mul(MAX_EXPANSION) || size > limit.saturating_sub(start) {
        return Err(format!("a block of {} bytes claims to hold {size}", bytes.len()));
    }
    out.resize(start + size, 0);
    let space = out.get_mut(start..).unwrap_or_default();
    Decoder::new().decompress(bytes, space).map_err(|error| error.to_string())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_32_kib_come_back() {
        let input: Vec<u8> = (0..100_000u32).map(|i| (i / 7) as u8).collect();
        let mut stream = Vec::new();
        compress(&mut Encoder::new(), &input, &mut stream).unwrap();
        assert!(stream.starts_with(&[0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]));
        let mut out = Vec::new();
        decompress(&stream, &mut out, usize::MAX).unwrap();
        assert_eq!(out, input);
        for end in 16..stream.len() {
            let mut out = Vec::new();
            assert!(decompress(&stream[..end], &mut out, usize::MAX).is_err() || out.len() < input.len());
        }
    }

    #[test]
    fn a_bare_block_is_taken() {
        let bare = Encoder::new().compress_vec(b"bare bare bare").unwrap();
        let mut out = Vec::new();
        decompress(&bare, &mut out, usize::MAX).unwrap();
        assert_eq!(out, b"bare bare bare");
        assert!(decompress(&bare, &mut Vec::new(), 13).is_err(), "above the limit");
    }

    #[test]
    fn a_false_claim_of_gigabytes_allocates_nothing() {
        let mut out = Vec::new();
        assert!(decompress(&[0xff, 0xff, 0xff, 0xff, 0x07, 0], &mut out, usize::MAX).is_err());
        assert_eq!(out.capacity(), 0);
    }
}
