//! Builds the two programs of the product.

use std::path::PathBuf;

use anyhow::Result;

use crate::portal::{self, Portal};
use crate::process::Program;
use crate::step::{self, Step};
use crate::{tools, workspace};

/// Where the programs are.
pub(crate) struct Programs {
    pub(crate) server: PathBuf,
    pub(crate) agent: PathBuf,
}

impl Programs {
    pub(crate) fn in_profile(folder: &str) -> Self {
        let at = |name: &str| workspace::target().join(folder).join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        Self { server: at("redring-server"), agent: at("redring-agent") }
    }
}

/// For the demo: quick to build.
pub(crate) fn quick() -> Result<Programs> {
    tools::for_native()?;
    portal::build(Portal::Quick)?;
    let step = Step::start("Building the server and the agent");
    Program::new("cargo").args(["build", "--package", "server", "--package", "agent", "--bins"]).run()?;
    step.done();
    Ok(Programs::in_profile("debug"))
}

/// For users.
pub(crate) fn release() -> Result<Programs> {
    tools::for_native()?;
    portal::build(Portal::Release)?;
    let step = Step::start("Building the server and the agent for release");
    Program::new("cargo").args(["build", "--release", "--package", "server", "--package", "agent", "--bins"]).run()?;
    step.done();
    let programs = Programs::in_profile("release");
    step::note(format_args!("{}\n    {}", programs.server.display(), programs.agent.display()));
    Ok(programs)
}
