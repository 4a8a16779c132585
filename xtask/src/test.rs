//! Every test: of the crates, of the API by its description, of the whole product.

use std::fs;

use anyhow::{Context, Result};

use crate::process::Program;
use crate::product::{self, Programs};
use crate::step::Step;
use crate::summary::{Counts, Summary};
use crate::{contract, tools, workspace};

pub(crate) fn run() -> Result<()> {
    tools::for_browser_tests()?;
    tools::for_contract_tests()?;
    // The same choice of packages as for the tests below, so that nothing is compiled twice.
    let programs = product::quick(&["--workspace"])?;
    let mut summary = Summary::start();
    native(&mut summary)?;
    contract::ask(&programs, &mut summary)?;
    whole_product(&programs, &mut summary)?;
    summary.finish()
}

fn native(summary: &mut Summary) -> Result<()> {
    let step = Step::start("Tests of the crates");
    let mut counts = Counts::default();
    let tests = Program::new("cargo").args(["test", "--workspace", "--no-fail-fast"]);
    let succeeded = tests.read_lines(|line| counts.read_rust_line(line))?;
    summary.add("crates", counts, succeeded);
    step.done();
    Ok(())
}

fn whole_product(programs: &Programs, summary: &mut Summary) -> Result<()> {
    let step = Step::start("Tests of the whole product");
    let report = workspace::target().join("e2e/report.json");
    fs::remove_file(&report).ok();
    let succeeded =
        programs.playwright().arg("--reporter=list,json").env("PLAYWRIGHT_JSON_OUTPUT_FILE", &report).succeeds()?;
    let counts = match fs::read_to_string(&report) {
        Ok(report) => Counts::of_playwright(&report).context("cannot read the report of Playwright")?,
        Err(_) => Counts::default(),
    };
    summary.add("whole product", counts, succeeded);
    step.done();
    Ok(())
}
