//! The allocator: the system's, but for areas that are larger than anything kt needs.
//!
//! A message on the wire may claim that two thousand million entries follow, and whoever decodes it makes room for them before
//! the first is missing. So much is handed out as addresses alone: no memory stands behind them until it is touched, and it is
//! not counted against what the machine has. The claim is then found to be false, and nothing has happened.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;

/// From here on only addresses are handed out.
const HUGE_BYTES: usize = 256 << 20;

/// The allocator of the whole program.
pub(crate) struct Lenient;

/// What an area from mmap(2) is aligned to at least.
const PAGE: usize = 4096;

fn is_huge(layout: Layout) -> bool {
    layout.size() >= HUGE_BYTES && layout.align() <= PAGE
}

fn map(bytes: usize) -> *mut u8 {
    let (protection, flags) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE);
    // SAFETY: an anonymous private mapping at an address of the system's choice touches nothing that exists.
    let area = unsafe { libc::mmap(ptr::null_mut(), bytes, protection, flags, -1, 0) };
    if area == libc::MAP_FAILED { ptr::null_mut() } else { area.cast() }
}

// SAFETY: an area comes from mmap or from the system's allocator by its layout alone, and goes back the same way. A new
// mapping is page-aligned, zeroed and as large as was asked. `realloc` is the trait's own (allocate, copy, free) where either
// size is huge.
unsafe impl GlobalAlloc for Lenient {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_huge(layout) {
            return map(layout.size());
        }
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, area: *mut u8, layout: Layout) {
        if is_huge(layout) {
            // SAFETY: a huge area of this size was mapped by `alloc`, and nobody uses it any more.
            unsafe { libc::munmap(area.cast(), layout.size()) };
            return;
        }
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(area, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if is_huge(layout) {
            return map(layout.size());
        }
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, area: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller promises that the size, rounded up to the alignment, fits.
        let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        if !is_huge(layout) && !is_huge(new_layout) {
            // SAFETY: the caller's promises are passed on.
            return unsafe { System.realloc(area, layout, new_size) };
        }
        // SAFETY: both areas are at least as large as what is copied, and they are two.
        unsafe {
            let moved = self.alloc(new_layout);
            if !moved.is_null() {
                ptr::copy_nonoverlapping(area, moved, layout.size().min(new_size));
                self.dealloc(area, layout);
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn room_that_nobody_has_is_there_as_long_as_nobody_uses_it() {
        let claimed: Vec<[u8; 128]> = Vec::with_capacity(i32::MAX as usize);
        assert!(claimed.capacity() >= i32::MAX as usize);
        drop(claimed);
        let mut grown: Vec<u8> = Vec::with_capacity(super::HUGE_BYTES - 1);
        grown.extend_from_slice(b"kept");
        grown.reserve(super::HUGE_BYTES);
        grown.shrink_to_fit();
        assert_eq!(grown, b"kept");
    }
}
