use std::fs;
use std::path::PathBuf;

use super::{Folder, Program};

/// The agent's program with its state folder.
pub struct Agent {
    running: Option<Program>,
    state: PathBuf,
    log: PathBuf,
}

impl Agent {
    /// An agent that is enrolled by `enrolment` and configured by `config`, the contents of `agent.toml`.
    pub fn start(folder: &Folder, enrolment: &str, config: &str) -> Self {
        let state = folder.path().join("agent");
        fs::create_dir_all(&state).expect("a folder");
        fs::write(state.join("agent.toml"), config).expect("written");
        let mut agent = Self { running: None, state, log: folder.path().join("agent.log") };
        agent.run(Some(enrolment));
        agent
    }

    pub fn start_again(&mut self) {
        self.run(None);
    }

    fn run(&mut self, enrolment: Option<&str>) {
        let state = self.state.clone();
        self.running = Some(Program::start("redring-agent", &self.log, |command| {
            command.args(["run", "--platform", "x11", "--state-dir"]).arg(state);
            command.args(enrolment.into_iter().flat_map(|string| ["--enrolment", string]));
        }));
    }

    /// As by `kill -9`.
    pub fn kill(&mut self) {
        self.running.take().expect("it runs").kill();
    }

    /// As a service manager stops it; returns at once. It does not run from here on.
    pub fn terminate(&mut self) -> Program {
        let running = self.running.take().expect("it runs");
        running.terminate();
        running
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }
}
