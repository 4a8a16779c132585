//! A room's console with the real agent on it.

use agent::clock::{Clock, unix_seconds};
use agent::config::Config;
use agent::driver::{Driver, Parts, Timing};
use agent::identity::Identity;
use agent::link::LinkFailure;
use agent::platform::simulated::{Options, Simulated};
use agent::platform::{CallObservation, CallStateSource, PlatformError, Power, Settings};
use agent::record::{Circumstances, Record};
use agent::socket::Tls;
use agent::state_dir::StateDir;
use protocol::access::Access;
use protocol::secure::{EnrolmentString, SecretKey};
use protocol::time::Micros;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A simulated console whose agent runs.
pub struct Console {
    /// What people in the room see.
    pub room: Simulated,
    /// The console's own key.
    pub key: SecretKey,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), LinkFailure>>,
    _folder: TempDir,
}

/// No lease runs out by itself.
pub fn without_leases() -> Timing {
    Timing { lease: Micros::from_secs(36_000), ..Timing::default() }
}

impl Console {
    /// Starts the agent, enrolled by `enrolment`. It links to where the string leads.
    pub fn start(enrolment: &EnrolmentString, tls: &Tls, timing: Timing) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = Options { motion: false, trace_events: 1_000_000, ..Options::default() };
        let room = Simulated::open(options).expect("three displays");
        let dir = StateDir::open(folder.path()).expect("ours");
        let identity = Identity::load(&dir, Some(enrolment)).expect("ours");
        let key = identity.key.clone();
        let now = Circumstances { identity: &identity, boot: "boot 1", now_unix_s: unix_seconds(), can_restart: false };
        let (record, resumable) = Record::load(dir.clone(), &now).expect("ours");
        let mut platform = room.platform();
        platform.call_state = Box::new(NoCall);
        platform.power = Box::new(NoPower);
        let parts = Parts {
            config: Config {
                enrolment: None,
                server: None,
                platform: Settings::default(),
                highest_access: Access::Modify,
            },
            dir,
            identity,
            platform,
            record,
            resumable,
            clock: Clock::start(),
            tls: tls.clone(),
            timing,
        };
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let driver = Driver::start(parts).expect("threads");
            driver.run(async { _ = stopped.await }).await
        });
        Self { room, key, stop: Some(stop), task, _folder: folder }
    }

    /// Nobody is named in the room, as somebody who is connected or wants to.
    pub fn has_no_ring(&self) -> bool {
        self.room.ring_state().is_none()
    }

    /// As on SIGTERM.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        self.task.await.expect("it does not panic").expect("it was asked to");
    }

    /// It has stopped for good: the server wants it no more.
    pub fn has_given_up(&self) -> bool {
        self.task.is_finished()
    }
}

/// Nobody talks in the room.
struct NoCall;

impl CallStateSource for NoCall {
    fn look(&mut self) -> CallObservation {
        CallObservation::Idle
    }
}

/// A trial has no time for a device that restarts after every session.
struct NoPower;

impl Power for NoPower {
    fn can_restart(&self) -> bool {
        false
    }

    fn restart(&mut self) -> Result<(), PlatformError> {
        Err(PlatformError::Unavailable { what: "a restart", why: "this console has none".to_owned() })
    }
}
