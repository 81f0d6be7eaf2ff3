//! The options of `kt expect`.

use super::run::run;
use crate::cli::commands::consume::options::formatting;
use crate::cli::error::Failure;
use crate::cli::options::{self, flag, valued};
use crate::cli::tools::{KafkaAbout, Tool};
use clap::Command;

pub(crate) const TOOL: Tool = Tool {
    name: "expect",
    kafka_name: None,
    aliases: &[],
    about: "Wait for a record that meets conditions, and fail if none comes: an assertion for scripts",
    kafka_about: KafkaAbout::NONE,
    command,
    parse_errors: Failure::as_misuse,
    argument_errors: Failure::as_misuse,
    run,
};

const EXAMPLES: &str = "\
Examples:
  An order with this key is there, or comes within 5 seconds:
    kt expect --topic orders --key order-42
  Its total, a header, and who bought the first item:
    kt expect --topic orders --key order-42 --json .total=99.5 --header source=web --json '.items[0].name~^tea'
  Three payments of the last minute, within half a minute:
    kt expect --topic payments --from -1m --count 3 --json .state=paid --within 30s
  Nothing was put aside, now:
    kt expect --topic failed --none --within 0

PATH of --json is as in jq: .user.id, .items[0], .items[-1], .items[] (any of them), .[\"odd name\"], or a JSON pointer such as
/user/id; behind it = != > >= < <= and a JSON value (what is none is text), ~ and a regular expression, or nothing: it is there.

Exit status: 0 if the expectation is met, 1 if it isn't (standard error shows the nearest misses), 2 for a wrong command line.";

fn command() -> Command {
    let table = options::table("expect", TOOL.about)
        .arg(valued("topic", "TOPIC", "Topic to look at; one that doesn't exist yet is waited for"))
        .arg(valued("partition", "N", "Look at this partition only"))
        .arg(valued(
            "from",
            "POSITION",
            "Where to begin: earliest, latest, an offset, @TIME (ISO 8601 or ms), or an age: -30s, -1h [default: earliest]",
        ))
        .arg(valued("within", "TIME", "How long to wait: 500ms, 5s, 2m; 0 looks at what is there now [default: 5s]"));
    let table = conditions(table)
        .arg(valued("count", "N", "Expect at least N such records [default: 1]"))
        .arg(valued("exactly", "N", "Expect N such records and no more, when the time is over"))
        .arg(flag("none", "Expect that there is no such record, when the time is over"))
        .arg(valued(
            "isolation-level",
            "LEVEL",
            "read_committed leaves out aborted and open transactions, read_uncommitted doesn't [default: read_committed]",
        ))
        .arg(flag("quiet", "Don't print the records that were expected").short('q'));
    options::target(formatting(table)).after_help(EXAMPLES)
}

fn conditions(table: Command) -> Command {
    table
        .arg(valued("key", "KEY", "The key is this"))
        .arg(valued("key-matches", "REGEX", "The key matches somewhere; repeatable"))
        .arg(valued("key-json", "PATH=VALUE", "The key is JSON with this field, as with --json; repeatable"))
        .arg(flag("null-key", "There is no key"))
        .arg(valued("value", "VALUE", "The value is this"))
        .arg(valued("value-contains", "TEXT", "The value contains this; repeatable"))
        .arg(valued("value-matches", "REGEX", "The value matches somewhere; repeatable"))
        .arg(flag("null-value", "The value is null (a tombstone)"))
        .arg(valued("header", "NAME[=VALUE]", "A header of this name is there, with this value; repeatable"))
        .arg(valued("json", "PATH=VALUE", "The value is JSON with this field; repeatable"))
}
