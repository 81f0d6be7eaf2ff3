//! Who a client is and what may pass between it and the server: listeners, TLS, SASL, principals, and the settings of all that.
//!
//! Opens no file and no socket; looks credentials up in the directory (`mechanism`).

mod distinguished_name;
mod error;
mod listener;
mod mechanism;
mod plain;
mod principal;
mod principal_rules;
mod scram;
mod settings;
mod tls;

pub(crate) use error::{Error, Refusal};
pub(crate) use listener::Listener;
pub(crate) use mechanism::{Mechanism, Proof, Step};
pub(crate) use principal::Principal;
pub(crate) use settings::{Gate, Given, Sasl, listeners, policy};
