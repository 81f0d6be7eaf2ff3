//! How a consumer's group shares partitions out: `group.protocol`, and the assignors that go with each.

use crate::cli::config::{InvalidSetting, Properties};
use crate::client::GroupProtocol;

/// What only the classic protocol leaves to the consumer.
const CLASSIC_ONLY: [&str; 3] =
    ["partition.assignment.strategy", "heartbeat.interval.ms", "session.timeout.ms"];

/// `group.protocol`, in any case, and `group.remote.assignor`.
pub(super) fn protocol(settings: &Properties) -> Result<GroupProtocol, InvalidSetting> {
    const KEY: &str = "group.protocol";
    const ASSIGNOR: &str = "group.remote.assignor";
    let name = settings.text(KEY).unwrap_or_default().to_ascii_lowercase();
    match name.as_str() {
        "" | "classic" if settings.text(ASSIGNOR).is_some() => {
            Err(settings.invalid(ASSIGNOR, "it cannot be set when group.protocol=CLASSIC"))
        }
        "" | "classic" => Ok(GroupProtocol::Classic),
        "consumer" => match CLASSIC_ONLY.into_iter().find(|key| settings.text(key).is_some()) {
            Some(key) => Err(settings.invalid(key, "it cannot be set when group.protocol=CONSUMER")),
            None => Ok(GroupProtocol::Consumer { remote_assignor: settings.text(ASSIGNOR).map(Into::into) }),
        },
        _ => Err(settings.invalid(KEY, "it is one of (case insensitive): CONSUMER, CLASSIC")),
    }
}

/// `partition.assignment.strategy`: class names, as the names that groups know the assignors by.
pub(super) fn assignors(settings: &Properties) -> Result<Vec<String>, InvalidSetting> {
    const KEY: &str = "partition.assignment.strategy";
    const PACKAGE: &str = "org.apache.kafka.clients.consumer.";
    let Some(list) = settings.text(KEY) else {
        return Ok(vec!["range".to_owned(), "cooperative-sticky".to_owned()]);
    };
    let name = |class: &str| match class.trim().strip_prefix(PACKAGE) {
        Some("RangeAssignor") => Ok("range".to_owned()),
        Some("RoundRobinAssignor") => Ok("roundrobin".to_owned()),
        Some("StickyAssignor") => Ok("sticky".to_owned()),
        Some("CooperativeStickyAssignor") => Ok("cooperative-sticky".to_owned()),
        _ => Err(settings.invalid(KEY, "there is no such class")),
    };
    list.split(',').map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<GroupProtocol, InvalidSetting> {
        protocol(&Properties::parse(text.as_bytes()))
    }

    #[test]
    fn protocols_in_any_case_with_their_own_settings() {
        assert_eq!(read("").unwrap(), GroupProtocol::Classic);
        assert_eq!(read("group.protocol=CLASSIC").unwrap(), GroupProtocol::Classic);
        let consumer =
            |assignor: Option<&str>| GroupProtocol::Consumer { remote_assignor: assignor.map(str::to_owned) };
        assert_eq!(read("group.protocol=Consumer").unwrap(), consumer(None));
        let range = read("group.protocol=consumer\ngroup.remote.assignor=range").unwrap();
        assert_eq!(range, consumer(Some("range")));
        assert_eq!(read("group.protocol=bogus").unwrap_err().key, "group.protocol");
        assert_eq!(read("group.remote.assignor=range").unwrap_err().key, "group.remote.assignor");
        let both = read("group.protocol=consumer\nsession.timeout.ms=10000").unwrap_err();
        assert_eq!(both.key, "session.timeout.ms");
    }
}
