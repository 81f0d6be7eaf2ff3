//! How a server is to be: what Kafka's settings, by their names, say of it.

use super::address::Listen;
use super::error::Error;
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
        Ok(Settings { entrances, limits, policy: policy(given)?.map(Arc::new), open_to_all })
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
