//! Help in both registers: Kafka's description and table of options, kt's pages with examples, the overview of all tools; and
//! the form of a log line.

use super::options;
use super::parse::{Takes, takes};
use super::tools::{TOOLS, Tool};
use crate::types::now_ms;
use clap::{Arg, Command};
use std::fmt::Write;

/// The version of Kafka whose tools these are.
pub(crate) const KAFKA_VERSION: &str = "4.2.0";

/// Where the description begins in Kafka's table.
const DESCRIPTION_COLUMN: usize = 40;
const TABLE_WIDTH: usize = 80;

/// The complete table of a tool, named as it is called: for help, completions and man pages.
pub(crate) fn command(tool: &Tool) -> Command {
    options::help_and_version((tool.command)()).name(tool.name).bin_name(format!("kt {}", tool.name))
}

/// The command `kt` with all its tools.
pub(crate) fn whole() -> Command {
    let root = Command::new("kt")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Kafka without the server: Kafka's own commands over a plain directory")
        .disable_help_subcommand(true);
    TOOLS.iter().fold(root, |root, tool| {
        root.subcommand(command(tool).aliases(tool.aliases.iter().copied()).aliases(tool.kafka_name))
    })
}

/// Kafka's table of options: name and description in two columns, 80 wide.
pub(crate) fn option_table(command: &Command) -> String {
    let mut out = String::from("Option                                  Description\n");
    out.push_str("------                                  -----------\n");
    let complete = options::without_own(options::help_and_version(command.clone()));
    let mut arguments: Vec<&Arg> = complete.get_arguments().filter(|arg| !arg.is_positional()).collect();
    arguments.sort_by_key(|arg| arg.get_id().as_str());
    for arg in arguments {
        let value = arg.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
        let name = match takes(arg) {
            Takes::Nothing => format!("--{}", arg.get_id()),
            Takes::Optional => format!("--{} [{value}]", arg.get_id()),
            Takes::Required => format!("--{} <{value}>", arg.get_id()),
            Takes::Many => format!("--{} <{value}>...", arg.get_id()),
        };
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let mut lines = wrap(&help, TABLE_WIDTH - DESCRIPTION_COLUMN).into_iter();
        let first = lines.next().unwrap_or_default();
        if name.len() < DESCRIPTION_COLUMN {
            let _ = writeln!(out, "{name:DESCRIPTION_COLUMN$}{first}");
        } else {
            let _ = writeln!(out, "{name}\n{:DESCRIPTION_COLUMN$}{first}", "");
        }
        for line in lines {
            let _ = writeln!(out, "{:DESCRIPTION_COLUMN$}{line}", "");
        }
    }
    out
}

/// What `kt` prints of itself.
pub(crate) fn overview() -> String {
    let mut out = String::from(
        "kt: Kafka without the server. Kafka's own commands over a plain directory\n\nUsage: kt TOOL [OPTION]...\n\nTools:\n",
    );
    let width = TOOLS.iter().map(|tool| tool.name.len()).max().unwrap_or(0) + 2;
    for tool in TOOLS {
        let _ = write!(out, "  {:width$}{}", tool.name, tool.about);
        let _ = match tool.kafka_name {
            Some(name) => writeln!(out, " ({name})"),
            None => writeln!(out),
        };
    }
    out.push_str(OVERVIEW_END);
    out
}

const OVERVIEW_END: &str = "
Each tool takes the options of Kafka's tool of that name, which is an alias of it. A link to kt that is named
kafka-topics.sh (and so on) behaves as that program to the byte.

Cluster:
  --data-dir DIR                 a local directory, made on first use
  --bootstrap-server DIR         the same (DIR has a '/')
  KT_DATA_DIR=DIR                the directory when neither is given, else $XDG_DATA_HOME/kt
  KT_OFFLINE=1                   work on that directory even if --bootstrap-server names servers

Examples:
  kt topics --create --topic orders --partitions 3
  echo 'hello' | kt produce --topic orders
  kt consume --topic orders --from-beginning --timeout-ms 1000
  kt TOOL --help                 all options of a tool, with examples
";

/// The lines of `text`, broken at blanks so that none is longer than `width` unless a word is.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A message in the form that Kafka's tools log it to standard error; the time is UTC.
pub(crate) fn log_line(message: &str) -> String {
    format!("[{}] ERROR {message} (kt)", super::time::log_time(now_ms()))
}

/// The same for a warning.
pub(crate) fn warning_line(message: &str) -> String {
    format!("[{}] WARN {message} (kt)", super::time::log_time(now_ms()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_begins_as_kafkas_does_and_keeps_its_columns() {
        let command = options::table("t", "about")
            .arg(options::valued(
                "topic",
                "NAME",
                "The topic that is created, described, altered or deleted by this",
            ))
            .arg(options::optional("codec", "CODEC", "How to pack"))
            .arg(options::flag("an-option-with-a-name-longer-than-its-column", "Long"));
        let table = option_table(&command);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[0], "Option                                  Description");
        assert_eq!(lines[2], "--an-option-with-a-name-longer-than-its-column");
        assert_eq!(lines[3].trim_start(), "Long");
        assert_eq!(lines[4], "--codec [CODEC]                         How to pack");
        assert!(lines.iter().all(|line| line.len() <= TABLE_WIDTH), "{table}");
    }
}
