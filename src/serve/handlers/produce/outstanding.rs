//! `Outstanding`: the batches of a request that are being made durable, and the news of the last one.

use crate::local::{Done, Refusal};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// Where a batch's answer stands in the response.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) topic: usize,
    pub(super) partition: i32,
}

/// A batch that could not be made durable.
pub(super) struct Failure {
    pub(super) at: Place,
    pub(super) refusal: Refusal,
}

/// The batches of a request that are not durable yet.
pub(super) struct Outstanding {
    state: Mutex<Waiting>,
}

struct Waiting {
    /// One of them is the request itself, for as long as it is being appended.
    count: usize,
    failures: Vec<Failure>,
    tell: Option<oneshot::Sender<Vec<Failure>>>,
}

impl Outstanding {
    pub(super) fn new() -> (Arc<Outstanding>, oneshot::Receiver<Vec<Failure>>) {
        let (tell, receiver) = oneshot::channel();
        let waiting = Waiting { count: 1, failures: Vec::new(), tell: Some(tell) };
        (Arc::new(Outstanding { state: Mutex::new(waiting) }), receiver)
    }

    /// Counts a batch in. What is returned counts it out, be it called or dropped.
    pub(super) fn add(self: &Arc<Outstanding>, at: Place) -> Done {
        self.change(|waiting| waiting.count += 1);
        let one = One { all: Arc::clone(self) };
        Box::new(move |outcome| {
            if let Err(refusal) = outcome {
                one.all.change(|waiting| waiting.failures.push(Failure { at, refusal }));
            }
            drop(one);
        })
    }

    /// The request has been appended; says whether nothing is left to wait for.
    pub(super) fn finish(&self) -> bool {
        self.change(|waiting| {
            waiting.count -= 1;
            waiting.count == 0 && waiting.failures.is_empty()
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut Waiting) -> T) -> T {
        let mut waiting = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = change(&mut waiting);
        if waiting.count == 0
            && let Some(tell) = waiting.tell.take()
        {
            // Nobody listens any more where the connection is gone.
            let _ = tell.send(std::mem::take(&mut waiting.failures));
        }
        answer
    }
}

/// One batch among those.
struct One {
    all: Arc<Outstanding>,
}

impl Drop for One {
    fn drop(&mut self) {
        self.all.change(|waiting| waiting.count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ErrorCode;

    #[test]
    fn a_request_is_answered_when_the_last_batch_is_durable() {
        let (outstanding, mut receiver) = Outstanding::new();
        let at = |partition| Place { topic: 0, partition };
        let (first, second, refused) =
            (outstanding.add(at(0)), outstanding.add(at(1)), outstanding.add(at(2)));
        drop(refused);
        first(Ok(()));
        assert!(!outstanding.finish());
        assert!(receiver.try_recv().is_err());
        second(Err(Refusal::of(ErrorCode::KafkaStorage)));
        let failures = receiver.try_recv().unwrap();
        assert_eq!(failures.iter().map(|failure| failure.at.partition).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_request_whose_batches_are_durable_at_once_waits_for_nothing() {
        let (outstanding, _receiver) = Outstanding::new();
        outstanding.add(Place { topic: 0, partition: 0 })(Ok(()));
        assert!(outstanding.finish());
    }
}
