//! `kt serve`: its options.

use super::faults;
use super::logging;
use super::run::run;
use crate::cli::error::Failure;
use crate::cli::options::{self, file, flag, valued};
use crate::cli::tools::{KafkaAbout, Tool};
use clap::Command;

pub(crate) const TOOL: Tool = Tool {
    name: "serve",
    kafka_name: None,
    aliases: &[],
    about: "Serve the directory to every Kafka client",
    kafka_about: KafkaAbout::NONE,
    command,
    parse_errors: Failure::as_misuse,
    argument_errors: Failure::as_misuse,
    run,
};

const EXAMPLES: &str = "\
The shell's commands work on the same directory at the same moment: records, groups and offsets are shared, and a record that
either side writes wakes who waits for it on the other.

When it is ready, one line on standard output says where it listens. It ends with SIGTERM or SIGINT, after what is under way
has been answered.

Examples:
  On Kafka's own port:
    kt serve
  On a port that is free, for a test:
    kt serve --listen localhost:0
  For other machines, encrypted, with passwords, and access control entries:
    kt configs --alter --entity-type users --entity-name admin --add-config 'SCRAM-SHA-256=[password=...]'
    kt serve --listen SASL_SSL://0.0.0.0:9093 --tls-cert server.pem --tls-key server.key --super-users User:admin

Exit status: 0, 1 if it can't serve, 2 for a wrong command line.";

fn command() -> Command {
    let table = options::table("serve", TOOL.about)
        .arg(valued(
            "listen",
            "ADDRESS",
            "Where to listen: HOST:PORT, or SSL://, SASL_PLAINTEXT:// or SASL_SSL://HOST:PORT; may be repeated; port 0 takes one that is free [default: localhost:9092]",
        ))
        .arg(file("tls-cert", "The server's certificate, in PEM, with those that vouch for it"))
        .arg(file("tls-key", "The private key of the server's certificate, in PEM"))
        .arg(file("tls-client-ca", "Whose signature makes a client's certificate good, in PEM; clients must show one then"))
        .arg(file("users", "Who may log in with SASL PLAIN: a NAME:PASSWORD a line. Those of SCRAM are kept by kafka-configs"))
        .arg(flag("acls", "Decide by access control entries (kafka-acls) who may do what"))
        .arg(valued("super-users", "LIST", "Who may do everything, separated by semicolons: User:admin; implies --acls"))
        .arg(file("config", "A server.properties: its listeners and settings of security and limits are taken, all else is ignored"))
        .arg(valued("override", "NAME=VALUE", "A setting as it might be in a server.properties; may be repeated"))
        .arg(flag("guarded", "End when standard input does, and remove the directory").hide(true));
    let table = table.arg(valued(
        "metrics",
        "HOST:PORT",
        "Answer Prometheus (/metrics) and health checks (/health/live, /health/ready) there [default: nowhere]",
    ));
    options::target(faults::options(logging::options(table))).after_help(EXAMPLES)
}
