use serde::{Deserialize, Serialize};

use super::{ConsoleSignals, UnixMillis};
use crate::access::{Access, Permission};
use crate::ids::{ConsoleId, DisplayInfo, RoomId};
use crate::refusal::RefusalCode;

/// How a room is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoomState {
    /// Monitored, no important incident.
    Healthy,
    /// Monitored, with an important incident; also when the console was set aside (`quarantined`).
    Unhealthy,
    /// Enrolled, but the agent is not connected.
    Disconnected,
    /// Alerts are ignored on purpose.
    Suppressed,
    /// Its console waits for an administrator to approve it.
    Pending,
    /// No console is enrolled yet.
    NotEnrolled,
}

/// Whether the room is in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CallStatus {
    Idle,
    InCall {
        since: UnixMillis,
    },
    /// The console cannot tell, or is not connected. Counts as in a call.
    Unknown,
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomSummary {
    pub id: RoomId,
    pub name: String,
    /// Path in the site tree: `Germany/Berlin/HQ/Floor 2`.
    pub place: String,
    pub state: RoomState,
    pub call: CallStatus,
    /// Live remote sessions.
    pub n_sessions: u32,
    /// What the signed-in user may do there; `None` is no remote access.
    pub access: Option<Access>,
    pub last_seen_at: Option<UnixMillis>,
}

/// `GET /rooms?q=&state=&cursor=&limit=`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomList {
    /// In the order of their names.
    pub rooms: Vec<RoomSummary>,
    /// Of all rooms that the user may see, whatever the filter.
    pub counters: RoomCounters,
    /// How many rooms match the filter.
    pub n_matching: u32,
    /// Give it back as `cursor` for the next page.
    pub next_cursor: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomCounters {
    pub healthy: u32,
    pub unhealthy: u32,
    pub disconnected: u32,
    pub suppressed: u32,
    pub pending: u32,
    pub not_enrolled: u32,
}

/// `GET /rooms/{room}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomDetail {
    #[serde(flatten)]
    pub summary: RoomSummary,
    pub console: Option<ConsoleDetail>,
    /// Live sessions, oldest first.
    pub sessions: Vec<super::SessionSummary>,
    /// Everything that the signed-in user may do in this room.
    pub permissions: Vec<Permission>,
}

/// How far a console is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConsoleStatus {
    /// An administrator has to compare fingerprints first.
    Pending,
    Approved,
    /// Its key seems to be in two places: no session may start until an administrator decides.
    Quarantined,
}

/// The enrolled console. Its texts come from the console and are shown as text only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsoleDetail {
    pub id: ConsoleId,
    /// Of the key it proved at enrolment.
    pub fingerprint: String,
    pub status: ConsoleStatus,
    pub approved_at: Option<UnixMillis>,
    /// The name of the person; `None` with a time is an approval in advance, at the server's command line.
    pub approved_by: Option<String>,
    pub quarantined_at: Option<UnixMillis>,
    pub platform: String,
    pub agent_version: String,
    pub host_name: String,
    pub operating_system: String,
    pub displays: Vec<DisplayInfo>,
    pub highest_access: Access,
    pub can_restart: bool,
    pub enrolled_at: UnixMillis,
    /// Null until the console has said something.
    pub signals: Option<ConsoleSignals>,
}

/// `POST /rooms/{room}/console/approve`: what the person saw when they compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ApproveConsole {
    pub console: ConsoleId,
    /// Eight groups of four, as the room shows it and the console too.
    pub fingerprint: String,
}

/// `POST /rooms/{room}/console/refuse`, `revoke` or `release`: the console that the person looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ThisConsole {
    pub console: ConsoleId,
}

/// `POST /rooms`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateRoom {
    pub name: String,
    #[serde(default)]
    pub place: String,
    /// The id in URLs and logs; made from the name when absent.
    #[serde(default)]
    pub id: Option<RoomId>,
}

/// The answer to `POST /rooms`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedRoom {
    pub room: RoomSummary,
    pub enrolment: EnrolmentOffer,
}

/// `POST /rooms/{room}/enrolment`: a new one-time string; the last one stops working.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrolmentOffer {
    pub enrolment: String,
    /// To be run on the console.
    pub command: String,
    pub expires_at: UnixMillis,
}

/// Never shows the string.
impl std::fmt::Debug for EnrolmentOffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnrolmentOffer")
    }
}

/// `GET /rooms/{room}/remote-access`: the gate as a checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GateChecklist {
    /// What a session of the signed-in user would get.
    pub access: Option<Access>,
    /// In the order in which they are checked.
    pub checks: Vec<GateCheck>,
    /// Every check that can be made before the start has passed.
    pub open: bool,
    /// When the call started, with `in_call` failed.
    pub in_call_since: Option<UnixMillis>,
    /// Seconds for which people in the room may decline, and whoever starts waits; null asks nobody.
    pub decline_within_s: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GateCheck {
    pub code: RefusalCode,
    /// The condition, in English.
    pub condition: String,
    pub outcome: GateOutcome,
    /// With `failed`: what to do, in English.
    pub explanation: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GateOutcome {
    Passed,
    Failed,
    /// Not looked at because an earlier one failed, so that nothing is told to those who may not know.
    NotChecked,
    /// Known only when the session starts.
    AtStart,
}
