//! What a server costs that has nothing to do: its start, its memory, its sleep, and connections that are silent.

use crate::measure::{kt, quantile};
use crate::report::Report;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const STARTS: usize = 50;
const CONNECTIONS: usize = 10_000;
const TOPICS: usize = 1_000;
const IDLE: Duration = Duration::from_secs(3);

/// ApiVersions in version 0, without a client id.
const API_VERSIONS: [u8; 14] = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff];
/// Metadata of all topics in version 1.
const METADATA: [u8; 18] = [0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

pub(crate) fn bench(report: &mut Report) {
    let temporary = tempfile::tempdir().unwrap();
    let data = temporary.path().join("data");
    let created = kt(&data, "topics --create --topic t").stdout(Stdio::null()).status().unwrap();
    assert!(created.success());
    starts(report, &data);
    rest(report, &data);
    many_topics(report, &temporary.path().join("many"));
}

fn starts(report: &mut Report, data: &Path) {
    let mut times_ms = Vec::new();
    for _ in 0..STARTS {
        let start = Instant::now();
        let server = Serving::start(data);
        server.connect().ask(&API_VERSIONS);
        times_ms.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    let detail = format!("from exec to the first answer, of {STARTS}");
    report.limit("server's start, p50", quantile(times_ms.clone(), 0.5), "ms", Some(20.0), &detail);
    report.limit("server's start, p99", quantile(times_ms, 0.99), "ms", None, &detail);
}

fn rest(report: &mut Report, data: &Path) {
    let server = Serving::start(data);
    let mut client = server.connect();
    client.ask(&METADATA);
    // Threads that only helped with the start have gone by then.
    std::thread::sleep(Duration::from_secs(6));
    report.limit("memory of an idle server", server.resident_mib(), "MiB", Some(15.0), "resident");
    let before = server.wakeups();
    std::thread::sleep(IDLE);
    let wakeups = server.wakeups() - before;
    report.limit("wake-ups of an idle server", wakeups as f64, "", Some(0.0), &format!("in {IDLE:?}"));

    let before_mib = server.resident_mib();
    let held: Vec<Client> = (0..CONNECTIONS).map(|_| server.connect()).collect();
    let start = Instant::now();
    client.ask(&METADATA);
    let answer_ms = start.elapsed().as_secs_f64() * 1000.0;
    let more_kib = (server.resident_mib() - before_mib) * 1024.0 / held.len() as f64;
    let detail = format!("of {CONNECTIONS} that are silent");
    report.limit("memory of a connection", more_kib, "KiB", None, &detail);
    report.limit("an answer beside them", answer_ms, "ms", None, "");
    let before = server.wakeups();
    std::thread::sleep(IDLE);
    let wakeups = server.wakeups() - before;
    report.limit("wake-ups with them", wakeups as f64, "", Some(0.0), &format!("in {IDLE:?}"));
}

fn many_topics(report: &mut Report, data: &Path) {
    for topic in 0..TOPICS {
        let create = kt(data, &format!("topics --create --topic t-{topic} --partitions 10"))
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(create.success());
    }
    let start = Instant::now();
    let server = Serving::start(data);
    let mut client = server.connect();
    client.ask(&API_VERSIONS);
    let detail = format!("with {TOPICS} topics of 10 partitions");
    report.limit("server's start", start.elapsed().as_secs_f64() * 1000.0, "ms", None, &detail);
    let mut times_ms = Vec::new();
    for _ in 0..20 {
        let start = Instant::now();
        client.ask(&METADATA);
        times_ms.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    report.limit("Metadata of all topics, p50", quantile(times_ms, 0.5), "ms", None, &detail);
    report.limit("memory of that server", server.resident_mib(), "MiB", None, &detail);
}

/// A server, killed when dropped.
struct Serving {
    process: Child,
    address: String,
}

impl Serving {
    fn start(data: &Path) -> Serving {
        let mut process = kt(data, "serve --listen 127.0.0.1:0").stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ").expect("it says where").to_owned();
        Serving { process, address }
    }

    fn connect(&self) -> Client {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream }
    }

    fn resident_mib(&self) -> f64 {
        self.status(Path::new("status"), "VmRSS:") as f64 / 1024.0
    }

    /// How often any thread has gone to sleep and woken so far.
    fn wakeups(&self) -> u64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap();
        let names = tasks.map(|task| Path::new("task").join(task.unwrap().file_name()).join("status"));
        names.map(|name| self.status(&name, "voluntary_ctxt_switches:")).sum()
    }

    /// A number in a file of the process's directory in /proc.
    fn status(&self, file: &Path, name: &str) -> u64 {
        let path = Path::new("/proc").join(self.process.id().to_string()).join(file);
        let text = fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0");
        line.split_whitespace().next().unwrap().parse().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Client {
    stream: TcpStream,
}

impl Client {
    /// Sends a request and reads its answer to the end.
    fn ask(&mut self, request: &[u8]) {
        self.stream.write_all(request).unwrap();
        let mut size = [0; 4];
        self.stream.read_exact(&mut size).unwrap();
        let mut answer = vec![0; u32::from_be_bytes(size) as usize];
        self.stream.read_exact(&mut answer).unwrap();
    }
}
