//! `kt serve`: from the options to a server that runs.

use super::faults;
use super::guard::Guard;
use super::logging;
use super::settings::given;
use crate::cli::config::command_config;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::cli::target::Target;
use crate::serve::{Server, Settings};
use std::io::Write;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    if let Some(word) = parsed.words().first() {
        return Err(Failure::misuse(format!("unexpected argument '{}'", word.to_string_lossy())));
    }
    command_config(parsed)?;
    logging::begin(context, parsed)?;
    let failed = |error: crate::serve::Error| Failure::plain(error.to_string());
    let settings = Settings::of(&given(context, parsed)?).map_err(failed)?;
    let (rules, seed) = faults::rules(parsed)?;
    let metrics = parsed.text("metrics")?.map(|text| text.parse()).transpose();
    let metrics = metrics.map_err(|error: crate::serve::Error| Failure::misuse(error.to_string()))?;
    let settings = settings.with_metrics(metrics).with_faults(rules, seed.unwrap_or_else(faults::any_seed));
    for listen in settings.open_to_all() {
        context.warn(&format!(
            "whoever can reach {listen} may read and write everything: nobody has to say who he is"
        ))?;
    }
    let cluster = context.connect(parsed)?.into_cluster();
    let server = Server::bind(cluster, &settings).map_err(failed)?;
    let guard = guard(context, parsed)?;
    let addresses = server.addresses();
    let addresses: Vec<String> = addresses.iter().map(|(host, port)| format!("{host}:{port}")).collect();
    writeln!(context.stdout, "listening on {}", addresses.join(","))?;
    if let Some((host, port)) = server.metrics_addresses().first() {
        writeln!(context.stdout, "metrics at http://{host}:{port}/metrics")?;
    }
    context.stdout.flush()?;
    server.run().map_err(failed)?;
    if let Some(guard) = guard {
        guard.end();
    }
    Ok(Status::SUCCESS)
}

/// Whoever ends this server by closing its standard input.
fn guard(context: &Context, parsed: &Parsed) -> Result<Option<Guard>, Failure> {
    let directory = match Target::choose(parsed, &context.environment)? {
        Target::Directory(site) if parsed.has("guarded") => site.directories.into_iter().next(),
        _ => None,
    };
    let guard = directory.map(Guard::begin).transpose();
    guard.map_err(|error| Failure::plain(format!("can't read standard input: {error}")))
}
