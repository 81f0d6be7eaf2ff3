//! `Sink`: where an export goes, standard output or a file.

use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::output::OutputFile;
use std::io;
use std::path::{Path, PathBuf};

/// Where the bytes go.
pub(super) enum Sink {
    Stdout,
    File { file: OutputFile, path: PathBuf },
}

impl Sink {
    /// A file of which the first `length` bytes stay.
    pub(super) fn file(path: &Path, length: u64) -> Result<Sink, Failure> {
        let opened = if length == 0 { OutputFile::create(path) } else { OutputFile::go_on(path, length) };
        let file = opened.map_err(|error| unwritable(path, &error))?;
        Ok(Sink::File { file, path: path.to_owned() })
    }

    /// The bytes that are not written yet; call [`Sink::flush_if_full`] now and then.
    pub(super) fn buffer<'a>(&'a mut self, context: &'a mut Context) -> &'a mut Vec<u8> {
        match self {
            Sink::Stdout => context.stdout.buffer(),
            Sink::File { file, .. } => file.buffer(),
        }
    }

    pub(super) fn flush_if_full(&mut self, context: &mut Context) -> Result<(), Failure> {
        match self {
            Sink::Stdout => Ok(context.stdout.flush_if_full()?),
            Sink::File { file, path } => file.flush_if_full().map_err(|error| unwritable(path, &error)),
        }
    }

    /// Writes everything out; a file is on the disk when this returns.
    pub(super) fn finish(&mut self, context: &mut Context) -> Result<(), Failure> {
        match self {
            Sink::Stdout => Ok(std::io::Write::flush(&mut context.stdout)?),
            Sink::File { file, path } => file.sync().map_err(|error| unwritable(path, &error)),
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::plain(format!("can't write '{}': {error}", path.display()));
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            failure.with_hint("make room and run the command again with --resume")
        }
        _ => failure,
    }
}
