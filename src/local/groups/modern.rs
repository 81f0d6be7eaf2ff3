//! The newer protocol's part of a member, as the consumer's own thread plays it on a directory.

use super::member::LocalSeat;
use crate::client::{self, Result};
use crate::group::{GroupKind, ModernGroup, ModernSeat, PartitionSet, Refusal, TopicCatalog};
use std::sync::Arc;

impl ModernSeat for LocalSeat<'_> {
    type Error = client::Error;

    fn has_place(&self) -> bool {
        self.desk.place().is_some()
    }

    /// Whoever looks watches over its neighbours too.
    fn look(&mut self) -> Result<Option<ModernGroup>> {
        let group = match self.desk.look()? {
            GroupKind::Consumer(group) => group,
            // A guest whose epoch was behind lets go of what it has in the generation that its group goes on from.
            GroupKind::Classic(group) => {
                self.desk.note_classic_again(&group);
                return Ok(None);
            }
            _ => return Ok(None),
        };
        if let Some(place) = self.desk.place() {
            self.ring.watch(self.desk, group.neighbours(&place.member_id))?;
        }
        Ok(Some(group))
    }

    fn join(&mut self, member_id: &str, topics: &[String]) -> Result<std::result::Result<(), Refusal>> {
        self.desk.join_modern(member_id, topics)
    }

    fn speak(
        &mut self,
        owned: &PartitionSet,
        topics: Option<&[String]>,
    ) -> Result<std::result::Result<(), Refusal>> {
        self.desk.speak_modern(owned, topics)
    }

    fn give_up(&mut self) -> Result<()> {
        self.desk.give_up()
    }

    fn catalog(&self) -> Result<Arc<TopicCatalog>> {
        Ok(self.desk.cluster.catalog()?)
    }

    fn refused(&self, refusal: Refusal) -> client::Error {
        client::Error::new(refusal.code, refusal.message)
    }
}
