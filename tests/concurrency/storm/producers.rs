//! The producers: they write numbered records with keys of their own, all the time, in bursts.

use crate::support::{Kt, Random};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub(super) const PRODUCERS: usize = 4;

/// Producers at work.
pub(super) struct Producers {
    ends: Arc<AtomicBool>,
    threads: Vec<JoinHandle<usize>>,
}

impl Producers {
    pub(super) fn start(kt: &Kt, random: &mut Random) -> Producers {
        let ends = Arc::new(AtomicBool::new(false));
        let start = |producer| {
            let mut running = kt.start("produce --topic log --reader-property parse.key=true");
            let (ends, mut random) = (Arc::clone(&ends), random.fork());
            thread::spawn(move || {
                let mut written = 0;
                while !ends.load(Ordering::SeqCst) {
                    let burst = written..written + 1 + random.below(8) as usize;
                    written = burst.end;
                    let lines: Vec<String> =
                        burst.map(|n| format!("{producer}-{n}\t{producer}-{n}")).collect();
                    running.write_line(&lines.join("\n"));
                    thread::sleep(random.time_below(Duration::from_millis(20)));
                }
                running.finish().shows("");
                written
            })
        };
        let threads = (0..PRODUCERS).map(start).collect();
        Producers { ends, threads }
    }

    /// Ends them; how many records each has written.
    pub(super) fn finish(self) -> Vec<usize> {
        self.ends.store(true, Ordering::SeqCst);
        self.threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    }
}
