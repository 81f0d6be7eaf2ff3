//! The code checks itself: what rustc and clippy do not know of this project's rules.
//!
//! Works on text, so it looks at each rule through one plain pattern; rustfmt makes the patterns reliable.

use regex::Regex;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Which of the crate's modules a folder of `src` may name, beside its own. Dependencies point down only.
const MAY_USE: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("signal", &[]),
    ("memory", &[]),
    ("disk", &["types", "signal"]),
    ("record", &["types"]),
    ("client", &["types"]),
    ("output", &["types"]),
    ("group", &["record", "types"]),
    ("txn", &["record", "types"]),
    ("share", &["types"]),
    ("metadata", &["record", "types"]),
    ("acl", &["types"]),
    ("log", &["disk", "record", "types"]),
    (
        "local",
        &["acl", "client", "group", "txn", "share", "metadata", "log", "record", "disk", "types", "signal"],
    ),
    ("remote", &["client", "types"]),
    ("serve", &["acl", "local", "group", "record", "client", "types", "signal"]),
    ("registry", &["client", "types"]),
    ("cli", &["client", "output", "types", "signal"]),
    ("lib", &["cli"]),
    ("main", &[]),
];

/// Files that may name more than their folder may: the seams, where a command meets the one part it is about.
const SEAMS: &[(&str, &[&str])] = &[
    ("cli/target.rs", &["local", "remote"]),
    ("cli/commands/dump_log", &["log"]),
    ("cli/commands/serve", &["serve"]),
    ("cli/commands/registry", &["registry"]),
    ("cli/format/", &["registry"]),
    ("cli/commands/check", &["local"]),
    ("cli/commands/cluster", &["local"]),
    ("cli/commands/maintain", &["local"]),
    ("cli/commands/serve/guard.rs", &["local"]),
    ("cli/commands/snapshot", &["local"]),
    ("cli/commands/test/run.rs", &["local"]),
];

/// Crates that one folder alone uses, so that they can be replaced.
const USED_IN_ONE_FOLDER: &[(&str, &str)] = &[
    ("fs2", "disk"),
    ("comfy_table", "output"),
    ("indicatif", "output"),
    ("tracing_subscriber", "cli"),
    ("clap", "cli"),
    ("clap_complete", "cli"),
    ("clap_mangen", "cli"),
    ("snap", "record"),
    ("lz4_flex", "record"),
    ("zstd", "record"),
    ("flate2", "record"),
    ("tokio", "serve"),
    ("kafka_protocol", "serve"),
];

/// The one door to the disk, the streams that a process is born with, and the files that arguments name.
const MAY_NAME_STD_FS: &[&str] = &[
    "disk/",
    "output/stdout.rs",
    "output/file.rs",
    "output/pipe.rs",
    "cli/input.rs",
    "cli/config.rs",
    "cli/commands/man.rs",
];

const FILE_LINES_MAX: usize = 500;
/// A file that says this in its opening comment is a table and may be longer.
const TABLE_MARK: &str = "A pure table";
const FUNCTION_LINES_MAX: usize = 70;

/// A source file with its path below `src` or `tests`.
struct Source {
    path: String,
    text: String,
    /// A file of its own for a module's unit tests.
    is_unit_tests: bool,
}

impl Source {
    /// The text before the unit tests, without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        numbered(&self.text)
            .take_while(|(_, line)| *line != "#[cfg(test)]" && !self.is_unit_tests)
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// The folder, or the file itself if it lies at the top.
    fn module(&self) -> &str {
        self.path.split('/').next().unwrap().trim_end_matches(".rs")
    }
}

#[test]
fn dependencies_point_down_only() {
    let modules: Vec<&str> = MAY_USE.iter().map(|(module, _)| *module).collect();
    let mut wrong = String::new();
    for source in sources("src") {
        let module = source.module();
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            writeln!(wrong, "src/{}: the table does not know the folder {module:?}", source.path).unwrap();
            continue;
        };
        let seams =
            SEAMS.iter().filter(|(path, _)| source.path.starts_with(path)).flat_map(|(_, more)| *more);
        let allowed: Vec<&str> = allowed.iter().chain(seams).copied().chain([module]).collect();
        for (line, used) in crate_paths(&source) {
            if modules.contains(&used.as_str()) && !allowed.contains(&used.as_str()) {
                writeln!(wrong, "src/{}:{line}: {module} must not know {used}", source.path).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn a_dependency_is_used_in_one_folder() {
    let named = Regex::new(r"\b([a-z0-9_]+)::").unwrap();
    let mut wrong = String::new();
    for source in sources("src") {
        for (line, text) in source.code().filter(|(_, text)| text.contains("::")) {
            for captures in named.captures_iter(text) {
                let before = &text[..captures.get(0).unwrap().start()];
                let owner = USED_IN_ONE_FOLDER.iter().find(|(name, _)| *name == &captures[1]);
                if let Some((name, folder)) = owner
                    && !before.ends_with(':')
                    && source.module() != *folder
                {
                    writeln!(wrong, "src/{}:{line}: {name} belongs to {folder}/", source.path).unwrap();
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn the_disk_has_one_door() {
    let pattern = Regex::new(r"\bstd::(fs|os::unix::fs)\b|\bfs2::").unwrap();
    let mut wrong = String::new();
    for source in sources("src") {
        if MAY_NAME_STD_FS.iter().any(|path| source.path.starts_with(path)) {
            continue;
        }
        for (line, text) in source.code().filter(|(_, text)| pattern.is_match(text)) {
            writeln!(wrong, "src/{}:{line}: {}", source.path, text.trim()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "files are opened in src/disk only:\n{wrong}");
}

#[test]
fn files_are_short() {
    let mut wrong = String::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let count = source.text.lines().count();
        if count > FILE_LINES_MAX && !opening(&source).contains(TABLE_MARK) {
            writeln!(wrong, "{}: {count} lines", source.path).unwrap();
        }
    }
    assert!(
        wrong.is_empty(),
        "more than {FILE_LINES_MAX} lines, and no '//! {TABLE_MARK}' at the top:\n{wrong}"
    );
}

#[test]
fn functions_are_short() {
    let mut wrong = String::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        for (line, name, count) in functions(&source.text) {
            if count > FUNCTION_LINES_MAX {
                writeln!(wrong, "{}:{line}: {name} has {count} lines", source.path).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "more than {FUNCTION_LINES_MAX} lines:\n{wrong}");
}

#[test]
fn files_open_with_their_purpose() {
    let listing =
        Regex::new(r"^(pub\((crate|super|in [a-z:]+)\) )?(mod|use) |^    |^};$|^#!\[|^\)\]$").unwrap();
    let mut wrong = String::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        if !source.text.starts_with("//! ") {
            writeln!(wrong, "{}: no //! at the top", source.path).unwrap();
        }
        let plain = |line: &str| {
            let line = line.trim();
            line.is_empty() || line.starts_with("//") || line.starts_with("#[")
        };
        // `cli/mod.rs` holds `run`, the way in.
        if source.path.ends_with("mod.rs")
            && source.path != "cli/mod.rs"
            && let Some((number, line)) =
                source.code().find(|(_, line)| !plain(line) && !listing.is_match(line))
        {
            writeln!(wrong, "{}:{number}: a mod.rs only lists: {line}", source.path).unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn nothing_is_left_over() {
    // Put together here, so that this file doesn't hold them.
    let words =
        ["TO DO", "FIX ME", "db g!(", "to do!(", "unimplemented !("].map(|word| word.replace(' ', ""));
    let mut wrong = String::new();
    for (path, text) in texts() {
        for (number, line) in numbered(&text) {
            for word in words.iter().filter(|word| line.contains(word.as_str())) {
                writeln!(wrong, "{path}:{number}: {word}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let pattern = Regex::new(r#"(^|[\s"'`(=:])/(root|work|Users)/"#).unwrap();
    let mut wrong = String::new();
    for (path, text) in texts() {
        for (number, line) in numbered(&text).filter(|(_, line)| pattern.is_match(line)) {
            writeln!(wrong, "{path}:{number}: {}", line.trim()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_test_file_is_listed() {
    let cargo = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut wrong = String::new();
    for source in sources("tests").into_iter().filter(|source| source.path != "main.rs") {
        let path = Path::new(&source.path);
        let is_mod = path.ends_with("mod.rs");
        let module = if is_mod { path.parent().unwrap() } else { path };
        let name = module.file_stem().unwrap().to_str().unwrap();
        let parent = root().join("tests").join(module.parent().unwrap());
        let in_main = module.parent() == Some(Path::new(""));
        let lister = if in_main { parent.join("main.rs") } else { parent.join("mod.rs") };
        let listed_by_mod = fs::read_to_string(lister).is_ok_and(|text| {
            let pattern = Regex::new(&format!(r"(?m)^(pub\(crate\) )?mod {name};")).unwrap();
            pattern.is_match(&text)
        });
        if !listed_by_mod
            && !cargo.contains(&format!("path = \"tests/{}\"", source.path))
            && !is_part_of_a_bench(&source)
        {
            writeln!(wrong, "tests/{}", source.path).unwrap();
        }
    }
    assert!(wrong.is_empty(), "no mod line and no target in Cargo.toml:\n{wrong}");
}

/// A bench is a target of its own; its parts are listed in its `main.rs`.
fn is_part_of_a_bench(source: &Source) -> bool {
    let main = fs::read_to_string(root().join("tests/bench/main.rs")).unwrap_or_default();
    let name = source.path.strip_prefix("bench/").and_then(|path| path.strip_suffix(".rs"));
    name.is_some_and(|name| main.contains(&format!("mod {name};")))
}

/// The crate's modules that a file names: `crate::x`, `crate::{x::…, y::…}`, and `super` as far up as the root.
fn crate_paths(source: &Source) -> Vec<(usize, String)> {
    let single = Regex::new(r"\bcrate::([a-z_]+)").unwrap();
    let supers = Regex::new(r"\b((?:super::)+)([a-z_]+)").unwrap();
    let group_item = Regex::new(r"^    ([a-z_]+)::").unwrap();
    let inline_item = Regex::new(r"(?:crate::\{|, )([a-z_]+)::").unwrap();
    let depth = source.path.trim_end_matches("/mod.rs").trim_end_matches(".rs").split('/').count();
    let mut found = Vec::new();
    let mut in_group = false;
    for (line, text) in source.code() {
        found.extend(single.captures_iter(text).map(|captures| (line, captures[1].to_owned())));
        for captures in supers.captures_iter(text) {
            if captures[1].len() / "super::".len() >= depth {
                found.push((line, captures[2].to_owned()));
            }
        }
        let opens = text.contains("use crate::{");
        if opens {
            found.extend(inline_item.captures_iter(text).map(|captures| (line, captures[1].to_owned())));
        } else if in_group {
            found.extend(group_item.captures(text).map(|captures| (line, captures[1].to_owned())));
        }
        in_group = (opens || in_group) && !text.contains("};");
    }
    found
}

/// Line, name and length of each function. A rustfmt'd function ends at the first `}` at its own indentation.
fn functions(text: &str) -> Vec<(usize, String, usize)> {
    let head =
        Regex::new(r#"^( *)(?:pub(?:\([a-z]+\))? )?(?:const |async |unsafe |extern "C" )*fn ([a-z0-9_]+)"#)
            .unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate().filter(|(_, line)| line.contains("fn ")) {
        let Some(captures) = head.captures(line) else { continue };
        let indent = &captures[1];
        let ends = |line: &str| {
            let same_indent = line.strip_prefix(indent).is_some_and(|rest| !rest.starts_with(' '));
            line.strip_prefix(indent) == Some("}")
                || (same_indent && (line.ends_with(';') || line.ends_with('}')))
        };
        let count =
            lines[start..].iter().position(|line| ends(line)).map_or(lines.len() - start, |last| last + 1);
        found.push((start + 1, captures[2].to_owned(), count));
    }
    found
}

#[test]
fn functions_are_measured_from_head_to_brace() {
    let text = "fn one() {}\n\nimpl X {\n    pub(crate) fn two(\n        a: u8,\n    ) -> u8 {\n        {\n        }\n    }\n\n    fn three();\n}\n\nconst fn four() -> u8 {\n    4\n}\n";
    let found = functions(text);
    let expected = [(1, "one", 1), (4, "two", 6), (11, "three", 1), (14, "four", 3)];
    assert_eq!(found, expected.map(|(line, name, count)| (line, name.to_owned(), count)));
}

#[test]
fn the_modules_of_a_path_are_found() {
    let text = "use crate::types::Offset;\nuse crate::{disk::File, record::Batch};\nuse crate::{\n    group::State,\n};\n\
                use super::super::local::Admin;\nuse super::segment;\n// crate::serve\n#[cfg(test)]\nuse crate::cli::x;\n";
    let source = Source { path: "log/append.rs".to_owned(), text: text.to_owned(), is_unit_tests: false };
    let found: Vec<String> = crate_paths(&source).into_iter().map(|(_, module)| module).collect();
    assert_eq!(found, ["types", "disk", "record", "group", "local"]);
}

fn opening(source: &Source) -> String {
    source.text.lines().take_while(|line| line.starts_with("//!")).collect()
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// The Rust files below a folder of the project, in order of their names.
fn sources(folder: &str) -> Vec<Source> {
    let top = root().join(folder);
    let mut sources: Vec<Source> = files_below(&top)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| Source {
            path: path.strip_prefix(&top).unwrap().to_str().unwrap().to_owned(),
            text: fs::read_to_string(&path).unwrap(),
            is_unit_tests: is_unit_tests(&path),
        })
        .collect();
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!sources.is_empty(), "{folder} has no Rust files");
    sources
}

/// Whether the module above lists the file under `#[cfg(test)]`.
fn is_unit_tests(path: &Path) -> bool {
    let (folder, name) = (path.parent().unwrap(), path.file_stem().unwrap().to_str().unwrap());
    let listers = [folder.join("mod.rs"), folder.with_extension("rs")];
    listers.iter().filter_map(|lister| fs::read_to_string(lister).ok()).any(|text| {
        let lines: Vec<&str> = text.lines().collect();
        lines.windows(2).any(|pair| pair[0] == "#[cfg(test)]" && pair[1] == format!("mod {name};"))
    })
}

/// Every text that people write, with its path: sources, documents, scripts. Recordings and fixtures are not.
fn texts() -> Vec<(String, String)> {
    let folders = ["src", "tests", ".ci"].map(|folder| root().join(folder));
    let mut files: Vec<PathBuf> = folders.iter().flat_map(|folder| files_below(folder)).collect();
    files.extend(["README.md", "CHANGELOG.md", "Cargo.toml"].map(|name| root().join(name)));
    files
        .into_iter()
        .map(|path| (path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned(), path))
        .filter(|(name, _)| !name.starts_with("tests/scenarios/") && !name.starts_with("tests/fixtures/"))
        .filter_map(|(name, path)| Some((name, fs::read_to_string(path).ok()?)))
        .collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] })
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
