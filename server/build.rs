//! Puts the portal (Trunk's output in `dist/`) into the binary, each file as it is and, where it pays, compressed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest as _, Sha256};

/// Formats that are compressed already.
const INCOMPRESSIBLE: [&str; 6] = ["png", "jpg", "webp", "avif", "woff2", "br"];

fn main() -> io::Result<()> {
    let dist = PathBuf::from(variable("CARGO_MANIFEST_DIR")).join("../dist");
    // Cargo watches a folder only when it exists; a missing one would run this at every build.
    if fs::create_dir_all(&dist).is_ok() {
        println!("cargo:rerun-if-changed={}", dist.display());
    }
    println!("cargo:rerun-if-changed=build.rs");
    let out = PathBuf::from(variable("OUT_DIR"));
    let mut table = String::from("const EMBEDDED: &[EmbeddedFile] = &[\n");
    if dist.join("index.html").is_file() {
        for file in files(&dist)? {
            embed(&dist, &file, &out, &mut table)?;
        }
    }
    table.push_str("];\n");
    fs::write(out.join("portal.rs"), table)
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

/// Every file below `folder`, in the order of the paths.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden {
            found.extend(files(&path)?);
        } else if path.is_file() && !hidden {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn embed(dist: &Path, file: &Path, out: &Path, table: &mut String) -> io::Result<()> {
    let bytes = fs::read(file)?;
    let hash = hex::encode(&Sha256::digest(&bytes)[..16]);
    let name = file.strip_prefix(dist).unwrap_or(file).to_string_lossy().replace('\\', "/");
    let compressed = match compress(file, &bytes)? {
        Some(compressed) => {
            let path = out.join(format!("{hash}.br"));
            fs::write(&path, compressed)?;
            format!("Some(include_bytes!({:?}))", path.display().to_string())
        }
        None => "None".to_owned(),
    };
    let path = file.canonicalize()?;
    let _never_fails = writeln!(
        table,
        "    EmbeddedFile {{ path: {name:?}, hash: {hash:?}, bytes: include_bytes!({path:?}), brotli: {compressed} }},",
        path = path.display().to_string(),
    );
    Ok(())
}

/// Brotli, when it makes the file smaller; quick in debug builds.
fn compress(file: &Path, bytes: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let extension = file.extension().map(|extension| extension.to_string_lossy().into_owned()).unwrap_or_default();
    if INCOMPRESSIBLE.contains(&extension.as_str()) {
        return Ok(None);
    }
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let parameters =
        brotli::enc::BrotliEncoderParams { quality: if release { 11 } else { 5 }, lgwin: 22, ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters)?;
    Ok((compressed.len() < bytes.len()).then_some(compressed))
}
