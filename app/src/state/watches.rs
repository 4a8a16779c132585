//! Rooms whose call somebody waits for.

use leptos::prelude::*;
use protocol::api::{CallStatus, LiveEvent, RoomSummary};
use protocol::ids::RoomId;

use super::live::Live;
use super::toasts::Toasts;

/// The rooms to tell about when their call ends; kept while the portal is open.
#[derive(Clone, Copy)]
pub struct Watches {
    rooms: RwSignal<Vec<RoomId>>,
}

impl Watches {
    /// Watches the live events.
    pub fn follow(live: Live, toasts: Toasts) -> Self {
        let watches = Self { rooms: RwSignal::new(Vec::new()) };
        live.on_event(move |event| {
            if let LiveEvent::Room { room, .. } = event {
                watches.see(&room, toasts);
            }
        });
        watches
    }

    pub fn has(self, room: &RoomId) -> bool {
        self.rooms.with(|rooms| rooms.contains(room))
    }

    pub fn toggle(self, room: &RoomId) {
        self.rooms.update(|rooms| {
            let n_before = rooms.len();
            rooms.retain(|present| present != room);
            if rooms.len() == n_before {
                rooms.push(room.clone());
            }
        });
    }

    fn see(self, room: &RoomSummary, toasts: Toasts) {
        if room.call != CallStatus::Idle || !self.rooms.with_untracked(|rooms| rooms.contains(&room.id)) {
            return;
        }
        self.toggle(&room.id);
        let text = format!("The call in {} has ended.", room.name);
        toasts.offer(text, "Open the room", format!("/rooms/{}/remote-access", room.id));
    }
}
