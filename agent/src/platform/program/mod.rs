//! Programs that the configuration names: they are started as they are written, never through a shell, and whoever waits
//! for one waits for a second at most.
//!
//! The agent gives up most of its rights before it talks to anybody ([`super::confine`]), and some of these programs need
//! them: restarting a device often takes `sudo`. So a process of its own is started for each of them before
//! ([`runner`]): it runs this one command whenever it is asked to, and nothing else.

pub mod runner;

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;

use self::runner::Runner;
use super::PlatformError;

const ANSWER_WITHIN: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// Output beyond this says nothing new.
pub(super) const OUTPUT_MAX_BYTES: usize = 64 * 1024;

/// A program of the configuration with its arguments; none by default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "Vec<String>")]
pub struct Program {
    words: Vec<String>,
    /// Who runs it; `None` is this process.
    runner: Option<Arc<Mutex<Runner>>>,
}

impl From<Vec<String>> for Program {
    fn from(words: Vec<String>) -> Self {
        Self { words, runner: None }
    }
}

impl PartialEq for Program {
    fn eq(&self, other: &Self) -> bool {
        self.words == other.words
    }
}

impl Eq for Program {}

/// How a program ended and what it wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// `None` when a signal ended it.
    pub code: Option<i32>,
    pub output: Vec<u8>,
}

impl Program {
    pub fn is_configured(&self) -> bool {
        !self.words.is_empty()
    }

    /// Lets `agent`, this program itself, run it from now on, with the rights that this process has now.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn run_apart(&mut self, agent: &Path) -> std::io::Result<()> {
        if self.is_configured() {
            self.runner = Some(Arc::new(Mutex::new(Runner::start(agent, &self.words)?)));
        }
        Ok(())
    }

    /// Starts it and does not wait for it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn start(&self, what: &'static str) -> Result<(), PlatformError> {
        let started = match &self.runner {
            Some(runner) => runner.lock().unwrap_or_else(PoisonError::into_inner).start_it(),
            None => start(&self.words),
        };
        started.map_err(|error| PlatformError::Failed { what, why: format!("{}: {error}", self.name()) })
    }

    /// Runs it; no answer in time is none.
    pub(super) fn ask(&self) -> Option<Answer> {
        match &self.runner {
            Some(runner) => runner.lock().unwrap_or_else(PoisonError::into_inner).ask(),
            None => answer(&mut command(&self.words)?),
        }
    }

    fn name(&self) -> &str {
        self.words.first().map_or("no program", String::as_str)
    }
}

fn command(words: &[String]) -> Option<Command> {
    let [program, arguments @ ..] = words else { return None };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Some(command)
}

fn start(words: &[String]) -> std::io::Result<()> {
    let mut command = command(words).ok_or_else(|| std::io::Error::other("none is configured"))?;
    // A signal to the agent does not reach it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn()?;
    let waiting = std::thread::Builder::new().name("restart command".to_owned()).spawn(move || match child.wait() {
        Ok(status) if status.success() => {}
        Ok(status) => tracing::error!(%status, "the program failed"),
        Err(error) => tracing::error!(%error, "the program cannot be waited for"),
    });
    waiting.map(drop)
}

/// What a program writes when it succeeds in time; `None` when it does not.
#[cfg(unix)]
pub(super) fn output(command: &mut Command) -> Option<Vec<u8>> {
    let answer = answer(command)?;
    (answer.code == Some(0)).then_some(answer.output)
}

/// How a program ends in time, and what it wrote until then; `None` when it does not.
fn answer(command: &mut Command) -> Option<Answer> {
    use std::io::Read as _;

    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let status = wait(&mut child)?;
    let mut output = Vec::new();
    // What a child of the child keeps open is not waited for: the pipe holds what matters.
    let stdout = child.stdout.take()?;
    #[cfg(unix)]
    rustix::io::ioctl_fionbio(&stdout, true).ok()?;
    // The error is that there is no more by now.
    let _ = stdout.take(OUTPUT_MAX_BYTES as u64).read_to_end(&mut output);
    Some(Answer { code: status.code(), output })
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

    fn script(line: &str) -> Program {
        ["sh", "-c", line].map(str::to_owned).to_vec().into()
    }

    #[test]
    fn the_exit_code_is_the_answer() {
        for (line, code) in [("exit 0", Some(0)), ("exit 1", Some(1)), ("exit 77", Some(77)), ("kill -9 $$", None)] {
            assert_eq!(script(line).ask().map(|answer| answer.code), Some(code), "{line}");
        }
        assert_eq!(Program::from(vec!["/no/such/program".to_owned()]).ask(), None);
        assert_eq!(Program::default().ask(), None);
    }

    #[test]
    fn a_program_that_hangs_has_no_answer() {
        // It would say something if it were waited for.
        assert_eq!(script("exec sleep 30").ask(), None);
        assert_eq!(output(Command::new("sleep").arg("30")), None);
    }

    #[test]
    fn the_output_counts_only_with_success() {
        let output = |line: &str| output(Command::new("sh").args(["-c", line]));
        assert_eq!(output("echo word").as_deref(), Some(&b"word\n"[..]));
        assert_eq!(output("exit 0").as_deref(), Some(&b""[..]));
        assert_eq!(output("echo word; exit 1"), None);
    }

    #[test]
    fn a_program_gets_its_arguments_as_they_are() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("$(not a shell) restarted");
        let touch = Program::from(vec!["touch".to_owned(), file.to_string_lossy().into_owned()]);
        touch.start("restarting").expect("touch is there");
        let deadline = Instant::now() + Duration::from_secs(20);
        while !file.exists() {
            assert!(Instant::now() < deadline, "the program did not run");
            std::thread::sleep(LOOK_AGAIN);
        }
        let missing = Program::from(vec!["/no/such/program".to_owned()]);
        assert!(matches!(missing.start("restarting"), Err(PlatformError::Failed { .. })));
        assert!(matches!(Program::default().start("restarting"), Err(PlatformError::Failed { .. })));
    }
}
