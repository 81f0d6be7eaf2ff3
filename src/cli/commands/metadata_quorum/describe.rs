//! `describe`: the members of the quorum, in short or one by one.

use super::tool::admin;
use crate::cli::config::Properties;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::listing::{Cell, Heading, Listing};
use crate::cli::parse::Parsed;
use crate::client::{QuorumDescription, QuorumReplica};
use crate::output::Align::{Left, Right};
use crate::output::{Format, json_pretty};
use crate::types::{TimestampMs, Uuid, now_ms};
use serde_json::{Value, json};
use std::io::Write;

const REPLICATION: &[Heading] = &[
    ("NodeId", Right),
    ("DirectoryId", Left),
    ("LogEndOffset", Right),
    ("Lag", Right),
    ("LastFetchTimestamp", Right),
    ("LastCaughtUpTimestamp", Right),
    ("Status", Left),
];

pub(super) fn run(
    context: &mut Context,
    parsed: &Parsed,
    _config: Option<&Properties>,
) -> Result<Status, Failure> {
    let human = parsed.has("human-readable");
    let refuse = |message: &str| Err(Failure::plain(message));
    match (parsed.has("status"), parsed.has("replication")) {
        (true, true) => {
            return refuse(
                "Only one of --status or --replication should be specified with describe sub-command",
            );
        }
        (false, false) => {
            return refuse("One of --status or --replication must be specified with describe sub-command");
        }
        (true, false) if human => {
            return refuse("The option --human-readable is only supported along with --replication");
        }
        _ => {}
    }
    let format = context.format(parsed)?;
    let admin = admin(context, parsed)?;
    let quorum = admin.describe_quorum().map_err(Failure::printed)?;
    let text = if parsed.has("status") {
        let cluster = admin.describe_cluster().map_err(Failure::printed)?.cluster_id;
        status(&cluster, &quorum, format)?
    } else {
        replication(&quorum, human.then(now_ms)).render(format)?
    };
    context.stdout.write_all(text.as_bytes())?;
    Ok(Status::SUCCESS)
}

/// How far the slowest voter is behind: in records, and since when in milliseconds.
fn slowest(quorum: &QuorumDescription) -> (i64, i64) {
    let leader = quorum.voters.iter().find(|voter| voter.id == quorum.leader);
    let Some(leader) = leader else { return (-1, -1) };
    let lag = quorum.voters.iter().map(|voter| leader.log_end.since(voter.log_end)).max();
    let behind = quorum.voters.iter().map(|voter| leader.last_caught_up.0 - voter.last_caught_up.0).max();
    (lag.unwrap_or(0), behind.unwrap_or(0))
}

fn status(cluster: &str, quorum: &QuorumDescription, format: Format) -> Result<String, Failure> {
    let (lag, behind) = slowest(quorum);
    if format == Format::Json {
        let all = |replicas: &[QuorumReplica]| replicas.iter().map(member).collect::<Vec<_>>();
        return Ok(json_pretty(&json!({
            "clusterId": cluster,
            "leaderId": quorum.leader.0,
            "leaderEpoch": quorum.leader_epoch.0,
            "highWatermark": quorum.high_watermark.get(),
            "maxFollowerLag": lag,
            "maxFollowerLagTimeMs": behind,
            "currentVoters": all(&quorum.voters),
            "currentObservers": all(&quorum.observers),
        }))?);
    }
    let lines = [
        ("ClusterId", cluster.to_owned()),
        ("LeaderId", quorum.leader.to_string()),
        ("LeaderEpoch", quorum.leader_epoch.to_string()),
        ("HighWatermark", quorum.high_watermark.to_string()),
        ("MaxFollowerLag", lag.to_string()),
        ("MaxFollowerLagTimeMs", behind.to_string()),
        ("CurrentVoters", list(&quorum.voters)),
        ("CurrentObservers", list(&quorum.observers)),
    ];
    let line = |(name, value): &(&str, String)| format!("{:24}{value}\n", format!("{name}:"));
    Ok(lines.iter().map(line).collect())
}

/// Members as Kafka prints them: JSON with a blank behind each comma and colon.
fn list(replicas: &[QuorumReplica]) -> String {
    let entry = |replica: &QuorumReplica| {
        let mut fields = vec![format!("\"id\": {}", replica.id)];
        if replica.directory_id != Uuid::ZERO {
            fields.push(format!("\"directoryId\": \"{}\"", replica.directory_id));
        }
        if !replica.endpoints.is_empty() {
            let endpoints: Vec<String> = endpoints(replica).iter().map(|e| format!("\"{e}\"")).collect();
            fields.push(format!("\"endpoints\": [{}]", endpoints.join(", ")));
        }
        format!("{{{}}}", fields.join(", "))
    };
    format!("[{}]", replicas.iter().map(entry).collect::<Vec<_>>().join(", "))
}

fn endpoints(replica: &QuorumReplica) -> Vec<String> {
    replica.endpoints.iter().map(|(name, host, port)| format!("{name}://{host}:{port}")).collect()
}

fn member(replica: &QuorumReplica) -> Value {
    json!({
        "id": replica.id.0,
        "directoryId": replica.directory_id.to_string(),
        "endpoints": endpoints(replica),
    })
}

/// `now` is given where times are to be told as how long ago they are.
fn replication(quorum: &QuorumDescription, now: Option<TimestampMs>) -> Listing {
    let leader = quorum.voters.iter().find(|voter| voter.id == quorum.leader);
    let end = leader.map_or(quorum.high_watermark, |leader| leader.log_end);
    let time = |time: TimestampMs| match now {
        None => Cell::Number(time.0),
        Some(_) if time.0 < 0 => Cell::Text("-1".to_owned()),
        Some(now) => Cell::Text(format!("{} ms ago", now.0 - time.0)),
    };
    let row = |replica: &QuorumReplica, status: &str| {
        vec![
            Cell::Number(replica.id.0.into()),
            Cell::Text(replica.directory_id.to_string()),
            Cell::Number(replica.log_end.get()),
            Cell::Number(end.since(replica.log_end)),
            time(replica.last_fetch),
            time(replica.last_caught_up),
            Cell::Text(status.to_owned()),
        ]
    };
    let leaders = leader.map(|leader| row(leader, "Leader"));
    let others = quorum.voters.iter().filter(|voter| voter.id != quorum.leader);
    let followers = others.map(|voter| row(voter, "Follower"));
    let observers = quorum.observers.iter().map(|observer| row(observer, "Observer"));
    Listing { headings: REPLICATION, rows: leaders.into_iter().chain(followers).chain(observers).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{BrokerId, LeaderEpoch, Offset};

    fn quorum(directory_id: &str) -> QuorumDescription {
        let leader = QuorumReplica {
            id: BrokerId(1),
            directory_id: directory_id.parse().unwrap(),
            endpoints: vec![("CONTROLLER".to_owned(), "127.0.0.1".to_owned(), 19642)],
            log_end: Offset::new(506),
            last_fetch: TimestampMs(1_795_285_623_185),
            last_caught_up: TimestampMs(1_795_285_623_185),
        };
        QuorumDescription {
            leader: BrokerId(1),
            leader_epoch: LeaderEpoch(1),
            high_watermark: Offset::new(506),
            voters: vec![leader],
            observers: Vec::new(),
        }
    }

    /// As recorded of Kafka's program.
    #[test]
    fn the_status_is_eight_lines() {
        let text = status("qh9ECGhoRauMrSKaeri6Yw", &quorum("AAAAAAAAAAAAAAAAAAAAAA"), Format::Text).unwrap();
        let expected = "ClusterId:              qh9ECGhoRauMrSKaeri6Yw\n\
                        LeaderId:               1\n\
                        LeaderEpoch:            1\n\
                        HighWatermark:          506\n\
                        MaxFollowerLag:         0\n\
                        MaxFollowerLagTimeMs:   0\n\
                        CurrentVoters:          [{\"id\": 1, \"endpoints\": [\"CONTROLLER://127.0.0.1:19642\"]}]\n\
                        CurrentObservers:       []\n";
        assert_eq!(text, expected);
        let voters = list(&quorum("JjSlCaAJQiTXH2WV5OkfUw").voters);
        assert!(
            voters.starts_with("[{\"id\": 1, \"directoryId\": \"JjSlCaAJQiTXH2WV5OkfUw\", \"endpoints\": [")
        );
    }

    #[test]
    fn the_replication_is_a_table_with_tabs() {
        let now = TimestampMs(1_795_285_623_193);
        let text = |now| replication(&quorum("AAAAAAAAAAAAAAAAAAAAAA"), now).render(Format::Text).unwrap();
        let expected = "NodeId\tDirectoryId           \tLogEndOffset\tLag\tLastFetchTimestamp\tLastCaughtUpTimestamp\tStatus\t\n\
                        1     \tAAAAAAAAAAAAAAAAAAAAAA\t506         \t0  \t1795285623185     \t1795285623185        \tLeader\t\n";
        assert_eq!(text(None), expected);
        assert!(text(Some(now)).ends_with("\t8 ms ago          \t8 ms ago             \tLeader\t\n"));
    }
}
