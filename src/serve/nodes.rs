//! The brokers of the cluster as a client is to see them: the one whose directory this is at the address of this server.

use super::call::Call;
use crate::client::{ClusterDescription, Node, Result};

/// The cluster, as the peer of a call is to see it.
pub(super) fn cluster(call: &Call) -> Result<ClusterDescription> {
    let own = call.context.cluster.broker_id();
    let mut described = call.context.cluster.admin().describe_cluster()?;
    let (host, port) = &call.peer.advertised;
    for node in described.nodes.iter_mut().filter(|node| node.id == own) {
        (node.host, node.port) = (host.clone(), *port);
    }
    Ok(described)
}

/// The broker that this server stands for.
pub(super) fn this(call: &Call) -> Node {
    let (host, port) = call.peer.advertised.clone();
    Node { id: call.context.cluster.broker_id(), host, port, rack: None, fenced: false }
}
