//! `kt cluster graduate`: the directory is put in order and sealed, and the server.properties printed with which the real Kafka
//! starts on it. Only kt has it.

use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::client::{Admin, ConfigResource, Graduation, OffsetSpec};
use crate::types::{TimestampMs, TopicPartition, now_ms};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let listen = parsed.text("listen")?;
    let connection = context.connect(parsed)?;
    let graduation = connection.graduate()?;
    let (host, port) = match &listen {
        Some(listen) => address(listen)?,
        None => (graduation.node.host.as_str(), graduation.node.port),
    };
    let log_dir = escaped(graduation.log_dir.as_os_str().as_bytes())?;
    write!(context.stdout, "{}", properties(&graduation, host, port, &log_dir)?)?;
    let admin = connection.admin()?;
    for topic in outdated(admin.as_ref())? {
        context.say(&format!(
            "kt: Kafka will delete records of topic '{topic}' that are older than its retention.ms; \
             'kt configs --alter --topic {topic} --add-config retention.ms=-1' keeps them"
        ))?;
    }
    if graduation.is_in_use {
        context
            .say("kt: other processes write to the directory: Kafka must not be started before they end")?;
    }
    if context.terminals.stderr {
        let count = graduation.partition_count;
        context.say(&format!(
            "kt: {count} partitions are in order; with this in server.properties, start Kafka:"
        ))?;
        context.say("    bin/kafka-server-start.sh server.properties")?;
    }
    Ok(Status::SUCCESS)
}

/// `HOST:PORT`; the controller listens on the port behind.
fn address(listen: &str) -> Result<(&str, u16), Failure> {
    let parts = listen.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    match parts {
        Some((host, port)) if !host.is_empty() && (1..u16::MAX).contains(&port) => Ok((host, port)),
        _ => Err(Failure::misuse(format!("--listen takes HOST:PORT, not '{listen}'"))),
    }
}

fn properties(graduation: &Graduation, host: &str, port: u16, log_dir: &str) -> Result<String, Failure> {
    let id = graduation.node.id;
    let controller =
        port.checked_add(1).ok_or_else(|| Failure::misuse("no port is left for the controller"))?;
    let quorum = if graduation.quorum_can_change {
        format!("controller.quorum.bootstrap.servers={host}:{controller}")
    } else {
        format!("controller.quorum.voters={id}@{host}:{controller}")
    };
    Ok(format!(
        "# Kafka 4.2 as the only broker and controller on this directory.\n\
         process.roles=broker,controller\n\
         node.id={id}\n\
         {quorum}\n\
         listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}\n\
         advertised.listeners=PLAINTEXT://{host}:{port}\n\
         controller.listener.names=CONTROLLER\n\
         listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT\n\
         log.dirs={log_dir}\n\
         # Kafka's own topics have one replica, as there is one broker.\n\
         offsets.topic.replication.factor=1\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n\
         share.coordinator.state.topic.replication.factor=1\n\
         share.coordinator.state.topic.min.isr=1\n"
    ))
}

/// A path as a value of a properties file that Java reads.
fn escaped(path: &[u8]) -> Result<String, Failure> {
    let shown = String::from_utf8_lossy(path);
    if path.contains(&b',') {
        return Err(Failure::plain(format!(
            "Kafka takes '{shown}' for several paths: give the directory a name without ','"
        )));
    }
    let path = std::str::from_utf8(path)
        .map_err(|_| Failure::plain(format!("Kafka can't be told of '{shown}': its name is not UTF-8")))?;
    let mut value = String::new();
    for unit in path.encode_utf16() {
        match char::from_u32(u32::from(unit)) {
            Some('\\') => value.push_str("\\\\"),
            Some(c @ ' '..='~') => value.push(c),
            _ => value.push_str(&format!("\\u{unit:04x}")),
        }
    }
    Ok(value)
}

/// The topics of which Kafka would delete records soon after its start: it goes by the time in the records.
fn outdated(admin: &dyn Admin) -> Result<Vec<String>, Failure> {
    let mut outdated = Vec::new();
    let names: Vec<String> =
        admin.list_topics()?.into_iter().filter(|topic| !topic.internal).map(|topic| topic.name).collect();
    for description in admin.describe_topics(&names) {
        let description = description?;
        let Some(retention_ms) = retention_ms(admin, &description.name)? else { continue };
        let since = OffsetSpec::Timestamp(TimestampMs(now_ms().0.saturating_sub(retention_ms)));
        let key = |partition| TopicPartition { topic: description.name.clone(), partition };
        let asked = |spec| description.partitions.iter().map(move |p| (p.partition, spec));
        let ask = |spec| {
            let requests: Vec<_> = asked(spec).map(|(partition, spec)| (key(partition), spec)).collect();
            admin.list_offsets(&requests).into_iter().collect::<Result<Vec<_>, _>>()
        };
        let (starts, ends, kept) = (ask(OffsetSpec::Earliest)?, ask(OffsetSpec::Latest)?, ask(since)?);
        let loses = starts
            .iter()
            .zip(&ends)
            .zip(&kept)
            .any(|((start, end), kept)| start.offset < end.offset && kept.offset != start.offset);
        if loses {
            outdated.push(description.name);
        }
    }
    Ok(outdated)
}

/// For how long Kafka keeps a topic's records; `None` if for ever.
fn retention_ms(admin: &dyn Admin, topic: &str) -> Result<Option<i64>, Failure> {
    let configs = admin.describe_configs(&ConfigResource::Topic(topic.to_owned()))?;
    let value = |name: &str| {
        configs.iter().find(|config| config.name == name).and_then(|config| config.value.clone())
    };
    let deletes =
        value("cleanup.policy").is_some_and(|policy| policy.split(',').any(|word| word == "delete"));
    Ok(value("retention.ms").and_then(|ms| ms.parse().ok()).filter(|&ms: &i64| deletes && ms >= 0))
}
