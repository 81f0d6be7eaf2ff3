//! `--print-metrics`: what a client has counted, in Kafka's form.

use crate::cli::usage::KAFKA_VERSION;
use std::io::{self, Write};

/// A metric by the name of its group and its own.
pub(super) type Metric = (&'static str, &'static str, f64);

/// Prints the metrics of a client of this id.
pub(super) fn print(out: &mut impl Write, client_id: &str, metrics: &[Metric]) -> io::Result<()> {
    let name = |group: &str, metric: &str| format!("{group}:{metric}:{{client-id={client_id}}}");
    let mut lines = vec![(name("app-info", "version"), KAFKA_VERSION.to_owned())];
    lines.extend(metrics.iter().map(|&(group, metric, value)| (name(group, metric), format!("{value:.3}"))));
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    writeln!(out, "\n{:width$}   Value", "Metric Name")?;
    for (name, value) in lines {
        writeln!(out, "{name:width$} : {value}")?;
    }
    Ok(())
}
