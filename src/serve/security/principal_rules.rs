//! From the distinguished name of a client's certificate to its principal: `ssl.principal.mapping.rules`.
//!
//! A list of `RULE:pattern/replacement/[LU]` and `DEFAULT`, separated by commas; the first whose pattern is the whole name counts.
//! Patterns are those of the regex crate, not Java's: no look-around, no back-references. Source: KIP-371, KIP-492.

use super::error::Error;
use regex::{Captures, Regex};

/// The rules in their order.
#[derive(Clone, Debug)]
pub(crate) struct PrincipalRules {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
enum Rule {
    /// The name as it is.
    Default,
    Replace {
        whole: Regex,
        pattern: Regex,
        replacement: String,
        case: Case,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Kept,
    Lower,
    Upper,
}

impl Default for PrincipalRules {
    fn default() -> PrincipalRules {
        PrincipalRules { rules: vec![Rule::Default] }
    }
}

impl PrincipalRules {
    pub(crate) fn parse(text: &str) -> Result<PrincipalRules, Error> {
        let mut rules = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (rule, after) = parse_rule(rest)?;
            rules.push(rule);
            let after = after.trim_start_matches([' ', '\t', '\r']);
            rest = match after.strip_prefix([',', '\n']) {
                Some(next) => next.trim_start(),
                None if after.is_empty() => after,
                None => return Err(wrong(rest, "it goes on after its end")),
            };
        }
        Ok(PrincipalRules { rules })
    }

    /// The principal's name; `None` if no rule fits: the client is not let in.
    pub(crate) fn apply(&self, name: &str) -> Option<String> {
        self.rules.iter().find_map(|rule| match rule {
            Rule::Default => Some(name.to_owned()),
            Rule::Replace { whole, pattern, replacement, case } => {
                whole.is_match(name).then(|| case.apply(&replace(pattern, name, replacement)))
            }
        })
    }
}

impl Case {
    fn apply(self, text: &str) -> String {
        match self {
            Case::Kept => text.to_owned(),
            Case::Lower => text.to_lowercase(),
            Case::Upper => text.to_uppercase(),
        }
    }
}

fn wrong(rule: &str, why: &str) -> Error {
    Error::Rule { rule: rule.to_owned(), why: why.to_owned() }
}

/// The rule that `text` begins with, and what comes after it.
fn parse_rule(text: &str) -> Result<(Rule, &str), Error> {
    if let Some(rest) = text.strip_prefix("DEFAULT") {
        return Ok((Rule::Default, rest));
    }
    let body = text.strip_prefix("RULE:").ok_or_else(|| wrong(text, "it is neither RULE: nor DEFAULT"))?;
    let parts = until_slash(body).and_then(|(pattern, rest)| {
        let (replacement, rest) = until_slash(rest)?;
        Some((pattern, replacement, rest))
    });
    let (pattern, replacement, rest) =
        parts.ok_or_else(|| wrong(text, "it is not RULE:pattern/replacement/[LU]"))?;
    let (case, rest) = match (rest.strip_prefix('L'), rest.strip_prefix('U')) {
        (Some(rest), _) => (Case::Lower, rest),
        (_, Some(rest)) => (Case::Upper, rest),
        _ => (Case::Kept, rest),
    };
    let compile = |pattern: &str| {
        Regex::new(pattern).map_err(|error| wrong(text, &error.to_string().replace('\n', " ")))
    };
    let whole = compile(&format!("^(?:{pattern})$"))?;
    Ok((Rule::Replace { whole, pattern: compile(pattern)?, replacement: replacement.to_owned(), case }, rest))
}

/// What is before the next slash that has no backslash before it, and what is after it.
fn until_slash(text: &str) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            '/' if !is_escaped => return Some((text.get(..at)?, text.get(at + 1..)?)),
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    None
}

/// Replaces every match, as Java does: unlike the regex crate it finds the empty match after one that reached the end.
fn replace(pattern: &Regex, name: &str, replacement: &str) -> String {
    let mut replaced = String::new();
    let (mut kept_from, mut reaches_end) = (0, false);
    for captures in pattern.captures_iter(name) {
        let Some(found) = captures.get(0) else { continue };
        replaced.push_str(name.get(kept_from..found.start()).unwrap_or_default());
        expand(&mut replaced, &captures, replacement);
        kept_from = found.end();
        reaches_end = !found.is_empty() && found.end() == name.len();
    }
    if reaches_end
        && let Some(captures) = pattern.captures_at(name, name.len())
        && captures.get(0).is_some_and(|found| found.is_empty())
    {
        expand(&mut replaced, &captures, replacement);
    }
    replaced.push_str(name.get(kept_from..).unwrap_or_default());
    replaced
}

/// Java's replacement: `$N` is a group (as many digits as there are groups for), a backslash takes the next character as it is.
/// A group that the pattern doesn't have stays what it is.
fn expand(out: &mut String, captures: &Captures<'_>, replacement: &str) {
    let mut characters = replacement.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.extend(characters.next()),
            '$' => {
                let mut group: Option<usize> = None;
                while let Some(digit) = characters.peek().and_then(|next| next.to_digit(10)) {
                    let longer = group.unwrap_or(0).saturating_mul(10).saturating_add(digit as usize);
                    if longer >= captures.len() {
                        break;
                    }
                    group = Some(longer);
                    characters.next();
                }
                match group {
                    Some(group) => out.push_str(captures.get(group).map_or("", |group| group.as_str())),
                    None => out.push('$'),
                }
            }
            _ => out.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUR: &str = r"RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/, RULE:^CN=(.*?),OU=(.*?),O=(.*?),L=(.*?),ST=(.*?),C=(.*?)$/$1@$2/L, RULE:^.*[Cc][Nn]=([a-zA-Z0-9.]*).*$/$1/U, DEFAULT";

    /// What Kafka's SslPrincipalMapper makes of the same.
    #[test]
    fn names_come_out_as_kafkas() {
        let cases = [
            (FOUR, "CN=duke,OU=ServiceUsers,O=Org,C=US", Some("duke")),
            (FOUR, "CN=Duke,OU=SME,O=mycp,L=Fulton,ST=MD,C=US", Some("duke@sme")),
            (FOUR, "cn=duke,OU=JavaSoft,O=Sun Microsystems", Some("DUKE")),
            (FOUR, "OU=JavaSoft,O=Sun Microsystems", Some("OU=JavaSoft,O=Sun Microsystems")),
            ("RULE:^CN=(.*)$/x/", "OU=a", None),
            ("", "OU=a", None),
            ("DEFAULT", "OU=a", Some("OU=a")),
            (r"RULE:^CN=(.*),OU=.*$/$1\$1x/", "CN=b,OU=a", Some("b$1x")),
            ("RULE:CN=(.*),OU=.*/$1/L,RULE:OU=a/q/", "CN=B,OU=a", Some("b")),
            ("RULE:^OU=(.)$/$2/", "OU=a", Some("$2")),
            ("RULE:^OU=(.)/$1/", "OU=ab", None),
            (r"RULE:^OU=(.)$/a\/b/", "OU=a", Some("a/b")),
            (r"RULE:^OU=(\w)$/$1z/ , DEFAULT", "OU=a", Some("az")),
            ("RULE:^CN=(.*?)$/$1$0/,RULE:^CN=.*$/$1/", "CN=a", Some("aCN=a")),
            ("RULE:^CN=(.*?)$/$12/", "CN=a", Some("a2")),
            ("RULE:(.*)/$1-/", "CN=a", Some("CN=a--")),
        ];
        for (rules, name, want) in cases {
            assert_eq!(PrincipalRules::parse(rules).unwrap().apply(name).as_deref(), want, "{rules} {name}");
        }
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for rules in ["RULE:^OU=(.)$/x/LU", "RULE:^OU=(.)$", "default", "RULE:(/x/", "DEFAULT x", "RULE:a/b"]
        {
            assert!(PrincipalRules::parse(rules).is_err(), "{rules}");
        }
    }
}
