//! Measurements. Each has a name and runs on release builds.

use anyhow::{Context, Result, bail};

use crate::cli::Arguments;
use crate::process::Program;
use crate::step::{self, Step};
use crate::{product, tools, workspace};

const NAMES: [(&str, &str); 1] = [("session", "a session on a 1920x1080 X11 console in a browser on this machine")];

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
    tools::for_browser_tests()?;
    let programs = product::release()?;
    let step = Step::start("Building the measuring programs");
    Program::new("cargo").args(["build", "--release", "--package", "bench", "--bins"]).run()?;
    step.done();
    let results = workspace::target().join("bench");
    std::fs::create_dir_all(&results).context("cannot make target/bench")?;
    for name in names {
        programs
            .playwright()
            .args(["--config", "bench.config.ts", &name])
            .env("E2E_BENCH_OUT", results.join(format!("{name}.json")))
            .run()?;
    }
    Ok(())
}
