//! Rooms whose call somebody waits for.

use leptos::prelude::*;
use protocol::api::{CallStatus, LiveEvent, RoomSummary};
use protocol::ids::RoomId;

use super::live::Live;
use super::toasts::Toasts;
use crate::browser::listener::Listener;
use crate::browser::page;

/// The rooms to tell about when their call ends; kept while the portal is open.
#[derive(Clone, Copy)]
pub struct Watches {
    rooms: RwSignal<Vec<RoomId>>,
    /// What the document was called before its title told of a room.
    title_before: StoredValue<Option<String>>,
}

impl Watches {
    /// Watches the live events.
    pub fn follow(live: Live, toasts: Toasts) -> Self {
        let watches = Self { rooms: RwSignal::new(Vec::new()), title_before: StoredValue::new(None) };
        let seen = Listener::on_document("visibilitychange", move |_: leptos::ev::Event| watches.give_title_back());
        // It listens as long as the portal is open.
        StoredValue::new_local(seen);
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
        self.tell_in_title(&room.name);
        let text = format!("The call in {} has ended.", room.name);
        toasts.offer(text, "Open the room", format!("/rooms/{}/remote-access", room.id));
    }

    /// Who is elsewhere sees the title in the row of tabs.
    fn tell_in_title(self, room_name: &str) {
        if !page::is_hidden() {
            return;
        }
        self.title_before.update_value(|before| _ = before.get_or_insert_with(page::title));
        page::set_title(&format!("Free: {room_name}"));
    }

    fn give_title_back(self) {
        if !page::is_hidden()
            && let Some(title) = self.title_before.try_update_value(Option::take).flatten()
        {
            page::set_title(&title);
        }
    }
}
