//! A principal: who a client is, as access control entries name it. Source: Kafka's documentation, "Authorization and ACLs".

use std::fmt;
use std::sync::Arc;

/// Somebody, by name. Of Kafka's kinds of principals only users come out of an authentication.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Principal {
    name: Arc<str>,
}

impl Principal {
    pub(crate) fn user(name: &str) -> Principal {
        Principal { name: name.into() }
    }

    /// Who said nothing of who they are.
    pub(crate) fn anonymous() -> Principal {
        Principal::user("ANONYMOUS")
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "User:{}", self.name)
    }
}
