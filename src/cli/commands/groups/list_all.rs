//! `kt list-groups`, which is kafka-groups: groups of every type in one list.

use super::view::{Heading, View};
use crate::cli::config::command_config;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::options::{flag, output, table, target, valued};
use crate::cli::parse::Parsed;
use crate::cli::tools::{KafkaAbout, Tool};
use crate::client::{GroupListing, GroupType};
use crate::output::{Column, columns};
use clap::Command;

pub(crate) const TOOL: Tool = Tool {
    name: "list-groups",
    kafka_name: Some("kafka-groups"),
    aliases: &[],
    about: "List groups of every type",
    kafka_about: KafkaAbout { help: "This tool helps to list groups of all types.", bare: None },
    command,
    parse_errors: Failure::with_table,
    argument_errors: Failure::with_table,
    run,
};

fn command() -> Command {
    let table = table("list-groups", TOOL.about)
        .arg(flag("list", "List the groups"))
        .arg(flag("consumer", "Only groups of consumers"))
        .arg(flag("share", "Only share groups"))
        .arg(flag("streams", "Only groups of streams applications"))
        .arg(valued("group-type", "TYPE", "Only groups of this type: classic, consumer, share or streams"))
        .arg(valued("protocol", "PROTOCOL", "Only groups of this protocol, such as consumer"));
    output(target(table))
}

fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    check(context, parsed)?;
    command_config(parsed)?;
    let filter = Filter::read(parsed)?;
    let format = context.format(parsed)?;
    let mut groups = context.connect(parsed)?.admin()?.list_groups()?;
    groups.retain(|group| filter.takes(group));
    view(&groups).print(context, format, || text(&groups))?;
    Ok(Status::SUCCESS)
}

fn check(context: &Context, parsed: &Parsed) -> Result<(), Failure> {
    let named = !parsed.which(&["bootstrap-server", "data-dir"]).is_empty();
    if context.is_kafka() && !named {
        return Err(Failure::usage("Missing required option(s) [bootstrap-server]"));
    }
    if context.is_kafka() && !parsed.has("list") {
        return Err(Failure::usage("Command must include exactly one action: --list."));
    }
    let filters = ["consumer", "share", "streams"];
    for (index, option) in filters.into_iter().enumerate() {
        let others: Vec<&str> =
            filters.into_iter().skip(index + 1).chain(["group-type", "protocol"]).collect();
        if let (true, Some(other)) = (parsed.has(option), parsed.which(&others).first()) {
            let message = format!("Option \"[{option}]\" can't be used with option \"[{other}]\"");
            return Err(Failure::usage(message));
        }
    }
    Ok(())
}

/// Which groups are wanted; each part that is given must fit.
struct Filter {
    group_type: Option<GroupType>,
    protocol: Option<String>,
    consumers: bool,
}

impl Filter {
    fn read(parsed: &Parsed) -> Result<Filter, Failure> {
        let by_name = |name: &str| match name.to_ascii_lowercase().as_str() {
            "classic" => Some(GroupType::Classic),
            "consumer" => Some(GroupType::Consumer),
            "share" => Some(GroupType::Share),
            "streams" => Some(GroupType::Streams),
            _ => None,
        };
        let group_type = match parsed.text("group-type")? {
            Some(name) => {
                let refused = || Failure::with_blank("--group-type must be a valid group type.");
                Some(by_name(&name).ok_or_else(refused)?)
            }
            None if parsed.has("share") => Some(GroupType::Share),
            None if parsed.has("streams") => Some(GroupType::Streams),
            None => None,
        };
        let protocol = parsed.text("protocol")?.map(|name| name.into_owned());
        Ok(Filter { group_type, protocol, consumers: parsed.has("consumer") })
    }

    fn takes(&self, group: &GroupListing) -> bool {
        let of_consumers =
            group.group_type == GroupType::Consumer || matches!(group.protocol.as_str(), "consumer" | "");
        self.group_type.is_none_or(|wanted| wanted == group.group_type)
            && self.protocol.as_ref().is_none_or(|wanted| *wanted == group.protocol)
            && (!self.consumers || of_consumers)
    }
}

/// Kafka's table: all columns of one width, rows with one blank more at their end.
fn text(groups: &[GroupListing]) -> String {
    let cells = |group: &GroupListing| {
        vec![group.group.clone(), group.group_type.name().to_owned(), group.protocol.clone()]
    };
    let mut rows: Vec<Vec<String>> = groups.iter().map(cells).collect();
    let longest = rows.iter().flatten().map(|cell| cell.chars().count()).max().unwrap_or(0);
    let column = Column::Exactly(longest.max(20));
    rows.iter_mut().for_each(|row| row.push(String::new()));
    rows.insert(0, ["GROUP", "TYPE", "PROTOCOL"].map(str::to_owned).to_vec());
    columns(&[column, column, column, Column::Free], &rows)
}

fn view(groups: &[GroupListing]) -> View {
    let headings = vec![
        Heading::text("GROUP", "group"),
        Heading::text("TYPE", "type"),
        Heading::text("PROTOCOL", "protocol"),
        Heading::text("STATE", "state"),
    ];
    let rows = groups.iter().map(|group| {
        let protocol = Some(group.protocol.as_str()).filter(|name| !name.is_empty());
        vec![
            group.group.as_str().into(),
            group.group_type.name().into(),
            protocol.into(),
            group.state.name().into(),
        ]
    });
    View { headings, rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::GroupState;

    #[test]
    fn rows_end_with_one_blank_more_than_the_header() {
        let state = GroupState::Empty;
        let simple = GroupListing {
            group: "simple".to_owned(),
            group_type: GroupType::Classic,
            protocol: String::new(),
            state,
        };
        let expected = "GROUP                TYPE                 PROTOCOL            \n\
                        simple               Classic                                   \n";
        assert_eq!(
            text(std::slice::from_ref(&simple)),
            expected.replace(
                "simple               Classic                                   \n",
                &format!("{:20} {:20} {:20} \n", "simple", "Classic", "")
            )
        );
        let filter = Filter { group_type: None, protocol: None, consumers: true };
        assert!(filter.takes(&simple));
    }
}
