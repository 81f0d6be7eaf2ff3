//! Signals: who is asked to end does so in good order, and who is stopped by a terminal holds no lock then. Knows nothing of
//! the rest: what it has to know of locks and sleeps it is told.

mod child;
mod end;
mod patience;
mod stop;
mod system;

pub(crate) use child::{gone_with_parent, send_to_group, stop_this};
pub(crate) use end::{Bell, count, install, interrupt, is_interrupted, received, wake_on_signal};
pub(crate) use patience::Waiting;
pub(crate) use stop::{Unstopped, put_off_stops};
pub(crate) use system::{ignore_file_size_limit, use_all_descriptors};
