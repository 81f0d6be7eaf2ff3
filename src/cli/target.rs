//! Which cluster a command talks to: `--data-dir`, `--bootstrap-server`, the environment. The only file of `cli` that knows what a
//! cluster is made of.

use super::error::Failure;
use super::parse::Parsed;
use crate::client;
use crate::local::{self, Site};
use std::env;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

pub(crate) use crate::local::Notes;

/// The variables that choose a cluster, as they were when the command began.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// `KT_OFFLINE`: set, and neither empty nor `0`.
    pub(crate) offline: bool,
    /// `KT_DATA_DIR`.
    pub(crate) data_dir: Option<PathBuf>,
    /// `XDG_DATA_HOME`, if it is an absolute path.
    pub(crate) data_home: Option<PathBuf>,
    pub(crate) home: Option<PathBuf>,
    /// `KT_LOG`: what a server logs.
    pub(crate) log: Option<String>,
}

impl Environment {
    pub(crate) fn of_process() -> Environment {
        let path = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Environment {
            offline: env::var_os("KT_OFFLINE").is_some_and(|value| !value.is_empty() && value != "0"),
            data_dir: path("KT_DATA_DIR"),
            data_home: path("XDG_DATA_HOME").filter(|path| path.is_absolute()),
            home: path("HOME"),
            log: env::var("KT_LOG").ok().filter(|level| !level.is_empty()),
        }
    }

    /// The directory when the command line names no cluster.
    fn directory(&self) -> Result<PathBuf, Failure> {
        if let Some(directory) = &self.data_dir {
            return Ok(directory.clone());
        }
        let home = self.data_home.clone().or_else(|| Some(self.home.as_ref()?.join(".local/share")));
        home.map(|home| home.join("kt")).ok_or_else(|| {
            Failure::plain("no data directory: give --data-dir DIR, or set KT_DATA_DIR or HOME")
        })
    }
}

/// The cluster that was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Directory(Site),
    /// `host:port,...`
    Servers(String),
}

impl Target {
    pub(crate) fn choose(parsed: &Parsed, environment: &Environment) -> Result<Target, Failure> {
        let server = match parsed.bytes("bootstrap-server")? {
            // Some tools can be pointed at a controller instead of a broker; a directory is both.
            None => parsed.bytes("bootstrap-controller")?,
            server => server,
        };
        Target::of(parsed, server, environment)
    }

    /// The same where the tool has found the servers' addresses by itself.
    pub(crate) fn of(
        parsed: &Parsed,
        server: Option<&OsStr>,
        environment: &Environment,
    ) -> Result<Target, Failure> {
        let site = |directories| Target::Directory(Site { directories, writable: parsed.has("writable") });
        let given: Vec<PathBuf> = parsed.all("data-dir").flat_map(listed).collect();
        if !given.is_empty() {
            return Ok(site(given));
        }
        match server {
            Some(server) if is_directory(server) => Ok(site(listed(server))),
            Some(server) if !environment.offline => {
                Ok(Target::Servers(server.to_string_lossy().into_owned()))
            }
            _ => environment.directory().map(|directory| site(vec![directory])),
        }
    }
}

/// The directories of an argument: separated by commas, unless there is one of that name.
fn listed(argument: &OsStr) -> Vec<PathBuf> {
    let whole = PathBuf::from(argument);
    if whole.exists() {
        return vec![whole];
    }
    let names = argument.as_bytes().split(|&byte| byte == b',').filter(|name| !name.is_empty());
    let paths: Vec<PathBuf> = names.map(|name| PathBuf::from(OsStr::from_bytes(name))).collect();
    // A name that was never meant as a list keeps its commas.
    if paths.iter().any(|path| path.exists()) { paths } else { vec![whole] }
}

impl Target {
    /// The directory or directories that an argument names; `writable` is whether one that is not kt's may be written to.
    pub(crate) fn directories(argument: &OsStr, writable: bool) -> Target {
        Target::Directory(Site { directories: listed(argument), writable })
    }

    /// Whether both are about the same directory, by whatever path.
    pub(crate) fn shares_directory(&self, other: &Target) -> bool {
        let real = |target: &Target| match target {
            Target::Directory(site) => site
                .directories
                .iter()
                .map(|path| path.canonicalize().unwrap_or_else(|_| path.clone()))
                .collect(),
            Target::Servers(_) => Vec::new(),
        };
        let (mine, theirs): (Vec<PathBuf>, Vec<PathBuf>) = (real(self), real(other));
        mine.iter().any(|path| theirs.contains(path))
    }
}

/// Whether an argument of `--bootstrap-server` means a directory: it has a `/`.
pub(crate) fn is_directory(server: &OsStr) -> bool {
    server.as_bytes().contains(&b'/')
}

/// Whether `list` is a comma-separated list of `host:port`, as the tools check it before they connect.
pub(crate) fn is_host_port_list(list: &str) -> bool {
    list.split(',').all(|entry| {
        let entry = entry.split_once("://").map_or(entry, |(_, address)| address);
        let Some((host, port)) = entry.rsplit_once(':') else { return false };
        let host = host.strip_prefix('[').unwrap_or(host);
        let host = host.strip_suffix(']').unwrap_or(host);
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-%._:".contains(&byte);
        !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) && host.bytes().all(legal)
    })
}

pub(super) use local::{format_directory, stored_credential};

/// An open cluster: what a tool calls.
pub(crate) struct Connection {
    cluster: local::Cluster,
}

impl Connection {
    /// Opens a data directory, making it on first use.
    pub(crate) fn open(target: Target) -> Result<Connection, Failure> {
        match target {
            Target::Directory(site) => Ok(Connection { cluster: local::Cluster::open_site(&site)? }),
            Target::Servers(servers) => Err(Failure::plain(format!(
                "real clusters are not supported yet by this version ({servers}); set KT_OFFLINE=1 or give --data-dir DIR \
                 to work on a local directory"
            ))),
        }
    }

    /// Opens a data directory only if there is one.
    pub(crate) fn open_existing(site: Site) -> Result<Option<Connection>, Failure> {
        let exists = |directory: &PathBuf| {
            [".kt", "meta.properties"].iter().any(|entry| directory.join(entry).exists())
        };
        let exist = site.directories.iter().all(exists);
        if exist { Connection::open(Target::Directory(site)).map(Some) } else { Ok(None) }
    }

    /// Where it is noted what is wrong with a directory that is read all the same.
    pub(crate) fn notes(&self) -> &Notes {
        self.cluster.notes()
    }

    /// The directory itself, for who serves it to others.
    pub(crate) fn into_cluster(self) -> local::Cluster {
        self.cluster
    }

    pub(crate) fn admin(&self) -> client::Result<Box<dyn client::Admin>> {
        Ok(self.cluster.admin())
    }

    /// Does what is due in a directory: see `local`.
    pub(crate) fn maintain(
        &self,
        wanted: &local::Wanted<'_>,
        tell: &mut dyn FnMut(local::Outcome) -> client::Result<()>,
    ) -> client::Result<()> {
        self.cluster.maintain(wanted, tell)
    }

    /// Puts everything in order for the real Kafka.
    pub(crate) fn graduate(&self) -> client::Result<client::Graduation> {
        self.cluster.graduate()
    }

    /// A producer of `topic`, which is created by the first record if it doesn't exist.
    pub(crate) fn producer(
        &self,
        topic: &str,
        config: client::ProducerConfig,
    ) -> client::Result<Box<dyn client::Producer>> {
        self.cluster.producer(topic, config)
    }

    /// A producer that sends to `topic` in transactions of the id that `config` names.
    pub(crate) fn transactional_producer(
        &self,
        topic: &str,
        config: client::ProducerConfig,
    ) -> client::Result<Box<dyn client::TransactionalProducer>> {
        self.cluster.transactional_producer(topic, config)
    }

    /// A reader of parts of partitions, without a group.
    pub(crate) fn bulk_reader(
        &self,
        ranges: &[client::BulkRange],
        reading: client::BulkReading,
    ) -> client::Result<Box<dyn client::BulkReader>> {
        self.cluster.bulk_reader(ranges, reading)
    }

    /// A writer to any topics.
    pub(crate) fn bulk_writer(&self) -> client::Result<Box<dyn client::BulkWriter>> {
        self.cluster.bulk_writer()
    }

    pub(crate) fn share_consumer(
        &self,
        config: client::ShareConsumerConfig,
    ) -> client::Result<Box<dyn client::ShareConsumer>> {
        self.cluster.share_consumer(config)
    }

    pub(crate) fn consumer(
        &self,
        config: client::ConsumerConfig,
    ) -> client::Result<Box<dyn client::Consumer>> {
        self.cluster.consumer(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::options;
    use std::ffi::OsString;

    fn choose(line: &str, environment: &Environment) -> Target {
        let command = options::target(options::table("t", "about"));
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let parsed = Parsed::read(&command, &words, Failure::with_table).unwrap();
        Target::choose(&parsed, environment).unwrap()
    }

    #[test]
    fn the_command_line_goes_before_the_environment() {
        let directory =
            |path: &str| Target::Directory(Site { directories: vec![PathBuf::from(path)], writable: false });
        let home = Environment { home: Some("/home/me".into()), ..Environment::default() };
        let xdg = Environment { data_home: Some("/xdg".into()), ..home.clone() };
        let named = Environment { data_dir: Some("here".into()), ..xdg.clone() };
        let offline = Environment { offline: true, ..named.clone() };
        assert_eq!(choose("--data-dir d --bootstrap-server a:1", &named), directory("d"));
        assert_eq!(choose("--bootstrap-server ./d", &named), directory("./d"));
        assert_eq!(choose("--bootstrap-server a:1", &named), Target::Servers("a:1".into()));
        assert_eq!(choose("--bootstrap-server a:1", &offline), directory("here"));
        assert_eq!(choose("", &named), directory("here"));
        assert_eq!(choose("", &xdg), directory("/xdg/kt"));
        assert_eq!(choose("", &home), directory("/home/me/.local/share/kt"));
        let writable = Site { directories: vec!["d".into(), "e".into()], writable: true };
        assert_eq!(choose("--data-dir d --writable --data-dir e", &named), Target::Directory(writable));
        assert_eq!(choose("--data-dir not,there", &named), directory("not,there"));
        let Target::Directory(several) = choose("--data-dir src,tests", &named) else { panic!() };
        assert_eq!(several.directories.len(), 2);
    }

    #[test]
    fn addresses_are_checked_for_their_form_only() {
        for good in ["a:1", "a:1,b:2", "[::1]:9092", "PLAINTEXT://h:9092", "127.0.0.1:9092", ":1"] {
            assert!(is_host_port_list(good), "{good}");
        }
        for bad in ["nowhere", "localhost:port", "a:1,b", "a:", "", "a b:1", "a:1,"] {
            assert!(!is_host_port_list(bad), "{bad}");
        }
    }
}
