//! Measurements. Each has a name and runs on release builds.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::cli::Arguments;
use crate::process::Program;
use crate::step::{self, Step};
use crate::{product, tools, workspace};

const NAMES: [(&str, &str); 2] = [
    ("session", "a session on a 1920x1080 X11 console in a browser on this machine"),
    ("audit", "the audit log on this machine's disk: appending, verifying, reading"),
];

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let names = arguments.names()?;
    if names.is_empty() {
        for (name, about) in NAMES {
            step::say(format_args!("{name:<8} {about}"));
        }
        return Ok(());
    }
    if let Some(name) = names.iter().find(|name| !NAMES.iter().any(|(known, _)| known == name)) {
        bail!("there is no measurement {name:?}; see `cargo xtask bench --help`");
    }
    let results = workspace::target().join("bench");
    std::fs::create_dir_all(&results).context("cannot make target/bench")?;
    for name in names {
        let out = results.join(format!("{name}.json"));
        if name == "audit" { audit(&results, &out)? } else { in_browser(&name, &out)? }
    }
    Ok(())
}

fn in_browser(name: &str, out: &Path) -> Result<()> {
    tools::for_browser_tests()?;
    let programs = product::release()?;
    let step = Step::start("Building the measuring programs");
    Program::new("cargo").args(["build", "--release", "--package", "bench", "--bins"]).run()?;
    step.done();
    programs.playwright().args(["--config", "bench.config.ts", name]).env("E2E_BENCH_OUT", out).run()
}

/// Without browser and consoles: the log alone.
fn audit(folder: &Path, out: &Path) -> Result<()> {
    tools::for_native()?;
    Program::new("cargo")
        .args(["run", "--release", "--package", "server", "--features", "testing", "--example", "audit_log", "--"])
        .option("--folder", folder)
        .option("--out", out)
        .run()
}
