//! What is open, on the disk: so that an agent that comes back after a crash or a restart of the device reports each
//! session's end once and restarts the device once if it was to.

use protocol::access::Access;
use protocol::ids::SessionId;
use protocol::reason::EndReason;
use serde::{Deserialize, Serialize};

use crate::state_dir::{StateDir, StateDirError};

const FILE: &str = "sessions.json";
/// Ends that the server has not heard of; the oldest go first.
const ENDED_MAX: usize = 64;
/// A session waits so long for the device to come back from a restart.
pub const RESTART_WINDOW_S: u64 = 600;

/// The sessions of this console, as far as they outlive the process.
#[derive(Debug)]
pub struct Record {
    dir: StateDir,
    contents: Contents,
}

/// The file's form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    /// The start of the system that wrote this: another one means that the device has restarted since.
    boot: String,
    open: Vec<Open>,
    ended: Vec<Ended>,
    /// Some session that ended wanted the device restarted once nobody is connected.
    #[serde(default)]
    restart_wanted: bool,
    /// The device is to restart as soon as the room is in no call.
    restart_due: bool,
}

/// A session that is not over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Open {
    session: String,
    pub user_name: String,
    modify: bool,
    pub restart_on_end: bool,
    /// The viewer has been there since the device started: nothing is to be undone by a restart otherwise.
    #[serde(default)]
    viewer_came: bool,
    /// Seconds since 1970 at which somebody commanded a restart of the device.
    restarting_since: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ended {
    session: String,
    reason: String,
    restarts: bool,
}

/// An end that the server is to hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    pub session: SessionId,
    pub reason: EndReason,
    pub restarts: bool,
}

/// A session that goes on when its viewer comes back from the restart that it commanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resumable {
    pub session: SessionId,
    pub user_name: String,
    pub access: Access,
    pub restart_on_end: bool,
    /// How much longer it waits.
    pub remaining_s: u64,
}

impl Open {
    pub fn new(session: SessionId, user_name: &str, access: Access, restart_on_end: bool) -> Self {
        Self {
            session: session.to_string(),
            user_name: user_name.to_owned(),
            modify: access == Access::Modify,
            restart_on_end,
            viewer_came: false,
            restarting_since: None,
        }
    }
}

impl Record {
    /// Reads the record and settles what the last process left open. `boot` names the start of the system.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn load(dir: StateDir, boot: &str, now_unix_s: u64) -> Result<(Self, Vec<Resumable>), StateDirError> {
        let contents = match dir.read(FILE)? {
            Some(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::error!(%error, "the record of open sessions is damaged; it starts anew");
                Contents::default()
            }),
            None => Contents::default(),
        };
        let (contents, resumable) = contents.recover(boot, now_unix_s);
        let record = Self { dir, contents };
        record.save()?;
        Ok((record, resumable))
    }

    /// A session starts or goes on.
    ///
    /// # Errors
    /// When it does not reach the disk: then the session may not start.
    pub fn opened(&mut self, mut open: Open) -> Result<(), StateDirError> {
        let is_this = |other: &Open| other.session == open.session;
        open.viewer_came = self.contents.open.iter().any(|other| is_this(other) && other.viewer_came);
        self.contents.open.retain(|other| other.session != open.session);
        self.contents.open.push(open);
        self.save()
    }

    /// The viewer of a session is there.
    pub fn viewer_came(&mut self, session: SessionId) {
        let session = session.to_string();
        let open = self.contents.open.iter_mut().find(|open| open.session == session && !open.viewer_came);
        if let Some(open) = open {
            open.viewer_came = true;
            self.try_save();
        }
    }

    /// A session that did not come to be.
    pub fn withdrawn(&mut self, session: SessionId) {
        let session = session.to_string();
        self.contents.open.retain(|open| open.session != session);
        self.try_save();
    }

    /// A session is over. Whether it wants the device restarted is kept until nobody is connected; with
    /// [`Report::restarts`] the restart is due.
    pub fn ended(&mut self, report: Report, wants_restart: bool) {
        let session = report.session.to_string();
        self.contents.open.retain(|open| open.session != session);
        self.contents.end(session, report.reason, report.restarts);
        self.contents.restart_due |= report.restarts;
        self.contents.restart_wanted = !report.restarts && (self.contents.restart_wanted || wants_restart);
        self.try_save();
    }

    /// The server has not heard of an end after all.
    pub fn unreported(&mut self, report: Report) {
        self.contents.end(report.session.to_string(), report.reason, report.restarts);
        self.try_save();
    }

    pub fn set_restart_on_end(&mut self, session: SessionId, on: bool) {
        let session = session.to_string();
        if let Some(open) = self.contents.open.iter_mut().find(|open| open.session == session) {
            open.restart_on_end = on;
            self.try_save();
        }
    }

    /// The device goes down on somebody's command (`Some`), or that is over.
    pub fn set_restarting(&mut self, since_unix_s: Option<u64>) {
        for open in &mut self.contents.open {
            open.restarting_since = since_unix_s;
        }
        self.try_save();
    }

    /// Some session that ended wanted a restart once nobody is connected.
    pub fn restart_wanted(&self) -> bool {
        self.contents.restart_wanted
    }

    /// The device has no way to restart: nothing is due, and nobody is told that it was.
    pub fn cannot_restart(&mut self) {
        let was_due = std::mem::take(&mut self.contents.restart_due);
        self.contents.ended.iter_mut().for_each(|ended| ended.restarts = false);
        if was_due {
            self.try_save();
        }
    }

    pub fn restart_due(&self) -> bool {
        self.contents.restart_due
    }

    /// Takes the restart that is due: from now on it is not, whatever happens. False when it does not reach the disk,
    /// because then it might happen twice.
    pub fn take_restart(&mut self) -> bool {
        let was_due = std::mem::take(&mut self.contents.restart_due);
        was_due && self.save().map_err(|error| tracing::error!(%error, "no restart without a record of it")).is_ok()
    }

    /// Ends that the server has not heard of.
    pub fn reports(&self) -> Vec<Report> {
        self.contents.ended.iter().filter_map(Ended::read).collect()
    }

    /// The server has been told.
    pub fn reported(&mut self, session: SessionId) {
        let session = session.to_string();
        self.contents.ended.retain(|ended| ended.session != session);
        self.try_save();
    }

    fn save(&self) -> Result<(), StateDirError> {
        let json = serde_json::to_vec(&self.contents).unwrap_or_else(|_| unreachable!("texts are always JSON"));
        self.dir.write(FILE, &json)
    }

    /// For what must go on without the disk: an end is an end.
    fn try_save(&self) {
        if let Err(error) = self.save() {
            tracing::error!(%error, "the record of open sessions could not be written");
        }
    }
}

impl Contents {
    fn recover(mut self, boot: &str, now_unix_s: u64) -> (Self, Vec<Resumable>) {
        let is_same_boot = self.boot == boot;
        boot.clone_into(&mut self.boot);
        // A device that has started anew since has restarted, for whatever reason.
        self.restart_due &= is_same_boot;
        self.restart_wanted &= is_same_boot;
        let mut resumable = Vec::new();
        for mut open in std::mem::take(&mut self.open) {
            let Ok(session) = open.session.parse() else { continue };
            let waited_s = open.restarting_since.map(|since| now_unix_s.saturating_sub(since));
            match waited_s {
                Some(waited_s) if waited_s < RESTART_WINDOW_S => {
                    resumable.push(open.resumable(session, RESTART_WINDOW_S - waited_s));
                    open.viewer_came &= is_same_boot;
                    self.open.push(open);
                }
                Some(_) => self.end(open.session, EndReason::RestartTimedOut, false),
                None => {
                    let restarts = open.restart_on_end && open.viewer_came && is_same_boot;
                    self.end(open.session, EndReason::AgentCrash, restarts);
                    self.restart_due |= restarts;
                }
            }
        }
        if self.open.is_empty() {
            self.restart_due |= std::mem::take(&mut self.restart_wanted);
        }
        (self, resumable)
    }

    fn end(&mut self, session: String, reason: EndReason, restarts: bool) {
        if ENDED_MAX <= self.ended.len() {
            self.ended.remove(0);
        }
        self.ended.push(Ended { session, reason: reason.code().to_owned(), restarts });
    }
}

impl Open {
    fn resumable(&self, session: SessionId, remaining_s: u64) -> Resumable {
        Resumable {
            session,
            user_name: self.user_name.clone(),
            access: if self.modify { Access::Modify } else { Access::View },
            restart_on_end: self.restart_on_end,
            remaining_s,
        }
    }
}

impl Ended {
    fn read(&self) -> Option<Report> {
        let reason = EndReason::ALL.iter().copied().find(|reason| reason.code() == self.reason)?;
        Some(Report { session: self.session.parse().ok()?, reason, restarts: self.restarts })
    }
}

/// A name of this start of the system; empty where it has none.
pub fn boot_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: SessionId = SessionId([1; 16]);

    /// Opens a session in one process and reads the record in the next one.
    fn after(next_boot: &str, now: u64, act: impl FnOnce(&mut Record)) -> (Record, Vec<Resumable>, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = StateDir::open(folder.path()).expect("ours");
        let (mut record, _) = Record::load(dir.clone(), "boot 1", 1000).expect("ours");
        record.opened(Open::new(SESSION, "Tina", Access::Modify, true)).expect("ours");
        record.viewer_came(SESSION);
        act(&mut record);
        let (record, resumable) = Record::load(dir, next_boot, now).expect("ours");
        (record, resumable, folder)
    }

    #[test]
    fn a_crash_is_reported_and_the_restart_is_still_due_once() {
        let (mut record, resumable, _folder) = after("boot 1", 1010, |_| {});
        let report = Report { session: SESSION, reason: EndReason::AgentCrash, restarts: true };
        assert_eq!(record.reports(), [report]);
        assert!(resumable.is_empty());
        assert!(record.take_restart());
        assert!(!record.take_restart());
        record.reported(SESSION);
        assert!(record.reports().is_empty());
    }

    #[test]
    fn a_device_that_has_restarted_does_not_restart_again() {
        let (record, ..) = after("boot 2", 1010, |_| {});
        assert!(!record.restart_due());
        assert_eq!(record.reports()[0].reason, EndReason::AgentCrash);
        assert!(!record.reports()[0].restarts);
    }

    #[test]
    fn a_session_with_the_switch_off_causes_no_restart() {
        let (record, ..) = after("boot 1", 1010, |record| record.set_restart_on_end(SESSION, false));
        assert!(!record.restart_due());
    }

    #[test]
    fn a_commanded_restart_is_survived_within_its_time() {
        let (record, resumable, _folder) = after("boot 2", 1100, |record| record.set_restarting(Some(1000)));
        assert!(record.reports().is_empty());
        let expected = Resumable {
            session: SESSION,
            user_name: "Tina".to_owned(),
            access: Access::Modify,
            restart_on_end: true,
            remaining_s: 500,
        };
        assert_eq!(resumable, [expected]);

        let (record, resumable, _folder) = after("boot 2", 1600, |record| record.set_restarting(Some(1000)));
        assert_eq!(record.reports()[0].reason, EndReason::RestartTimedOut);
        assert!(resumable.is_empty() && !record.restart_due());
    }

    #[test]
    fn a_session_whose_viewer_never_came_causes_no_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = StateDir::open(folder.path()).expect("ours");
        let (mut record, _) = Record::load(dir.clone(), "boot 1", 1000).expect("ours");
        record.opened(Open::new(SESSION, "Tina", Access::Modify, true)).expect("ours");
        let (record, _) = Record::load(dir, "boot 1", 1010).expect("ours");
        assert!(!record.restart_due() && !record.reports()[0].restarts);
    }

    #[test]
    fn what_an_ended_session_wants_survives_the_agent_while_others_go_on() {
        let other = SessionId([2; 16]);
        let report = Report { session: other, reason: EndReason::EndedByViewer, restarts: false };
        let act = |record: &mut Record| {
            record.set_restart_on_end(SESSION, false);
            record.opened(Open::new(other, "Max", Access::Modify, true)).expect("ours");
            record.ended(report, true);
            assert!(record.restart_wanted() && !record.restart_due());
        };
        let (record, ..) = after("boot 1", 1010, act);
        assert!(record.restart_due(), "the last session ended with the agent");
        let (record, ..) = after("boot 2", 1010, act);
        assert!(!record.restart_due(), "the device has restarted");
    }

    #[test]
    fn a_device_that_cannot_restart_promises_none() {
        let (mut record, ..) = after("boot 1", 1010, |_| {});
        record.cannot_restart();
        assert!(!record.restart_due());
        assert!(record.reports().iter().all(|report| !report.restarts));
    }

    #[test]
    fn an_end_that_the_server_did_not_hear_of_waits() {
        let report = Report { session: SESSION, reason: EndReason::ViewerLost, restarts: true };
        let (record, ..) = after("boot 1", 1010, |record| record.ended(report, true));
        assert_eq!(record.reports(), [report]);
        assert!(record.restart_due(), "the process died between the end and the restart");
    }
}
