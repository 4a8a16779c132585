use protocol::api::CallStatus;
use protocol::ids::{RoomId, UserId};

use super::SessionManager;
use crate::access::{Call, ConsoleFact, Effective, GateContext};
use crate::audit::{Actor, Client};
use crate::storage::{Console, ConsoleStatus, LoginKey, RemoteAccessSettings, Result, RoomFacts, TenantScope, User};

/// Somebody who is signed in and asks for something.
#[derive(Debug, Clone)]
pub struct Requester {
    pub scope: TenantScope,
    pub user: User,
    /// Where they are signed in.
    pub login: LoginKey,
    pub client: Client,
}

impl Requester {
    pub(super) fn actor(&self) -> Actor {
        Actor::from(&self.user)
    }
}

/// Everything that is known in front of a session.
#[derive(Debug, Clone)]
pub struct Gate {
    pub context: GateContext,
    pub room: RoomFacts,
    pub(super) console: Option<Console>,
    pub(super) settings: RemoteAccessSettings,
}

impl Gate {
    /// Seconds for which people in the room may decline a session.
    pub fn decline_within_s(&self) -> Option<u32> {
        self.settings.decline_within.map(|within| u32::try_from(within.as_secs()).unwrap_or(u32::MAX))
    }
}

impl SessionManager {
    /// What the gate of `room` looks at for `requester`; `None` when there is no such room.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn gate(&self, requester: &Requester, room: &RoomId) -> Result<Option<Gate>> {
        let Some(gate) = self.gate_of(&requester.scope, &requester.user.id, room).await? else { return Ok(None) };
        let audit_writable = self.core.storage.probe_writable().await.is_ok();
        Ok(Some(Gate { context: GateContext { audit_writable, ..gate.context }, ..gate }))
    }

    /// The same without a look at the log, which is taken for writable.
    pub(super) async fn gate_of(&self, scope: &TenantScope, user: &UserId, room: &RoomId) -> Result<Option<Gate>> {
        let storage = &self.core.storage;
        let Some(room) = storage.room(scope, room).await? else { return Ok(None) };
        let settings = storage.remote_access(scope).await?;
        let console = storage.console_of_room(scope, &room.room.id).await?;
        let effective = match storage.user(scope, user).await? {
            Some(user) if !user.disabled => Effective::new(storage.grants_of(scope, &user.id).await?),
            _ => Effective::default(),
        };
        let presence = self.registry.presence(scope, &room.room.id);
        // A link that has not been closed yet may belong to a console that the room no longer has.
        let presence =
            presence.filter(|presence| console.as_ref().is_some_and(|console| console.id == presence.console));
        let context = GateContext {
            remote_access_enabled: settings.enabled,
            access: effective.access_to(room.at()),
            console: console.as_ref().map_or(ConsoleFact::NotEnrolled, console_fact),
            monitored: presence.as_ref().is_some_and(|presence| presence.monitored),
            suppressed: room.room.suppressed_since.is_some(),
            call: presence.map_or(Call::Unknown, |presence| call(presence.call)),
            audit_writable: true,
        };
        Ok(Some(Gate { context, room, console, settings }))
    }
}

fn console_fact(console: &Console) -> ConsoleFact {
    match console.status() {
        ConsoleStatus::Pending | ConsoleStatus::Quarantined => ConsoleFact::NotEnrolled,
        ConsoleStatus::Approved => ConsoleFact::Enrolled { highest_access: console.info.highest_access },
    }
}

fn call(status: CallStatus) -> Call {
    match status {
        CallStatus::Idle => Call::Idle,
        CallStatus::InCall { since } => Call::InCall { since },
        CallStatus::Unknown => Call::Unknown,
    }
}
