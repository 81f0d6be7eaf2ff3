//! From the command line to the exit status: which tool, in which register, help and version, run, report.

use super::complete;
use super::context::{Context, Register};
use super::error::{Failure, Status};
use super::options;
use super::parse::Parsed;
use super::tools::{self, TOOLS, Tool};
use super::usage;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

/// Runs the tool that the command line names; the program's name comes first in `words`.
pub(crate) fn run(words: Vec<OsString>) -> ExitCode {
    if complete::answer(&words) {
        return ExitCode::SUCCESS;
    }
    let mut words = words.into_iter();
    let program = words.next().unwrap_or_default();
    let words: Vec<OsString> = words.collect();
    let program = file_name(&program);
    let status = match tools::by_program(&program) {
        Some(tool) => run_tool(tool, Register::Kafka, words),
        None if program.starts_with("kafka-") => unknown(&program),
        None => run_kt(words),
    };
    ExitCode::from(status.0)
}

fn file_name(program: &OsStr) -> String {
    Path::new(program).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// `kt [--data-dir DIR] TOOL …`
fn run_kt(mut words: Vec<OsString>) -> Status {
    let leading = leading_data_dir(&words);
    let options: Vec<OsString> = words.drain(..leading).collect();
    if words.is_empty() {
        return print(&usage::overview(), Status::USAGE);
    }
    let word = words.remove(0).to_string_lossy().into_owned();
    match word.as_str() {
        "--help" | "-h" => print(&usage::overview(), Status::SUCCESS),
        "help" => match words.first().map(|word| word.to_string_lossy()) {
            None => print(&usage::overview(), Status::SUCCESS),
            Some(word) => match tools::by_word(&word) {
                Some(tool) => print(&help_page(tool), Status::SUCCESS),
                None => unknown(&word),
            },
        },
        "--version" | "-V" | "version" => print(
            &format!("kt {} (Kafka {})\n", env!("CARGO_PKG_VERSION"), usage::KAFKA_VERSION),
            Status::SUCCESS,
        ),
        _ => match tools::by_word(&word) {
            Some(tool) => {
                words.splice(0..0, options);
                run_tool(tool, Register::Kt, words)
            }
            None => unknown(&word),
        },
    }
}

/// How many words before the tool's name are `--data-dir DIR`.
fn leading_data_dir(words: &[OsString]) -> usize {
    match words.first().and_then(|word| word.to_str()) {
        Some("--data-dir") => words.len().min(2),
        Some(word) if word.starts_with("--data-dir=") => 1,
        _ => 0,
    }
}

/// Prints kt's own words: on standard output, or on standard error with a failing status.
fn print(text: &str, status: Status) -> Status {
    let written = match status {
        Status::SUCCESS => io::stdout().lock().write_all(text.as_bytes()),
        _ => io::stderr().lock().write_all(text.as_bytes()),
    };
    match written.map_err(Failure::from) {
        Ok(()) | Err(Failure::Quiet(_)) => status,
        Err(Failure::Told(_)) => Status::FAILURE,
    }
}

fn unknown(word: &str) -> Status {
    let names: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
    print(&format!("kt: there is no tool '{word}'; there are: {}\n", names.join(", ")), Status::USAGE)
}

/// kt's help for a tool, with colours on a terminal.
fn help_page(tool: &Tool) -> String {
    let page = usage::command(tool).render_help();
    if io::stdout().is_terminal() { page.ansi().to_string() } else { page.to_string() }
}

fn run_tool(tool: &'static Tool, register: Register, words: Vec<OsString>) -> Status {
    let mut context = Context::new(register, tool, words);
    let status = match run_parsed(&mut context) {
        Ok(status) => status,
        Err(failure) => context.tell(failure),
    };
    let status = context.tell_notes(status);
    match context.stdout.flush().map_err(Failure::from) {
        Ok(()) => status,
        // Only the data was lost; what the tool itself had to say of failing stands.
        Err(Failure::Quiet(_)) => status,
        Err(failure) => context.tell(failure),
    }
}

fn run_parsed(context: &mut Context) -> Result<Status, Failure> {
    let tool = context.tool;
    let table = match context.register {
        Register::Kt => usage::command(tool),
        // No program of Kafka has a letter for an option.
        Register::Kafka => {
            options::without_own(usage::command(tool).mut_arg("help", |help| help.short(None)))
        }
    };
    if let (Register::Kafka, Some(read)) = (context.register, tools::own_reader(tool)) {
        context.arguments = read(&context.arguments)?;
    }
    let parsed = Parsed::read(&table, &context.arguments, tool.argument_errors).map_err(tool.parse_errors)?;
    if parsed.has("version") {
        writeln!(context.stdout, "{}", usage::KAFKA_VERSION)?;
        return Ok(Status::SUCCESS);
    }
    match context.register {
        Register::Kt if parsed.has("help") => {
            context.stdout.write_all(help_page(tool).as_bytes())?;
            return Ok(Status::SUCCESS);
        }
        Register::Kafka if parsed.has("help") => return Err(Failure::usage(tool.kafka_about.help)),
        Register::Kafka if context.arguments.is_empty() => {
            if let Some(sentence) = tool.kafka_about.bare {
                return Err(Failure::usage(sentence));
            }
        }
        _ => {}
    }
    (tool.run)(context, &parsed)
}
