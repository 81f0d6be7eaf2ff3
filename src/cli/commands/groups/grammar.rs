//! What the tools for groups refuse about their command lines alike, in Kafka's words. What only one of them refuses, and
//! the order of it all, stands beside each tool.

use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;

/// The options of a tool for groups.
pub(in crate::cli::commands) struct Grammar<A: 'static> {
    /// One of them is to be given.
    pub(in crate::cli::commands) actions: &'static [(&'static str, A)],
    /// What Kafka ends the list of the actions with.
    pub(in crate::cli::commands) stop: &'static str,
    /// Options with the actions that they need one of.
    pub(in crate::cli::commands) available_with: &'static [(&'static str, &'static [&'static str])],
    /// The actions that need no cluster.
    pub(in crate::cli::commands) local_actions: &'static [&'static str],
    /// The ways to name the groups to be described, as Kafka lists them.
    pub(in crate::cli::commands) described_by: &'static str,
    /// The ways to say where offsets go, in the order in which Kafka looks at them.
    pub(in crate::cli::commands) scenarios: &'static [&'static str],
}

impl<A: Copy> Grammar<A> {
    /// Options that the action doesn't have; Kafka finds them while it parses.
    pub(in crate::cli::commands) fn check_availability(&self, parsed: &Parsed) -> Result<(), Failure> {
        let without = |(option, actions): &(&'static str, &[&str])| {
            (parsed.has(option) && parsed.which(actions).is_empty()).then_some(*option)
        };
        let missing: Vec<&str> = self.available_with.iter().filter_map(without).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let message = format!(
            "Option(s) [{}] are unavailable given other options on the command line",
            missing.join(", ")
        );
        Err(Failure::uncaught("joptsimple.UnavailableOptionException", message))
    }

    /// `--bootstrap-server`, which kt's own register and `--data-dir` do without.
    pub(in crate::cli::commands) fn check_address(
        &self,
        context: &Context,
        parsed: &Parsed,
    ) -> Result<(), Failure> {
        let named = !parsed.which(&["bootstrap-server", "data-dir"]).is_empty();
        if context.is_kafka() && !named && parsed.which(self.local_actions).is_empty() {
            return Err(Failure::usage("Missing required argument \"[bootstrap-server]\""));
        }
        Ok(())
    }

    pub(in crate::cli::commands) fn check_describe(&self, parsed: &Parsed) -> Result<(), Failure> {
        if !parsed.has("describe") {
            return Ok(());
        }
        if !names_groups(parsed) {
            let ways = self.described_by;
            return Err(Failure::usage(format!("Option [describe] takes one of these options: {ways}")));
        }
        if parsed.which(&["members", "offsets", "state"]).len() > 1 {
            let message =
                "Option [describe] takes at most one of these options: [members], [offsets], [state]";
            return Err(Failure::usage(message));
        }
        if parsed.all("state").next().is_some() {
            return Err(Failure::usage("Option [describe] does not take a value for [state]"));
        }
        Ok(())
    }

    /// One way to say where offsets go is enough.
    pub(in crate::cli::commands) fn check_scenarios(&self, parsed: &Parsed) -> Result<(), Failure> {
        for scenario in self.scenarios {
            let others: Vec<&str> =
                self.scenarios.iter().copied().filter(|other| other != scenario).collect();
            conflict(parsed, scenario, &others)?;
        }
        Ok(())
    }

    /// The one action that was asked for.
    pub(in crate::cli::commands) fn action(&self, parsed: &Parsed) -> Result<A, Failure> {
        let mut given =
            self.actions.iter().filter(|(option, _)| parsed.has(option)).map(|(_, action)| *action);
        match (given.next(), given.next()) {
            (Some(action), None) => Ok(action),
            _ => {
                let names: Vec<String> = self.actions.iter().map(|(name, _)| format!("--{name}")).collect();
                let (names, stop) = (names.join(", "), self.stop);
                Err(Failure::usage(format!("Command must include exactly one action: {names}{stop}")))
            }
        }
    }
}

pub(in crate::cli::commands) fn names_groups(parsed: &Parsed) -> bool {
    !parsed.which(&["group", "all-groups"]).is_empty()
}

pub(in crate::cli::commands) fn check_delete_offsets(parsed: &Parsed) -> Result<(), Failure> {
    if parsed.has("delete-offsets") && !(parsed.has("group") && parsed.has("topic")) {
        return Err(Failure::usage("Option [delete-offsets] takes the following options: [group], [topic]"));
    }
    Ok(())
}

/// What can't be together, whatever the action.
pub(in crate::cli::commands) fn check_conflicts(parsed: &Parsed) -> Result<(), Failure> {
    conflict(parsed, "group", &["all-groups"])?;
    conflict(parsed, "group", &["list"])?;
    conflict(parsed, "topic", &["list", "describe"])
}

fn conflict(parsed: &Parsed, option: &str, others: &[&str]) -> Result<(), Failure> {
    match parsed.which(others).first() {
        Some(other) if parsed.has(option) => {
            Err(Failure::usage(format!("Option \"[{option}]\" can't be used with option \"[{other}]\"")))
        }
        _ => Ok(()),
    }
}
