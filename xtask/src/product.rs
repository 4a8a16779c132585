//! Builds the two programs of the product.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::portal::{self, Portal};
use crate::process::Program;
use crate::step::{self, Step};
use crate::{tools, workspace};

/// Where the programs are.
pub(crate) struct Programs {
    pub(crate) server: PathBuf,
    pub(crate) agent: PathBuf,
    /// Presses keys and watches pixels; the tests of the whole product and the measurements use it.
    probe: PathBuf,
}

impl Programs {
    pub(crate) fn in_profile(folder: &str) -> Self {
        let at = |name: &str| workspace::target().join(folder).join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        Self { server: at("redring-server"), agent: at("redring-agent"), probe: at("bench") }
    }

    /// `playwright test` on these programs. Its variables are none that the product reads.
    pub(crate) fn playwright(&self) -> Program {
        Program::new("npx")
            .args(["--no-install", "playwright", "test"])
            .folder(workspace::root().join("e2e"))
            .env("E2E_SERVER", &self.server)
            .env("E2E_AGENT", &self.agent)
            .env("E2E_PROBE", &self.probe)
    }
}

/// For demo and tests: quick to build. `packages` choose what cargo builds, and have both programs and
/// [`portal::BUNDLE`] among them; a later build of the same choice compiles nothing twice.
pub(crate) fn quick(packages: &[&str]) -> Result<Programs> {
    tools::for_native()?;
    let step = Step::start("Building the server and the agent");
    let build = || Program::new("cargo").args(["build", "--bins"]).args(packages);
    if portal::is_built(Portal::Quick)? {
        build().run()?;
    } else {
        // Both have stretches that keep one processor busy only.
        fs::create_dir_all(workspace::target()).context("cannot make the target folder")?;
        let native = build().start_beside(&workspace::target().join("beside-the-portal.log"))?;
        portal::compile()?;
        native.finish()?;
        portal::put_together()?;
        // The portal goes into the server.
        build().run()?;
    }
    step.done();
    Ok(Programs::in_profile("debug"))
}

/// For users.
pub(crate) fn release() -> Result<Programs> {
    tools::for_native()?;
    portal::release()?;
    let step = Step::start("Building the server and the agent for release");
    Program::new("cargo").args(["build", "--release", "--package", "server", "--package", "agent", "--bins"]).run()?;
    step.done();
    let programs = Programs::in_profile("release");
    step::note(format_args!("{}\n    {}", programs.server.display(), programs.agent.display()));
    Ok(programs)
}
