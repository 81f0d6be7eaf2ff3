//! `kt completions SHELL`: the script that teaches a shell to complete kt's command lines.

use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::options;
use crate::cli::parse::Parsed;
use crate::cli::tools::{KafkaAbout, Tool};
use clap::{Arg, Command};
use std::io::Write;

pub(crate) const TOOL: Tool = Tool {
    name: "completions",
    kafka_name: None,
    aliases: &[],
    about: "Print the script that completes kt's options, topics and groups in a shell",
    kafka_about: KafkaAbout::NONE,
    command,
    parse_errors: Failure::as_misuse,
    argument_errors: Failure::as_misuse,
    run,
};

const EXAMPLES: &str = "\
Examples:
  bash: add to ~/.bashrc
    source <(kt completions bash)
  zsh: add to ~/.zshrc
    source <(kt completions zsh)
  fish:
    kt completions fish > ~/.config/fish/completions/kt.fish";

fn command() -> Command {
    let shell = Arg::new("shell").value_name("SHELL").help("bash, zsh, fish, elvish or powershell").index(1);
    options::table("completions", TOOL.about).arg(shell.required(true)).after_help(EXAMPLES)
}

fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let known = complete::shells().join(", ");
    let shell = match parsed.words() {
        [shell] => shell.to_string_lossy(),
        _ => return Err(Failure::misuse(format!("name one shell: {known}"))),
    };
    match complete::script(&shell) {
        Some(script) => context.stdout.write_all(&script?)?,
        None => return Err(Failure::misuse(format!("there is no script for '{shell}'; there are: {known}"))),
    }
    Ok(Status::SUCCESS)
}
