//! Adds up what the test runners counted.

use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::step;

/// What one runner counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// Takes the result line of one test program of Rust: `test result: ok. 3 passed; 0 failed; 1 ignored; ...`.
    pub(crate) fn read_rust_line(&mut self, line: &str) {
        let Some((_, counts)) = line.split_once("test result: ") else { return };
        let count = |what: &str| {
            let before = counts.split(what).next()?;
            if before.len() == counts.len() {
                return None;
            }
            before.trim_end().rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        };
        let count = |what| count(what).unwrap_or(0);
        self.add(Self { passed: count(" passed"), failed: count(" failed"), skipped: count(" ignored") });
    }

    /// Takes the report of Playwright's reporter `json`. A test that passed at its second try is a failed one here.
    pub(crate) fn of_playwright(report: &str) -> Result<Self> {
        let report: serde_json::Value = serde_json::from_str(report).context("the report is not JSON")?;
        let stats = &report["stats"];
        let count = |what: &str| stats[what].as_u64().with_context(|| format!("the report does not say stats.{what}"));
        let without_test = report["errors"].as_array().map_or(0, Vec::len) as u64;
        Ok(Self {
            passed: count("expected")?,
            failed: count("unexpected")? + count("flaky")? + without_test,
            skipped: count("skipped")?,
        })
    }
}

/// The runners of one test run.
pub(crate) struct Summary {
    started: Instant,
    rows: Vec<(String, Counts)>,
}

impl Summary {
    pub(crate) fn start() -> Self {
        Self { started: Instant::now(), rows: Vec::new() }
    }

    /// Takes the counts of a runner. One that failed without a failed test (it did not compile, it crashed)
    /// counts as one.
    pub(crate) fn add(&mut self, runner: &str, mut counts: Counts, succeeded: bool) {
        if !succeeded && counts.failed == 0 {
            counts.failed = 1;
        }
        self.rows.push((runner.to_owned(), counts));
    }

    /// Prints the table; its last line is the total.
    pub(crate) fn finish(self) -> Result<()> {
        let mut total = Counts::default();
        step::say("");
        for (runner, counts) in &self.rows {
            let skipped = if counts.skipped == 0 { String::new() } else { format!(", {} skipped", counts.skipped) };
            step::say(format_args!("{runner:<24} {} passed, {} failed{skipped}", counts.passed, counts.failed));
            total.add(*counts);
        }
        step::say(format_args!("took {:.0} s", self.started.elapsed().as_secs_f64()));
        if self.rows.is_empty() || total.passed == 0 && total.failed == 0 {
            bail!("no test ran");
        }
        step::say(format_args!("{} passed, {} failed", total.passed, total.failed));
        if 0 < total.failed {
            // The line above is the last one: the exit code says the rest.
            std::process::exit(1);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_of_rust_are_added_up() {
        let mut counts = Counts::default();
        for line in [
            "running 3 tests",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: \u{1b}[31mFAILED\u{1b}[0m. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out",
            "test tests::test_result ... ok",
        ] {
            counts.read_rust_line(line);
        }
        assert_eq!(counts, Counts { passed: 14, failed: 3, skipped: 1 });
    }

    #[test]
    fn a_flaky_browser_test_is_a_failed_one() {
        let report = r#"{"errors":[],"stats":{"expected":7,"unexpected":1,"flaky":1,"skipped":2}}"#;
        let counts = Counts::of_playwright(report).expect("a report");
        assert_eq!(counts, Counts { passed: 7, failed: 2, skipped: 2 });
        assert!(Counts::of_playwright("{}").is_err());
    }

    #[test]
    fn a_runner_that_did_not_get_to_its_tests_has_failed() {
        let mut summary = Summary::start();
        summary.add("crates", Counts::default(), false);
        assert_eq!(summary.rows[0].1.failed, 1);
    }
}
