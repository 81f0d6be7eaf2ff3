//! The lines that a bench prints, and whether every limit was kept.

use std::process::ExitCode;

#[derive(Default)]
pub(crate) struct Report {
    missed: usize,
}

impl Report {
    /// A line with a figure and nothing to compare it with.
    pub(crate) fn note(&self, name: &str, figure: &str) {
        println!("{name:<36} {figure}");
    }

    /// A ratio that should be `at_least` the limit.
    pub(crate) fn ratio(&mut self, name: &str, ratio: f64, at_least: Option<f64>, detail: &str) {
        let verdict = self.verdict(at_least.map(|limit| (ratio >= limit, format!("want {limit}"))));
        println!("{name:<36} {ratio:>7.2} of {detail}{verdict}");
    }

    /// A figure that should be `at_most` the limit.
    pub(crate) fn limit(&mut self, name: &str, value: f64, unit: &str, at_most: Option<f64>, detail: &str) {
        let verdict = self.verdict(at_most.map(|limit| (value <= limit, format!("at most {limit} {unit}"))));
        println!("{name:<36} {value:>7.2} {unit} {detail}{verdict}");
    }

    pub(crate) fn status(&self) -> ExitCode {
        if self.missed == 0 {
            return ExitCode::SUCCESS;
        }
        println!("{} missed their limit", self.missed);
        ExitCode::FAILURE
    }

    fn verdict(&mut self, kept: Option<(bool, String)>) -> String {
        match kept {
            None => String::new(),
            Some((true, limit)) => format!("  ({limit})"),
            Some((false, limit)) => {
                self.missed += 1;
                format!("  MISSED ({limit})")
            }
        }
    }
}
