//! The real things together: `redring-server` and `redring-agent` as programs that can be killed, an X server without a
//! screen, and viewers that are written by hand from the protocol.

#![expect(clippy::missing_panics_doc, reason = "a trial fails by panicking")]

mod agent;
mod http;
mod program;
mod server;
mod viewer;
mod xvfb;

pub use self::agent::Agent;
pub use self::http::{Answer, Browser};
pub use self::program::Program;
pub use self::server::Server;
pub use self::viewer::ViewerEnd;
pub use self::xvfb::{Change, Watcher, Xvfb};

use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Nothing here takes so long; a trial that waits for more fails instead of hanging.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A folder that stays when the trial fails, for the logs in it.
pub struct Folder(Option<TempDir>);

impl Folder {
    pub fn new() -> Self {
        Self(Some(tempfile::tempdir().expect("a folder")))
    }

    pub fn path(&self) -> &Path {
        self.0.as_ref().expect("until it is dropped").path()
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(folder) = self.0.take()
        {
            eprintln!("logs are in {}", folder.keep().display());
        }
    }
}

/// Asks again and again until there is an answer.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = look().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
