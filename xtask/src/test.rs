//! Every test: of the crates, in a browser, of the API by its description, of the whole product.

use std::fs;

use anyhow::{Context, Result};

use crate::process::Program;
use crate::product::{self, Programs};
use crate::step::Step;
use crate::summary::{Counts, Summary};
use crate::{contract, tools, workspace};

/// Packages with tests that run inside a browser, each as `tests/web.rs`.
const IN_BROWSER: [(&str, &str); 2] = [("app", "app/tests/web.rs"), ("viewer", "viewer/tests/web.rs")];

pub(crate) fn run() -> Result<()> {
    tools::for_browser_tests()?;
    tools::for_contract_tests()?;
    // The same choice of packages as for the tests below, so that nothing is compiled twice.
    let programs = product::quick(&["--workspace"])?;
    let mut summary = Summary::start();
    native(&mut summary)?;
    for (package, file) in IN_BROWSER {
        if workspace::root().join(file).is_file() {
            in_browser(package, &mut summary)?;
        }
    }
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

fn in_browser(package: &str, summary: &mut Summary) -> Result<()> {
    let step = Step::start(format_args!("Tests of {package} in a browser"));
    tools::for_portal()?;
    let mut counts = Counts::default();
    let succeeded = Program::new("cargo")
        .args(["test", "--target", "wasm32-unknown-unknown", "--profile", "portal-quick"])
        .args(["--package", package, "--test", "web"])
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner")
        .env("CHROMEDRIVER", tools::chromedriver())
        .read_lines(|line| counts.read_rust_line(line))?;
    summary.add(&format!("{package} in a browser"), counts, succeeded);
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
