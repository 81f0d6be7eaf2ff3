//! The regular expressions that members subscribe with: which topics each of them stands for.

use super::super::records::{GroupRecord, ResolvedRegex};
use super::catalog::TopicCatalog;
use super::group::ModernGroup;
use super::heartbeat::Change;
use super::member::ModernMember;
use super::request::Refusal;
use crate::types::ErrorCode;
use ::regex::Regex;
use std::collections::{BTreeMap, BTreeSet};

/// Refuses what is no regular expression.
pub(super) fn check(text: &str) -> Result<(), Refusal> {
    match compile(text) {
        Ok(_) => Ok(()),
        Err(error) => {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default();
            let reason = reason.strip_prefix("error: ").unwrap_or(reason);
            let message =
                format!("SubscribedTopicRegex `{text}` is not a valid regular expression: {reason}.");
            Err(Refusal::new(ErrorCode::InvalidRegularExpression, message))
        }
    }
}

/// Compiles a regular expression that has to match whole names.
fn compile(text: &str) -> Result<Regex, ::regex::Error> {
    Regex::new(text).and_then(|_| Regex::new(&format!("^(?:{text})$")))
}

impl ModernGroup {
    /// The members' regular expressions that stand for other topics than is known, with those.
    pub(super) fn new_resolutions(&self, catalog: &TopicCatalog) -> BTreeMap<String, Vec<String>> {
        let mut new = BTreeMap::new();
        let used: BTreeSet<&str> = self.members.values().filter_map(ModernMember::regex).collect();
        for text in used {
            let known = self.regexes.get(text);
            if known.is_some_and(|known| known.metadata_version >= catalog.version()) {
                continue;
            }
            // It was checked when its member came; one that can't be compiled now stands for nothing.
            let Ok(regex) = compile(text) else { continue };
            let topics: Vec<String> =
                catalog.names().filter(|name| regex.is_match(name)).map(str::to_owned).collect();
            if known.is_none_or(|known| known.topics != topics) {
                new.insert(text.to_owned(), topics);
            }
        }
        new
    }

    /// Brings up to date what the members' regular expressions stand for; answers whether that changed.
    pub(super) fn resolve_regexes(&mut self, change: &mut Change<'_>) -> bool {
        let new = self.new_resolutions(change.catalog);
        let changed = !new.is_empty();
        for (regex, topics) in new {
            let metadata_version = change.catalog.version();
            let value = Some(ResolvedRegex { topics, metadata_version, timestamp: change.now });
            change.put(self, GroupRecord::Regex { group: change.group(), regex, value });
        }
        changed
    }

    /// Forgets a regular expression that nobody has any more.
    pub(super) fn drop_regex_if_unused(&mut self, text: &str, change: &mut Change<'_>) {
        if !text.is_empty() && !self.regex_is_used(text) {
            let record = GroupRecord::Regex { group: change.group(), regex: text.to_owned(), value: None };
            change.put(self, record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_must_match() {
        let regex = compile("t|u.*").unwrap();
        assert!(
            regex.is_match("t") && regex.is_match("uv") && !regex.is_match("tt") && !regex.is_match("xu")
        );
        assert!(compile(")(").is_err());
    }

    #[test]
    fn a_bad_one_is_refused_in_kafkas_form() {
        let refusal = check("a(").unwrap_err();
        assert_eq!(refusal.code, ErrorCode::InvalidRegularExpression);
        let start = "SubscribedTopicRegex `a(` is not a valid regular expression: ";
        assert!(refusal.message.starts_with(start), "{}", refusal.message);
    }
}
