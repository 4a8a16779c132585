//! Release archives.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::process::Program;
use crate::step::{self, Step};
use crate::{product, workspace};

/// What lies beside the two programs.
const PAPERS: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

pub(crate) fn run() -> Result<()> {
    let programs = product::release()?;
    let step = Step::start("Writing the release archive");
    let dist = workspace::target().join("dist");
    let name = format!("redring-{}-{}", env!("CARGO_PKG_VERSION"), host()?);
    let folder = dist.join(&name);
    if dist.exists() {
        fs::remove_dir_all(&dist).context("cannot empty target/dist")?;
    }
    fs::create_dir_all(&folder).context("cannot make target/dist")?;
    for program in [&programs.server, &programs.agent] {
        copy_into(program, &folder)?;
    }
    for paper in PAPERS {
        copy_into(&workspace::root().join(paper), &folder)?;
    }
    let archive = format!("{name}.tar.gz");
    let reproducible = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner"];
    Program::new("tar").args(reproducible).args(["-czf", &archive, &name]).folder(&dist).run()?;
    let sums = Program::new("sha256sum").arg(&archive).folder(&dist).output()?;
    fs::write(dist.join("sha256sums.txt"), sums).context("cannot write the check sums")?;
    step.done();
    step::note(dist.join(archive).display());
    Ok(())
}

fn copy_into(file: &Path, folder: &Path) -> Result<()> {
    let name = file.file_name().with_context(|| format!("{} has no name", file.display()))?;
    fs::copy(file, folder.join(name)).with_context(|| format!("cannot copy {}", file.display()))?;
    Ok(())
}

/// The system that this machine builds for: `x86_64-unknown-linux-gnu`.
fn host() -> Result<String> {
    let about = Program::new("rustc").arg("-vV").output()?;
    let line = about.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).context("rustc did not say what it builds for")
}
