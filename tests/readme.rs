//! The README's examples are run, in order, in one empty directory; each ```` ```console ```` block must show what kt
//! prints, on both streams. A line of three dots stands for any lines.

use crate::support::{Kt, matches, normalize, unified};

/// A command with its lines in the README.
struct Example {
    line: usize,
    command: String,
    shown: Vec<String>,
}

fn examples(readme: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut inside = false;
    for (index, line) in readme.lines().enumerate() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ if !inside => {}
            _ => match (line.strip_prefix("$ "), line.strip_prefix("> "), examples.last_mut()) {
                (Some(command), ..) => {
                    examples.push(Example {
                        line: index + 1,
                        command: command.to_owned(),
                        shown: Vec::new(),
                    });
                }
                (None, Some(more), Some(last)) if last.shown.is_empty() => {
                    last.command.push('\n');
                    last.command.push_str(more);
                }
                (None, _, Some(last)) => last.shown.push(line.to_owned()),
                (None, _, None) => panic!("README.md:{}: output without a command", index + 1),
            },
        }
    }
    examples
}

#[test]
fn the_examples_show_what_kt_prints() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let examples = examples(&readme);
    assert!(examples.len() > 10, "the README shows how kt is used");
    let kt = Kt::new();
    let mut wrong = String::new();
    for example in examples {
        let script =
            format!("PATH=$(dirname \"$KT\"):$PATH; exec 2>&1; unset KT_DATA_DIR\n{}", example.command);
        let got = kt.bash(&script).lines();
        let want: Vec<String> = normalize(example.shown.join("\n").as_bytes());
        if !matches(&want, &got) {
            wrong += &format!("README.md:{}: $ {}\n{}", example.line, example.command, unified(&want, &got));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn examples_are_found_in_their_blocks() {
    let found =
        examples("$ not this\n```console\n$ one\n> more\nout\n\n$ two\n```\n```sh\n$ nor this\n```\n");
    let [one, two] = &found[..] else { panic!("two examples") };
    assert_eq!((one.line, one.command.as_str(), one.shown.join("|").as_str()), (3, "one\nmore", "out|"));
    assert_eq!((two.command.as_str(), two.shown.len()), ("two", 0));
}
