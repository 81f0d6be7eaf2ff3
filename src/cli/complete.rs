//! Completion by kt itself: a shell's script calls it with `KT_COMPLETE` set, and it answers with tools, options, and the topics and
//! groups of the directory that the command line names. Never creates a directory.

use super::parse::Parsed;
use super::target::{Connection, Environment, Target};
use super::{error::Failure, options, usage};
use crate::client::Admin;
use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};
use std::env;
use std::ffi::{OsStr, OsString};
use std::io;

/// Set by the scripts of `kt completions`.
const VARIABLE: &str = "KT_COMPLETE";

/// The script that makes `shell` ask kt; `None` if there is none for it.
pub(super) fn script(shell: &str) -> Option<io::Result<Vec<u8>>> {
    let shells = Shells::builtins();
    let completer = shells.completer(shell)?;
    let mut script = Vec::new();
    Some(completer.write_registration(VARIABLE, "kt", "kt", "kt", &mut script).map(|()| script))
}

/// The shells that [`script`] knows.
pub(super) fn shells() -> Vec<&'static str> {
    Shells::builtins().names().collect()
}

/// Answers a shell that asks for completions; false if this is no such call.
pub(super) fn answer(words: &[OsString]) -> bool {
    let completion = CompleteEnv::with_factory(|| with_values(usage::whole(), words))
        .var(VARIABLE)
        .bin("kt")
        .completer("kt");
    let directory = env::current_dir().ok();
    // There is nobody to tell of an error: the shell would print it into the line that is being typed.
    completion.try_complete(words.iter().cloned(), directory.as_deref()).unwrap_or(true)
}

/// The command with completers where the values are names in the cluster.
fn with_values(command: Command, words: &[OsString]) -> Command {
    command.mut_subcommands(|tool| {
        let words = words.to_vec();
        tool.mut_args(move |arg| match arg.get_id().as_str() {
            "topic" => completed(arg, words.clone(), |admin| {
                let topics = admin.list_topics().unwrap_or_default();
                topics.into_iter().filter(|topic| !topic.internal).map(|topic| topic.name).collect()
            }),
            "group" => completed(arg, words.clone(), |admin| {
                admin.list_groups().unwrap_or_default().into_iter().map(|group| group.group).collect()
            }),
            _ => arg,
        })
    })
}

fn completed(arg: Arg, words: Vec<OsString>, names: fn(&dyn Admin) -> Vec<String>) -> Arg {
    arg.add(ArgValueCompleter::new(move |typed: &OsStr| {
        let Some(admin) = admin_of(&words) else { return Vec::new() };
        let typed = typed.to_string_lossy();
        let names = names(admin.as_ref()).into_iter().filter(|name| name.starts_with(typed.as_ref()));
        names.map(CompletionCandidate::new).collect()
    }))
}

/// The directory that a line which is still being typed is about, if it exists.
fn admin_of(words: &[OsString]) -> Option<Box<dyn Admin>> {
    let table = options::target(options::table("kt", ""));
    let names_target = |word: &OsString| {
        let word = word.to_string_lossy();
        word.starts_with("--data-dir") || word.starts_with("--bootstrap-server")
    };
    // What else is on the line may not be known to this table, or may be unfinished.
    let given =
        words.iter().position(names_target).map_or(&[][..], |at| words.get(at..at + 2).unwrap_or_default());
    let parsed = Parsed::read(&table, given, Failure::with_table).ok()?;
    match Target::choose(&parsed, &Environment::of_process()).ok()? {
        Target::Directory(site) => Connection::open_existing(site).ok()??.admin().ok(),
        Target::Servers(_) => None,
    }
}
