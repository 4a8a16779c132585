//! What is open, on the disk: so that an agent that comes back after a crash or a restart of the device restarts the
//! device once if it was to. And the receipts of what has ended, until the server has taken them.
//!
//! A session leaves what is open and gets its receipt in one write: whenever the agent dies, it is in one of both.

use protocol::access::Access;
use protocol::ids::{ConsoleId, SessionId, TenantId};
use protocol::reason::EndReason;
use protocol::secure::{ConsoleSigner, ConsoleSigningKey, EndFound, RECEIPT_MAX_BYTES, Receipt};
use protocol::wire::Blob;
use serde::{Deserialize, Serialize};

use crate::identity::Identity;
use crate::state_dir::{StateDir, StateDirError};

const FILE: &str = "sessions.json";
/// Receipts that the server has not taken; the oldest go first, and the server notices by their numbers.
const RECEIPTS_MAX: usize = 64;
/// A session waits so long for the device to come back from a restart.
pub const RESTART_WINDOW_S: u64 = 600;

/// The sessions of this console, as far as they outlive the process.
#[derive(Debug)]
pub struct Record {
    dir: StateDir,
    contents: Contents,
    witness: Witness,
}

/// In whose name receipts are made.
#[derive(Debug)]
struct Witness {
    tenant: TenantId,
    /// `None` before the enrolment; there are no sessions then.
    console: Option<ConsoleId>,
    signer: ConsoleSigner,
}

/// What a record is read with.
pub struct Circumstances<'a> {
    pub identity: &'a Identity,
    /// Names the start of the system.
    pub boot: &'a str,
    pub now_unix_s: u64,
    /// A device that has no way to restart is never due for it, and nobody is told that it was.
    pub can_restart: bool,
}

/// The file's form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    /// The start of the system that wrote this: another one means that the device has restarted since.
    boot: String,
    /// The console that the sessions and the receipts are of.
    #[serde(default)]
    console: Option<String>,
    open: Vec<Open>,
    /// Of an agent that knew no receipts.
    #[serde(default, skip_serializing)]
    ended: Vec<Ended>,
    #[serde(default)]
    receipts: Vec<Kept>,
    /// Also those that the server has taken: the number of the last.
    #[serde(default)]
    n_receipts: u64,
    /// Some session that ended wanted the device restarted once nobody is connected.
    #[serde(default)]
    restart_wanted: bool,
    /// The device is to restart as soon as the room is in no call.
    restart_due: bool,
}

/// A session that is not over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, none excludes another")]
pub struct Open {
    session: String,
    pub user_name: String,
    modify: bool,
    pub restart_on_end: bool,
    /// The viewer has been there since the device started: nothing is to be undone by a restart otherwise.
    #[serde(default)]
    viewer_came: bool,
    /// The viewer has been there at all.
    #[serde(default)]
    has_come: bool,
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

/// A receipt that the server has not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    number: u64,
    /// Signed, in hexadecimal.
    receipt: String,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    pub session: SessionId,
    pub reason: EndReason,
    pub restarts: bool,
    /// From the first picture to the last.
    pub shown_ms: Option<u64>,
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
            has_come: false,
            restarting_since: None,
        }
    }
}

impl Record {
    /// Reads the record and settles what the last process left open.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn load(dir: StateDir, now: &Circumstances<'_>) -> Result<(Self, Vec<Resumable>), StateDirError> {
        let contents = match dir.read(FILE)? {
            Some(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::error!(%error, "the record of open sessions is damaged; it starts anew");
                Contents::default()
            }),
            None => Contents::default(),
        };
        let identity = now.identity;
        let witness = Witness {
            tenant: identity.tenant.clone(),
            console: identity.enrolled.as_ref().map(|enrolled| enrolled.console),
            signer: ConsoleSigner::new(&identity.signing_key),
        };
        let (contents, resumable) = contents.recover(&witness, now);
        let record = Self { dir, contents, witness };
        record.save()?;
        Ok((record, resumable))
    }

    /// A session starts or goes on.
    ///
    /// # Errors
    /// When it does not reach the disk: then the session may not start.
    pub fn opened(&mut self, mut open: Open) -> Result<(), StateDirError> {
        if let Some(before) = self.contents.open.iter().find(|before| before.session == open.session) {
            (open.viewer_came, open.has_come) = (before.viewer_came, before.has_come);
        }
        self.contents.open.retain(|other| other.session != open.session);
        self.contents.open.push(open);
        self.save()
    }

    /// The viewer of a session is there.
    pub fn viewer_came(&mut self, session: SessionId) {
        let session = session.to_string();
        let open = self.contents.open.iter_mut().find(|open| open.session == session && !open.viewer_came);
        if let Some(open) = open {
            (open.viewer_came, open.has_come) = (true, true);
            self.try_save();
        }
    }

    /// A session that did not come to be.
    pub fn withdrawn(&mut self, session: SessionId) {
        let session = session.to_string();
        self.contents.open.retain(|open| open.session != session);
        self.try_save();
    }

    /// A session is over and gets its receipt. Whether it wants the device restarted is kept until nobody is connected;
    /// with [`End::restarts`] the restart is due.
    pub fn ended(&mut self, end: End, wants_restart: bool) {
        let session = end.session.to_string();
        let has_come = self.contents.open.iter().any(|open| open.session == session && open.has_come);
        self.contents.open.retain(|open| open.session != session);
        self.contents.sign(&self.witness, end, has_come, EndFound::Clean);
        self.contents.restart_due |= end.restarts;
        self.contents.restart_wanted = !end.restarts && (self.contents.restart_wanted || wants_restart);
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

    pub fn restart_due(&self) -> bool {
        self.contents.restart_due
    }

    /// Takes the restart that is due: from now on it is not, whatever happens. False when it does not reach the disk,
    /// because then it might happen twice.
    pub fn take_restart(&mut self) -> bool {
        let was_due = std::mem::take(&mut self.contents.restart_due);
        was_due && self.save().map_err(|error| tracing::error!(%error, "no restart without a record of it")).is_ok()
    }

    /// What the server checks receipts with.
    pub fn signing_key(&self) -> ConsoleSigningKey {
        self.witness.signer.public_key()
    }

    /// The server knows this console by `console`. What is of another enrolment is nothing to it.
    pub fn enrolled_as(&mut self, console: ConsoleId) {
        if self.witness.console.replace(console) != Some(console) {
            self.contents.be_of(console);
            self.try_save();
        }
    }

    /// The next receipt that the server has not taken, after `number`.
    pub fn receipt_after(&self, number: u64) -> Option<(u64, Blob<RECEIPT_MAX_BYTES>)> {
        self.contents.receipts.iter().filter(|kept| number < kept.number).find_map(Kept::read)
    }

    /// The server has taken a receipt.
    pub fn taken(&mut self, number: u64) {
        let n_before = self.contents.receipts.len();
        self.contents.receipts.retain(|kept| kept.number != number);
        if self.contents.receipts.len() < n_before {
            self.try_save();
        }
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
    fn recover(mut self, witness: &Witness, now: &Circumstances<'_>) -> (Self, Vec<Resumable>) {
        let is_same_boot = self.boot == now.boot;
        now.boot.clone_into(&mut self.boot);
        let is_other = witness.console.is_some_and(|console| self.be_of(console));
        // A device that has started anew since has restarted, for whatever reason.
        self.restart_due &= is_same_boot && now.can_restart;
        self.restart_wanted &= is_same_boot && now.can_restart;
        for ended in std::mem::take(&mut self.ended) {
            let Some(end) = ended.read() else { continue };
            self.sign(witness, end, false, EndFound::Clean);
        }
        let mut resumable = Vec::new();
        for mut open in std::mem::take(&mut self.open) {
            let Ok(session) = open.session.parse() else { continue };
            let waited_s = open.restarting_since.map(|since| now.now_unix_s.saturating_sub(since));
            let end = |reason, restarts| End { session, reason, restarts, shown_ms: None };
            match waited_s {
                Some(waited_s) if waited_s < RESTART_WINDOW_S && !is_other => {
                    resumable.push(open.resumable(session, RESTART_WINDOW_S - waited_s));
                    open.viewer_came &= is_same_boot;
                    self.open.push(open);
                }
                Some(_) if is_other => {}
                Some(_) => {
                    self.sign(witness, end(EndReason::RestartTimedOut, false), open.has_come, EndFound::Clean);
                }
                None => {
                    let restarts = open.restart_on_end && open.viewer_came && is_same_boot && now.can_restart;
                    if !is_other {
                        self.sign(witness, end(EndReason::AgentCrash, restarts), open.has_come, EndFound::Crash);
                    }
                    self.restart_due |= restarts;
                }
            }
        }
        if self.open.is_empty() {
            self.restart_due |= std::mem::take(&mut self.restart_wanted);
        }
        (self, resumable)
    }

    /// From now on this is of `console`. Receipts of another enrolment go; true when what is open is of another one, too.
    fn be_of(&mut self, console: ConsoleId) -> bool {
        let before = self.console.replace(console.to_string());
        let is_other = before.is_some_and(|before| before != console.to_string());
        if is_other {
            self.ended.clear();
            self.receipts.clear();
            self.n_receipts = 0;
        }
        is_other
    }

    fn sign(&mut self, witness: &Witness, end: End, viewer_came: bool, found: EndFound) {
        let Some(console) = witness.console else { return };
        self.n_receipts += 1;
        let receipt = Receipt {
            tenant: witness.tenant.clone(),
            console,
            session: end.session,
            number: self.n_receipts,
            reason: end.reason,
            restarts: end.restarts,
            viewer_came,
            shown_ms: end.shown_ms,
            found,
        };
        if RECEIPTS_MAX <= self.receipts.len() {
            self.receipts.remove(0);
        }
        let signed = witness.signer.sign_receipt(&receipt);
        self.receipts.push(Kept { number: receipt.number, receipt: hex::encode(signed.as_bytes()) });
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
    fn read(&self) -> Option<End> {
        let reason = EndReason::ALL.iter().copied().find(|reason| reason.code() == self.reason)?;
        Some(End { session: self.session.parse().ok()?, reason, restarts: self.restarts, shown_ms: None })
    }
}

impl Kept {
    fn read(&self) -> Option<(u64, Blob<RECEIPT_MAX_BYTES>)> {
        Some((self.number, Blob::new(hex::decode(&self.receipt).ok()?).ok()?))
    }
}

/// A name of this start of the system; empty where it has none.
pub fn boot_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ids::RoomId;
    use protocol::secure::{EnrolmentString, GrantSigner, PublicKey, Secret, SignedReceipt};
    use protocol::wire::Text;

    use crate::identity::Enrolled;

    const SESSION: SessionId = SessionId([1; 16]);
    const CONSOLE: ConsoleId = ConsoleId([7; 16]);

    fn identity(console: ConsoleId) -> Identity {
        let string = EnrolmentString {
            url: Text::fitted("https://rooms.example.com"),
            server_key: PublicKey([1; 32]),
            tenant: TenantId::new("contoso").expect("a slug"),
            room: RoomId::new("aurora").expect("a slug"),
            secret: Secret::new([2; 32]),
        };
        let mut identity = Identity::load(&StateDir::in_memory(), Some(&string)).expect("in memory");
        identity.signing_key = Secret::new([9; 32]);
        let grant_key = GrantSigner::new(&Secret::new([8; 32])).public_key();
        identity.enrolled = Some(Enrolled { console, grant_key });
        identity
    }

    fn load_as(dir: &StateDir, boot: &str, now_unix_s: u64, identity: &Identity) -> (Record, Vec<Resumable>) {
        let now = Circumstances { identity, boot, now_unix_s, can_restart: true };
        Record::load(dir.clone(), &now).expect("ours")
    }

    fn load(dir: &StateDir, boot: &str, now: u64) -> (Record, Vec<Resumable>) {
        load_as(dir, boot, now, &identity(CONSOLE))
    }

    /// What the server would read.
    fn receipts(record: &Record) -> Vec<Receipt> {
        let mut receipts = Vec::new();
        let mut after = 0;
        while let Some((number, receipt)) = record.receipt_after(after) {
            let receipt = SignedReceipt::from_untrusted(receipt.into_vec()).verify(&record.signing_key());
            let receipt = receipt.expect("signed by this console");
            assert_eq!(receipt.number, number);
            receipts.push(receipt);
            after = number;
        }
        receipts
    }

    fn receipt(number: u64, reason: EndReason, restarts: bool, found: EndFound) -> Receipt {
        let tenant = TenantId::new("contoso").expect("a slug");
        let (console, session, shown_ms, viewer_came) = (CONSOLE, SESSION, None, true);
        Receipt { tenant, console, session, number, reason, restarts, viewer_came, shown_ms, found }
    }

    fn end(session: SessionId, reason: EndReason, restarts: bool) -> End {
        End { session, reason, restarts, shown_ms: None }
    }

    /// Opens a session in one process and reads the record in the next one.
    fn after(next_boot: &str, now: u64, act: impl FnOnce(&mut Record)) -> (Record, Vec<Resumable>, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = StateDir::open(folder.path()).expect("ours");
        let (mut record, _) = load(&dir, "boot 1", 1000);
        record.opened(Open::new(SESSION, "Tina", Access::Modify, true)).expect("ours");
        record.viewer_came(SESSION);
        act(&mut record);
        let (record, resumable) = load(&dir, next_boot, now);
        (record, resumable, folder)
    }

    #[test]
    fn a_crash_has_a_receipt_and_the_restart_is_still_due_once() {
        let (mut record, resumable, _folder) = after("boot 1", 1010, |_| {});
        assert_eq!(receipts(&record), [receipt(1, EndReason::AgentCrash, true, EndFound::Crash)]);
        assert!(resumable.is_empty());
        assert!(record.take_restart());
        assert!(!record.take_restart());
    }

    #[test]
    fn a_receipt_is_the_same_until_it_is_taken_however_often_the_agent_dies() {
        let (record, _, folder) = after("boot 1", 1010, |_| {});
        let first = record.receipt_after(0);
        drop(record);
        let dir = StateDir::open(folder.path()).expect("ours");
        for _ in 0..3 {
            let (record, _) = load(&dir, "boot 1", 1020);
            assert_eq!(record.receipt_after(0), first, "byte for byte: no second receipt of one session");
            assert_eq!(receipts(&record).len(), 1);
        }
        let (mut record, _) = load(&dir, "boot 1", 1030);
        record.taken(2);
        assert!(record.receipt_after(0).is_some(), "another one was taken");
        record.taken(1);
        record.taken(1);
        assert_eq!(load(&dir, "boot 1", 1040).0.receipt_after(0), None);

        record.opened(Open::new(SessionId([2; 16]), "Max", Access::View, true)).expect("ours");
        record.ended(end(SessionId([2; 16]), EndReason::Idle, false), false);
        let numbers: Vec<_> = receipts(&record).iter().map(|receipt| receipt.number).collect();
        assert_eq!(numbers, [2], "numbers go on where they stopped");
    }

    #[test]
    fn an_end_and_its_receipt_reach_the_disk_together() {
        let ended = |record: &mut Record| {
            let shown_ms = Some(1500);
            record.ended(End { shown_ms, ..end(SESSION, EndReason::ViewerLost, true) }, true);
            // As if nothing that follows reached the disk.
            record.dir = StateDir::in_memory();
            record.taken(1);
        };
        let (record, ..) = after("boot 1", 1010, ended);
        let expected = Receipt { shown_ms: Some(1500), ..receipt(1, EndReason::ViewerLost, true, EndFound::Clean) };
        assert_eq!(receipts(&record), [expected]);
        assert!(record.restart_due(), "the process died between the end and the restart");
    }

    #[test]
    fn receipts_are_bounded_and_those_that_go_leave_a_gap() {
        let (mut record, _, folder) = after("boot 1", 1010, |_| {});
        for byte in 2..=70 {
            record.ended(end(SessionId([byte; 16]), EndReason::Idle, false), false);
        }
        let numbers: Vec<_> = receipts(&record).iter().map(|receipt| receipt.number).collect();
        assert_eq!(numbers, (7..=70).collect::<Vec<_>>());
        let dir = StateDir::open(folder.path()).expect("ours");
        assert_eq!(receipts(&load(&dir, "boot 1", 1020).0).len(), RECEIPTS_MAX);
    }

    #[test]
    fn what_another_enrolment_left_is_nothing_to_this_one() {
        let (record, _, folder) = after("boot 1", 1010, |record| {
            record.ended(end(SESSION, EndReason::Idle, false), false);
            record.opened(Open::new(SessionId([2; 16]), "Max", Access::View, true)).expect("ours");
        });
        assert_eq!(receipts(&record).len(), 2);
        let dir = StateDir::open(folder.path()).expect("ours");
        let other = identity(ConsoleId([8; 16]));
        let (record, _) = load_as(&dir, "boot 1", 1020, &other);
        assert_eq!(record.receipt_after(0), None);
    }

    #[test]
    fn an_enrolment_that_is_confirmed_later_takes_what_is_its_own() {
        let (record, _, folder) = after("boot 1", 1010, |_| {});
        assert_eq!(receipts(&record).len(), 1);
        let dir = StateDir::open(folder.path()).expect("ours");
        let mut unconfirmed = identity(CONSOLE);
        unconfirmed.enrolled = None;
        let (mut record, _) = load_as(&dir, "boot 1", 1020, &unconfirmed);
        record.enrolled_as(CONSOLE);
        assert_eq!(receipts(&record).len(), 1);
        record.enrolled_as(ConsoleId([8; 16]));
        assert_eq!(record.receipt_after(0), None);
    }

    #[test]
    fn ends_of_an_agent_that_knew_no_receipts_get_theirs() {
        let dir = StateDir::in_memory();
        let ended = format!(r#"{{"session":"{SESSION}","reason":"idle","restarts":false}}"#);
        let json = format!(r#"{{"boot":"boot 1","open":[],"ended":[{ended}],"restart_due":true}}"#);
        dir.write(FILE, json.as_bytes()).expect("in memory");
        let (record, _) = load(&dir, "boot 1", 1000);
        let expected = Receipt { viewer_came: false, ..receipt(1, EndReason::Idle, false, EndFound::Clean) };
        assert_eq!(receipts(&record), [expected]);
        assert!(record.restart_due());
    }

    #[test]
    fn a_device_that_has_restarted_does_not_restart_again() {
        let (record, ..) = after("boot 2", 1010, |_| {});
        assert!(!record.restart_due());
        assert_eq!(receipts(&record), [receipt(1, EndReason::AgentCrash, false, EndFound::Crash)]);
    }

    #[test]
    fn a_session_with_the_switch_off_causes_no_restart() {
        let (record, ..) = after("boot 1", 1010, |record| record.set_restart_on_end(SESSION, false));
        assert!(!record.restart_due());
    }

    #[test]
    fn a_commanded_restart_is_survived_within_its_time() {
        let (record, resumable, _folder) = after("boot 2", 1100, |record| record.set_restarting(Some(1000)));
        assert!(receipts(&record).is_empty());
        let expected = Resumable {
            session: SESSION,
            user_name: "Tina".to_owned(),
            access: Access::Modify,
            restart_on_end: true,
            remaining_s: 500,
        };
        assert_eq!(resumable, [expected]);

        let (record, resumable, _folder) = after("boot 2", 1600, |record| record.set_restarting(Some(1000)));
        assert_eq!(receipts(&record), [receipt(1, EndReason::RestartTimedOut, false, EndFound::Clean)]);
        assert!(resumable.is_empty() && !record.restart_due());
    }

    #[test]
    fn a_session_whose_viewer_never_came_causes_no_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = StateDir::open(folder.path()).expect("ours");
        let (mut record, _) = load(&dir, "boot 1", 1000);
        record.opened(Open::new(SESSION, "Tina", Access::Modify, true)).expect("ours");
        let (record, _) = load(&dir, "boot 1", 1010);
        assert!(!record.restart_due());
        let expected = Receipt { viewer_came: false, ..receipt(1, EndReason::AgentCrash, false, EndFound::Crash) };
        assert_eq!(receipts(&record), [expected]);
    }

    #[test]
    fn what_an_ended_session_wants_survives_the_agent_while_others_go_on() {
        let other = SessionId([2; 16]);
        let act = |record: &mut Record| {
            record.set_restart_on_end(SESSION, false);
            record.opened(Open::new(other, "Max", Access::Modify, true)).expect("ours");
            record.ended(end(other, EndReason::EndedByViewer, false), true);
            assert!(record.restart_wanted() && !record.restart_due());
        };
        let (record, ..) = after("boot 1", 1010, act);
        assert!(record.restart_due(), "the last session ended with the agent");
        let (record, ..) = after("boot 2", 1010, act);
        assert!(!record.restart_due(), "the device has restarted");
    }

    #[test]
    fn a_device_that_cannot_restart_promises_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = StateDir::open(folder.path()).expect("ours");
        let (mut record, _) = load(&dir, "boot 1", 1000);
        record.opened(Open::new(SESSION, "Tina", Access::Modify, true)).expect("ours");
        record.viewer_came(SESSION);
        let identity = identity(CONSOLE);
        let now = Circumstances { identity: &identity, boot: "boot 1", now_unix_s: 1010, can_restart: false };
        let (record, _) = Record::load(dir, &now).expect("ours");
        assert!(!record.restart_due());
        assert_eq!(receipts(&record), [receipt(1, EndReason::AgentCrash, false, EndFound::Crash)]);
    }
}
