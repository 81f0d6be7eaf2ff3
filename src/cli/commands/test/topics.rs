//! Which topics a test begins with: `--topic`, `--topics`, `--partitions`.

use crate::cli::error::Failure;
use crate::cli::input::Input;
use crate::cli::parse::Parsed;
use crate::client::NewTopic;
use serde_json::Value;
use std::path::Path;

/// The topics of the options and of the file.
pub(super) fn topics(parsed: &Parsed) -> Result<Vec<NewTopic>, Failure> {
    let partitions = parsed.number::<i32>("partitions")?;
    if partitions.is_some_and(|partitions| partitions < 1) {
        return Err(Failure::misuse("--partitions is a number from 1 on"));
    }
    let mut topics = Vec::new();
    if let Some(path) = parsed.bytes("topics")? {
        let path = Path::new(path);
        let bad = |what: String| Failure::misuse(format!("--topics '{}': {what}", path.display()));
        let text = read(path).map_err(|error| bad(error.to_string()))?;
        topics = of_file(&text).map_err(bad)?;
    }
    for text in parsed.texts("topic") {
        let bad = || {
            Failure::misuse(format!(
                "--topic '{text}' is not NAME, NAME:PARTITIONS or NAME:PARTITIONS:REPLICAS"
            ))
        };
        topics.push(of_option(&text).ok_or_else(bad)?);
    }
    for topic in &mut topics {
        topic.partitions = topic.partitions.or(partitions);
    }
    Ok(topics)
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut input = Input::open(path)?;
    while !input.has_ended() {
        input.read()?;
    }
    Ok(String::from_utf8_lossy(input.held()).into_owned())
}

/// `NAME[:PARTITIONS[:REPLICAS]]`
fn of_option(text: &str) -> Option<NewTopic> {
    let mut parts = text.split(':');
    let name = parts.next().filter(|name| !name.is_empty())?.to_owned();
    let partitions = parts.next().map(count).map(|count| count.ok_or(())).transpose().ok()?;
    let replicas = parts.next().map(count).map(|count| count.ok_or(())).transpose().ok()?;
    let replication_factor = replicas.map(i16::try_from).transpose().ok()?;
    parts.next().is_none().then(|| NewTopic { name, partitions, replication_factor, ..NewTopic::default() })
}

fn count(text: &str) -> Option<i32> {
    text.parse().ok().filter(|&count| count > 0)
}

fn of_file(text: &str) -> Result<Vec<NewTopic>, String> {
    if text.trim_start().starts_with(['[', '{']) {
        return of_json(text);
    }
    let mut topics = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace().peekable();
        let Some(name) = words.next() else { continue };
        let bad = |word: &str| {
            format!("line {}: '{word}' is neither a number of partitions nor setting=value", number + 1)
        };
        let mut topic = NewTopic { name: name.to_owned(), ..NewTopic::default() };
        if let Some(word) = words.next_if(|word| !word.contains('=')) {
            topic.partitions = Some(count(word).ok_or_else(|| bad(word))?);
        }
        for word in words {
            let (key, value) = word.split_once('=').ok_or_else(|| bad(word))?;
            topic.configs.push((key.to_owned(), value.to_owned()));
        }
        topics.push(topic);
    }
    Ok(topics)
}

fn of_json(text: &str) -> Result<Vec<NewTopic>, String> {
    let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let list = document.get("topics").unwrap_or(&document);
    let list = list.as_array().ok_or("it is no list of topics")?;
    list.iter().map(|entry| of_entry(entry).ok_or_else(|| format!("{entry} is no topic"))).collect()
}

fn of_entry(entry: &Value) -> Option<NewTopic> {
    if let Some(name) = entry.as_str() {
        return Some(NewTopic { name: name.to_owned(), ..NewTopic::default() });
    }
    let fields = entry.as_object()?;
    let mut topic = NewTopic { name: entry.get("name")?.as_str()?.to_owned(), ..NewTopic::default() };
    for (key, value) in fields {
        match key.as_str() {
            "name" => {}
            "partitions" => topic.partitions = Some(i32::try_from(value.as_i64()?).ok()?),
            "replicationFactor" => topic.replication_factor = Some(i16::try_from(value.as_i64()?).ok()?),
            "configs" => {
                for (key, value) in value.as_object()? {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    topic.configs.push((key.clone(), text));
                }
            }
            _ => return None,
        }
    }
    Some(topic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(topic: &NewTopic) -> String {
        let NewTopic { name, partitions, replication_factor, configs, .. } = topic;
        format!("{name} {partitions:?} {replication_factor:?} {configs:?}")
    }

    #[test]
    fn topics_are_named_in_every_form() {
        let option = |text: &str| of_option(text).as_ref().map(shape);
        assert_eq!(option("a").unwrap(), "a None None []");
        assert_eq!(option("a:3:1").unwrap(), "a Some(3) Some(1) []");
        for bad in ["", ":3", "a:", "a:0", "a:x", "a:1:x", "a:1:1:1", "a:1:99999"] {
            assert!(option(bad).is_none(), "{bad}");
        }
        let file = |text: &str| of_file(text).map(|all| all.iter().map(shape).collect::<Vec<_>>());
        let lines = file("# all\n\n a 3 x=1 y=2\nb # the other\nc z=\n").unwrap();
        assert_eq!(
            lines,
            [
                "a Some(3) None [(\"x\", \"1\"), (\"y\", \"2\")]",
                "b None None []",
                "c None None [(\"z\", \"\")]"
            ]
        );
        let json = r#"[ "b", {"name":"a","partitions":3,"replicationFactor":1,"configs":{"x":1,"y":"2"}} ]"#;
        let expected = ["b None None []", "a Some(3) Some(1) [(\"x\", \"1\"), (\"y\", \"2\")]"];
        assert_eq!(file(json).unwrap(), expected);
        assert_eq!(file(&format!("{{\"topics\": {json}}}")).unwrap(), expected);
        for bad in ["a three", "a 0", "a 1 x", "[1]", "{}", "[{\"name\":\"a\",\"other\":1}]", "[\"a\""] {
            assert!(file(bad).is_err(), "{bad}");
        }
    }
}
