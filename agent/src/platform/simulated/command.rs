//! Programs of the configuration that take the place of what the simulated console would do by itself.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::super::{CallObservation, PlatformError};

const ANSWER_WITHIN: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Starts a program as it is written, never through a shell, and does not wait for it.
pub(super) fn start(program: &str, arguments: &[String]) -> Result<(), PlatformError> {
    let failed =
        |error: std::io::Error| PlatformError::Failed { what: "restarting", why: format!("{program}: {error}") };
    let mut command = quiet(program, arguments);
    // A signal to the agent does not reach it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(failed)?;
    let waiting = std::thread::Builder::new().name("restart-command".to_owned()).spawn(move || match child.wait() {
        Ok(status) if status.success() => {}
        Ok(status) => tracing::error!(%status, "the restart command failed"),
        Err(error) => tracing::error!(%error, "the restart command cannot be waited for"),
    });
    waiting.map(drop).map_err(failed)
}

/// Asks a program whether the room is in a call; too late is no answer.
pub(super) fn ask(program: &str, arguments: &[String]) -> CallObservation {
    let Ok(mut child) = quiet(program, arguments).spawn() else { return CallObservation::Unknown };
    let deadline = Instant::now() + ANSWER_WITHIN;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.code() == Some(0) => return CallObservation::InCall,
            Ok(Some(status)) if status.code() == Some(1) => return CallObservation::Idle,
            Ok(None) if Instant::now() < deadline => std::thread::sleep(LOOK_AGAIN),
            Ok(Some(_)) => return CallObservation::Unknown,
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return CallObservation::Unknown;
            }
        }
    }
}

fn quiet(program: &str, arguments: &[String]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_is_the_answer() {
        let cases = [
            ("exit 0", CallObservation::InCall),
            ("exit 1", CallObservation::Idle),
            ("exit 2", CallObservation::Unknown),
            ("sleep 30", CallObservation::Unknown),
        ];
        for (script, expected) in cases {
            assert_eq!(ask("sh", &["-c".to_owned(), script.to_owned()]), expected, "{script}");
        }
        assert_eq!(ask("/no/such/program", &[]), CallObservation::Unknown);
        assert!(start("/no/such/program", &[]).is_err());
    }
}
