//! The options, and the way from each file named to what dumps it.

use super::files::Named;
use super::parsers::Parser;
use super::reports::Reports;
use super::{exceptions, indexes, records};
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::options::{flag, optional, table, valued};
use crate::cli::parse::Parsed;
use crate::cli::tools::{KafkaAbout, Tool};
use std::io::Write;

/// `kt dump-log`
pub(crate) const TOOL: Tool = Tool {
    name: "dump-log",
    kafka_name: Some("kafka-dump-log"),
    aliases: &[],
    about: ABOUT,
    kafka_about: KafkaAbout::same(
        "This tool helps to parse a log file and dump its contents to the console, useful for debugging a seemingly corrupt log segment.",
    ),
    command,
    parse_errors: Failure::as_exception,
    argument_errors: Failure::as_exception,
    run,
};

const ABOUT: &str = "Show the batches and records of log files, and check indexes against them";

const EXAMPLES: &str = "\
Examples:
  The batches and records of a segment:
    kt dump-log --print-data-log --files data/broker-1/orders-0/00000000000000000000.log
  What the topics and configs of a directory are made of:
    kt dump-log --cluster-metadata-decoder --files data/broker-1/__cluster_metadata-0/00000000000000000000.log
  An index, checked against its log:
    kt dump-log --files data/broker-1/orders-0/00000000000000000000.index";

fn command() -> clap::Command {
    table("dump-log", ABOUT)
        .arg(valued(
            "files",
            "FILE,...",
            "Files to show: .log, .checkpoint, .index, .timeindex, .txnindex, .snapshot",
        ))
        .arg(flag("print-data-log", "Print keys and payloads; implied by every decoder option"))
        .arg(flag("deep-iteration", "Print a line for each record; implied by --print-data-log"))
        .arg(flag("skip-record-metadata", "Print only key and payload of records, and no control records"))
        .arg(flag("offsets-decoder", "Decode the records of __consumer_offsets"))
        .arg(flag("transaction-log-decoder", "Decode the records of __transaction_state"))
        .arg(flag("share-group-state-decoder", "Decode the records of __share_group_state"))
        .arg(flag("cluster-metadata-decoder", "Decode the records of __cluster_metadata"))
        .arg(flag("remote-log-metadata-decoder", "Decode the records of __remote_log_metadata"))
        .arg(decoder("key-decoder-class", "Decoder of keys"))
        .arg(decoder("value-decoder-class", "Decoder of payloads"))
        .arg(valued("max-bytes", "BYTES", "Bytes to read of each .log file [default: 2147483647]"))
        .arg(valued(
            "max-message-size",
            "BYTES",
            "Bytes of the .log to look at for an index entry [default: 5242880]",
        ))
        .arg(flag("verify-index-only", "Check indexes without printing their entries"))
        .arg(flag("index-sanity-check", "Check indexes only as a broker does at its start"))
        .after_help(EXAMPLES)
}

fn decoder(name: &'static str, what: &str) -> clap::Arg {
    let classes = "String-, Long-, Integer- or DefaultDecoder of org.apache.kafka.tools.api";
    let help = format!("{what}: {classes} [default: StringDecoder]");
    optional(name, "CLASS", "").help(help)
}

const DEFAULT_MESSAGE_SIZE: i32 = 5 * 1024 * 1024;

fn run(context: &mut Context, options: &Parsed) -> Result<Status, Failure> {
    if !options.has("files") {
        return Err(Failure::usage("Missing required argument \"[files]\""));
    }
    let files = options.bytes("files")?.map(Named::split).unwrap_or_default();
    let mut reports = Reports::default();
    for file in &files {
        writeln!(context.stdout, "Dumping {}", file.shown())?;
        dump(context, options, file, &mut reports)?;
    }
    for line in reports.lines() {
        context.say(&line)?;
    }
    Ok(Status::SUCCESS)
}

/// Options are read only where they are needed, so that what is wrong with them is said where Kafka says it.
fn dump(context: &mut Context, options: &Parsed, file: &Named, reports: &mut Reports) -> Result<(), Failure> {
    match file.suffix() {
        None => {
            let length = file.name().encode_utf16().count();
            let message = format!("begin -1, end {length}, length {length}");
            Err(exceptions::uncaught("java.lang.StringIndexOutOfBoundsException", &message))
        }
        Some("log" | "checkpoint") => {
            let contents = prints_contents(options);
            let settings = records::Settings {
                contents,
                deep: contents || options.has("deep-iteration"),
                skip_metadata: options.has("skip-record-metadata"),
                parser: Parser::chosen(options)?,
                max_bytes: options.number("max-bytes")?.unwrap_or(i32::MAX),
            };
            records::dump(&mut context.stdout, &settings, file, reports)
        }
        Some("index") => {
            let size = options.number("max-message-size")?.unwrap_or(DEFAULT_MESSAGE_SIZE);
            indexes::dump_offsets(&mut context.stdout, mode(options), file, size, reports)
        }
        Some("timeindex") => indexes::dump_times(&mut context.stdout, mode(options), file, reports),
        Some("txnindex") => indexes::dump_transactions(&mut context.stdout, file),
        Some("snapshot") => match indexes::dump_producers(&mut context.stdout, file)? {
            Some(damage) => context.say(&damage),
            None => Ok(()),
        },
        Some(_) => context.say(&format!("Ignoring unknown file {}", file.shown())),
    }
}

fn mode(options: &Parsed) -> indexes::Mode {
    if options.has("index-sanity-check") {
        indexes::Mode::Sanity
    } else if options.has("verify-index-only") {
        indexes::Mode::Verify
    } else {
        indexes::Mode::Print
    }
}

fn prints_contents(options: &Parsed) -> bool {
    let implying = [
        "print-data-log",
        "offsets-decoder",
        "transaction-log-decoder",
        "cluster-metadata-decoder",
        "remote-log-metadata-decoder",
        "share-group-state-decoder",
        "key-decoder-class",
        "value-decoder-class",
    ];
    implying.iter().any(|option| options.has(option))
}
