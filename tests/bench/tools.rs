//! Whose tools are measured: kt's on a directory, or the real Kafka's with its broker.

use crate::measure::kt;
use std::path::PathBuf;
use std::process::Command;

pub(crate) enum Tools {
    /// kt on this directory.
    Kt(PathBuf),
    Kafka {
        bin: PathBuf,
        bootstrap: String,
    },
}

impl Tools {
    /// The real ones, if `KAFKA_BIN` and `KAFKA_BOOTSTRAP` say where they are.
    pub(crate) fn real() -> Option<Tools> {
        let (bin, bootstrap) = (std::env::var_os("KAFKA_BIN")?, std::env::var("KAFKA_BOOTSTRAP").ok()?);
        Some(Tools::Kafka { bin: bin.into(), bootstrap })
    }

    pub(crate) fn is_kt(&self) -> bool {
        matches!(self, Tools::Kt(_))
    }

    /// What stands before a line of the report.
    pub(crate) fn label(&self, what: &str) -> String {
        if self.is_kt() { what.to_owned() } else { format!("Kafka: {what}") }
    }

    /// Kafka's tool of this name, without `kafka-`.
    pub(crate) fn command(&self, tool: &str, arguments: &str) -> Command {
        match self {
            Tools::Kt(data) => kt(data, &format!("kafka-{tool} {arguments}")),
            Tools::Kafka { bin, bootstrap } => {
                let mut command = Command::new(bin.join(format!("kafka-{tool}.sh")));
                command.args(["--bootstrap-server", bootstrap]).args(arguments.split_whitespace());
                command
            }
        }
    }

    /// Runs a tool to its end; returns what it printed.
    pub(crate) fn run(&self, tool: &str, arguments: &str) -> Vec<u8> {
        let output = self.command(tool, arguments).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{tool} {arguments}: {}\n{errors}", output.status);
        output.stdout
    }

    /// Makes a topic with a name of its own.
    pub(crate) fn create_topic(&self, what: &str, partitions: usize) -> String {
        let topic = format!("{what}-{}", std::process::id());
        self.run("topics", &format!("--create --topic {topic} --partitions {partitions}"));
        topic
    }
}
