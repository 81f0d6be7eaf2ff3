//! `kt test`, from the directory to the command's status.

use super::program::{NO_SERVER, Program};
use super::report::report;
use super::server::Server;
use super::topics::topics;
use crate::cli::commands::serve::faults;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::cli::target::Target;
use crate::client::NewTopic;
use crate::local::scratch;
use crate::signal::{self, Bell};
use std::env;
use std::ffi::OsString;
use std::path::Path;

/// What is asked for.
struct Request {
    topics: Vec<NewTopic>,
    /// The words of kt serve's command line that are the user's.
    server_options: Vec<OsString>,
    /// Of the faults, if there are any.
    seed: Option<u64>,
    keep: bool,
    command: Vec<OsString>,
}

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let request = Request::new(parsed)?;
    let dir = scratch::make(&env::temp_dir())?;
    // Before there is a server to do it, this process clears away.
    let server = prepare(context, &request, &dir).inspect_err(|_| {
        let _ = scratch::remove(&dir);
    });
    let mut server = server.map_err(|failure| failure.kt_status(NO_SERVER))?;
    let status = run_beside(context, &request, &dir, &mut server)?;
    // Who has stopped it himself doesn't ask why it has ended.
    let failed = status != Status::SUCCESS && signal::received().is_none();
    if failed {
        context.log(&format!("the command has ended with status {}; there was:", status.0))?;
        if let Some(seed) = request.seed {
            context.say(&format!("  faults by --seed {seed}"))?;
        }
        let told = context.connect_to(Target::directories(dir.as_os_str(), false)).and_then(|c| report(&c));
        match told {
            Ok(text) => context.say(text.trim_end())?,
            Err(failure) => context.log(&format!("nothing that can be read: {}", failure.message()))?,
        }
    }
    if failed || request.keep {
        server.keep();
        context.log(&format!("the directory is kept: {}", dir.display()))?;
    }
    server.end();
    Ok(status)
}

impl Request {
    fn new(parsed: &Parsed) -> Result<Request, Failure> {
        if parsed.words().is_empty() {
            return Err(Failure::misuse("name a command: kt test [OPTIONS] -- CMD"));
        }
        let (mut server_options, seed) = faults::words(parsed)?;
        server_options.extend(parsed.all("server-option").map(OsString::from));
        Ok(Request {
            topics: topics(parsed)?,
            server_options,
            seed,
            keep: parsed.has("keep"),
            command: parsed.words().to_vec(),
        })
    }
}

/// Makes the topics and starts the server.
fn prepare(context: &Context, request: &Request, dir: &Path) -> Result<Server, Failure> {
    if !request.topics.is_empty() {
        let connection = context.connect_to(Target::directories(dir.as_os_str(), false))?;
        let admin = connection.admin()?;
        for topic in &request.topics {
            admin.create_topic(topic).map_err(|error| {
                let name = &topic.name;
                Failure::plain(format!("can't make topic '{name}': {}", error.message))
            })?;
        }
    }
    Server::start(dir, &request.server_options)
}

fn run_beside(
    context: &Context,
    request: &Request,
    dir: &Path,
    server: &mut Server,
) -> Result<Status, Failure> {
    signal::install();
    let bell = Bell::hang().map_err(|error| Failure::plain(format!("can't wait for signals: {error}")))?;
    let program = Program::start(&request.command, dir, server, context.terminals.stdin)?;
    program.finish(server, &bell)
}
