//! What a server's settings are: those of a server.properties, those of `--override`, and the options that stand for some of them.
//! Files that they name are read here.

use crate::cli::config::Properties;
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::input;
use crate::cli::parse::Parsed;
use crate::serve::Given;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

const CHAIN: &str = "ssl.keystore.certificate.chain";
const KEY: &str = "ssl.keystore.key";
const AUTHORITIES: &str = "ssl.truststore.certificates";
const AUTHORIZER: (&str, &str) =
    ("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");

type Values = BTreeMap<String, String>;

/// All settings by Kafka's names; options go before `--override`, and that before the file.
pub(super) fn given(context: &mut Context, parsed: &Parsed) -> Result<Given, Failure> {
    let mut properties = Properties::default();
    if let Some(path) = parsed.bytes("config")? {
        properties = Properties::load(path).map_err(|error| unreadable(path, &error))?;
    }
    for word in parsed.all("override") {
        if !word.to_string_lossy().contains('=') {
            return Err(Failure::misuse(format!("'{}' is not NAME=VALUE", word.to_string_lossy())));
        }
        properties.add_word(word);
    }
    let mut values: Values = properties.texts().collect();
    stores(context, &mut values)?;
    let listen = parsed.texts("listen");
    if !listen.is_empty() {
        values.insert("listeners".to_owned(), listen.join(","));
    }
    for (option, key) in [("tls-cert", CHAIN), ("tls-client-ca", AUTHORITIES)] {
        if let Some(path) = parsed.bytes(option)? {
            values.insert(key.to_owned(), file(path)?);
        }
    }
    for (option, key) in [("tls-key", KEY), ("users", "sasl.plain.users")] {
        if let Some(path) = parsed.bytes(option)? {
            values.insert(key.to_owned(), secret_file(context, path)?);
        }
    }
    // Who says whose certificates are good wants to see them.
    if parsed.has("tls-client-ca") {
        values.entry("ssl.client.auth".to_owned()).or_insert_with(|| "required".to_owned());
    }
    if let Some(users) = parsed.text("super-users")? {
        values.insert("super.users".to_owned(), users.into_owned());
    }
    if parsed.has("acls") || parsed.has("super-users") {
        values.insert(AUTHORIZER.0.to_owned(), AUTHORIZER.1.to_owned());
    }
    Ok(Given::new(values))
}

/// Puts the content of key stores in the place of their paths.
fn stores(context: &mut Context, values: &mut Values) -> Result<(), Failure> {
    let named: Vec<(String, String)> =
        values.iter().filter(|(key, _)| key.ends_with("store.location")).map(owned).collect();
    for (key, path) in named {
        let is_key_store = key.ends_with("ssl.keystore.location");
        let Some(prefix) =
            key.strip_suffix("ssl.keystore.location").or(key.strip_suffix("ssl.truststore.location"))
        else {
            continue;
        };
        let kind_key = key.replace(".location", ".type");
        let kind =
            values.get(&kind_key).or_else(|| values.get(kind_key.strip_prefix(prefix).unwrap_or(&kind_key)));
        if kind.is_none_or(|kind| kind != "PEM") {
            return Err(Failure::plain(format!(
                "{key}: only stores of the type PEM can be read ({kind_key}=PEM)"
            )));
        }
        let path = OsStr::new(&path);
        if is_key_store {
            let content = secret_file(context, path)?;
            values.insert(format!("{prefix}{CHAIN}"), content.clone());
            values.insert(format!("{prefix}{KEY}"), content);
        } else {
            values.insert(format!("{prefix}{AUTHORITIES}"), file(path)?);
        }
    }
    Ok(())
}

fn owned((key, value): (&String, &String)) -> (String, String) {
    (key.clone(), value.clone())
}

fn unreadable(path: &OsStr, error: &std::io::Error) -> Failure {
    Failure::plain(format!("can't read '{}': {error}", path.to_string_lossy()))
}

fn file(path: &OsStr) -> Result<String, Failure> {
    let bytes = input::read_file(Path::new(path)).map_err(|error| unreadable(path, &error))?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::plain(format!("'{}' is no text in UTF-8", path.to_string_lossy())))
}

/// A file that is nobody else's business; says so where others can read it.
fn secret_file(context: &mut Context, path: &OsStr) -> Result<String, Failure> {
    if input::is_open_to_others(Path::new(path)).map_err(|error| unreadable(path, &error))? {
        let name = path.to_string_lossy();
        context.warn(&format!("others can read '{name}', which holds secrets (chmod 600)"))?;
    }
    file(path)
}
