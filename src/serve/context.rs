//! What all requests of a server share.

use super::faults::Faults;
use super::handlers::fetch::Sessions;
use super::limits::Guard;
use super::metrics::Metrics;
use crate::local::{Cluster, NetworkGroups, NetworkShares, NetworkTransactions, RawLogs};
use std::sync::Arc;
use tokio::sync::watch;

/// One in a server.
pub(super) struct Context {
    /// Goes before the cluster does.
    pub(super) groups: NetworkGroups,
    pub(super) cluster: Cluster,
    pub(super) transactions: NetworkTransactions,
    /// The partitions' logs.
    pub(super) logs: RawLogs,
    pub(super) fetch_sessions: Sessions,
    pub(super) guard: Guard,
    pub(super) shares: NetworkShares,
    /// What a test wants to go wrong.
    pub(super) faults: Option<Faults>,
    /// `None` where nobody can ask for them.
    pub(super) metrics: Option<Arc<Metrics>>,
    /// Becomes true when the server is to end.
    stopping: watch::Receiver<bool>,
}

impl Context {
    pub(super) fn new(cluster: Cluster, guard: Guard, stopping: watch::Receiver<bool>) -> Context {
        Context {
            groups: NetworkGroups::new(&cluster),
            transactions: NetworkTransactions::open(&cluster),
            logs: RawLogs::new(&cluster),
            fetch_sessions: Sessions::default(),
            shares: NetworkShares::new(&cluster),
            cluster,
            guard,
            faults: None,
            metrics: None,
            stopping,
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Returns when the server is to end: who waits for something answers then with what there is.
    pub(super) async fn stopping(&self) {
        let mut stopping = self.stopping.clone();
        // An error means that the server is gone.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }
}
