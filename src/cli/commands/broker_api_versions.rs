//! `kt broker-api-versions`, kafka-broker-api-versions: which versions of which requests the brokers understand. Source: spec of
//! the administration tools, section 9.

use crate::cli::config::command_config;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::options;
use crate::cli::parse::Parsed;
use crate::cli::tools::{KafkaAbout, Tool};
use crate::client::{ApiVersions, Node};
use crate::output::{Align, Format, csv_line, json_pretty, table};
use clap::Command;
use serde_json::json;
use std::io::Write;

pub(crate) const TOOL: Tool = Tool {
    name: "broker-api-versions",
    kafka_name: Some("kafka-broker-api-versions"),
    aliases: &["api-versions"],
    about: "List the requests that brokers understand, with their versions",
    kafka_about: KafkaAbout::same("This tool helps to retrieve broker version information."),
    command,
    parse_errors: Failure::with_empty_line,
    argument_errors: Failure::with_empty_line,
    run,
};

const EXAMPLES: &str = "\
Examples:
    kt broker-api-versions
    kt broker-api-versions --output csv | grep '^1,Produce'

Of a directory the answer is that of the broker of Kafka 4.2 that could be started on it.";

fn command() -> Command {
    let table = options::table("broker-api-versions", TOOL.about);
    options::output(options::target(table)).after_help(EXAMPLES)
}

fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let format = context.format(parsed)?;
    command_config(parsed).map_err(Failure::then_blank)?;
    let brokers = context.connect(parsed)?.admin()?.api_versions()?;
    context.stdout.write_all(render(&brokers, format)?.as_bytes())?;
    Ok(Status::SUCCESS)
}

type Broker = (Node, Vec<ApiVersions>);

fn render(brokers: &[Broker], format: Format) -> Result<String, Failure> {
    let rows = || {
        let of_broker = |(node, apis): &Broker| {
            let id = node.id.to_string();
            apis.iter().map(|api| cells(&id, api)).collect::<Vec<_>>()
        };
        brokers.iter().flat_map(of_broker).collect::<Vec<_>>()
    };
    Ok(match format {
        Format::Text => brokers.iter().map(|(node, apis)| text(node, apis)).collect(),
        Format::Csv => {
            let header = csv_line(&["broker", "api", "key", "first", "last"]);
            rows().iter().fold(header, |text, row| text + &csv_line(row))
        }
        Format::Table => {
            let header = [
                ("BROKER", Align::Right),
                ("API", Align::Left),
                ("KEY", Align::Right),
                ("FIRST", Align::Right),
                ("LAST", Align::Right),
            ];
            table(&header, &rows())
        }
        Format::Json => {
            let apis = |apis: &[ApiVersions]| {
                let api =
                    |api: &ApiVersions| json!({"name": api.name, "key": api.key, "versions": api.versions});
                apis.iter().map(api).collect::<Vec<_>>()
            };
            let broker = |(node, list): &Broker| json!({"broker": node.id.0, "apis": apis(list)});
            json_pretty(&brokers.iter().map(broker).collect::<Vec<_>>())?
        }
    })
}

/// Kafka's block of one broker.
fn text(node: &Node, apis: &[ApiVersions]) -> String {
    let Node { id, host, port, rack, fenced } = node;
    let rack = rack.as_deref().unwrap_or("null");
    let lines: Vec<String> = apis.iter().map(|api| format!("\t{}", line(api))).collect();
    format!("{host}:{port} (id: {id} rack: {rack} isFenced: {fenced}) -> (\n{}\n)\n", lines.join(",\n"))
}

fn line(api: &ApiVersions) -> String {
    let ApiVersions { name, key, versions } = api;
    match *versions {
        None => format!("{name}({key}): UNSUPPORTED"),
        Some((first, last)) if first == last => format!("{name}({key}): {last} [usable: {last}]"),
        Some((first, last)) => format!("{name}({key}): {first} to {last} [usable: {last}]"),
    }
}

fn cells(broker: &str, api: &ApiVersions) -> Vec<String> {
    let number = |version: Option<i16>| version.map_or_else(|| "-".to_owned(), |version| version.to_string());
    let (first, last) = (api.versions.map(|(first, _)| first), api.versions.map(|(_, last)| last));
    vec![broker.to_owned(), api.name.to_owned(), api.key.to_string(), number(first), number(last)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::BrokerId;

    /// Lines as recorded of Kafka's program.
    #[test]
    fn ranges_are_worded_as_kafka_words_them() {
        let api = |name, key, versions| ApiVersions { name, key, versions };
        let node = Node { id: BrokerId(1), host: "h".to_owned(), port: 9, rack: None, fenced: false };
        let apis = vec![
            api("Produce", 0, Some((0, 13))),
            api("ShareGroupHeartbeat", 76, Some((1, 1))),
            api("PushTelemetry", 72, None),
        ];
        let expected = "h:9 (id: 1 rack: null isFenced: false) -> (\n\
                        \tProduce(0): 0 to 13 [usable: 13],\n\
                        \tShareGroupHeartbeat(76): 1 [usable: 1],\n\
                        \tPushTelemetry(72): UNSUPPORTED\n)\n";
        assert_eq!(render(&[(node, apis)], Format::Text).unwrap(), expected);
    }
}
