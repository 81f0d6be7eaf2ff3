//! `kt man [DIR]`: manual pages, made from the table of tools.

use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::options;
use crate::cli::parse::Parsed;
use crate::cli::tools::{KafkaAbout, TOOLS, Tool};
use crate::cli::usage;
use clap::{Arg, Command, ValueHint};
use clap_mangen::Man;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

pub(crate) const TOOL: Tool = Tool {
    name: "man",
    kafka_name: None,
    aliases: &[],
    about: "Print kt's manual page, or write those of all tools into a directory",
    kafka_about: KafkaAbout::NONE,
    command,
    parse_errors: Failure::as_misuse,
    argument_errors: Failure::as_misuse,
    run,
};

const EXAMPLES: &str = "\
Examples:
  Read the page:
    kt man | man -l -
  Install all pages:
    kt man ~/.local/share/man/man1";

fn command() -> Command {
    let directory = Arg::new("directory")
        .value_name("DIR")
        .help("Existing directory that the pages are written into")
        .value_hint(ValueHint::DirPath)
        .index(1);
    options::table("man", TOOL.about).arg(directory).after_help(EXAMPLES)
}

fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    match parsed.words() {
        [] => context.stdout.write_all(&page(usage::whole())?)?,
        [directory] => {
            let directory = Path::new(directory);
            write(directory, "kt.1", &page(usage::whole())?)?;
            for tool in TOOLS {
                let name = format!("kt-{}", tool.name);
                let command =
                    usage::command(tool).display_name(name.as_str()).version(env!("CARGO_PKG_VERSION"));
                write(directory, &format!("{name}.1"), &page(command)?)?;
            }
        }
        _ => return Err(Failure::misuse("name one directory")),
    }
    Ok(Status::SUCCESS)
}

fn page(command: Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    Ok(page)
}

fn write(directory: &Path, name: &str, page: &[u8]) -> Result<(), Failure> {
    let path = directory.join(name);
    fs::write(&path, page)
        .map_err(|error| Failure::plain(format!("can't write '{}': {error}", path.display())))
}
