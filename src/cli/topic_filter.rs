//! `TopicFilter`: the `--topic` of the administration tools, a Java regular expression that matches whole names, in which
//! a comma means "or". Source: Kafka's `TopicFilter.IncludeList`.

use super::java_regex::{self, InvalidRegex};
use crate::client::TopicListing;
use regex::Regex;

/// An expression for names of topics.
#[derive(Clone, Debug)]
pub(crate) struct TopicFilter(Regex);

impl TopicFilter {
    /// Blanks and quotes around the whole go, commas become alternatives. The error is Kafka's sentence, or kt's where the
    /// expression is sound in Java but beyond what kt can do.
    pub(crate) fn new(text: &str) -> Result<TopicFilter, String> {
        let pattern = text.trim_matches(|c: char| c <= ' ' || c == ',').replace(',', "|").replace(' ', "");
        let pattern = pattern.trim_matches(['"', '\'']);
        java_regex::whole(pattern).map(TopicFilter).map_err(|error| match error {
            InvalidRegex::Malformed(_) => format!("{pattern} is an invalid regex."),
            unsupported @ InvalidRegex::Unsupported { .. } => unsupported.to_string(),
        })
    }

    pub(crate) fn matches(&self, topic: &str) -> bool {
        self.0.is_match(topic)
    }
}

/// Which topics a command is about.
#[derive(Clone, Debug)]
pub(crate) struct TopicSelection {
    /// `None` is every topic.
    pub(crate) filter: Option<TopicFilter>,
    pub(crate) exclude_internal: bool,
}

impl TopicSelection {
    /// Those of `topics` that are selected, in their order.
    pub(crate) fn of(&self, topics: Vec<TopicListing>) -> Vec<TopicListing> {
        let named = |name: &str| self.filter.as_ref().is_none_or(|filter| filter.matches(name));
        let selected =
            |topic: &TopicListing| named(&topic.name) && !(self.exclude_internal && topic.internal);
        topics.into_iter().filter(selected).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_blanks_and_quotes_are_as_kafka_takes_them() {
        for (text, name, expected) in [
            ("app-1,web-1", "web-1", true),
            (" app-1 , web-1 ", "app-1", true),
            ("\"app-1\"", "app-1", true),
            ("app", "app-1", false),
            ("app.*", "app-1", true),
            ("", "", true),
            ("", "app", false),
        ] {
            assert_eq!(TopicFilter::new(text).unwrap().matches(name), expected, "{text:?} {name:?}");
        }
        assert_eq!(TopicFilter::new("app[").unwrap_err(), "app[ is an invalid regex.");
        assert_eq!(TopicFilter::new("*").unwrap_err(), "* is an invalid regex.");
    }
}
