//! `Rule`: a fault as it is written on a command line.

use super::refusals;
use crate::local::API_VERSIONS;
use crate::types::ErrorCode;
use kafka_protocol::messages::ApiKey;
use std::time::Duration;

/// What is to go wrong, with what, how often.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    pub(super) key: ApiKey,
    /// The topic, group or transactional id that a request must be about; `None` takes any.
    pub(super) name: Option<String>,
    pub(super) what: What,
    pub(super) limit: Limit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Error(ErrorCode),
    Delay(Duration),
    /// The connection is closed instead of an answer.
    Disconnect(When),
}

/// Whether what the request asks for is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Before,
    After,
}

/// On how many requests a rule acts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Limit {
    First(u64),
    /// On each with this probability, 0 to 1.
    Each(f64),
}

impl Limit {
    const ALWAYS: Limit = Limit::Each(1.0);
}

/// Text that is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadRule {
    #[error("there is no request '{0}'")]
    Request(String),
    #[error("there is no error '{0}'; errors are named as Kafka names them, such as NOT_LEADER_OR_FOLLOWER")]
    Error(String),
    #[error("the answer to {0} has no place for an error")]
    Unsupported(String),
    #[error("'{0}' is no time such as 50ms or 2s")]
    Time(String),
    #[error("'{0}' is neither how often (3), how probably (10%) nor always (*)")]
    Limit(String),
    #[error("it is {0}")]
    Shape(&'static str),
}

impl Rule {
    /// `API:NAME:ERROR[:LIMIT]`; without a limit it acts once.
    pub(crate) fn fault(text: &str) -> Result<Rule, BadRule> {
        let parts: Vec<&str> = text.split(':').collect();
        let (api, topic, error, often) = match parts.as_slice() {
            [api, topic, error] => (api, topic, error, "1"),
            [api, topic, error, often] => (api, topic, error, *often),
            _ => return Err(BadRule::Shape("API:TOPIC:ERROR[:LIMIT]")),
        };
        let key = key(api)?;
        let code = ErrorCode::by_name(error).ok_or_else(|| BadRule::Error((*error).to_owned()))?;
        if !refusals::can_tell(key) {
            return Err(BadRule::Unsupported((*api).to_owned()));
        }
        Ok(Rule { key, name: name(topic), what: What::Error(code), limit: limit(often)? })
    }

    /// `API[:NAME]:TIME[:LIMIT]`; without a limit it acts always. A number alone is milliseconds.
    pub(crate) fn delay(text: &str) -> Result<Rule, BadRule> {
        let parts: Vec<&str> = text.split(':').collect();
        let (api, topic, delay, often) = match parts.as_slice() {
            [api, delay] => (api, "*", *delay, "*"),
            [api, delay, often] if time(delay).is_some() => (api, "*", *delay, *often),
            [api, topic, delay] => (api, *topic, *delay, "*"),
            [api, topic, delay, often] => (api, *topic, *delay, *often),
            _ => return Err(BadRule::Shape("API[:TOPIC]:TIME[:LIMIT]")),
        };
        let what = What::Delay(time(delay).ok_or_else(|| BadRule::Time(delay.to_owned()))?);
        Ok(Rule { key: key(api)?, name: name(topic), what, limit: limit(often)? })
    }

    /// `API[:NAME][:LIMIT][:after]`; without a limit it acts once.
    pub(crate) fn disconnect(text: &str) -> Result<Rule, BadRule> {
        let (text, when) = match text.strip_suffix(":after") {
            Some(text) => (text, When::After),
            None => (text.strip_suffix(":before").unwrap_or(text), When::Before),
        };
        let parts: Vec<&str> = text.split(':').collect();
        let (api, topic, often) = match parts.as_slice() {
            [api] => (api, "*", "1"),
            [api, often] if *often != "*" && limit(often).is_ok() => (api, "*", *often),
            [api, topic] => (api, *topic, "1"),
            [api, topic, often] => (api, *topic, *often),
            _ => return Err(BadRule::Shape("API[:TOPIC][:LIMIT][:after]")),
        };
        Ok(Rule { key: key(api)?, name: name(topic), what: What::Disconnect(when), limit: limit(often)? })
    }
}

fn key(api: &str) -> Result<ApiKey, BadRule> {
    let known = API_VERSIONS.iter().find(|known| known.name.eq_ignore_ascii_case(api));
    let key = known.and_then(|known| ApiKey::try_from(known.key).ok());
    key.ok_or_else(|| BadRule::Request(api.to_owned()))
}

fn name(text: &str) -> Option<String> {
    (text != "*" && !text.is_empty()).then(|| text.to_owned())
}

fn time(text: &str) -> Option<Duration> {
    let (number, unit_ms) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 1),
        (None, Some(number)) => (number, 1000),
        (None, None) => (text, 1),
    };
    number.parse::<u64>().ok()?.checked_mul(unit_ms).map(Duration::from_millis)
}

fn limit(text: &str) -> Result<Limit, BadRule> {
    let bad = || BadRule::Limit(text.to_owned());
    if text == "*" {
        return Ok(Limit::ALWAYS);
    }
    match text.strip_suffix('%') {
        Some(percent) => {
            let percent = percent.parse::<f64>().ok().filter(|percent| (0.0..=100.0).contains(percent));
            Ok(Limit::Each(percent.ok_or_else(bad)? / 100.0))
        }
        None => text.parse().map(Limit::First).map_err(|_| bad()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_in_every_form() {
        let shape = |rule: Result<Rule, BadRule>| {
            let Rule { key, name, what, limit } = rule.unwrap();
            format!("{key:?} {} {what:?} {limit:?}", name.unwrap_or("*".into()))
        };
        for (text, expected) in [
            ("Produce:orders:NOT_LEADER_OR_FOLLOWER:3", "Produce orders Error(NotLeaderOrFollower) First(3)"),
            ("produce:*:REQUEST_TIMED_OUT", "Produce * Error(RequestTimedOut) First(1)"),
            (
                "JoinGroup::COORDINATOR_NOT_AVAILABLE:10%",
                "JoinGroup * Error(CoordinatorNotAvailable) Each(0.1)",
            ),
            ("Fetch:t:UNKNOWN_SERVER_ERROR:*", "Fetch t Error(UnknownServerError) Each(1.0)"),
        ] {
            assert_eq!(shape(Rule::fault(text)), expected, "{text}");
        }
        for (text, expected) in [
            ("Produce:50", "Produce * Delay(50ms) Each(1.0)"),
            ("Produce:2s:3", "Produce * Delay(2s) First(3)"),
            ("Produce:orders:50ms", "Produce orders Delay(50ms) Each(1.0)"),
            ("Produce:50:60:1%", "Produce 50 Delay(60ms) Each(0.01)"),
        ] {
            assert_eq!(shape(Rule::delay(text)), expected, "{text}");
        }
        for (text, expected) in [
            ("Produce", "Produce * Disconnect(Before) First(1)"),
            ("Produce:2", "Produce * Disconnect(Before) First(2)"),
            ("Produce:orders:after", "Produce orders Disconnect(After) First(1)"),
            ("Produce:*:50%:after", "Produce * Disconnect(After) Each(0.5)"),
        ] {
            assert_eq!(shape(Rule::disconnect(text)), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for bad in [
            "",
            "Produce",
            "Produce:t",
            "Nothing:t:NOT_LEADER_OR_FOLLOWER",
            "Produce:t:NO_SUCH_ERROR",
            "Produce:t:CORRUPT_MESSAGE:x",
            "Produce:t:CORRUPT_MESSAGE:101%",
            "Produce:t:CORRUPT_MESSAGE:1:1",
            "Produce:t:CORRUPT_MESSAGE:-1",
            "DescribeQuorum:*:UNKNOWN_SERVER_ERROR",
        ] {
            assert!(Rule::fault(bad).is_err(), "{bad}");
        }
        for bad in ["Produce", "Produce:soon", "Produce:t:soon", "Produce:99999999999999999999"] {
            assert!(Rule::delay(bad).is_err(), "{bad}");
        }
        for bad in ["Nothing", "Produce:t:often", "Produce:t:1:1"] {
            assert!(Rule::disconnect(bad).is_err(), "{bad}");
        }
    }
}
