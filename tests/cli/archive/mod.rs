//! `kt export`, `kt import` and `kt copy`: everything that records are made of comes through, whole or in parts.

mod copy;
mod export;
mod files;
mod import;
mod odd;
