//! What is moved: a table of 3.4 million flights, 310 MB; the same with each line's carrier as a key before it.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// How often the table is repeated.
const REPEATS: usize = 10;
const GENERATED_ROWS: usize = 336_776;
const HEADING: &str = "year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,carrier,\
                       flight,tailnum,origin,dest,air_time,distance,hour,minute,time_hour";
/// Carriers with how many of a hundred flights are theirs.
const CARRIERS: &[(&str, u64)] = &[
    ("UA", 18),
    ("B6", 16),
    ("EV", 16),
    ("DL", 14),
    ("AA", 10),
    ("MQ", 8),
    ("US", 6),
    ("9E", 5),
    ("WN", 4),
    ("VX", 3),
];
const AIRPORTS: &[&str] =
    &["ATL", "ORD", "LAX", "BOS", "MCO", "CLT", "SFO", "FLL", "MIA", "DCA", "IAH", "DFW", "DEN"];

/// Files to read from, and how much is in them.
pub(crate) struct Input {
    pub(crate) lines: PathBuf,
    /// `CARRIER<tab>LINE`.
    pub(crate) keyed: PathBuf,
    pub(crate) line_count: usize,
    pub(crate) lines_bytes: u64,
    pub(crate) keyed_bytes: u64,
}

impl Input {
    /// Writes both files into `dir`. Streams, so that this process stays small (see `measure::Usage`).
    pub(crate) fn prepare(dir: &Path) -> Input {
        let once = dir.join("flights.csv");
        match std::env::var_os("KT_BENCH_INPUT") {
            Some(path) => copy_given(Path::new(&path), &once),
            None => generate(&once),
        }
        let (lines, keyed) = (dir.join("lines"), dir.join("keyed"));
        let mut lines_to = BufWriter::new(File::create(&lines).unwrap());
        let mut keyed_to = BufWriter::new(File::create(&keyed).unwrap());
        let mut line_count = 0;
        for _ in 0..REPEATS {
            let mut from = BufReader::new(File::open(&once).unwrap());
            let mut line = Vec::new();
            while from.read_until(b'\n', &mut line).unwrap() > 0 {
                lines_to.write_all(&line).unwrap();
                let key = line.split(|byte| *byte == b',').nth(9).unwrap_or_default();
                keyed_to.write_all(&[key, b"\t", &line].concat()).unwrap();
                line.clear();
                line_count += 1;
            }
        }
        let [lines_bytes, keyed_bytes] = [lines_to, keyed_to].map(|file| {
            let file = file.into_inner().unwrap();
            file.sync_all().unwrap();
            file.metadata().unwrap().len()
        });
        Input { lines, keyed, line_count, lines_bytes, keyed_bytes }
    }
}

fn copy_given(from: &Path, to: &Path) {
    if from.extension().is_some_and(|extension| extension == "xz") {
        let status =
            Command::new("xz").arg("-dc").arg(from).stdout(File::create(to).unwrap()).status().unwrap();
        assert!(status.success(), "xz -dc {}", from.display());
    } else {
        std::fs::copy(from, to).unwrap();
    }
}

/// Writes a table of the same shape, the same on every machine.
fn generate(to: &Path) {
    let mut random = Random(0x6b74);
    let mut file = BufWriter::new(File::create(to).unwrap());
    writeln!(file, "{HEADING}").unwrap();
    for row in 0..GENERATED_ROWS {
        let day_of_year = row * 365 / GENERATED_ROWS;
        let (month, day) = (day_of_year / 31 + 1, day_of_year % 31 + 1);
        let (hour, minute) = (5 + random.below(19), random.below(60));
        let (late, air_time) = (random.below(60), 40 + random.below(300));
        let origin = ["EWR", "LGA", "JFK"][random.below(3) as usize];
        let destination = AIRPORTS[random.below(AIRPORTS.len() as u64) as usize];
        writeln!(
            file,
            "2013,{month},{day},{hour}{:02},{hour}{minute:02},{},{}{:02},{}{minute:02},{},{},{},N{:03}{},{origin},\
             {destination},{air_time},{},{hour},{minute},2013-{month:02}-{day:02}T{hour:02}:00:00Z",
            (minute + late) % 60,
            late as i64 - 15,
            (hour + 2) % 24,
            random.below(60),
            (hour + 3) % 24,
            late as i64 - 20,
            random.carrier(),
            random.below(6000),
            random.below(1000),
            ["UA", "JB", "AA", "DL"][random.below(4) as usize],
            air_time * 7,
        )
        .unwrap();
    }
    file.flush().unwrap();
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    fn carrier(&mut self) -> &'static str {
        let mut left = self.below(100);
        for (carrier, share) in CARRIERS {
            if left < *share {
                return carrier;
            }
            left -= share;
        }
        unreachable!("the shares sum to a hundred")
    }
}

/// Reads `from` to its end and forgets it, as the reader of a pipe that costs nothing; returns the bytes.
pub(crate) fn drain(mut from: impl Read) -> u64 {
    let mut buffer = vec![0; 1 << 16];
    let mut total = 0;
    loop {
        match from.read(&mut buffer).unwrap() {
            0 => return total,
            count => total += count as u64,
        }
    }
}
