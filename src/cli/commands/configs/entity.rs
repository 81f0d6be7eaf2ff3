//! The kinds of things that have settings, as kafka-configs names them.

/// A kind of thing with settings, in the order in which Kafka lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntityType {
    Topics,
    Clients,
    Users,
    Brokers,
    Ips,
    ClientMetrics,
    Groups,
    BrokerLoggers,
}

impl EntityType {
    pub(super) const ALL: [EntityType; 8] = [
        EntityType::Topics,
        EntityType::Clients,
        EntityType::Users,
        EntityType::Brokers,
        EntityType::Ips,
        EntityType::ClientMetrics,
        EntityType::Groups,
        EntityType::BrokerLoggers,
    ];

    /// As in `--entity-type NAME`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            EntityType::Topics => "topics",
            EntityType::Clients => "clients",
            EntityType::Users => "users",
            EntityType::Brokers => "brokers",
            EntityType::Ips => "ips",
            EntityType::ClientMetrics => "client-metrics",
            EntityType::Groups => "groups",
            EntityType::BrokerLoggers => "broker-loggers",
        }
    }

    /// The name of one of them: the last letter less.
    pub(super) fn singular(self) -> &'static str {
        self.name().strip_suffix('s').unwrap_or(self.name())
    }

    pub(super) fn by_name(name: &str) -> Option<EntityType> {
        EntityType::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether the type has a default entity.
    pub(super) const fn has_default(self) -> bool {
        matches!(self, EntityType::Users | EntityType::Clients | EntityType::Brokers | EntityType::Ips)
    }
}

/// The options that name a type and an entity at once, in the order in which Kafka looks at them.
pub(super) const FLAGS: [(&str, EntityType); 8] = [
    ("topic", EntityType::Topics),
    ("client", EntityType::Clients),
    ("user", EntityType::Users),
    ("broker", EntityType::Brokers),
    ("broker-logger", EntityType::BrokerLoggers),
    ("ip", EntityType::Ips),
    ("client-metrics", EntityType::ClientMetrics),
    ("group", EntityType::Groups),
];

/// The options that name a type and its default entity.
pub(super) const DEFAULT_FLAGS: [(&str, EntityType); 4] = [
    ("client-defaults", EntityType::Clients),
    ("user-defaults", EntityType::Users),
    ("broker-defaults", EntityType::Brokers),
    ("ip-defaults", EntityType::Ips),
];
