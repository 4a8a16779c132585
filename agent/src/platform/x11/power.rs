//! Restarts the device with the command of the configuration. X11 has no call for it.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::platform::{PlatformError, Power};

const WHAT: &str = "restarting the device";

pub(super) struct X11Power {
    command: Vec<String>,
}

impl X11Power {
    pub(super) fn new(command: &[String]) -> Self {
        Self { command: command.to_vec() }
    }
}

impl Power for X11Power {
    fn can_restart(&self) -> bool {
        !self.command.is_empty()
    }

    /// The command is started as it is written, never through a shell, and in a process group of its own so that a
    /// signal to the agent does not reach it.
    fn restart(&mut self) -> Result<(), PlatformError> {
        let [program, arguments @ ..] = self.command.as_slice() else {
            return Err(PlatformError::Unavailable { what: WHAT, why: "no restart command is configured".to_owned() });
        };
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let failed = |error: std::io::Error| PlatformError::Failed { what: WHAT, why: format!("{program}: {error}") };
        let mut child = command.spawn().map_err(failed)?;
        let waiting = std::thread::Builder::new().name("restart".to_owned()).spawn(move || match child.wait() {
            Ok(status) if status.success() => {}
            Ok(status) => tracing::error!(%status, "the restart command failed"),
            Err(error) => tracing::error!(%error, "the restart command cannot be waited for"),
        });
        waiting.map(drop).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn the_command_runs_with_its_arguments_as_they_are() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("$(not a shell) restarted");
        let mut power = X11Power::new(&["touch".to_owned(), file.to_string_lossy().into_owned()]);
        assert!(power.can_restart());
        power.restart().expect("touch is there");
        let deadline = Instant::now() + Duration::from_secs(5);
        while !file.exists() {
            assert!(Instant::now() < deadline, "the command did not run");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn without_a_command_nothing_can_be_restarted() {
        let mut power = X11Power::new(&[]);
        assert!(!power.can_restart());
        assert!(matches!(power.restart(), Err(PlatformError::Unavailable { .. })));
        let mut missing = X11Power::new(&["/no/such/program".to_owned()]);
        assert!(matches!(missing.restart(), Err(PlatformError::Failed { .. })));
    }
}
