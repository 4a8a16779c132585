//! `bundle SOURCES COMPILED DIST`: puts the portal for demo and tests together, from the page `index.html` in the folder
//! SOURCES and the WebAssembly in COMPILED, into the folder DIST.
//!
//! Trunk does the same for releases and while somebody works on the portal. It takes many minutes to compile, and
//! everybody who tries Redring or runs its tests for the first time would wait for it; this compiles beside the server.

mod page;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use page::{Link, Page};

/// What the portal's page starts, as cargo names it.
const PORTAL: &str = "portal";
/// What the portal starts in a worker.
const VIEWER: &str = "viewer";
const VIEWER_LOADER: &str = "importScripts(\"./viewer.js\");wasm_bindgen(\"./viewer_bg.wasm\");";

fn main() -> Result<()> {
    let folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [sources, compiled, dist] = &folders[..] else { bail!("three folders are wanted: SOURCES COMPILED DIST") };
    bundle(sources, compiled, dist)
}

/// A page that is whole or not there: `index.html` comes last.
fn bundle(sources: &Path, compiled: &Path, dist: &Path) -> Result<()> {
    if dist.exists() {
        fs::remove_dir_all(dist).with_context(|| format!("cannot empty {}", dist.display()))?;
    }
    fs::create_dir_all(dist).with_context(|| format!("cannot make {}", dist.display()))?;
    let index = sources.join("index.html");
    let index = fs::read_to_string(&index).with_context(|| format!("cannot read {}", index.display()))?;
    let page = Page::read(&index)?;
    let shown = page.write(|link| match link {
        Link::Sheet(path) => Ok(page::sheet(&copy_hashed(sources, path, dist)?)),
        Link::Program => Ok(page::program(&portal(compiled, dist)?)),
        Link::Worker => viewer(compiled, dist).map(|()| String::new()),
        Link::Folder(path) => copy_folder(&sources.join(path), dist).map(|()| String::new()),
    })?;
    fs::write(dist.join("index.html"), shown).context("cannot write index.html")
}

/// Gives the name that the portal's files begin with.
fn portal(compiled: &Path, dist: &Path) -> Result<String> {
    let file = compiled.join(PORTAL).with_extension("wasm");
    let name = format!("{PORTAL}-{}", hash(&read(&file)?));
    let mut bindgen = Bindgen::new();
    bindgen.web(true)?.typescript(false).omit_default_module_path(true);
    bindgen.input_path(&file).out_name(&name).generate(dist)?;
    Ok(name)
}

fn viewer(compiled: &Path, dist: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.no_modules(true)?.typescript(false);
    bindgen.input_path(compiled.join(VIEWER).with_extension("wasm")).out_name(VIEWER).generate(dist)?;
    fs::write(dist.join("viewer_loader.js"), VIEWER_LOADER).context("cannot write the loader of the worker")
}

/// Gives the name of the copy, which tells its content: browsers may keep it for ever.
fn copy_hashed(sources: &Path, path: &str, dist: &Path) -> Result<String> {
    let file = sources.join(path);
    let content = read(&file)?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let extension = file.extension().unwrap_or_default().to_string_lossy();
    let name = format!("{stem}-{}.{extension}", hash(&content));
    fs::write(dist.join(&name), content).with_context(|| format!("cannot write {name}"))?;
    Ok(name)
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).with_context(|| format!("cannot write {}", target.display()))?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

/// Sixteen digits: the server tells by them that a name belongs to one content.
fn hash(content: &[u8]) -> String {
    hex::encode(&Sha256::digest(content)[..8])
}
