//! How the console consumers end: why, and what they say of it on standard error.

use crate::cli::context::{Context, Register};
use crate::cli::error::{Failure, Status};
use crate::cli::format::FormatterError;
use crate::client;
use crate::output::Stdout;
use std::io;

/// Why a run is over.
pub(in crate::cli::commands) enum Ending {
    /// The limit, the time or `--until-offset` was reached.
    Complete,
    Signal(i32),
    /// A record could not be formatted.
    Unformatted(FormatterError),
    Unwritten(io::Error),
    Unread(client::Error),
    /// Standard error can't be written.
    Untold(Failure),
}

/// How many records `--max-messages` asks for. -1 is no limit; any other negative number is reached at once.
pub(in crate::cli::commands) fn limit(max_messages: Option<i32>) -> u64 {
    match max_messages {
        None | Some(-1) => u64::MAX,
        Some(count) => u64::try_from(count).unwrap_or(0),
    }
}

pub(in crate::cli::commands) fn say_count(context: &mut Context, count: u64) -> Result<(), Failure> {
    context.say(&format!("Processed a total of {count} messages"))
}

/// Tells of a failed call. Kafka logs it and ends as if all was well.
pub(in crate::cli::commands) fn tell(
    context: &mut Context,
    error: &client::Error,
) -> Result<Status, Failure> {
    match context.register {
        Register::Kafka => {
            context.log(&format!("{}: {error}", error.java_class()))?;
            Ok(Status::SUCCESS)
        }
        Register::Kt => {
            context.log(&error.message)?;
            if let (Some(hint), true) = (&error.hint, context.terminals.stderr) {
                context.say(&format!("hint: {hint}"))?;
            }
            Ok(Status::FAILURE)
        }
    }
}

/// Ends a run whose reader has gone; `count` is asked for when what was not written is dropped. The consumer is not to be
/// closed: what was not written must not count as read.
pub(in crate::cli::commands) fn unwritten(
    context: &mut Context,
    error: io::Error,
    count: impl FnOnce(&Stdout) -> u64,
) -> Result<Status, Failure> {
    if context.register == Register::Kt {
        return Err(error.into());
    }
    context.stdout.discard();
    let count = count(&context.stdout);
    context.say("Unable to write to standard out, closing consumer.")?;
    say_count(context, count)?;
    Ok(Status::SUCCESS)
}
