//! What must hold whatever happens: processes killed, disks full, bits flipped, directories that can't be written.

mod bit_flip;
mod copying;
mod exactly_once;
mod full_disk;
mod kill;
mod names;
mod read_only;
mod sealed;
