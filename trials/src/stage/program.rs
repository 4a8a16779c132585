use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// A program that runs, and ends with this.
pub struct Program(Child);

impl Program {
    /// Starts a program of this workspace; what it logs is added to `log`.
    pub fn start(name: &str, log: &Path, prepare: impl FnOnce(&mut Command)) -> Self {
        let log = File::options().append(true).create(true).open(log).expect("a log");
        let mut command = Command::new(built(name));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        prepare(&mut command);
        Self(command.spawn().unwrap_or_else(|error| panic!("{name} cannot be started: {error}")))
    }

    /// It ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("a child").is_some()
    }

    /// As by `kill -9`.
    pub fn kill(mut self) {
        // Fails when it is gone already.
        _ = self.0.kill();
        _ = self.0.wait();
    }

    /// As a service manager stops it; returns at once.
    pub fn terminate(&self) {
        let pid = Pid::from_child(&self.0);
        kill_process(pid, Signal::TERM).expect("it runs");
    }

    /// Waits for its end; whether it was a good one.
    pub fn wait(mut self) -> bool {
        self.0.wait().expect("a child").success()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Where cargo puts the programs of the workspace: beside the folder of the tests.
fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a running test");
    let folder = test.parent().and_then(Path::parent).expect("target/debug/deps");
    let program = folder.join(name);
    assert!(program.exists(), "{} is missing; run: cargo build --workspace --bins", program.display());
    program
}
