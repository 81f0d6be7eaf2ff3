//! `Page`: metrics in the text form of Prometheus (version 0.0.4): comments that say what follows, then a line a value.

use std::fmt::{Display, Write};

#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
    /// The metric that values are of.
    name: &'static str,
}

impl Page {
    pub(super) fn gauge(&mut self, name: &'static str, help: &str) {
        self.metric(name, help, "gauge");
    }

    pub(super) fn counter(&mut self, name: &'static str, help: &str) {
        self.metric(name, help, "counter");
    }

    pub(super) fn histogram(&mut self, name: &'static str, help: &str) {
        self.metric(name, help, "histogram");
    }

    fn metric(&mut self, name: &'static str, help: &str, kind: &str) {
        self.name = name;
        // Writing to a string can't fail.
        let _ = write!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// A value of the metric that was begun last.
    pub(super) fn value(&mut self, labels: &[(&str, &str)], value: &dyn Display) {
        self.value_of("", labels, value);
    }

    /// The same of a part of a histogram.
    pub(super) fn value_of(&mut self, part: &str, labels: &[(&str, &str)], value: &dyn Display) {
        self.text.push_str(self.name);
        self.text.push_str(part);
        for (number, (label, text)) in labels.iter().enumerate() {
            let before = if number == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{before}{label}=\"{}\"", escaped(text));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{end} {value}");
    }

    pub(super) fn text(self) -> String {
        self.text
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_what_prometheus_reads() {
        let mut page = Page::default();
        page.gauge("kt_a", "An A");
        page.value(&[], &1.5);
        page.counter("kt_b_total", "Bs");
        page.value(&[("x", "a\"b\\c\nd"), ("y", "z")], &2);
        assert_eq!(
            page.text(),
            "# HELP kt_a An A\n# TYPE kt_a gauge\nkt_a 1.5\n# HELP kt_b_total Bs\n# TYPE kt_b_total counter\n\
             kt_b_total{x=\"a\\\"b\\\\c\\nd\",y=\"z\"} 2\n"
        );
    }
}
