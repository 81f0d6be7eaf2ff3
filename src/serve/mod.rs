//! Kafka's wire protocol on a directory: the third face of the engine, beside the command line.
//!
//! ```text
//! server      listeners, connections, the end            connection  frames in, answers out in order
//! settings    how it is to be                         session     who is at the other end
//! security/   TLS, SASL, principals                   limits      what clients may use up
//! call        what a handler gets of its request         dispatch    which handler takes which request
//! versions    what is served                             context     what all requests share
//! faults/     what a test wants to go wrong
//! metrics/    what it tells of itself
//! newer       what the protocol crate lacks
//! administration, coordination   the same for administrative requests, and for those about groups
//! once        what is named twice is answered once
//! topic_ids   requests that name topics by their ids
//! handlers/   one file a request
//! ```
//! The only folder with asynchronous code, and with the messages of the protocol. Locks and syncs of the engine block, so
//! handlers run on threads where they may; those that wait for something wait without a thread.

mod address;
mod administration;
mod call;
mod connection;
mod context;
mod coordination;
mod dispatch;
mod error;
mod faults;
mod handlers;
mod limits;
mod metrics;
mod newer;
mod nodes;
mod once;
mod parts;
mod permissions;
mod security;
mod server;
mod session;
mod settings;
mod sharing;
mod topic_ids;
mod versions;
mod wire;

pub(crate) use error::Error;
pub(crate) use faults::{BadRule, Rule};
pub(crate) use security::Given;
pub(crate) use server::Server;
pub(crate) use settings::Settings;
