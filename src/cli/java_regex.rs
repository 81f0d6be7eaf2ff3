//! Java's regular expressions on the `regex` crate: rewrites what the two spell differently and refuses what the crate can't do
//! (look-around, back-references, possessive and atomic groups). Source: the documentation of `java.util.regex.Pattern`.

use std::iter::Peekable;
use std::str::Chars;

/// Why an expression can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidRegex {
    #[error("'{0}' is not a valid regular expression")]
    Malformed(String),
    #[error("'{pattern}' has {what}, which is not supported")]
    Unsupported { pattern: String, what: &'static str },
}

/// An expression that must match a whole text (`Matcher.matches`).
pub(crate) fn whole(pattern: &str) -> Result<regex::Regex, InvalidRegex> {
    // Compiled alone first: an unbalanced parenthesis must not find its partner in the anchors.
    let translated = compiled(pattern)?;
    regex::Regex::new(&format!("\\A(?:{translated})\\z"))
        .map_err(|_| InvalidRegex::Malformed(pattern.to_owned()))
}

/// An expression that is searched for in bytes (`String.split`).
pub(crate) fn in_bytes(pattern: &str) -> Result<regex::bytes::Regex, InvalidRegex> {
    let translated = compiled(pattern)?;
    regex::bytes::Regex::new(&translated).map_err(|_| InvalidRegex::Malformed(pattern.to_owned()))
}

fn compiled(pattern: &str) -> Result<String, InvalidRegex> {
    let translated = translate(pattern)?;
    match regex::Regex::new(&translated) {
        Ok(_) => Ok(translated),
        Err(_) => Err(InvalidRegex::Malformed(pattern.to_owned())),
    }
}

/// The expression in the words of the `regex` crate.
fn translate(pattern: &str) -> Result<String, InvalidRegex> {
    let unsupported = |what| InvalidRegex::Unsupported { pattern: pattern.to_owned(), what };
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern.chars().peekable();
    let mut class_depth = 0_usize;
    let mut after_quantifier = false;
    while let Some(character) = rest.next() {
        let was_quantifier = std::mem::take(&mut after_quantifier);
        match character {
            '\\' => translate_escape(&mut rest, &mut out, class_depth > 0).map_err(unsupported)?,
            '[' => {
                class_depth += 1;
                out.push('[');
            }
            ']' if class_depth > 0 => {
                class_depth -= 1;
                out.push(']');
            }
            // Doubled, these are set operations for the crate and plain characters for Java.
            '-' | '~' if class_depth > 0 && rest.peek() == Some(&character) => {
                rest.next();
                out.extend([character, '\\', character]);
            }
            '+' if was_quantifier => return Err(unsupported("a possessive quantifier")),
            '*' | '+' | '?' | '}' if class_depth == 0 => {
                // A '?' after a quantifier makes it lazy; nothing may follow that.
                after_quantifier = !was_quantifier;
                out.push(character);
            }
            '(' if class_depth == 0 => {
                out.push('(');
                let ahead: String = rest.clone().take(3).collect();
                if ahead.starts_with("?=") || ahead.starts_with("?!") {
                    return Err(unsupported("look-ahead"));
                } else if ahead.starts_with("?<=") || ahead.starts_with("?<!") {
                    return Err(unsupported("look-behind"));
                } else if ahead.starts_with("?>") {
                    return Err(unsupported("an atomic group"));
                } else if ahead.starts_with('?') {
                    // The question mark here is no quantifier.
                    out.extend(rest.next());
                }
            }
            _ => out.push(character),
        }
    }
    Ok(out)
}

/// Translates what follows a backslash.
fn translate_escape(
    rest: &mut Peekable<Chars<'_>>,
    out: &mut String,
    in_class: bool,
) -> Result<(), &'static str> {
    let class = |inside: &str| if in_class { inside.to_owned() } else { format!("[{inside}]") };
    match rest.next() {
        // Java's classes are ASCII.
        Some('d') => out.push_str(&class("0-9")),
        Some('w') => out.push_str(&class("A-Za-z0-9_")),
        Some('s') => out.push_str(&class(" \\t\\n\\x0B\\f\\r")),
        Some('h') => out
            .push_str(&class(" \\t\\u{A0}\\u{1680}\\u{180e}\\u{2000}-\\u{200a}\\u{202f}\\u{205f}\\u{3000}")),
        Some('D') => out.push_str("[^0-9]"),
        Some('W') => out.push_str("[^A-Za-z0-9_]"),
        Some('S') => out.push_str("[^ \\t\\n\\x0B\\f\\r]"),
        Some('R') => out.push_str("(?:\\r\\n|[\\n\\x0B\\f\\r\\u{85}\\u{2028}\\u{2029}])"),
        Some('Z') => out.push_str("\\n?\\z"),
        Some('e') => out.push_str("\\x1B"),
        Some('Q') => {
            let mut quoted = String::new();
            while let Some(character) = rest.next() {
                if character == '\\' && rest.peek() == Some(&'E') {
                    rest.next();
                    break;
                }
                quoted.push(character);
            }
            out.push_str(&regex::escape(&quoted));
        }
        Some('E') => {}
        Some('k' | '1'..='9') => return Err("a back-reference"),
        Some('G' | 'X') => return Err("an escape of Java alone"),
        // Java takes any other character that is no letter as itself; the crate takes only what has a meaning.
        Some(other) if !other.is_ascii_alphanumeric() => {
            out.push_str(&regex::escape(other.encode_utf8(&mut [0; 4])))
        }
        Some(other) => out.extend(['\\', other]),
        None => out.push('\\'),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_match_as_in_java() {
        for (pattern, text, expected) in [
            ("app-.*", "app-1", true),
            ("app-.*", "my-app-1", false),
            ("app", "app-1", false),
            ("app-1|application", "application", true),
            ("a|b", "ab", false),
            ("(?i)APP-[12]", "app-2", true),
            ("\\Qa.b\\E.", "a.bc", true),
            ("\\Qa.b\\E.", "axbc", false),
            ("t\\d+", "t12", true),
            ("t\\d", "t\u{661}", false),
            ("[\\w.]+", "a_b.c", true),
            ("[a-z&&[^b]]", "b", false),
            ("[+--]x", ",x", true),
            ("x{2,3}?", "xxx", true),
            ("(?<name>a)\\-b", "a-b", true),
            ("(?:a+?)b", "aab", true),
            ("", "", true),
        ] {
            assert_eq!(whole(pattern).unwrap().is_match(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_cannot_be_done_is_refused_and_not_guessed() {
        for pattern in ["app-(", "a)(b", "[", "*", "a{", "\\"] {
            assert_eq!(whole(pattern).unwrap_err(), InvalidRegex::Malformed(pattern.to_owned()), "{pattern}");
        }
        for pattern in ["(?!x).*", "(?<=a)b", "(a)\\1", "a++", "a?+", "(?>a)", "a{2}+"] {
            assert!(matches!(whole(pattern), Err(InvalidRegex::Unsupported { .. })), "{pattern}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_passed_over() {
        let parts: Vec<&[u8]> = in_bytes(";+").unwrap().split(b"a;\xff;;b").collect();
        assert_eq!(parts, [&b"a"[..], b"\xff", b"b"]);
    }
}
