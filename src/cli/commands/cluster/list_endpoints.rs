//! `list-endpoints`: the nodes of a cluster and where they listen.

use super::tool::admin;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::client::{ClusterDescription, Node};
use crate::output::{Align, Format, csv_line, json_pretty, table};
use serde::Serialize;
use std::io::Write;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let format = context.format(parsed)?;
    let whose = match (parsed.has("bootstrap-controller"), parsed.has("include-fenced-brokers")) {
        (true, true) => {
            return Err(Failure::with_blank(
                "The option --include-fenced-brokers is only supported with --bootstrap-server option",
            ));
        }
        (true, false) => Nodes::Controllers,
        (false, true) => Nodes::AllBrokers,
        (false, false) => Nodes::LiveBrokers,
    };
    let cluster = admin(context, parsed)?.describe_cluster().map_err(Failure::printed)?;
    let rows = whose.of(&cluster);
    context.stdout.write_all(render(&rows, format)?.as_bytes())?;
    Ok(Status::SUCCESS)
}

/// Which nodes are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nodes {
    Controllers,
    LiveBrokers,
    AllBrokers,
}

impl Nodes {
    fn of(self, cluster: &ClusterDescription) -> Vec<Row> {
        match self {
            Nodes::Controllers => cluster.controllers.iter().map(|node| Row::new(node, None)).collect(),
            Nodes::LiveBrokers | Nodes::AllBrokers => {
                let brokers = cluster.nodes.iter().filter(|node| self == Nodes::AllBrokers || !node.fenced);
                let state = |node: &Node| if node.fenced { "fenced" } else { "unfenced" };
                brokers.map(|node| Row::new(node, Some(state(node)))).collect()
            }
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    id: i32,
    host: String,
    port: u16,
    rack: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    endpoint_type: &'static str,
}

impl Row {
    /// A controller has no state.
    fn new(node: &Node, state: Option<&'static str>) -> Row {
        Row {
            id: node.id.0,
            host: node.host.clone(),
            port: node.port,
            rack: node.rack.clone(),
            state,
            endpoint_type: if state.is_some() { "broker" } else { "controller" },
        }
    }

    fn cells(&self) -> Vec<String> {
        let rack = self.rack.clone().unwrap_or_else(|| "null".to_owned());
        let mut cells = vec![self.id.to_string(), self.host.clone(), self.port.to_string(), rack];
        cells.extend(self.state.map(str::to_owned));
        cells.push(self.endpoint_type.to_owned());
        cells
    }
}

const HEADER: [&str; 6] = ["ID", "HOST", "PORT", "RACK", "STATE", "ENDPOINT_TYPE"];

fn render(rows: &[Row], format: Format) -> Result<String, Failure> {
    let with_state = rows.first().is_none_or(|row| row.state.is_some());
    let header: Vec<&str> = HEADER.into_iter().filter(|name| *name != "STATE" || with_state).collect();
    Ok(match format {
        Format::Text => text(&header, rows),
        Format::Json => json_pretty(&rows)?,
        Format::Csv => {
            let names: Vec<String> = header.iter().map(|name| name.to_lowercase()).collect();
            rows.iter().fold(csv_line(&names), |text, row| text + &csv_line(&row.cells()))
        }
        Format::Table => {
            let header: Vec<_> = header.iter().map(|name| (*name, Align::Left)).collect();
            table(&header, &rows.iter().map(Row::cells).collect::<Vec<_>>())
        }
    })
}

/// Kafka's columns: padded to ten, the host to the longest one, the type to fifteen.
fn text(header: &[&str], rows: &[Row]) -> String {
    let host = rows.iter().map(|row| row.host.chars().count()).max().unwrap_or(0);
    let rack = rows.iter().filter_map(|row| row.rack.as_ref()).map(|rack| rack.chars().count()).max();
    let line = |cells: &[String]| {
        let last = cells.len().saturating_sub(1);
        let mut line = String::new();
        for (index, cell) in cells.iter().enumerate() {
            let width = match index {
                1 => host,
                3 => rack.unwrap_or(0).max(10),
                _ if index == last => 15,
                _ => 10,
            };
            let end = if index == last { "\n" } else { " " };
            line += &format!("{cell:width$}{end}");
        }
        line
    };
    let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    rows.iter().fold(line(&header), |text, row| text + &line(&row.cells()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::BrokerId;

    fn cluster() -> ClusterDescription {
        let node = |id, port, fenced| Node {
            id: BrokerId(id),
            host: "127.0.0.1".to_owned(),
            port,
            rack: None,
            fenced,
        };
        ClusterDescription {
            cluster_id: "c".to_owned(),
            nodes: vec![node(1, 19592, false), node(2, 19593, true)],
            controllers: vec![node(1, 19642, false)],
        }
    }

    /// As recorded of Kafka's program.
    #[test]
    fn the_columns_are_kafkas() {
        let shown = |whose: Nodes| render(&whose.of(&cluster()), Format::Text).unwrap();
        let broker = "ID         HOST      PORT       RACK       STATE      ENDPOINT_TYPE  \n\
                      1          127.0.0.1 19592      null       unfenced   broker         \n";
        assert_eq!(shown(Nodes::LiveBrokers), broker);
        assert!(shown(Nodes::AllBrokers).ends_with("null       fenced     broker         \n"));
        let controller = "ID         HOST      PORT       RACK       ENDPOINT_TYPE  \n\
                          1          127.0.0.1 19642      null       controller     \n";
        assert_eq!(shown(Nodes::Controllers), controller);
    }
}
