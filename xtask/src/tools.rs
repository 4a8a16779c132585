//! Sets up what a command needs and the machine lacks: says what and why, installs into `target/tools` where it
//! can, and names the command to type where it may not install.
//!
//! Every function is quick when there is nothing to do.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::portal::WASM;
use crate::process::{self, Program};
use crate::step::{self, Step};
use crate::workspace;

const TRUNK_VERSION: &str = "0.21.14";
const BINARYEN_VERSION: &str = "132.0.0";

/// A program or file, and the Debian package that has it.
type Package = (&'static str, &'static str);

const COMPILER: &[Package] = &[("cc", "gcc"), ("c++", "g++")];
const NODE: &[Package] = &[("node", "nodejs"), ("npm", "npm")];
const BROWSER: &[Package] = &[
    ("chromium", "chromium"),
    ("Xvfb", "xvfb"),
    ("xterm", "xterm"),
    ("xprop", "x11-utils"),
    ("xrandr", "x11-xserver-utils"),
    ("setxkbmap", "x11-xkb-utils"),
    ("/usr/share/fonts/truetype/dejavu", "fonts-dejavu-core"),
];

/// For the native crates: the video codec and the database are C and C++.
pub(crate) fn for_native() -> Result<()> {
    debian("the video codec and the database inside the server are C and C++", COMPILER)
}

/// For the portal as it is released.
pub(crate) fn for_release_portal() -> Result<()> {
    wasm_target()?;
    let bindgen = wasm_bindgen_version()?;
    cargo_install(
        "wasm-bindgen",
        "wasm-bindgen-cli",
        &bindgen,
        "it joins the portal's WebAssembly to the browser",
        &[],
    )?;
    let only = ["--locked", "--no-default-features", "--features", "rustls"];
    cargo_install("trunk", "trunk", TRUNK_VERSION, "it bundles the portal", &only)?;
    remove_left_overs();
    wasm_opt()
}

/// For tests in a browser.
pub(crate) fn for_browser_tests() -> Result<()> {
    debian("the tests use a real browser and real X displays", BROWSER)?;
    // One after the other: some packages of Node bring npm with them.
    for package in NODE {
        debian("the tests of the whole product are written for Playwright", &[*package])?;
    }
    playwright()
}

/// For requests made up from the description of the API; gives the program that makes them up.
pub(crate) fn for_contract_tests() -> Result<PathBuf> {
    let folder = workspace::tools().join("schemathesis");
    let programs = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let program = programs.join(format!("schemathesis{}", std::env::consts::EXE_SUFFIX));
    let lock = workspace::root().join("contract/requirements.txt");
    let wanted = fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let stamp = folder.join(".installed-lock");
    if program.is_file() && fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(program);
    }
    python()?;
    let step = Step::start("Installing schemathesis into target/tools: it makes up requests for tests of the API");
    Program::new("python3").args(["-m", "venv", "--clear"]).arg(&folder).run()?;
    Program::new(programs.join("pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--require-hashes"])
        .option("--requirement", &lock)
        .run()?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write into {}", folder.display()))?;
    step.done();
    Ok(program)
}

/// A Python that makes environments of its own and is new enough.
fn python() -> Result<()> {
    let runs = |code: &str| Program::new("python3").args(["-c", code]).output().is_ok();
    let why = "schemathesis, which tests the API, is written in Python";
    if !runs("import ensurepip, venv") {
        install(why, &["python3-venv"])?;
    }
    if !runs("import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 11))") {
        bail!("{why} and needs version 3.11 or newer with its module venv; `python3` is another one");
    }
    Ok(())
}

/// For `check deny` and `check typos`.
pub(crate) fn checker(program: &str, package: &str, version: &str, why: &str) -> Result<()> {
    cargo_install(program, package, version, why, &["--locked"])
}

/// For the portal: Rust's library for the browser.
pub(crate) fn wasm_target() -> Result<()> {
    let target = WASM;
    let sysroot = Program::new("rustc").args(["--print", "sysroot"]).output()?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(target).is_dir() {
        return Ok(());
    }
    let step = Step::start(format_args!("Adding the Rust target {target}: the portal runs in the browser"));
    let command = Program::new("rustup").args(["target", "add", target]);
    let shown = command.shown();
    command.run().with_context(|| format!("cannot add the target; run `{shown}`"))?;
    step.done();
    Ok(())
}

/// The command-line tool and the library must be of one version.
fn wasm_bindgen_version() -> Result<String> {
    let lock = fs::read_to_string(workspace::root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    locked_version(&lock, "wasm-bindgen").context("Cargo.lock does not name wasm-bindgen")
}

fn locked_version(lock: &str, package: &str) -> Option<String> {
    let mut lines = lock.lines();
    lines.find(|line| *line == format!("name = \"{package}\""))?;
    let version = lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')?;
    Some(version.to_owned())
}

/// Installs a program with cargo, unless this version is there already. Compiling it is most of the waiting of a
/// first run, so it is not optimised, and the programs share what they have in common.
fn cargo_install(program: &str, package: &str, version: &str, why: &str, options: &[&str]) -> Result<()> {
    if has_version(program, version) {
        return Ok(());
    }
    let step = Step::start(format_args!("Installing {package} {version} into target/tools: {why} (takes minutes)"));
    Program::new("cargo")
        .args(["install", package, "--version", version, "--force", "--root"])
        .args([workspace::tools(), "--target-dir".into(), left_overs()])
        .args(options)
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        .run()?;
    step.done();
    Ok(())
}

fn has_version(program: &str, version: &str) -> bool {
    let Ok(said) = Program::new(program).args(["--version"]).output() else { return false };
    said.split_whitespace().any(|word| word == version)
}

fn left_overs() -> PathBuf {
    workspace::tools().join("build")
}

fn remove_left_overs() {
    // Nothing depends on it; it only takes room.
    fs::remove_dir_all(left_overs()).ok();
}

fn wasm_opt() -> Result<()> {
    if process::is_there("wasm-opt") {
        return Ok(());
    }
    if !process::is_there("npm") {
        return debian("wasm-opt makes the portal smaller", &[("wasm-opt", "binaryen")]);
    }
    let step = Step::start("Installing binaryen into target/tools/npm: its wasm-opt makes the portal smaller");
    let folder = workspace::tools().join("npm");
    fs::create_dir_all(&folder).context("cannot make target/tools/npm")?;
    npm(&folder, &["install", "--no-save", &format!("binaryen@{BINARYEN_VERSION}")])?;
    step.done();
    Ok(())
}

fn playwright() -> Result<()> {
    let folder = workspace::root().join("e2e");
    let wanted = fs::read(folder.join("package-lock.json")).context("cannot read e2e/package-lock.json")?;
    let stamp = folder.join("node_modules/.installed-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let step = Step::start("Installing Playwright into e2e/node_modules: the tests of the whole product use it");
    npm(&folder, &["ci"])?;
    fs::write(&stamp, wanted).context("cannot write into e2e/node_modules")?;
    step.done();
    Ok(())
}

fn npm(folder: &Path, words: &[&str]) -> Result<()> {
    let quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
    // The browser is the system's; Playwright's own is not wanted.
    Program::new("npm").args(words).args(quiet).folder(folder).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1").run()
}

/// Installs the packages whose program or file is missing.
fn debian(why: &str, packages: &[Package]) -> Result<()> {
    let missing: Vec<&str> = packages.iter().filter(|(proof, _)| !is_present(proof)).map(|(_, name)| *name).collect();
    if missing.is_empty() { Ok(()) } else { install(why, &missing) }
}

fn install(why: &str, missing: &[&str]) -> Result<()> {
    let names = missing.join(" ");
    let command = format!("apt-get install --yes --no-install-recommends {names}");
    if !process::is_there("apt-get") {
        bail!("missing: {names} ({why}). Install them with your system's package manager (the names are Debian's)");
    }
    let Some(prefix) = administrator() else {
        bail!("missing: {names} ({why}). Installing them needs an administrator: run `sudo {command}`");
    };
    let step = Step::start(format_args!("Installing {names}: {why}"));
    let apt = |words: &[&str]| {
        let line: Vec<&str> = prefix.iter().copied().chain(["apt-get", "-qq"]).chain(words.iter().copied()).collect();
        Program::new(line[0]).args(&line[1..]).env("DEBIAN_FRONTEND", "noninteractive").run()
    };
    apt(&["update"]).context("cannot read the package lists")?;
    let install: Vec<&str> = command.split(' ').skip(1).collect();
    apt(&install).with_context(|| format!("cannot install {names}; try `sudo {command}`"))?;
    step.done();
    Ok(())
}

fn is_present(proof: &str) -> bool {
    if proof.starts_with('/') { Path::new(proof).exists() } else { process::is_there(proof) }
}

/// What comes before a command that needs root; `None` without the right.
fn administrator() -> Option<&'static [&'static str]> {
    let is_root = Program::new("id").args(["-u"]).output().is_ok_and(|id| id.trim() == "0");
    if is_root {
        return Some(&[]);
    }
    let may_sudo = process::is_there("sudo") && Program::new("sudo").args(["-n", "true"]).output().is_ok();
    if may_sudo {
        step::note("using sudo");
    }
    may_sudo.then_some(&["sudo", "-n"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_version_is_that_of_the_package_itself() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"1.0.0\"\n\n[[package]]\n\
                    name = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(locked_version(lock, "js-sys"), None);
    }

    #[test]
    fn a_missing_program_is_noticed() {
        assert!(is_present("sh"));
        assert!(!is_present("no-such-program-here"));
        assert!(!is_present("/no/such/file/here"));
    }
}
