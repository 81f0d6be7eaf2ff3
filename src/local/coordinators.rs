//! The topics that coordinators write to. They come into being when somebody asks who coordinates.

use super::cluster::Cluster;
use super::groups::OFFSETS_TOPIC;
use super::{share, transactions};
use crate::client::Result;

/// What is coordinated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coordinated {
    Groups,
    Transactions,
    ShareGroups,
}

impl Cluster {
    /// Sees to it that the topic of a coordinator is there.
    pub(crate) fn ensure_topic_of(&self, coordinated: Coordinated) -> Result<()> {
        let topic = match coordinated {
            Coordinated::Groups => OFFSETS_TOPIC,
            Coordinated::Transactions => transactions::STATE_TOPIC,
            Coordinated::ShareGroups => share::STATE_TOPIC,
        };
        self.coordination()?;
        self.open_topic_to_produce(topic).map(|_| ())
    }
}
