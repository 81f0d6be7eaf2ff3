//! `--add-config`, `--add-config-file` and `--delete-config`: the settings to make and to take away.

use super::options::failed;
use crate::cli::config::Properties;
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use crate::types::java::trim;
use std::collections::BTreeMap;

/// What is to be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) add: BTreeMap<String, String>,
    /// In the order given.
    pub(super) delete: Vec<String>,
}

impl Changes {
    pub(super) fn read(context: &Context, parsed: &Parsed) -> Result<Changes, Failure> {
        let mut add = BTreeMap::new();
        if let Some(path) = parsed.bytes("add-config-file")? {
            let properties = Properties::load(path).map_err(|error| {
                let name = path.to_string_lossy();
                failed(
                    context,
                    &format!("java.nio.file.NoSuchFileException: {name}"),
                    format!("can't read '{name}': {error}"),
                )
            })?;
            add.extend(properties.texts());
        }
        if let Some(text) = parsed.text("add-config")? {
            add.extend(pairs(&text).map_err(Failure::plain)?);
        }
        let deleted = parsed.texts("delete-config");
        let delete: Vec<String> =
            deleted.iter().flat_map(|text| text.split(',')).map(|name| trim(name).to_owned()).collect();
        match add.keys().chain(&delete).find(|name| !is_key(name)) {
            Some(bad) => Err(Failure::plain(format!("Invalid character found for config key: {bad}"))),
            None => Ok(Changes { add, delete }),
        }
    }
}

fn is_key(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// Splits `k=v,k=[v,v]`: brackets keep commas and equals signs together, and are then removed. The error is Kafka's sentence.
fn pairs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut settings = BTreeMap::new();
    let mut parts = split_outside_brackets(text, ',');
    // As Java splits: empty parts at the end do not count, unless there is nothing else.
    while parts.len() > 1 && parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    for part in parts {
        let [name, value] = split_outside_brackets(part, '=')[..] else {
            return Err(
                "requirement failed: Invalid entity config: all configs to be added must be in the format \
                        \"key=val\" or  \"key=[val1,val2]\" to group values which contain commas."
                    .to_owned(),
            );
        };
        settings.insert(trim(name).to_owned(), trim(&value.replace(['[', ']'], "")).to_owned());
    }
    Ok(settings)
}

/// Splits where the next bracket, if any, is an opening one.
fn split_outside_brackets(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some(at) = rest.get(from..).and_then(|tail| tail.find(separator)).map(|at| from + at) {
        let after = rest.get(at + separator.len_utf8()..).unwrap_or_default();
        if after
            .find(['[', ']'])
            .and_then(|bracket| after.get(bracket..))
            .is_some_and(|tail| tail.starts_with(']'))
        {
            from = at + separator.len_utf8();
            continue;
        }
        parts.push(rest.get(..at).unwrap_or_default());
        rest = after;
        from = 0;
    }
    parts.push(rest);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, String> {
        pairs(text).map(|settings| settings.into_iter().collect())
    }

    #[test]
    fn brackets_keep_a_value_together() {
        let expected = |settings: &[(&str, &str)]| {
            Ok(settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<Vec<_>>())
        };
        assert_eq!(read("a=1, b = 2 "), expected(&[("a", "1"), ("b", "2")]));
        assert_eq!(read("c=[compact,delete],m=2"), expected(&[("c", "compact,delete"), ("m", "2")]));
        assert_eq!(read("match=[client_id=a.*]"), expected(&[("match", "client_id=a.*")]));
        assert_eq!(read("a=1,"), expected(&[("a", "1")]));
        assert_eq!(read("a="), expected(&[("a", "")]));
        assert_eq!(read("a=1,a=2"), expected(&[("a", "2")]));
    }

    #[test]
    fn what_is_no_pair_is_refused() {
        for bad in ["", "a", "a=1,b", "c=compact,delete", "a=b=c", ","] {
            assert!(read(bad).unwrap_err().starts_with("requirement failed"), "{bad}");
        }
    }
}
