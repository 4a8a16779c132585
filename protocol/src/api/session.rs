use serde::{Deserialize, Serialize};

use super::UnixMillis;
use crate::access::Access;
use crate::ids::{ConsoleId, RoomId, SessionId, TenantId};
use crate::secure::PublicKey;
use crate::terms::ShortcutPolicy;

/// `POST /rooms/{room}/sessions` and `POST /sessions/{session}/resume`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StartSession {
    /// Made by the viewer for this connection alone.
    pub viewer_key: PublicKey,
}

/// What a viewer needs to connect.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartedSession {
    pub session: SessionId,
    pub tenant: TenantId,
    pub console: ConsoleId,
    pub access: Access,
    /// Which shortcut commands the session may use while its access is View.
    pub view_shortcuts: ShortcutPolicy,
    /// The console's session key.
    pub agent_key: PublicKey,
    /// The WebSocket of the relay: `wss://host/ws/viewer`.
    pub relay_url: String,
    /// Opens the socket once within 30 s: 32 bytes, base64 for URLs without padding.
    pub ticket: String,
    /// The signed grant, base64 for URLs without padding.
    pub grant: String,
    pub started_at: UnixMillis,
}

/// Never shows the ticket.
impl std::fmt::Debug for StartedSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StartedSession").field("session", &self.session).finish_non_exhaustive()
    }
}

/// A live session as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionSummary {
    pub id: SessionId,
    pub room: RoomId,
    pub user_name: String,
    pub access: Access,
    pub started_at: UnixMillis,
}
