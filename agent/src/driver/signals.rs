//! How the room's devices are, and whether somebody else is signed in at the console than when people connected.

use protocol::control::{CommandKind, CommandRefusal, Notice};
use protocol::ids::SessionId;
use protocol::link::{FromAgent, SessionEvent};
use protocol::reason::EndReason;
use protocol::signals::{SYSTEM_USER_MAX_BYTES, Signals, SystemUser};
use protocol::wire::Text;

use super::session::Session;
use super::{Core, LinkState};

/// What the last look found, and what follows from it.
#[derive(Debug, Default)]
pub(super) struct Watched {
    pub(super) last: Signals,
    switch: UserSwitch,
}

/// Whether another system user is signed in than when the first of the present sessions began.
#[derive(Debug, Default)]
struct UserSwitch {
    /// `None` while nobody is connected, and until it can be told.
    at_start: Option<SystemUser>,
    to: Option<Text<SYSTEM_USER_MAX_BYTES>>,
}

impl UserSwitch {
    /// True when the answer is another one now. A look that cannot tell changes nothing.
    fn look(&mut self, user: &SystemUser) -> bool {
        let to = match user {
            SystemUser::Unknown => return false,
            SystemUser::SignedIn { name } if self.at_start.get_or_insert_with(|| user.clone()) != user => {
                Some(name.clone())
            }
            SystemUser::Nobody | SystemUser::SignedIn { .. } => {
                self.at_start.get_or_insert_with(|| user.clone());
                None
            }
        };
        let is_new = self.to != to;
        self.to = to;
        is_new
    }
}

impl Watched {
    /// Nobody is connected any more.
    pub(super) fn forget_user(&mut self) {
        self.switch = UserSwitch::default();
    }
}

impl Core {
    pub(super) fn take_signals(&mut self, signals: Signals) {
        self.signals.last = signals;
        self.say_signals();
        let is_watched = self.sessions.values().any(|session| session.was_open);
        if is_watched && self.signals.switch.look(&self.signals.last.user) {
            let ids: Vec<_> =
                self.sessions.iter().filter(|(_, session)| !session.is_ending()).map(|(id, _)| *id).collect();
            for id in ids {
                self.tell_of_user(id);
                if let Some(user) = self.signals.switch.to.clone() {
                    self.event(id, SessionEvent::UserSwitched { user });
                }
            }
        }
        self.write_status();
    }

    /// Tells the server, if it is there, what the last look found.
    pub(super) fn say_signals(&mut self) {
        let was_looked = !self.signals.last.list.is_empty();
        if was_looked && matches!(self.link_state, LinkState::Up(_)) {
            let signals = self.signals.last.clone();
            self.send(FromAgent::Signals { signals });
        }
    }

    /// A viewer is there: from now on a switch of the user is followed.
    pub(super) fn follow_user(&mut self, id: SessionId) {
        self.signals.switch.look(&self.signals.last.user);
        self.tell_of_user(id);
    }

    fn tell_of_user(&self, id: SessionId) {
        if let Some(session) = self.sessions.get(&id) {
            let user = self.signals.switch.to.clone();
            session.notice(Notice::UserSwitched { user, can_sign_out: self.power.can_restart() });
        }
    }

    /// Ends a session so that the device restarts after it, whatever the switch says: that signs out who is signed in.
    pub(super) fn sign_out_and_restart(&mut self, id: SessionId) {
        if !self.power.can_restart() {
            return self.refuse_command(id, CommandKind::SignOutAndRestart, CommandRefusal::Unsupported);
        }
        let Some(session) = self.sessions.get_mut(&id).filter(|session: &&mut Session| !session.is_ending()) else {
            return;
        };
        session.restart_on_end = true;
        self.record.set_restart_on_end(id, true);
        self.event(id, SessionEvent::SignOutRequested);
        self.end_session(id, EndReason::EndedByViewer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> SystemUser {
        SystemUser::SignedIn { name: Text::fitted(name) }
    }

    /// What is announced after each look.
    fn announced(looks: &[SystemUser]) -> Vec<Option<&str>> {
        let mut switch = UserSwitch::default();
        let mut announced = Vec::new();
        for user in looks {
            let before = switch.to.clone();
            let is_new = switch.look(user);
            assert_eq!(is_new, before != switch.to);
            let to = switch.to.as_ref().map(|name| if name.as_str() == "admin" { "admin" } else { "other" });
            announced.push(to);
        }
        announced
    }

    #[test]
    fn a_switch_is_announced_until_the_first_user_is_back() {
        let looks = [named("room"), named("admin"), SystemUser::Unknown, named("room"), SystemUser::Nobody];
        assert_eq!(announced(&looks), [None, Some("admin"), Some("admin"), None, None]);
    }

    #[test]
    fn somebody_who_signs_in_where_nobody_was_is_a_switch() {
        assert_eq!(announced(&[SystemUser::Nobody, named("admin"), SystemUser::Nobody]), [None, Some("admin"), None]);
    }

    #[test]
    fn the_first_user_who_can_be_told_counts_as_the_first() {
        let looks = [SystemUser::Unknown, named("admin"), SystemUser::Unknown, named("x")];
        assert_eq!(announced(&looks), [None, None, None, Some("other")]);
    }
}
