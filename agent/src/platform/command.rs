//! Programs that the configuration names: they are started as they are written, never through a shell, and whoever waits
//! for one waits for a second at most.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::{CallObservation, PlatformError};

const ANSWER_WITHIN: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Starts what restarts the device, and does not wait for it.
///
/// # Errors
/// When it cannot be started.
pub(super) fn restart(program: &str, arguments: &[String]) -> Result<(), PlatformError> {
    let failed = |error: std::io::Error| PlatformError::Failed {
        what: "restarting the device",
        why: format!("{program}: {error}"),
    };
    let mut command = quiet(program, arguments);
    // A signal to the agent does not reach it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(failed)?;
    let waiting = std::thread::Builder::new().name("restart command".to_owned()).spawn(move || match child.wait() {
        Ok(status) if status.success() => {}
        Ok(status) => tracing::error!(%status, "the restart command failed"),
        Err(error) => tracing::error!(%error, "the restart command cannot be waited for"),
    });
    waiting.map(drop).map_err(failed)
}

/// Asks a program whether the room is in a call. No answer in time is none.
pub(super) fn ask(program: &str, arguments: &[String]) -> CallObservation {
    let status = quiet(program, arguments).spawn().ok().and_then(|mut child| wait(&mut child));
    match status.and_then(|status| status.code()) {
        Some(0) => CallObservation::InCall,
        Some(1) => CallObservation::Idle,
        _ => CallObservation::Unknown,
    }
}

/// What a program writes when it succeeds in time; `None` when it does not.
#[cfg(unix)]
pub(super) fn output(command: &mut Command) -> Option<Vec<u8>> {
    let (code, output) = answer(command)?;
    (code == Some(0)).then_some(output)
}

/// How a program ends in time, and what it wrote until then; `None` when it does not.
pub(super) fn answer(command: &mut Command) -> Option<(Option<i32>, Vec<u8>)> {
    use std::io::Read as _;

    /// Output beyond this says nothing new.
    const OUTPUT_MAX_BYTES: u64 = 64 * 1024;

    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let status = wait(&mut child)?;
    let mut output = Vec::new();
    // What a child of the child keeps open is not waited for: the pipe holds what matters.
    let stdout = child.stdout.take()?;
    #[cfg(unix)]
    rustix::io::ioctl_fionbio(&stdout, true).ok()?;
    // The error is that there is no more by now.
    let _ = stdout.take(OUTPUT_MAX_BYTES).read_to_end(&mut output);
    Some((status.code(), output))
}

fn quiet(program: &str, arguments: &[String]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Waits for the end; a program that takes too long is killed.
fn wait(child: &mut Child) -> Option<ExitStatus> {
    let deadline = Instant::now() + ANSWER_WITHIN;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(LOOK_AGAIN),
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn script(line: &str) -> [String; 2] {
        ["-c", line].map(str::to_owned)
    }

    #[test]
    fn the_exit_code_is_the_answer() {
        let cases = [
            ("exit 0", CallObservation::InCall),
            ("exit 1", CallObservation::Idle),
            ("exit 2", CallObservation::Unknown),
            ("kill -9 $$", CallObservation::Unknown),
        ];
        for (line, expected) in cases {
            assert_eq!(ask("sh", &script(line)), expected, "{line}");
        }
        assert_eq!(ask("/no/such/program", &[]), CallObservation::Unknown);
    }

    #[test]
    fn a_program_that_hangs_has_no_answer() {
        // It would say "in a call" if it were waited for.
        assert_eq!(ask("sh", &script("exec sleep 30")), CallObservation::Unknown);
        assert_eq!(output(Command::new("sleep").arg("30")), None);
    }

    #[test]
    fn the_output_counts_only_with_success() {
        let output = |line: &str| output(Command::new("sh").args(script(line)));
        assert_eq!(output("echo word").as_deref(), Some(&b"word\n"[..]));
        assert_eq!(output("exit 0").as_deref(), Some(&b""[..]));
        assert_eq!(output("echo word; exit 1"), None);
    }

    #[test]
    fn the_restart_command_gets_its_arguments_as_they_are() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("$(not a shell) restarted");
        restart("touch", &[file.to_string_lossy().into_owned()]).expect("touch is there");
        let deadline = Instant::now() + Duration::from_secs(20);
        while !file.exists() {
            assert!(Instant::now() < deadline, "the command did not run");
            std::thread::sleep(LOOK_AGAIN);
        }
        assert!(matches!(restart("/no/such/program", &[]), Err(PlatformError::Failed { .. })));
    }
}
