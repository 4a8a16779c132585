//! Enrolled consoles and the secrets that enrol one.

use async_trait::async_trait;
use protocol::access::Access;
use protocol::api::UnixMillis;
use protocol::ids::{ConsoleId, DisplayInfo, RoomId};
use protocol::secure::PublicKey;

use super::{NewEvent, Result, TenantScope};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsoleStatus {
    /// An administrator has to compare fingerprints first.
    Pending,
    Approved,
}

/// An enrolled console. Its texts come from the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Console {
    pub id: ConsoleId,
    pub room: RoomId,
    pub key: PublicKey,
    pub status: ConsoleStatus,
    pub enrolled_at: UnixMillis,
    pub last_seen_at: Option<UnixMillis>,
    pub info: StoredConsoleInfo,
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
    /// The room's console, pending or approved.
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

    async fn set_console_info(&self, scope: &TenantScope, id: &ConsoleId, info: &StoredConsoleInfo) -> Result<()>;

    async fn console_seen(&self, scope: &TenantScope, id: &ConsoleId, at: UnixMillis) -> Result<()>;
}
