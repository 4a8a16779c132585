//! Checks of the code that need no run of the product.

use anyhow::{Result, bail};

use crate::cli::Arguments;
use crate::layers;
use crate::process::Program;
use crate::step::{self, Step};
use crate::{tools, workspace};

type Check = (&'static str, fn() -> Result<()>);

const CHECKS: [Check; 5] = [("fmt", fmt), ("layers", layers), ("clippy", clippy), ("typos", typos), ("deny", deny)];

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let names = arguments.names()?;
    if let Some(name) = names.iter().find(|name| !CHECKS.iter().any(|(known, _)| known == name)) {
        bail!("there is no check {name:?}; see `cargo xtask check --help`");
    }
    let chosen = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    run_all(CHECKS.into_iter().filter(|(name, _)| chosen(name)))
}

pub(crate) fn everything() -> Result<()> {
    run_all(CHECKS)
}

/// Runs all before it fails: one run tells everything.
fn run_all(checks: impl IntoIterator<Item = Check>) -> Result<()> {
    let mut failed = Vec::new();
    for (name, check) in checks {
        let step = Step::start(format_args!("Check {name}"));
        match check() {
            Ok(()) => step.done(),
            Err(error) => {
                step::error(&error);
                failed.push(name);
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

fn fmt() -> Result<()> {
    Program::new("cargo").args(["fmt", "--all", "--check"]).run()
}

fn clippy() -> Result<()> {
    tools::for_native()?;
    let deny_warnings = ["--", "--deny", "warnings"];
    Program::new("cargo").args(["clippy", "--workspace", "--all-targets"]).args(deny_warnings).run()?;
    let browser = ["clippy", "--target", "wasm32-unknown-unknown", "--package", "app", "--package", "viewer"];
    Program::new("cargo").args(browser).args(deny_warnings).run()
}

fn layers() -> Result<()> {
    let broken = layers::check(workspace::root())?;
    for arrow in &broken {
        step::note(arrow);
    }
    if broken.is_empty() {
        Ok(())
    } else {
        bail!("{} forbidden arrows; the table is xtask/src/layers.rs", broken.len())
    }
}

fn deny() -> Result<()> {
    tools::checker("cargo-deny", "cargo-deny", "0.20.2", "it looks at the dependencies")?;
    Program::new("cargo-deny").args(["--all-features", "check"]).run()
}

fn typos() -> Result<()> {
    tools::checker("typos", "typos-cli", "1.52.0", "it looks at the spelling")?;
    Program::new("typos").run()
}
