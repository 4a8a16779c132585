//! How sessions end, and how the device restarts.

use protocol::control::{Notice, RestartPhase};
use protocol::ids::SessionId;
use protocol::link::SessionEvent;
use protocol::reason::EndReason;
use protocol::time::Micros;
use tokio::task::block_in_place;

use super::Core;
use super::exchange::{ConnectionId, Order, Over, Shown};
use super::session::{Due, Presence};
use crate::record::{End, RESTART_WINDOW_S};

/// The last messages leave within this, or the session ends without them.
const ENDING_TIMEOUT: Micros = Micros::from_secs(3);

impl Core {
    /// Begins a session's end: from here on nothing of it reaches the console. It is over when its last messages are
    /// gone.
    pub(super) fn end_session(&mut self, id: SessionId, reason: EndReason) {
        let until = self.now.at + ENDING_TIMEOUT;
        if self.sessions.get(&id).is_none_or(super::Session::is_ending) {
            return;
        }
        self.let_go(id);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let ending = Presence::Ending { reason, until, connection: None };
        let (Presence::Connecting(connection) | Presence::Open(connection)) =
            std::mem::replace(&mut session.presence, ending)
        else {
            return self.finish(id);
        };
        session.presence = Presence::Ending { reason, until, connection: Some(connection.id) };
        let is_told = connection.order(Order::Watch(None)) && connection.order(Order::Close(reason));
        if !is_told {
            tracing::warn!(session.id = %id, "a connection takes no orders; it ends without a word");
        }
        // The orders' end is dropped here: after the close, or instead of it, that ends the task.
        drop(connection);
        self.choose_input_holder();
        self.send_people();
    }

    /// What this session's viewer holds is released.
    fn let_go(&mut self, id: SessionId) {
        if self.input_holder == Some(id) {
            self.release_input();
            self.input_holder = None;
        }
    }

    pub(super) fn take_over(&mut self, id: ConnectionId, over: Over, shown: Option<Shown>) {
        let Some(session) = self.sessions.get_mut(&id.session) else { return };
        session.was_shown(shown);
        let is_ending = matches!(session.presence, Presence::Ending { connection: Some(ending), .. } if ending == id);
        if is_ending {
            return self.finish(id.session);
        }
        if session.connection().is_none_or(|connection| connection.id != id) {
            return;
        }
        match over {
            Over::Ended(reason) => {
                self.end_session(id.session, reason);
                self.finish(id.session);
            }
            Over::Broken => self.wait_for(id.session),
        }
    }

    /// The line broke: the session waits for its viewer.
    fn wait_for(&mut self, id: SessionId) {
        self.let_go(id);
        let now = self.now.at;
        let is_restarting = self.restart.is_some();
        let away = self.timing.away;
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.presence = if is_restarting {
            Presence::Restarting { until: now + Micros::from_secs(RESTART_WINDOW_S) }
        } else {
            Presence::Away { until: now + away }
        };
        tracing::info!(session.id = %id, is_restarting, "a session waits for its viewer");
        self.choose_input_holder();
        self.send_people();
    }

    pub(super) fn take_due(&mut self, id: SessionId, now: Micros) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        match session.due(now) {
            Some(Due::Warn { remaining, reason }) => session.notice(Notice::EndsSoon { remaining, reason }),
            Some(Due::End(reason)) => {
                let never_came = reason == EndReason::ViewerLost && !session.was_open;
                self.end_session(id, if never_came { EndReason::NeverConnected } else { reason });
            }
            Some(Due::Finish) => self.finish(id),
            None => {}
        }
    }

    /// A session is over: keys are released, capture has stopped, its last message is gone. Now the ring follows, the
    /// server hears of it, and the device restarts if it was the last one and somebody wanted that.
    fn finish(&mut self, id: SessionId) {
        let Some(session) = self.sessions.remove(&id) else { return };
        let Presence::Ending { reason, .. } = session.presence else { return };
        let has_restarted = reason == EndReason::RestartTimedOut;
        let wants_restart = session.restart_on_end && session.is_since_restart && !has_restarted;
        let is_last = self.sessions.is_empty();
        if is_last {
            self.signals.forget_user();
        }
        let is_wanted = wants_restart || self.record.restart_wanted();
        let restarts = is_last && is_wanted && self.power.can_restart();
        let end = End { session: id, reason, restarts, shown_ms: session.shown_ms() };
        // Before the ring: one that fails ends the others, and the last of them has to know what this one wanted.
        self.record.ended(end, wants_restart);
        if is_last && session.was_open && !has_restarted {
            self.tell_room_of_end(&session, restarts);
        }
        self.update_ring();
        self.event(id, SessionEvent::IndicatorHidden);
        if is_last && self.restart.is_some() {
            self.end_restart();
        }
        tracing::info!(session.id = %id, reason = reason.code(), restarts, "a session is over");
        self.say_receipts();
        self.restart_if_due();
        self.write_status();
    }

    /// Restarts the device if that is due, once, and not while somebody talks.
    pub(super) fn restart_if_due(&mut self) {
        if !self.record.restart_due() || !self.call.is_idle() || !self.sessions.is_empty() {
            return;
        }
        if !self.record.take_restart() {
            return;
        }
        tracing::info!("the device restarts because a session ended");
        let power = &mut self.power;
        if let Err(error) = block_in_place(|| power.restart()) {
            tracing::error!(%error, "the device cannot be restarted");
        }
    }

    /// A commanded restart: the displays went and came back while the agent stayed (a simulated console does that).
    pub(super) fn take_displays_of_restart(&mut self) {
        let (displays, _) = self.displays.list();
        let Some(restart) = &mut self.restart else { return };
        if displays.is_empty() {
            restart.went_down = true;
        } else if restart.went_down {
            for session in self.sessions.values().filter(|session| session.restarting) {
                session.notice(Notice::Restart { phase: RestartPhase::AgentBack });
            }
        }
    }

    /// A viewer gets a picture. After a restart, that is the end of waiting.
    pub(super) fn take_picture_live(&mut self, id: SessionId) {
        let is_back = self.restart.is_none_or(|restart| restart.went_down);
        let Some(session) = self.sessions.get_mut(&id).filter(|session| session.restarting && is_back) else { return };
        session.restarting = false;
        session.notice(Notice::Restart { phase: RestartPhase::DisplayReady });
        self.event(id, SessionEvent::Restarted);
        if self.sessions.values().all(|session| !session.restarting) {
            self.end_restart();
        }
    }

    /// A restart that does not take the device down is none.
    pub(super) fn give_up_restart(&mut self, now: Micros) {
        let is_over = self
            .restart
            .is_some_and(|restart| !restart.went_down && self.timing.going_down <= now.since(restart.since));
        if is_over {
            tracing::warn!("a restart was commanded and the device did not go down");
            for session in self.sessions.values() {
                session.notice(Notice::Restart { phase: RestartPhase::DisplayReady });
            }
            self.end_restart();
        }
    }

    pub(super) fn end_restart(&mut self) {
        self.restart = None;
        self.record.set_restarting(None);
        for session in self.sessions.values_mut() {
            session.restarting = false;
        }
        if !self.call.is_idle() {
            // From here on, a call is one again for those whose sessions it ends.
            self.follow_call();
        }
    }
}
