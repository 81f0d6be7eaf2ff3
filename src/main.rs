//! The kt binary: hands the command line to the library and its status to the system.

fn main() -> std::process::ExitCode {
    kt::run(std::env::args_os().collect())
}
