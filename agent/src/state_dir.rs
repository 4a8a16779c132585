//! The agent's folder: keys, what the enrolment gave, what is open, and what it last said about itself.
//!
//! The folder is only the agent's (`0700`), and so is each file in it (`0600`). A file is replaced as a whole and
//! reaches the disk before its name does, so that a crash leaves the old one or the new one.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Where the agent keeps what it must not forget.
#[derive(Debug, Clone)]
pub struct StateDir {
    path: PathBuf,
    /// In place of the folder.
    memory: Option<Memory>,
}

/// What would be on the disk. Clones are the same.
#[derive(Debug, Clone, Default)]
struct Memory(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

/// A file of the state folder could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
pub struct StateDirError {
    path: PathBuf,
    source: io::Error,
}

impl StateDir {
    /// Makes the folder when it is missing and takes others' rights to it away.
    ///
    /// # Errors
    /// When it cannot be made, or belongs to somebody else.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StateDirError> {
        let dir = Self { path: path.into(), memory: None };
        make_private(&dir.path).map_err(|source| dir.failed("", source))?;
        Ok(dir)
    }

    /// For reading alone: nothing is made.
    pub fn existing(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), memory: None }
    }

    /// A folder that nobody else has and that ends with its last clone, for consoles that are made by the thousand.
    pub fn in_memory() -> Self {
        Self { path: PathBuf::new(), memory: Some(Memory::default()) }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's bytes; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StateDirError> {
        if let Some(Memory(files)) = &self.memory {
            return Ok(files.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned());
        }
        match fs::read(self.path.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(name, error)),
        }
    }

    /// Replaces the file; on return it is on the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StateDirError> {
        self.replace(name, bytes, Durability::Durable).map_err(|source| self.failed(name, source))
    }

    /// Replaces a file that may be lost with the power.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_soon(&self, name: &str, bytes: &[u8]) -> Result<(), StateDirError> {
        self.replace(name, bytes, Durability::Eventual).map_err(|source| self.failed(name, source))
    }

    fn replace(&self, name: &str, bytes: &[u8], durability: Durability) -> io::Result<()> {
        if let Some(Memory(files)) = &self.memory {
            files.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), bytes.to_vec());
            return Ok(());
        }
        let new = self.path.join(format!("{name}.new"));
        let mut file = create_private(&new)?;
        file.write_all(bytes)?;
        if durability == Durability::Durable {
            file.sync_all()?;
        }
        fs::rename(&new, self.path.join(name))?;
        if durability == Durability::Durable {
            File::open(&self.path)?.sync_all()?;
        }
        Ok(())
    }

    fn failed(&self, name: &str, source: io::Error) -> StateDirError {
        StateDirError { path: self.path.join(name), source }
    }
}

#[derive(PartialEq, Eq)]
enum Durability {
    Durable,
    Eventual,
}

#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};

    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).open(path)
}

/// Where the state is kept when nobody says otherwise.
pub fn default_path() -> PathBuf {
    if is_root() {
        return PathBuf::from("/var/lib/redring-agent");
    }
    let from_env = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    from_env("XDG_STATE_HOME")
        .or_else(|| from_env("HOME").map(|home| home.join(".local/state")))
        .unwrap_or_else(std::env::temp_dir)
        .join("redring-agent")
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_replaced_as_a_whole() {
        let temporary = tempfile::tempdir().expect("a folder");
        let dir = StateDir::open(temporary.path().join("a/b")).expect("it can be made");
        assert_eq!(dir.read("file").expect("readable"), None);
        for bytes in [&b"a long first version"[..], b"short"] {
            dir.write("file", bytes).expect("writable");
            assert_eq!(dir.read("file").expect("readable").as_deref(), Some(bytes));
        }
        assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 1, "nothing else is left");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;

        let temporary = tempfile::tempdir().expect("a folder");
        let path = temporary.path().join("state");
        fs::create_dir(&path).expect("it can be made");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("ours");
        let dir = StateDir::open(&path).expect("ours");
        dir.write("agent.key", b"secret").expect("writable");
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&path.join("agent.key")), 0o600);
    }
}
