//! How a server is to be: what Kafka's settings, by their names, say of it.

use super::address::Listen;
use super::error::Error;
use super::faults::{Faults, Rule};
use super::limits::{Guard, Limits};
use super::security::{Gate, Given, Listener, listeners, policy};
use crate::acl::Policy;
use crate::signal;
use std::sync::Arc;

/// All of it, read and found to be usable.
pub(crate) struct Settings {
    /// At least one.
    entrances: Vec<(Listen, Arc<Gate>)>,
    limits: Limits,
    policy: Option<Arc<Policy>>,
    /// Where anybody can come in from elsewhere without saying who he is.
    open_to_all: Vec<Listen>,
    /// What is to go wrong, and where chance comes from.
    faults: Vec<Rule>,
    seed: u64,
    /// Where metrics and health can be asked for.
    pub(super) metrics: Option<Listen>,
}

impl Settings {
    /// Reads the settings. Raises this process's limit of descriptors to what it may be.
    pub(crate) fn of(given: &Given) -> Result<Settings, Error> {
        let mut entrances = Vec::new();
        let mut open_to_all = Vec::new();
        let mut named: Vec<Listener> = listeners(given)?;
        if named.is_empty() {
            named.push(Listener::default());
        }
        for listener in named {
            let gate = Gate::of(&listener, given)?;
            if !gate.knows_who_comes(&listener, given) && !listener.listen.is_loopback() {
                open_to_all.push(listener.listen.clone());
            }
            entrances.push((listener.listen, Arc::new(gate)));
        }
        let limits = Limits::of(given, signal::use_all_descriptors())?;
        let policy = policy(given)?.map(Arc::new);
        Ok(Settings { entrances, limits, policy, open_to_all, faults: Vec::new(), seed: 0, metrics: None })
    }

    /// The same with faults that a test wants.
    pub(crate) fn with_faults(self, faults: Vec<Rule>, seed: u64) -> Settings {
        Settings { faults, seed, ..self }
    }

    /// The same with a port for metrics and health.
    pub(crate) fn with_metrics(self, metrics: Option<Listen>) -> Settings {
        Settings { metrics, ..self }
    }

    pub(super) fn faults(&self) -> Option<Faults> {
        Faults::new(&self.faults, self.seed)
    }

    /// The listeners that let anybody in from other machines, as whoever he likes.
    pub(crate) fn open_to_all(&self) -> &[Listen] {
        &self.open_to_all
    }

    pub(super) fn entrances(&self) -> impl Iterator<Item = (&Listen, &Arc<Gate>)> {
        self.entrances.iter().map(|(listen, gate)| (listen, gate))
    }

    pub(super) fn guard(&self) -> Guard {
        Guard::new(self.limits, self.policy.clone())
    }
}
