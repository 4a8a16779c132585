//! What changes while people look: one bounded channel from whoever changes something to the open event streams.

use protocol::ids::{RoomId, SessionId, TenantId, UserId};
use protocol::reason::EndReason;
use tokio::sync::broadcast;

use crate::storage::{LoginKey, TenantScope};

/// Changes that a reader may fall behind before it is told to load again.
const CAPACITY: usize = 1024;

/// Something that open pages want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A room was added or changed: its settings, presence, call or sessions.
    Room {
        tenant: TenantId,
        room: RoomId,
    },
    SessionEnded {
        tenant: TenantId,
        user: UserId,
        session: SessionId,
        reason: EndReason,
    },
    LoginEnded {
        tenant: TenantId,
        login: LoginKey,
    },
    /// What holds for the whole tenant was changed.
    Settings {
        tenant: TenantId,
    },
    /// The server stops: streams end, so that their readers come back later.
    Stopping,
}

impl Change {
    /// The tenant that it concerns; `None` concerns everybody.
    pub fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Room { tenant, .. }
            | Self::SessionEnded { tenant, .. }
            | Self::LoginEnded { tenant, .. }
            | Self::Settings { tenant } => Some(tenant),
            Self::Stopping => None,
        }
    }
}

/// Tells open pages what changed. Clones tell the same pages.
#[derive(Debug, Clone)]
pub struct Live(broadcast::Sender<Change>);

impl Default for Live {
    fn default() -> Self {
        Self(broadcast::channel(CAPACITY).0)
    }
}

impl Live {
    pub fn room_changed(&self, scope: &TenantScope, room: &RoomId) {
        self.tell(Change::Room { tenant: scope.tenant().clone(), room: room.clone() });
    }

    pub fn session_ended(&self, scope: &TenantScope, user: UserId, session: SessionId, reason: EndReason) {
        self.tell(Change::SessionEnded { tenant: scope.tenant().clone(), user, session, reason });
    }

    pub fn login_ended(&self, scope: &TenantScope, login: LoginKey) {
        self.tell(Change::LoginEnded { tenant: scope.tenant().clone(), login });
    }

    pub fn settings_changed(&self, scope: &TenantScope) {
        self.tell(Change::Settings { tenant: scope.tenant().clone() });
    }

    pub fn stopping(&self) {
        self.tell(Change::Stopping);
    }

    /// Changes from now on. A reader that falls behind gets `Lagged` and should load again.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }

    /// Without a reader nobody needs to know.
    fn tell(&self, change: Change) {
        let _no_reader = self.0.send(change);
    }
}
