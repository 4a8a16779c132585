//! What viewers see of the console, and of each other: pictures, displays, people, and what a call does to them.

use protocol::control::{Notice, Person, PictureState};
use protocol::ids::SessionId;
use protocol::link::SessionEvent;
use protocol::reason::EndReason;
use protocol::refusal::RefusalCode;
use protocol::terms::CallPolicy;
use protocol::wire::List;
use tokio::sync::mpsc;

use super::Core;
use super::exchange::Order;
use super::session::Session;

impl Core {
    /// Has a viewer see what it should: its display, or nothing and why.
    pub(super) fn update_watch(&mut self, id: SessionId) {
        self.report_pause(id);
        let Some(session) = self.sessions.get(&id).filter(|session| session.is_open()) else { return };
        let rests = match () {
            () if self.is_paused(session) => Some(PictureState::PausedByCall),
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
        if !session.wants_thumbnails || session.is_silent || self.is_paused(session) {
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
        let now = self.now.at;
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

    /// Nothing of this session passes in either direction because of a call.
    pub(super) fn is_paused(&self, session: &Session) -> bool {
        !self.call.is_idle() && session.terms.when_call_starts != CallPolicy::Continue
    }

    /// That a call pauses a session, and that it goes on, is on record.
    fn report_pause(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id).filter(|session| session.is_open()) else { return };
        let is_paused = self.is_paused(session);
        let Some(session) = self.sessions.get_mut(&id).filter(|session| session.is_paused != is_paused) else { return };
        session.is_paused = is_paused;
        self.event(id, if is_paused { SessionEvent::Paused } else { SessionEvent::Resumed });
    }

    /// A call started or ended: each session does what its policy says, and nobody begins one.
    pub(super) fn follow_call(&mut self) {
        let holder = self.input_holder.and_then(|id| self.sessions.get(&id));
        if holder.is_some_and(|session| self.is_paused(session)) {
            self.release_input();
        }
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            self.meet_call(id);
        }
        if !self.call.is_idle() && !self.asking.is_empty() {
            self.refuse_asking(RefusalCode::InCall);
            self.update_ring();
        }
    }

    /// Ends a session, or has its viewer see what it should, by the policy for calls. While the device restarts nobody
    /// can tell whether there is one: then the picture rests at most.
    pub(super) fn meet_call(&mut self, id: SessionId) {
        let in_call = !self.call.is_idle();
        let Some(session) = self.sessions.get(&id).filter(|session| !session.is_ending()) else { return };
        if in_call && session.terms.when_call_starts == CallPolicy::End && !session.restarting {
            return self.end_session(id, EndReason::CallStarted);
        }
        self.update_watch(id);
        // Behind the picture's state: by then the viewer knows whether it has to wait.
        if let Some(session) = self.sessions.get(&id) {
            session.notice(Notice::InCall { on: in_call });
        }
    }
}
