//! Builds what the browser loads, portal and session engine, into `dist/`, where the server's build takes it from.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};

use crate::process::Program;
use crate::step::Step;
use crate::{tools, workspace};

/// What cargo compiles the browser's part for.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";
/// Its profile for demo and tests.
const QUICK: &str = "portal-quick";

/// What the portal is built for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Portal {
    /// Demo and tests: quickly, and without wasm-opt.
    Quick,
    /// Release: as small as it gets.
    Release,
}

/// What the result depends on.
const SOURCES: &[&str] = &[
    "app",
    "viewer",
    "protocol",
    "bundle",
    "style",
    "public",
    "index.html",
    "Trunk.toml",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo",
];

/// The package that puts the quick portal together; product builds of it come before [`put_together`].
pub(crate) const BUNDLE: &str = "bundle";

/// Builds `dist/` as it is released, unless it is that of the present sources already.
pub(crate) fn release() -> Result<()> {
    let wanted = wanted(Portal::Release)?;
    if is(&wanted) {
        return Ok(());
    }
    tools::for_release_portal()?;
    let step = Step::start("Building the portal and the session engine for the browser");
    // `--release` makes Trunk call wasm-opt; the word after it would be taken for its value.
    let options = ["build", "--skip-version-check", "--cargo-profile", "portal", "--release=true"];
    Program::new("trunk").args(options).run()?;
    fs::write(stamp(), wanted).context("cannot write into the target folder")?;
    step.done();
    Ok(())
}

/// Compiles what the browser runs, for demo and tests.
pub(crate) fn compile() -> Result<()> {
    tools::wasm_target()?;
    let step = Step::start("Compiling the portal and the session engine for the browser");
    Program::new("cargo")
        .args(["build", "--target", WASM, "--profile", QUICK])
        .args(["--package", "app", "--package", "viewer", "--bins"])
        .run()?;
    step.done();
    Ok(())
}

/// Makes `dist/` of what [`compile`] compiled.
pub(crate) fn put_together() -> Result<()> {
    let wanted = wanted(Portal::Quick)?;
    let program = workspace::target().join(format!("debug/{BUNDLE}{}", std::env::consts::EXE_SUFFIX));
    let compiled = workspace::target().join(WASM).join(QUICK);
    Program::new(program).args([workspace::root(), &compiled, &workspace::root().join("dist")]).run()?;
    fs::write(stamp(), wanted).context("cannot write into the target folder")
}

pub(crate) fn is_built(portal: Portal) -> Result<bool> {
    Ok(is(&wanted(portal)?))
}

fn wanted(portal: Portal) -> Result<String> {
    Ok(format!("{portal:?} {:016x}", fingerprint(workspace::root())?))
}

fn is(wanted: &str) -> bool {
    let there = workspace::root().join("dist/index.html").is_file();
    there && fs::read_to_string(stamp()).is_ok_and(|built| built == wanted)
}

fn stamp() -> PathBuf {
    workspace::target().join("portal.stamp")
}

/// Changes when a source is added, removed, resized or saved.
fn fingerprint(root: &Path) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        add(&root.join(source), &mut hasher)?;
    }
    Ok(hasher.finish())
}

fn add(path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    let Ok(about) = fs::metadata(path) else { return Ok(()) };
    path.hash(hasher);
    if about.is_dir() {
        let entries = fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut entries: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
        entries.sort();
        return entries.iter().try_for_each(|entry| add(entry, hasher));
    }
    about.len().hash(hasher);
    let saved = about.modified().context("this file system keeps no times")?;
    saved.duration_since(UNIX_EPOCH).unwrap_or_default().hash(hasher);
    Ok(())
}
