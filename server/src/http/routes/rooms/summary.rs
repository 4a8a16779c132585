use std::sync::Arc;

use protocol::access::Permission;
use protocol::api::{RoomCounters, RoomState, RoomSummary};

use crate::access::Effective;
use crate::room_index::{IndexedRoom, TenantRooms, count, state_of};
use crate::state::{AppState, ConsoleDirectory};
use crate::storage::{RoomFacts, TenantScope};

/// The rooms of a tenant as one person may see them at one moment.
pub struct Viewpoint<'a> {
    pub scope: &'a TenantScope,
    pub effective: &'a Effective,
    pub rooms: Arc<TenantRooms>,
    consoles: Arc<dyn ConsoleDirectory>,
}

impl<'a> Viewpoint<'a> {
    pub async fn of(
        state: &AppState,
        scope: &'a TenantScope,
        effective: &'a Effective,
    ) -> crate::storage::Result<Self> {
        let rooms = state.rooms.rooms(scope).await?;
        Ok(Self { scope, effective, rooms, consoles: Arc::clone(&state.consoles) })
    }

    /// The rooms that the person may see, in the order of the list.
    pub fn visible(&self) -> impl Iterator<Item = &IndexedRoom> {
        self.rooms.all().iter().filter(|room| self.sees(&room.facts))
    }

    pub fn sees(&self, room: &RoomFacts) -> bool {
        self.effective.in_room(room.at()).contains(Permission::RoomView)
    }

    pub fn state(&self, room: &RoomFacts) -> RoomState {
        state_of(room, &self.consoles.presence(self.scope, &room.room.id))
    }

    /// Of all rooms that the person may see.
    pub fn counters(&self) -> RoomCounters {
        let mut counters = RoomCounters::default();
        for room in self.visible() {
            count(&mut counters, self.state(&room.facts));
        }
        counters
    }

    pub fn summary(&self, facts: &RoomFacts) -> RoomSummary {
        let presence = self.consoles.presence(self.scope, &facts.room.id);
        RoomSummary {
            id: facts.room.id.clone(),
            name: facts.room.name.clone(),
            place: facts.room.place.clone(),
            state: state_of(facts, &presence),
            call: presence.call,
            n_sessions: presence.n_sessions,
            access: self.effective.access_to(facts.at()),
            last_seen_at: presence.last_seen_at.or(facts.last_seen_at),
        }
    }
}
