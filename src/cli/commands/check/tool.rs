//! Options of `kt check`, and its run.

use super::view::{RepairView, View, lines, summary, told};
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::options::{self, flag, valued};
use crate::cli::parse::Parsed;
use crate::cli::target::Target;
use crate::cli::tools::{KafkaAbout, Tool};
use crate::cli::topic_filter::TopicFilter;
use crate::local::check::{Depth, Request, check, repair};
use crate::output::{Progress, json_pretty};
use clap::Command;
use std::io::Write;

pub(crate) const TOOL: Tool = Tool {
    name: "check",
    kafka_name: None,
    aliases: &["fsck"],
    about: "Verify a data directory: every batch, index, checkpoint and the metadata, each against the others",
    kafka_about: KafkaAbout::NONE,
    command,
    parse_errors: Failure::as_misuse,
    argument_errors: Failure::as_misuse,
    run,
};

const EXAMPLES: &str = "\
Without --repair nothing is changed. Others may go on writing meanwhile. A line a finding:
  SEVERITY: FILE: position P (offset O): WHAT IS WRONG; WHAT IT MEANS; WHAT REPAIRS IT

Examples:
  Check kt's own data directory
    kt check
  Check the disks of a dead cluster
    kt check --data-dir /mnt/disk1,/mnt/disk2
  Repair one of them
    kt check --data-dir /mnt/disk1 --writable --repair
  Check one topic, without a look into its records
    kt check --topic orders --quick

Exit status: 0 if all is sound (with --repair: is now), 1 if something is wrong, 2 for a wrong command line.";

fn command() -> Command {
    let table = options::table("check", TOOL.about)
        .arg(valued("topic", "REGEX", "Check only topics whose whole name matches [default: everything]"))
        .arg(flag(
            "repair",
            "Set right what can be; what is replaced is kept in .kt-aside, beside .kt (a broker's own directory: with --writable)",
        ))
        .arg(flag("quick", "Check batches as a whole, without a look at each record in them"))
        .arg(valued("output", "FORMAT", "text (a line a finding, then a summary) or json [default: text]"));
    options::target(table).after_help(EXAMPLES)
}

fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    if let Some(word) = parsed.words().first() {
        return Err(Failure::misuse(format!(
            "what is {:?}? Name a directory with --data-dir",
            word.to_string_lossy()
        )));
    }
    let as_json = match parsed.text("output")?.as_deref() {
        None | Some("text" | "kafka") => false,
        Some("json") => true,
        Some(other) => {
            return Err(Failure::misuse(format!("unknown output format '{other}': it is text or json")));
        }
    };
    let filter = match parsed.text("topic")? {
        Some(text) => Some(TopicFilter::new(&text).map_err(Failure::misuse)?),
        None => None,
    };
    let Target::Directory(site) = Target::choose(parsed, &context.environment)? else {
        return Err(Failure::misuse("kt check looks at directories: give --data-dir DIR"));
    };
    let matches = |topic: &str| filter.as_ref().is_none_or(|filter| filter.matches(topic));
    let request = Request {
        site,
        topics: filter.is_some().then_some(&matches),
        depth: if parsed.has("quick") { Depth::Quick } else { Depth::Full },
    };
    let mut progress: Option<Progress> = None;
    let shows = context.terminals.stderr;
    let mut tell = |done, total| {
        let new = || if shows { Progress::partitions(total) } else { Progress::none() };
        progress.get_or_insert_with(new).set(done);
    };
    let (checked, repaired) = if parsed.has("repair") {
        let repaired = repair(&request, &mut tell);
        (None, Some(repaired))
    } else {
        (Some(check(&request, &mut tell)), None)
    };
    if let Some(mut progress) = progress {
        progress.clear();
    }
    let (text, is_sound) = match (checked, repaired) {
        (Some(checked), _) => {
            let checked = checked?;
            let text = if as_json {
                json_pretty(&View::of(&checked))?
            } else {
                lines(&checked.findings) + &summary(&checked)
            };
            (text, checked.findings.is_empty())
        }
        (None, Some(repaired)) => {
            let repaired = repaired?;
            let text = if as_json { json_pretty(&RepairView::of(&repaired))? } else { told(&repaired) };
            (text, repaired.left.findings.is_empty())
        }
        (None, None) => (String::new(), true),
    };
    context.stdout.write_all(text.as_bytes())?;
    Ok(if is_sound { Status::SUCCESS } else { Status::FAILURE })
}
