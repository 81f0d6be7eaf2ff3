//! The one table of all tools. Dispatch, help, completions, man pages and tests iterate over it; a tool that is not in it does
//! not exist. Knows nothing of what the tools do.

use super::commands;
use super::context::Context;
use super::error::{Failure, ParseError, Status};
use super::parse::Parsed;
use std::ffi::OsString;

/// A tool as it is called and as it speaks.
pub(crate) struct Tool {
    /// As in `kt NAME`.
    pub(crate) name: &'static str,
    /// Kafka's program without `.sh`; `None` for what only kt has.
    pub(crate) kafka_name: Option<&'static str>,
    /// Other words that `kt` takes for it; `kafka_name` needs no mention.
    pub(crate) aliases: &'static [&'static str],
    /// One imperative line for `kt --help`, without a final period.
    pub(crate) about: &'static str,
    /// What Kafka's program prints before its option table, for `--help` and without any argument.
    pub(crate) kafka_about: KafkaAbout,
    /// The options: the only list of them. Made with `options::{flag, valued, optional}`.
    pub(crate) command: fn() -> clap::Command,
    /// How the Kafka register words an option that isn't known or lacks its argument.
    pub(crate) parse_errors: fn(ParseError) -> Failure,
    /// How the Kafka register words an argument that can't be read, found while the tool runs.
    pub(crate) argument_errors: fn(ParseError) -> Failure,
    /// Does the work. What it returns becomes the exit status; a failure is told by the dispatcher.
    pub(crate) run: fn(&mut Context, &Parsed) -> Result<Status, Failure>,
}

/// The sentences with which a program of Kafka introduces itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KafkaAbout {
    /// For `--help`.
    pub(crate) help: &'static str,
    /// Called without any argument; `None`: no such check, the tool itself complains.
    pub(crate) bare: Option<&'static str>,
}

impl KafkaAbout {
    /// The same sentence in both cases.
    pub(crate) const fn same(sentence: &'static str) -> KafkaAbout {
        KafkaAbout { help: sentence, bare: Some(sentence) }
    }

    /// For tools that Kafka doesn't have.
    pub(crate) const NONE: KafkaAbout = KafkaAbout { help: "", bare: None };
}

/// All tools, in the order of `kt --help`.
pub(crate) static TOOLS: &[Tool] = &[
    commands::topics::TOOL,
    commands::produce::TOOL,
    commands::consume::TOOL,
    commands::groups::GROUPS,
    commands::groups::LIST_GROUPS,
    commands::share_consume::TOOL,
    commands::share_groups::TOOL,
    commands::configs::TOOL,
    commands::get_offsets::TOOL,
    commands::delete_records::TOOL,
    commands::leader_election::TOOL,
    commands::reassign::TOOL,
    commands::log_dirs::TOOL,
    commands::cluster::TOOL,
    commands::acls::TOOL,
    commands::features::TOOL,
    commands::metadata_quorum::TOOL,
    commands::storage::TOOL,
    commands::broker_api_versions::TOOL,
    commands::transactions::TOOL,
    commands::dump_log::TOOL,
    commands::test::TOOL,
    commands::expect::TOOL,
    commands::export::TOOL,
    commands::import::TOOL,
    commands::copy::TOOL,
    commands::check::TOOL,
    commands::maintain::TOOL,
    commands::snapshot::SNAPSHOT,
    commands::snapshot::RESTORE,
    commands::serve::TOOL,
    commands::perf::PRODUCER,
    commands::perf::CONSUMER,
    commands::perf::LATENCY,
    commands::verifiable::PRODUCER,
    commands::verifiable::CONSUMER,
    commands::completions::TOOL,
    commands::man::TOOL,
];

/// The tool that `kt WORD` means: by its name, Kafka's name or an alias, `.sh` allowed.
pub(crate) fn by_word(word: &str) -> Option<&'static Tool> {
    let word = word.strip_suffix(".sh").unwrap_or(word);
    TOOLS
        .iter()
        .find(|tool| tool.name == word || tool.kafka_name == Some(word) || tool.aliases.contains(&word))
}

/// Takes the words of a command line and answers them spelled out.
pub(crate) type Reader = fn(&[OsString]) -> Result<Vec<OsString>, Failure>;

/// How the Kafka program reads its command line, where that is another way than the common one: faults are found, and
/// what is meant is spelled out for the common parser.
pub(crate) fn own_reader(tool: &Tool) -> Option<Reader> {
    match tool.kafka_name {
        Some("kafka-cluster") => Some(commands::cluster::read_strictly),
        Some("kafka-features") => Some(commands::features::read_strictly),
        Some("kafka-metadata-quorum") => Some(commands::metadata_quorum::read_strictly),
        Some("kafka-storage") => Some(commands::storage::read_strictly),
        Some("kafka-transactions") => Some(commands::transactions::read_strictly),
        _ => None,
    }
}

/// The tool whose Kafka program has this file name, such as `kafka-topics.sh`.
pub(crate) fn by_program(file_name: &str) -> Option<&'static Tool> {
    let name = file_name.strip_suffix(".sh").unwrap_or(file_name);
    TOOLS.iter().find(|tool| tool.kafka_name == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_tools_answer_to_one_word() {
        let mut seen = HashSet::new();
        for tool in TOOLS {
            for word in [tool.name].into_iter().chain(tool.kafka_name).chain(tool.aliases.iter().copied()) {
                assert!(seen.insert(word), "{word}");
            }
        }
    }

    #[test]
    fn every_table_of_options_is_sound_and_explained() {
        for tool in TOOLS {
            let command = (tool.command)();
            command.clone().debug_assert();
            for option in command.get_arguments().filter(|arg| !arg.is_positional()) {
                assert!(option.get_help().is_some(), "{} --{}", tool.name, option.get_id());
                assert_eq!(option.get_long(), Some(option.get_id().as_str()), "{}", tool.name);
                let help = option.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(!help.ends_with('.'), "{} --{}: {help}", tool.name, option.get_id());
            }
            assert!(!tool.about.ends_with('.'), "{}", tool.name);
        }
    }
}
