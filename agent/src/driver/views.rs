//! What viewers see of the console, and the room of the viewers: pictures, displays, people, the ring.

use protocol::control::{Notice, Person, PictureState};
use protocol::ids::SessionId;
use protocol::reason::EndReason;
use protocol::wire::List;
use tokio::sync::mpsc;
use tokio::task::block_in_place;

use super::Driver;
use super::connection::Order;
use super::session::Session;
use crate::platform::PlatformError;

impl Driver {
    /// Has a viewer see what it should: its display, or nothing and why.
    pub(super) fn update_watch(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id).filter(|session| session.is_open()) else { return };
        let rests = match () {
            () if !self.call.is_idle() => Some(PictureState::PausedByCall),
            () if session.is_silent => Some(PictureState::PausedBySilence),
            () => None,
        };
        if let Some(state) = rests {
            session.order(Order::Watch(None));
            session.order(Order::Thumbnails(None));
            return session.notice(Notice::Picture { state });
        }
        let Some(display) = session.display else { return };
        let watch = self.pictures.watch(display);
        if watch.is_none() {
            session.notice(Notice::Picture { state: PictureState::Starting });
        }
        session.order(Order::Watch(watch));
        self.update_thumbnails(id);
    }

    pub(super) fn update_thumbnails(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        if !session.wants_thumbnails {
            return session.order(Order::Thumbnails(None));
        }
        let (displays, _) = self.displays.list();
        let (sender, thumbnails) = mpsc::channel(displays.len().max(1));
        session.order(Order::Thumbnails(Some(thumbnails)));
        for display in displays {
            self.pictures.watch_thumbnails(display.id, sender.clone());
        }
    }

    pub(super) fn take_displays(&mut self) {
        self.hello();
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            self.send_displays(id);
            self.update_thumbnails(id);
        }
        self.take_displays_of_restart();
        self.write_status();
    }

    pub(super) fn send_displays(&self, id: SessionId) {
        let (displays, epoch) = self.displays.list();
        if let Some(session) = self.sessions.get(&id)
            && let Some(selected) = session.display
        {
            session.notice(Notice::Displays { displays: List::fitted(displays), selected, epoch });
        }
    }

    pub(super) fn send_people(&self) {
        let now = self.clock.now();
        for (you, session) in self.sessions.iter().filter(|(_, session)| session.is_open()) {
            let people = self.sessions.iter().filter(|(_, other)| !other.is_ending());
            let people = people.map(|(id, other)| Person {
                name: other.user_name.clone(),
                access: other.access,
                connected_for: now.since(other.began_at),
                you: id == you,
                holds_input: self.input_holder == Some(*id),
            });
            session.notice(Notice::People { people: List::fitted(people.collect()) });
        }
    }

    /// A call started or ended: pictures and input stop, or come back.
    pub(super) fn pause_or_go_on(&mut self) {
        if !self.call.is_idle() {
            self.release_input();
        }
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            self.update_watch(id);
        }
    }

    pub(super) fn show_ring(&mut self) -> Result<(), PlatformError> {
        let people: Vec<_> = self.sessions.values().map(Session::ring_person).collect();
        let ring = &mut self.ring.0;
        block_in_place(|| ring.show(&people))
    }

    /// The ring names who is connected, and is gone when nobody is. Without it nobody stays.
    pub(super) fn update_ring(&mut self) {
        if self.sessions.is_empty() {
            let ring = &mut self.ring.0;
            block_in_place(|| ring.hide());
        } else if let Err(error) = self.show_ring() {
            tracing::error!(%error, "the ring cannot be shown; every session ends");
            let ids: Vec<_> = self.sessions.keys().copied().collect();
            for id in ids {
                self.end_session(id, EndReason::IndicatorFailed);
            }
        }
    }
}
