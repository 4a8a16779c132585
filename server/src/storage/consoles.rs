//! Enrolled consoles and the secrets that enrol one.

use async_trait::async_trait;
use protocol::access::Access;
pub use protocol::api::ConsoleStatus;
use protocol::api::{ConsoleSignals, UnixMillis};
use protocol::ids::{ConsoleId, DisplayInfo, RoomId, UserId};
use protocol::secure::{ConsoleSigningKey, PublicKey};

use super::{NewEvent, Result, TenantScope};

/// An enrolled console. Its texts come from the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Console {
    pub id: ConsoleId,
    pub room: RoomId,
    pub key: PublicKey,
    /// What its receipts are signed with; `None` until its first greeting.
    pub signing_key: Option<ConsoleSigningKey>,
    /// Of the last receipt that was heard of it.
    pub receipt_number: Option<u64>,
    /// Who trusts it; `None` while nobody does.
    pub approval: Option<Approval>,
    /// Set aside since then: its key seems to be in two places.
    pub quarantined_at: Option<UnixMillis>,
    pub enrolled_at: UnixMillis,
    pub last_seen_at: Option<UnixMillis>,
    pub info: StoredConsoleInfo,
    /// `None` until it has said something.
    pub signals: Option<ConsoleSignals>,
}

impl Console {
    pub fn status(&self) -> ConsoleStatus {
        status(self.approval.is_some(), self.quarantined_at.is_some())
    }
}

/// How far a console is trusted that is approved, or quarantined, or both.
pub(super) fn status(approved: bool, quarantined: bool) -> ConsoleStatus {
    match (quarantined, approved) {
        (true, _) => ConsoleStatus::Quarantined,
        (false, true) => ConsoleStatus::Approved,
        (false, false) => ConsoleStatus::Pending,
    }
}

/// Somebody compared the console's fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approval {
    /// `None` at the server's command line, in advance.
    pub by: Option<UserId>,
    pub at: UnixMillis,
}

/// What the console last said about itself; empty until its first greeting.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StoredConsoleInfo {
    pub agent_version: String,
    pub platform: String,
    pub host_name: String,
    pub operating_system: String,
    pub displays: Vec<DisplayInfo>,
    pub highest_access: Access,
    pub can_restart: bool,
}

impl Default for StoredConsoleInfo {
    fn default() -> Self {
        Self {
            agent_version: String::new(),
            platform: String::new(),
            host_name: String::new(),
            operating_system: String::new(),
            displays: Vec::new(),
            highest_access: Access::Modify,
            can_restart: false,
        }
    }
}

impl From<&protocol::link::ConsoleInfo> for StoredConsoleInfo {
    fn from(info: &protocol::link::ConsoleInfo) -> Self {
        Self {
            agent_version: info.agent_version.to_string(),
            platform: info.platform.to_string(),
            host_name: info.host_name.to_string(),
            operating_system: info.operating_system.to_string(),
            displays: info.displays.to_vec(),
            highest_access: info.highest_access,
            can_restart: info.can_restart,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConsole {
    pub id: ConsoleId,
    pub room: RoomId,
    pub key: PublicKey,
    pub enrolled_at: UnixMillis,
}

/// The room's one chance to enrol a console. The secret itself is not stored: it is derived from `id` and a key of the
/// server (`keys::ServerKeys::enrolment_secret`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentSecret {
    pub id: [u8; 16],
    pub room: RoomId,
    /// The console needs no approval.
    pub pre_approved: bool,
    pub created_at: UnixMillis,
    pub expires_at: UnixMillis,
}

#[async_trait]
pub trait Consoles {
    /// The room's console, however far it is trusted.
    async fn console_of_room(&self, scope: &TenantScope, room: &RoomId) -> Result<Option<Console>>;

    /// The console that proved `key`.
    async fn console_by_key(&self, key: &PublicKey) -> Result<Option<(TenantScope, Console)>>;

    /// Makes `secret` the room's only one.
    async fn offer_enrolment(&self, scope: &TenantScope, secret: &EnrolmentSecret, event: NewEvent) -> Result<()>;

    async fn enrolment_secret(&self, scope: &TenantScope, room: &RoomId) -> Result<Option<EnrolmentSecret>>;

    /// Uses up the secret `secret_id` and makes `console` the room's console, in place of any earlier one; all at once.
    /// `None` when the secret was used, replaced or had run out at `now`.
    ///
    /// # Errors
    /// `Conflict` when the key belongs to another enrolled console.
    async fn enrol_console(
        &self,
        scope: &TenantScope,
        secret_id: &[u8; 16],
        console: &NewConsole,
        now: UnixMillis,
        event: NewEvent,
    ) -> Result<Option<Console>>;

    /// Trusts `console` with the key that it has in there; `false` when it is not pending (any more).
    async fn approve_console(
        &self,
        scope: &TenantScope,
        console: &Console,
        approval: Approval,
        event: NewEvent,
    ) -> Result<bool>;

    /// Takes the console out of its room for good, and with it the room's open chance to enrol one without approval; `false`
    /// when it was out already. Its key is no console's from then on.
    async fn retire_console(
        &self,
        scope: &TenantScope,
        console: &Console,
        at: UnixMillis,
        event: NewEvent,
    ) -> Result<bool>;

    /// Sets the console aside; `false` when it is already.
    async fn quarantine_console(
        &self,
        scope: &TenantScope,
        id: &ConsoleId,
        at: UnixMillis,
        event: NewEvent,
    ) -> Result<bool>;

    /// Trusts a console again as far as it was before it was set aside; `false` when it is not set aside (any more).
    async fn release_console(&self, scope: &TenantScope, id: &ConsoleId, event: NewEvent) -> Result<bool>;

    async fn set_console_info(&self, scope: &TenantScope, id: &ConsoleId, info: &StoredConsoleInfo) -> Result<()>;

    async fn set_console_signals(&self, scope: &TenantScope, id: &ConsoleId, signals: &ConsoleSignals) -> Result<()>;

    async fn console_seen(&self, scope: &TenantScope, id: &ConsoleId, at: UnixMillis) -> Result<()>;
}
