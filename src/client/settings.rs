//! Configurations as they are told, and changes of them.

/// Where a value comes from; the words that kafka-configs prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConfigSource {
    DynamicTopic,
    DynamicBroker,
    DynamicDefaultBroker,
    DynamicGroup,
    DynamicClientMetrics,
    DynamicBrokerLogger,
    StaticBroker,
    Default,
}

impl ConfigSource {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            ConfigSource::DynamicTopic => "DYNAMIC_TOPIC_CONFIG",
            ConfigSource::DynamicBroker => "DYNAMIC_BROKER_CONFIG",
            ConfigSource::DynamicDefaultBroker => "DYNAMIC_DEFAULT_BROKER_CONFIG",
            ConfigSource::DynamicGroup => "DYNAMIC_GROUP_CONFIG",
            ConfigSource::DynamicClientMetrics => "DYNAMIC_CLIENT_METRICS_CONFIG",
            ConfigSource::DynamicBrokerLogger => "DYNAMIC_BROKER_LOGGER_CONFIG",
            ConfigSource::StaticBroker => "STATIC_BROKER_CONFIG",
            ConfigSource::Default => "DEFAULT_CONFIG",
        }
    }
}

/// One value that could be in force, with the name it goes by at that level.
#[derive(Clone, Debug)]
pub(crate) struct ConfigSynonym {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
    pub(crate) source: ConfigSource,
}

/// How a configuration's value is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueType {
    Unknown,
    Boolean,
    Text,
    Int,
    Short,
    Long,
    Double,
    List,
    Password,
}

#[derive(Clone, Debug)]
pub(crate) struct ConfigEntry {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
    pub(crate) source: ConfigSource,
    pub(crate) sensitive: bool,
    /// Whether it can't be changed while the broker runs.
    pub(crate) read_only: bool,
    pub(crate) value_type: ValueType,
    /// From the one in force down to the default.
    pub(crate) synonyms: Vec<ConfigSynonym>,
}

/// A change of one key of a resource's configuration.
#[derive(Clone, Debug)]
pub(crate) enum AlterConfigOp {
    Set(String, String),
    Delete(String),
    /// Adds to a list those of the words, separated by commas, that it doesn't have.
    Append(String, String),
    /// Takes words out of a list.
    Subtract(String, String),
}
