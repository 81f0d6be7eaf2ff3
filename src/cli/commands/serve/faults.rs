//! The options by which a server is to go wrong: of `kt serve`, and of `kt test`, which passes them on.

use crate::cli::error::Failure;
use crate::cli::options::valued;
use crate::cli::parse::Parsed;
use crate::serve::{BadRule, Rule};
use clap::Command;
use std::ffi::OsString;

const HEADING: &str = "Faults";
type Read = fn(&str) -> Result<Rule, BadRule>;

/// The options, each with the way in which it is read.
const KINDS: [(&str, Read); 3] =
    [("fault", Rule::fault), ("delay", Rule::delay), ("disconnect", Rule::disconnect)];

pub(in crate::cli::commands) fn options(table: Command) -> Command {
    let own = |arg: clap::Arg| arg.help_heading(HEADING);
    table
        .arg(own(valued(
            "fault",
            "API:TOPIC:ERROR[:LIMIT]",
            "Answer such requests with an error, such as Produce:orders:NOT_LEADER_OR_FOLLOWER:3; TOPIC may be a group or \
             transactional id, or * for any; LIMIT is how often, 10% of them, or * for always [default: 1]; repeatable",
        )))
        .arg(own(valued(
            "delay",
            "API[:TOPIC]:TIME[:LIMIT]",
            "Take such requests up later, such as Fetch:50ms [default of LIMIT: *]; repeatable",
        )))
        .arg(own(valued(
            "disconnect",
            "API[:TOPIC][:LIMIT][:after]",
            "Close the connection instead of an answer; with 'after' when the request has been carried out [default of LIMIT: 1]; repeatable",
        )))
        .arg(own(valued("seed", "N", "What the faults with a probability come from [default: another one each time]")))
}

/// The rules, and the seed if one was given.
pub(super) fn rules(parsed: &Parsed) -> Result<(Vec<Rule>, Option<u64>), Failure> {
    let mut rules = Vec::new();
    for (option, read) in KINDS {
        for text in parsed.texts(option) {
            let rule =
                read(&text).map_err(|error| Failure::misuse(format!("--{option} '{text}': {error}")))?;
            rules.push(rule);
        }
    }
    Ok((rules, parsed.number("seed")?))
}

/// The words for another command line, and the seed, which is chosen if need be.
pub(in crate::cli::commands) fn words(parsed: &Parsed) -> Result<(Vec<OsString>, Option<u64>), Failure> {
    let (rules, seed) = rules(parsed)?;
    let mut words = Vec::new();
    for (option, _) in KINDS {
        for text in parsed.all(option) {
            words.extend([OsString::from(format!("--{option}")), text.to_owned()]);
        }
    }
    if rules.is_empty() {
        return Ok((words, None));
    }
    let seed = seed.unwrap_or_else(any_seed);
    words.extend(["--seed".into(), seed.to_string().into()]);
    Ok((words, Some(seed)))
}

/// Short enough to be typed.
pub(super) fn any_seed() -> u64 {
    uuid::Uuid::new_v4().as_u64_pair().0 % 1_000_000
}
