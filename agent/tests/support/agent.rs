use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use agent::clock::{Clock, unix_seconds};
use agent::config::Config;
use agent::driver::{Driver, Parts, Timing};
use agent::identity::Identity;
use agent::link::LinkFailure;
use agent::platform::simulated::{Options, Simulated};
use agent::platform::{CallObservation, CallStateSource, Platform, PlatformError, Power, Settings};
use agent::record::{Circumstances, Record};
use agent::socket::Tls;
use agent::state_dir::StateDir;
use protocol::access::Access;
use protocol::time::Micros;
use tokio::sync::oneshot;

use super::server::Server;

/// The server of most stories renews none; this one outlasts them.
const LEASE: Micros = Micros::from_secs(120);

/// A console in a room: what people see of it, and what a test turns on it.
pub(crate) struct Console {
    pub(crate) room: Simulated,
    pub(crate) call: Arc<Mutex<CallObservation>>,
    pub(crate) n_restarts: Arc<AtomicU32>,
    pub(crate) highest_access: Access,
    pub(crate) timing: Timing,
    /// Restarts are acted by the simulated console instead of counted.
    pub(crate) acts_restarts: bool,
    pub(crate) can_restart: bool,
    folder: tempfile::TempDir,
}

/// An agent that runs.
pub(crate) struct Running {
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<Result<(), LinkFailure>>,
}

impl Console {
    pub(crate) fn new() -> Self {
        let options = Options { motion: false, trace_events: 1000, ..Options::default() };
        Self {
            room: Simulated::open(options).expect("three displays"),
            call: Arc::new(Mutex::new(CallObservation::Idle)),
            n_restarts: Arc::new(AtomicU32::new(0)),
            highest_access: Access::Modify,
            timing: Timing { lease: LEASE, ..Timing::default() },
            acts_restarts: false,
            can_restart: true,
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    pub(crate) fn n_restarts(&self) -> u32 {
        self.n_restarts.load(Ordering::SeqCst)
    }

    pub(crate) fn set_call(&self, observation: CallObservation) {
        *self.call.lock().expect("nobody panics with it") = observation;
    }

    /// Starts the agent, enrolled by the server's string.
    pub(crate) fn start(&self, server: &Server) -> Running {
        self.start_after_boot(server, "boot 1")
    }

    /// As after a start of the system with this name.
    pub(crate) fn start_after_boot(&self, server: &Server, boot: &str) -> Running {
        let dir = StateDir::open(self.folder.path()).expect("ours");
        let identity = Identity::load(&dir, Some(&server.enrolment())).expect("ours");
        let platform = self.platform();
        let circumstances = Circumstances {
            identity: &identity,
            boot,
            now_unix_s: unix_seconds(),
            can_restart: platform.power.can_restart(),
        };
        let (record, resumable) = Record::load(dir.clone(), &circumstances).expect("ours");
        let config = Config {
            enrolment: None,
            server: None,
            platform: Settings::default(),
            highest_access: self.highest_access,
        };
        let parts = Parts {
            config,
            dir,
            identity,
            platform,
            record,
            resumable,
            clock: Clock::start(),
            tls: Tls::new().expect("ciphers"),
            timing: self.timing,
        };
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let driver = Driver::start(parts).expect("threads");
            driver.run(async { _ = stopped.await }).await
        });
        Running { stop: Some(stop), task }
    }

    fn platform(&self) -> Platform {
        let mut platform = self.room.platform();
        platform.call_state = Box::new(RoomCall(Arc::clone(&self.call)));
        if !self.acts_restarts {
            platform.power =
                Box::new(CountingPower { n_restarts: Arc::clone(&self.n_restarts), can_restart: self.can_restart });
        }
        platform
    }
}

impl Running {
    /// As on SIGTERM.
    pub(crate) async fn stop(mut self) {
        drop(self.stop.take());
        self.task.await.expect("it does not panic").expect("it was asked to");
    }

    /// Waits for the agent to give up.
    pub(crate) async fn failure(self) -> LinkFailure {
        let ended = tokio::time::timeout(super::PATIENCE, self.task).await.expect("in time");
        ended.expect("it does not panic").expect_err("it was not asked to stop")
    }

    /// As by `kill -9`: no last word.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|error| error.is_cancelled()));
    }
}

struct RoomCall(Arc<Mutex<CallObservation>>);

impl CallStateSource for RoomCall {
    fn look(&mut self) -> CallObservation {
        *self.0.lock().expect("nobody panics with it")
    }
}

struct CountingPower {
    n_restarts: Arc<AtomicU32>,
    can_restart: bool,
}

impl Power for CountingPower {
    fn can_restart(&self) -> bool {
        self.can_restart
    }

    fn restart(&mut self) -> Result<(), PlatformError> {
        self.n_restarts.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// Short enough for a test, long enough for a busy machine.
pub(crate) fn short() -> Timing {
    Timing { lease: LEASE, away: Micros::from_millis(400), going_down: Micros::from_secs(5), ..Timing::default() }
}
