//! Many processes at once on one directory.

mod delete_under;
mod first_use;
mod producers;
mod sharing;
