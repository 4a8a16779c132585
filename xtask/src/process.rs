//! Programs that xtask starts. Each is remembered by its process id until it has ended, and nothing but these is
//! ever signalled.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{step, workspace};

/// How long a program may take to end after it was asked to.
const END_WITHIN: Duration = Duration::from_secs(8);

static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());
/// Everything is being ended on purpose.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Ctrl+C and termination end what was started, then xtask.
pub(crate) fn end_all_on_interrupt() -> Result<()> {
    ctrlc::set_handler(|| {
        ENDING.store(true, Ordering::SeqCst);
        step::say("");
        step::say("Ending what was started ...");
        let programs: Vec<u32> = running().iter().copied().collect();
        for id in &programs {
            signal(*id, Ending::Asked);
        }
        let deadline = Instant::now() + END_WITHIN;
        while programs.iter().any(|id| is_alive(*id)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
        }
        for id in programs.iter().filter(|id| is_alive(**id)) {
            signal(*id, Ending::Forced);
        }
        std::process::exit(130);
    })
    .context("cannot listen for Ctrl+C")
}

/// A program about to be started. It gets no standard input, and finds the tools of this repository first.
pub(crate) struct Program {
    command: Command,
}

impl Program {
    pub(crate) fn new(name: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(name);
        command.current_dir(workspace::root()).stdin(Stdio::null()).env("PATH", search_path()).env_remove("RUSTFLAGS");
        Self { command }
    }

    pub(crate) fn args<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, args: I) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn option(self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.arg(name).arg(value)
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs it with its output shown.
    pub(crate) fn run(self) -> Result<()> {
        let shown = self.shown();
        if self.succeeds()? {
            return Ok(());
        }
        bail!("`{shown}` failed")
    }

    /// Runs it with its output shown, and tells how it ended.
    pub(crate) fn succeeds(mut self) -> Result<bool> {
        Ok(Running::start(&mut self.command)?.wait()?.success())
    }

    /// Runs it with its standard output shown and read line by line, and tells how it ended.
    pub(crate) fn read_lines(mut self, mut line: impl FnMut(&str)) -> Result<bool> {
        self.command.stdout(Stdio::piped());
        let mut running = Running::start(&mut self.command)?;
        let output = running.child.stdout.take().context("the program has no output")?;
        for text in BufReader::new(output).split(b'\n') {
            let text = text.context("cannot read the program's output")?;
            let text = String::from_utf8_lossy(&text);
            step::say(&text);
            line(&text);
        }
        Ok(running.wait()?.success())
    }

    /// Runs it silently and gives its standard output.
    pub(crate) fn output(mut self) -> Result<String> {
        let shown = self.shown();
        let output = self.command.stderr(Stdio::piped()).output().with_context(|| format!("cannot run `{shown}`"))?;
        if !output.status.success() {
            bail!("`{shown}` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        String::from_utf8(output.stdout).with_context(|| format!("`{shown}` printed something else than text"))
    }

    /// Starts it in the background; all it prints goes into `log`.
    pub(crate) fn start(mut self, log: &Path) -> Result<Running> {
        let log = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        self.command.stdout(log.try_clone().context("cannot share the log")?).stderr(log);
        Running::start(&mut self.command)
    }

    /// Starts it beside what comes next; what it prints is shown when it fails.
    pub(crate) fn start_beside(self, log: &Path) -> Result<Beside> {
        let shown = self.shown();
        Ok(Beside { shown, log: log.to_path_buf(), running: self.start(log)? })
    }

    /// As a person would type it.
    pub(crate) fn shown(&self) -> String {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
    }
}

/// A program that runs beside others and whose success is wanted in the end.
pub(crate) struct Beside {
    shown: String,
    log: PathBuf,
    running: Running,
}

impl Beside {
    pub(crate) fn finish(self) -> Result<()> {
        if self.running.wait()?.success() {
            return Ok(());
        }
        step::say(std::fs::read_to_string(&self.log).unwrap_or_default());
        bail!("`{}` failed", self.shown)
    }
}

/// A program that was started. Ends it when dropped.
pub(crate) struct Running {
    child: Child,
    waited: bool,
}

impl Running {
    fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        // Held over the start: an interrupt then finds either no program or its id.
        let mut ids = running();
        let child = command.spawn().with_context(|| format!("cannot start `{name}`"))?;
        ids.insert(child.id());
        Ok(Self { child, waited: false })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        let ended = self.child.try_wait().context("cannot look at a program")?.is_some();
        if ended {
            self.forget();
        }
        // What ends because it was told to is no news.
        Ok(ended && !ENDING.load(Ordering::SeqCst))
    }

    /// Waits for its end, and tells how it ended.
    pub(crate) fn wait(mut self) -> Result<ExitStatus> {
        let status = self.child.wait().context("cannot wait for a program")?;
        self.forget();
        Ok(status)
    }

    fn forget(&mut self) {
        self.waited = true;
        running().remove(&self.child.id());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.waited {
            return;
        }
        signal(self.child.id(), Ending::Asked);
        let deadline = Instant::now() + END_WITHIN;
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return self.forget();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.child.kill().ok();
        self.child.wait().ok();
        self.forget();
    }
}

/// Where the program of this name is.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&search_path()).map(|folder| folder.join(name)).find(|file| file.is_file())
}

pub(crate) fn is_there(name: &str) -> bool {
    find(name).is_some()
}

fn search_path() -> OsString {
    let theirs = std::env::var_os("PATH").unwrap_or_default();
    let ours = [workspace::tools().join("bin"), workspace::tools().join("npm/node_modules/.bin")];
    std::env::join_paths(ours.into_iter().chain(std::env::split_paths(&theirs))).unwrap_or(theirs)
}

fn running() -> MutexGuard<'static, BTreeSet<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy)]
enum Ending {
    Asked,
    Forced,
}

#[cfg(unix)]
fn signal(id: u32, ending: Ending) {
    use nix::sys::signal::{Signal, kill};
    let signal = match ending {
        Ending::Asked => Signal::SIGTERM,
        Ending::Forced => Signal::SIGKILL,
    };
    // It may have ended by itself in between.
    kill(nix::unistd::Pid::from_raw(id as i32), signal).ok();
}

#[cfg(unix)]
fn is_alive(id: u32) -> bool {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(id as i32), None).is_ok()
}

#[cfg(not(unix))]
fn signal(id: u32, ending: Ending) {
    let force: &[&str] = if matches!(ending, Ending::Forced) { &["/F"] } else { &[] };
    Command::new("taskkill").args(["/T", "/PID", &id.to_string()]).args(force).output().ok();
}

#[cfg(not(unix))]
fn is_alive(id: u32) -> bool {
    running().contains(&id)
}
