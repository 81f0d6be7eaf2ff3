//! `Faults`: the rules of a server, and how each request meets them.

use super::rule::{Limit, Rule, What, When};
use super::{names, refusals};
use crate::serve::call::{Answer, Call, Hangup, Reply};
use crate::serve::dispatch;
use crate::types::ErrorCode;
use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::ApiKey;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The rules, and what is left of them.
#[derive(Debug)]
pub(in crate::serve) struct Faults {
    rules: Vec<Rule>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// How often each rule has acted.
    acted: Vec<u64>,
    random: u64,
}

/// What is to become of a request.
#[derive(Debug, Default)]
struct Fate {
    delay: Duration,
    disconnect: Option<When>,
    /// With the name that was asked for.
    error: Option<(ErrorCode, Option<String>)>,
}

impl Fate {
    fn is_none(&self) -> bool {
        self.delay.is_zero() && self.disconnect.is_none() && self.error.is_none()
    }
}

impl Faults {
    /// `None` if there is nothing to go wrong.
    pub(in crate::serve) fn new(rules: &[Rule], seed: u64) -> Option<Faults> {
        let state = State { acted: vec![0; rules.len()], random: seed };
        (!rules.is_empty()).then(|| Faults { rules: rules.to_vec(), state: Mutex::new(state) })
    }

    fn are_about(&self, key: ApiKey) -> bool {
        self.rules.iter().any(|rule| rule.key == key)
    }

    fn need_names(&self, key: ApiKey) -> bool {
        self.rules.iter().any(|rule| rule.key == key && rule.name.is_some())
    }

    /// What becomes of a request of this kind with these names.
    fn fate(&self, key: ApiKey, names: &[String]) -> Fate {
        let mut fate = Fate::default();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for (number, rule) in self.rules.iter().enumerate().filter(|(_, rule)| rule.key == key) {
            // Of two errors the first one stands, and the other is left for the next request.
            let is_told = matches!(rule.what, What::Error(_)) && fate.error.is_some();
            let is_meant = rule.name.as_ref().is_none_or(|name| names.contains(name));
            if is_told || !is_meant || !state.acts(number, rule.limit) {
                continue;
            }
            match rule.what {
                What::Delay(delay) => fate.delay += delay,
                What::Disconnect(when) => fate.disconnect = Some(when),
                What::Error(code) => fate.error = Some((code, rule.name.clone())),
            }
        }
        fate
    }
}

impl State {
    fn acts(&mut self, number: usize, limit: Limit) -> bool {
        let Some(acted) = self.acted.get_mut(number) else { return false };
        let acts = match limit {
            Limit::First(count) => *acted < count,
            Limit::Each(probability) => {
                // SplitMix64.
                self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                // 53 bits are what a double holds.
                ((mixed ^ (mixed >> 31)) >> 11) as f64 / ((1_u64 << 53) as f64) < probability
            }
        };
        *acted += u64::from(acts);
        acts
    }
}

/// Has a request answered, unless something goes wrong.
pub(in crate::serve) async fn answer(call: Call, body: Bytes, faults: &Faults) -> Result<Answer, Hangup> {
    if !faults.are_about(call.key) {
        return dispatch::answer(call, body).await;
    }
    let names = if faults.need_names(call.key) { names::of(&call, &body).await? } else { Vec::new() };
    let fate = faults.fate(call.key, &names);
    if !fate.is_none() {
        tracing::info!(api = ?call.key, client = call.client_id(), ?names, ?fate, "fault");
    }
    if !fate.delay.is_zero() {
        tokio::time::sleep(fate.delay).await;
    }
    if fate.disconnect == Some(When::Before) {
        return Err(Hangup::Injected);
    }
    let answer = match fate.error {
        Some((error, name)) if call.key == ApiKey::Metadata => {
            let told = move |call: &Call| refusals::metadata(call, &body, name.as_deref(), error);
            Answer::Now(call.blocking(told).await??)
        }
        Some((error, _)) => Answer::Now(refusals::reply(&call, &body, error)?),
        None => {
            let body = if call.key == ApiKey::Fetch { without_session(&call, body) } else { body };
            dispatch::answer(call, body).await?
        }
    };
    match fate.disconnect {
        Some(When::After) => {
            finished(answer).await?;
            Err(Hangup::Injected)
        }
        _ => Ok(answer),
    }
}

/// Waits for the answer itself.
async fn finished(answer: Answer) -> Result<Reply, Hangup> {
    match answer {
        Answer::Now(reply) => Ok(reply),
        Answer::Later(coming) => coming.await,
        Answer::Nothing => Ok(Reply::new()),
    }
}

/// A Fetch that belongs to no session: the client says each time what it is about. The session's id and epoch stand behind
/// integers of a fixed width.
fn without_session(call: &Call, body: Bytes) -> Bytes {
    const NO_SESSION: [u8; 8] = [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
    let at = match call.version {
        ..=6 => return body,
        // Replica, wait, bytes at least and at most, isolation level.
        7..=14 => 17,
        15.. => 13,
    };
    let mut bytes = BytesMut::from(body);
    if let Some(session) = bytes.get_mut(at..at + NO_SESSION.len()) {
        session.copy_from_slice(&NO_SESSION);
    }
    bytes.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(rules: &[&str], seed: u64) -> Faults {
        let rules: Vec<Rule> = rules.iter().map(|rule| Rule::fault(rule).unwrap()).collect();
        Faults::new(&rules, seed).unwrap()
    }

    #[test]
    fn a_rule_acts_as_often_as_it_says_on_what_it_names() {
        let faults = faults(&["Produce:a:REQUEST_TIMED_OUT:2", "Produce:*:NOT_LEADER_OR_FOLLOWER"], 1);
        let error = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            faults.fate(ApiKey::Produce, &names).error.map(|(code, _)| code)
        };
        assert_eq!(error(&["b", "a"]), Some(ErrorCode::RequestTimedOut));
        assert_eq!(error(&["b"]), Some(ErrorCode::NotLeaderOrFollower));
        assert_eq!(error(&["b"]), None);
        assert_eq!(error(&["a"]), Some(ErrorCode::RequestTimedOut));
        assert_eq!(error(&["a"]), None);
        assert!(!faults.are_about(ApiKey::Fetch));
        assert!(Faults::new(&[], 1).is_none());
    }

    #[test]
    fn a_seed_repeats_what_was_probable() {
        let run = |seed| {
            let faults = faults(&["Fetch:*:UNKNOWN_SERVER_ERROR:25%"], seed);
            (0..1000).map(|_| faults.fate(ApiKey::Fetch, &[]).error.is_some()).collect::<Vec<bool>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let count = run(7).into_iter().filter(|&acted| acted).count();
        assert!((200..300).contains(&count), "{count}");
    }
}
