//! Configurations as they are shown: each with its value and every place that has one, from the most specific down to
//! Kafka's default.

use super::image::Image;
use super::record::ConfigKind;
use crate::types::BrokerId;
use crate::types::config::{
    BrokerConfigDef, ConfigType, Synonym, TopicConfigDef, broker_config, broker_configs, group_configs,
    topic_configs,
};
use std::borrow::Cow;

/// Where a value was set, from the most to the least specific place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConfigLevel {
    Topic,
    Group,
    ClientMetrics,
    Broker,
    ClusterDefault,
    /// The file with which a broker is started.
    Static,
    /// Kafka's own default.
    Default,
}

/// A value with the name that the configuration has at its level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) name: Cow<'static, str>,
    /// `None` is null, or not to be shown.
    pub(crate) value: Option<String>,
    pub(crate) level: ConfigLevel,
}

/// A configuration with its value in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) name: Cow<'static, str>,
    /// `None` is null, or not to be shown.
    pub(crate) value: Option<String>,
    pub(crate) level: ConfigLevel,
    pub(crate) sensitive: bool,
    /// From the most specific place to the default; can be empty where only the default is left.
    pub(crate) places: Vec<Place>,
}

impl Setting {
    /// The first place counts; without any it is `default`.
    fn of(name: Cow<'static, str>, places: Vec<Place>, default: Option<&str>) -> Setting {
        let (value, level) = match places.first() {
            Some(first) => (first.value.clone(), first.level),
            None => (default.map(str::to_owned), ConfigLevel::Default),
        };
        Setting { name, value, level, sensitive: false, places }
    }
}

/// All configurations of `topic` as seen on `broker`, sorted by name.
pub(crate) fn topic_settings(image: &Image, topic: &str, broker: BrokerId) -> Vec<Setting> {
    settings_of_topic(image, broker, |name| image.setting(ConfigKind::TOPIC, topic, name))
}

/// The same of a topic that isn't there yet, with the settings that it is to be created with.
pub(crate) fn new_topic_settings(image: &Image, own: &[(String, String)], broker: BrokerId) -> Vec<Setting> {
    let last = |name: &str| own.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    settings_of_topic(image, broker, last)
}

fn settings_of_topic<'a>(
    image: &Image,
    broker: BrokerId,
    own: impl Fn(&str) -> Option<&'a str>,
) -> Vec<Setting> {
    let broker = broker.to_string();
    let setting = |def: &TopicConfigDef| {
        let own = own(def.name).map(|raw| place(def.name, &def.kind, raw, ConfigLevel::Topic));
        let fallback = broker_places(image, &broker, def.synonyms, &def.kind);
        let places: Vec<Place> = own.into_iter().chain(fallback).collect();
        let exists = def.default.is_some() || !places.is_empty();
        exists.then(|| Setting::of(Cow::Borrowed(def.name), places, def.default))
    };
    sorted(topic_configs().iter().filter_map(setting).collect())
}

fn sorted(mut settings: Vec<Setting>) -> Vec<Setting> {
    settings.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    settings
}

fn own_place(
    image: &Image,
    kind: ConfigKind,
    resource: &str,
    name: &'static str,
    value_kind: &ConfigType,
    level: ConfigLevel,
) -> Option<Place> {
    image.setting(kind, resource, name).map(|raw| place(name, value_kind, raw, level))
}

fn place(name: &'static str, kind: &ConfigType, raw: &str, level: ConfigLevel) -> Place {
    Place { name: Cow::Borrowed(name), value: normalized(name, kind, raw), level }
}

/// The value as Kafka prints it once it is parsed: `+5` is `5`, `a , b` is `a,b`; a password is never shown.
fn normalized(name: &str, kind: &ConfigType, raw: &str) -> Option<String> {
    if *kind == ConfigType::Password {
        return None;
    }
    Some(kind.parse(name, raw).map_or_else(|_| raw.to_owned(), |value| value.to_string()))
}

/// The values that a broker and all brokers have under the first of the names. The other names stand behind it with
/// their defaults, but not alone.
fn broker_places(image: &Image, broker: &str, synonyms: &[Synonym], kind: &ConfigType) -> Vec<Place> {
    let Some(first) = synonyms.first() else { return Vec::new() };
    let levels = [(broker, ConfigLevel::Broker), ("", ConfigLevel::ClusterDefault)];
    let mut places: Vec<Place> = levels
        .into_iter()
        .filter_map(|(resource, level)| {
            own_place(image, ConfigKind::BROKER, resource, first.name, kind, level)
        })
        .collect();
    if first.default.is_some() || !places.is_empty() {
        places.extend(synonyms.iter().filter_map(|synonym| {
            let value = Some(synonym.default?.to_owned());
            Some(Place { name: Cow::Borrowed(synonym.name), value, level: ConfigLevel::Default })
        }));
    }
    places
}

/// All configurations of a broker, sorted by name; `statics` are those that it was started with.
pub(crate) fn broker_settings(image: &Image, broker: BrokerId, statics: &[(&str, String)]) -> Vec<Setting> {
    let broker = broker.to_string();
    let mut settings: Vec<Setting> =
        broker_configs().iter().map(|def| broker_setting(image, &broker, def, statics)).collect();
    for (resource, level) in [(broker.as_str(), ConfigLevel::Broker), ("", ConfigLevel::ClusterDefault)] {
        for setting in unknown_settings(image, resource, level) {
            if settings.iter().all(|known| known.name != setting.name) {
                settings.push(setting);
            }
        }
    }
    sorted(settings)
}

fn broker_setting(image: &Image, broker: &str, def: &BrokerConfigDef, statics: &[(&str, String)]) -> Setting {
    // Where another configuration stands behind this one, the table of topics knows.
    let with_fallback = topic_configs().iter().map(|topic| topic.synonyms);
    let own = [Synonym { name: def.name, default: def.default }];
    let synonyms = with_fallback
        .into_iter()
        .find(|synonyms| synonyms.first().is_some_and(|first| first.name == def.name))
        .unwrap_or(&own);
    let mut places = broker_places(image, broker, synonyms, &def.kind);
    if let Some((_, value)) = statics.iter().find(|(name, _)| *name == def.name) {
        let at = places.iter().position(|place| place.level == ConfigLevel::Default).unwrap_or(places.len());
        let value = Some(value.clone());
        places.insert(at, Place { name: Cow::Borrowed(def.name), value, level: ConfigLevel::Static });
    }
    let mut setting = Setting::of(Cow::Borrowed(def.name), places, def.default);
    setting.sensitive = def.is_sensitive();
    setting
}

/// Settings that brokers know only as set by those who move partitions.
const THROTTLES: [&str; 3] = [
    "follower.replication.throttled.rate",
    "leader.replication.throttled.rate",
    "replica.alter.log.dirs.io.max.bytes.per.second",
];

/// Brokers take settings of any name, but do not show the values of those that they do not know.
fn unknown_settings(image: &Image, resource: &str, level: ConfigLevel) -> Vec<Setting> {
    let settings = image.settings(ConfigKind::BROKER, resource).into_iter().flatten();
    let unknown = settings.filter(|(name, _)| broker_config(name).is_none()).map(|(name, value)| {
        let shown = THROTTLES.contains(&name.as_str());
        let value = shown.then(|| value.clone());
        let name: Cow<'static, str> = Cow::Owned(name.clone());
        let place = Place { name: name.clone(), value: value.clone(), level };
        Setting { name, value, level, sensitive: !shown, places: vec![place] }
    });
    unknown.collect()
}

/// What is set for all brokers, sorted by name.
pub(crate) fn broker_default_settings(image: &Image) -> Vec<Setting> {
    let level = ConfigLevel::ClusterDefault;
    let known = broker_configs().iter().filter_map(|def| {
        let place = own_place(image, ConfigKind::BROKER, "", def.name, &def.kind, level)?;
        let mut setting = Setting::of(Cow::Borrowed(def.name), vec![place], None);
        setting.sensitive = def.is_sensitive();
        Some(setting)
    });
    sorted(known.chain(unknown_settings(image, "", level)).collect())
}

/// All configurations of a group, sorted by name. A group's own value hides the default.
pub(crate) fn group_settings(image: &Image, group: &str) -> Vec<Setting> {
    let settings = group_configs().iter().map(|def| {
        let name = Cow::Borrowed(def.name);
        let own = own_place(image, ConfigKind::GROUP, group, def.name, &def.kind, ConfigLevel::Group);
        let place = own.unwrap_or_else(|| Place {
            name: name.clone(),
            value: Some(def.default.to_owned()),
            level: ConfigLevel::Default,
        });
        Setting::of(name, vec![place], None)
    });
    settings.collect()
}

/// What is set for a subscription to clients' metrics, sorted by name.
pub(crate) fn client_metrics_settings(image: &Image, name: &str) -> Vec<Setting> {
    let settings = image.settings(ConfigKind::CLIENT_METRICS, name).into_iter().flatten();
    let own = settings.map(|(name, value)| {
        let name: Cow<'static, str> = Cow::Owned(name.clone());
        let place =
            Place { name: name.clone(), value: Some(value.clone()), level: ConfigLevel::ClientMetrics };
        Setting::of(name, vec![place], None)
    });
    own.collect()
}

#[cfg(test)]
mod tests {
    use super::super::record::{ConfigRecord, Record};
    use super::*;

    fn set(image: &mut Image, kind: ConfigKind, resource: &str, name: &str, value: &str) {
        let (resource, name, value) = (resource.to_owned(), name.to_owned(), Some(value.to_owned()));
        image.replay(Record::Config(ConfigRecord { kind, resource, name, value }));
    }

    fn shown(settings: &[Setting], name: &str) -> String {
        let setting = settings.iter().find(|setting| setting.name == name).unwrap();
        let text = |value: &Option<String>| value.clone().unwrap_or("null".to_owned());
        let place = |place: &Place| format!("{:?}:{}={}", place.level, place.name, text(&place.value));
        let places: Vec<String> = setting.places.iter().map(place).collect();
        format!("{} {:?} {}", text(&setting.value), setting.level, places.join(", "))
    }

    #[test]
    fn a_fresh_topic_has_kafkas_defaults() {
        let settings = topic_settings(&Image::default(), "t", BrokerId(1));
        assert_eq!(settings.len(), 33);
        assert_eq!(shown(&settings, "retention.ms"), "604800000 Default ");
        assert_eq!(
            shown(&settings, "segment.bytes"),
            "1073741824 Default Default:log.segment.bytes=1073741824"
        );
    }

    #[test]
    fn every_place_of_a_topics_setting_is_listed() {
        let mut image = Image::default();
        let retention = |image: &Image| shown(&topic_settings(image, "t", BrokerId(1)), "retention.ms");
        set(&mut image, ConfigKind::BROKER, "", "log.retention.ms", "70000");
        assert_eq!(
            retention(&image),
            "70000 ClusterDefault ClusterDefault:log.retention.ms=70000, Default:log.retention.hours=168"
        );
        set(&mut image, ConfigKind::BROKER, "1", "log.retention.ms", "60000");
        set(&mut image, ConfigKind::TOPIC, "t", "retention.ms", " +5");
        assert_eq!(
            retention(&image),
            "5 Topic Topic:retention.ms=5, Broker:log.retention.ms=60000, \
             ClusterDefault:log.retention.ms=70000, Default:log.retention.hours=168"
        );
        set(&mut image, ConfigKind::TOPIC, "t", "internal.segment.bytes", "4096");
        assert_eq!(topic_settings(&image, "t", BrokerId(1)).len(), 34);
    }

    #[test]
    fn a_broker_shows_what_it_was_started_with_and_hides_what_it_does_not_know() {
        let mut image = Image::default();
        set(&mut image, ConfigKind::BROKER, "1", "log.cleaner.threads", "2");
        set(&mut image, ConfigKind::BROKER, "1", "nosuch", "3");
        set(&mut image, ConfigKind::BROKER, "", "ssl.key.password", "secret");
        let settings = broker_settings(&image, BrokerId(1), &[("num.partitions", "1".to_owned())]);
        assert_eq!(settings.len(), 321);
        assert_eq!(
            shown(&settings, "num.partitions"),
            "1 Static Static:num.partitions=1, Default:num.partitions=1"
        );
        assert_eq!(
            shown(&settings, "log.cleaner.threads"),
            "2 Broker Broker:log.cleaner.threads=2, Default:log.cleaner.threads=1"
        );
        assert_eq!(shown(&settings, "nosuch"), "null Broker Broker:nosuch=null");
        assert_eq!(shown(&settings, "log.retention.minutes"), "null Default ");
        assert_eq!(shown(&settings, "log.retention.ms"), "null Default ");
        let defaults = broker_default_settings(&image);
        assert_eq!(
            shown(&defaults, "ssl.key.password"),
            "null ClusterDefault ClusterDefault:ssl.key.password=null"
        );
        assert!(defaults[0].sensitive && defaults.len() == 1);
    }
}
