//! `Timed`: a request, from its frame to its answer.

use super::Metrics;
use crate::serve::call::{Answer, Hangup};
use crate::serve::session::Verdict;
use kafka_protocol::messages::ApiKey;
use std::sync::Arc;
use std::time::Instant;

/// A request that is to be counted when it is answered.
pub(in crate::serve) struct Timed {
    metrics: Arc<Metrics>,
    key: ApiKey,
    begun: Instant,
}

impl Timed {
    /// Begins with a frame, if anybody wants to know; one whose kind isn't known is not counted.
    pub(in crate::serve) fn begin(metrics: Option<&Arc<Metrics>>, frame: &[u8]) -> Option<Timed> {
        let metrics = Arc::clone(metrics?);
        // With its length.
        metrics.receive(frame.len() + 4);
        let key = ApiKey::try_from(frame.first_chunk().copied().map(i16::from_be_bytes)?).ok()?;
        Some(Timed { metrics, key, begun: Instant::now() })
    }

    fn end<T>(&self, outcome: &Result<T, Hangup>) {
        self.metrics.answer(self.key, self.begun, outcome.is_ok());
    }
}

/// The same verdict, counted when the answer is there.
pub(in crate::serve) fn timed(
    timed: Option<Timed>,
    verdict: Result<Verdict, Hangup>,
) -> Result<Verdict, Hangup> {
    let Some(timed) = timed else { return verdict };
    match verdict {
        Ok(Verdict::Answer(Answer::Later(coming))) => {
            Ok(Verdict::Answer(Answer::Later(Box::pin(async move {
                let reply = coming.await;
                timed.end(&reply);
                reply
            }))))
        }
        verdict => {
            timed.end(&verdict);
            verdict
        }
    }
}
