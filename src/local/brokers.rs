//! Admin calls about the nodes of a cluster.

use super::cluster::Cluster;
use crate::client::{self, ClusterDescription, Node, Result};
use crate::metadata::{self, Endpoint};
use crate::types::{BrokerId, ErrorCode};

pub(super) fn describe(cluster: &Cluster) -> Result<ClusterDescription> {
    let described = cluster.with_image(|image| {
        let brokers = image.brokers().iter().map(|(&id, registration)| Node {
            rack: registration.rack.clone(),
            fenced: registration.fenced,
            ..node(id, registration.endpoints.first())
        });
        let controllers = image.controllers().iter();
        let controllers = controllers.map(|(&id, controller)| node(id, controller.endpoints.first()));
        ClusterDescription {
            cluster_id: cluster.broker().cluster_id.clone(),
            nodes: brokers.collect(),
            controllers: controllers.collect(),
        }
    })?;
    Ok(described)
}

fn node(id: BrokerId, endpoint: Option<&Endpoint>) -> Node {
    let (host, port) = endpoint.map(|e| (e.host.clone(), e.port)).unwrap_or_default();
    Node { id, host, port, rack: None, fenced: false }
}

/// Takes a broker out of the metadata, but not the one whose directory this is: kt acts for it.
pub(super) fn unregister(cluster: &Cluster, broker: BrokerId) -> Result<()> {
    cluster.update(|image| {
        let records = metadata::unregister_broker(image, broker)?;
        if broker == cluster.broker().id {
            let message = format!("broker {broker} is the one whose directory this is");
            return Err(client::Error::new(ErrorCode::InvalidRequest, message));
        }
        Ok((records, ()))
    })
}
