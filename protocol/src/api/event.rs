use serde::{Deserialize, Serialize};

use super::{RoomCounters, RoomSummary};
use crate::ids::{RoomId, SessionId};
use crate::reason::EndReason;

/// One message of `GET /events` (server-sent events, field `data`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LiveEvent {
    /// A room that the user may see was added or changed.
    Room {
        room: RoomSummary,
        counters: RoomCounters,
    },
    RoomRemoved {
        room: RoomId,
        counters: RoomCounters,
    },
    /// One of the user's own sessions ended.
    SessionEnded {
        session: SessionId,
        reason: EndReason,
    },
    /// An administrator changed what holds for the whole organisation: load `/me` and what depends on it again.
    SettingsChanged,
    /// Events were lost because this reader was too slow: load again.
    Reload,
}
