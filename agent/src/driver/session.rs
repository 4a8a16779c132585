//! One session as the driver knows it, and its limits. Pure but for the orders to its connection.

use protocol::access::Access;
use protocol::control::{NAME_MAX_BYTES, Notice};
use protocol::ids::DisplayId;
use protocol::reason::EndReason;
use protocol::secure::{Grant, Limits, SessionCode};
use protocol::terms::Terms;
use protocol::time::Micros;
use protocol::wire::Text;
use tokio::sync::mpsc;

use super::exchange::{ConnectionId, Order, Shown};
use crate::platform::RingPerson;
use crate::record::Resumable;

/// So long before the end, the viewer is told; of a limit that is shorter than twice as long, half of it.
const WARNING: Micros = Micros::from_secs(60);

/// A session that is not over.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, none excludes another")]
pub(super) struct Session {
    pub(super) user_name: Text<NAME_MAX_BYTES>,
    pub(super) access: Access,
    pub(super) restart_on_end: bool,
    pub(super) presence: Presence,
    /// When it started; earlier than its first connection when it was resumed.
    pub(super) began_at: Micros,
    /// The same as local time, for the ring.
    since: String,
    limits: Limits,
    pub(super) terms: Terms,
    active_at: Micros,
    /// The viewer was told that it ends for this reason.
    warned: Option<EndReason>,
    /// Of the connection that was opened last.
    pub(super) code: Option<SessionCode>,
    /// Until then it may go on without another word of the server.
    pub(super) leased_until: Micros,
    /// What the viewer chose; `None` before its first connection is open.
    pub(super) display: Option<DisplayId>,
    /// The viewer has been there.
    pub(super) was_open: bool,
    /// The viewer has been there since the device started.
    pub(super) is_since_restart: bool,
    pub(super) is_silent: bool,
    /// It was reported that a call pauses it.
    pub(super) is_paused: bool,
    pub(super) wants_thumbnails: bool,
    /// Somebody commanded a restart of the device and the viewer was not told yet that it is over.
    pub(super) restarting: bool,
    /// Over all connections that are over.
    shown: Option<Shown>,
}

/// Whether the viewer is there.
#[derive(Debug)]
pub(super) enum Presence {
    /// The viewer is expected.
    Connecting(Connection),
    Open(Connection),
    /// The line broke: the viewer may come back until then.
    Away {
        until: Micros,
    },
    /// The device restarts: the viewer may come back until then.
    Restarting {
        until: Micros,
    },
    /// The last messages are leaving; then, or at `until`, it is over.
    Ending {
        reason: EndReason,
        until: Micros,
        connection: Option<ConnectionId>,
    },
}

/// The driver's end of a connection's task, which ends with it.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    orders: mpsc::Sender<Order>,
}

impl Connection {
    pub(super) fn new(id: ConnectionId, orders: mpsc::Sender<Order>) -> Self {
        Self { id, orders }
    }

    /// False when the connection does not take it.
    pub(super) fn order(&self, order: Order) -> bool {
        self.orders.try_send(order).is_ok()
    }
}

/// What time asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Warn {
        remaining: Micros,
        reason: EndReason,
    },
    End(EndReason),
    /// The last messages have had their time.
    Finish,
}

impl Session {
    pub(super) fn new(grant: &Grant, connection: Connection, since: String, now: Micros) -> Self {
        Self {
            user_name: grant.user_name.clone(),
            access: grant.access,
            restart_on_end: grant.restart_on_end,
            presence: Presence::Connecting(connection),
            began_at: Micros(now.0.saturating_sub(grant.elapsed.0)),
            since,
            limits: grant.limits,
            terms: grant.terms,
            active_at: now,
            warned: None,
            code: None,
            leased_until: now,
            display: None,
            was_open: false,
            is_since_restart: false,
            is_silent: false,
            is_paused: false,
            wants_thumbnails: false,
            restarting: false,
            shown: None,
        }
    }

    /// A session that waits for its viewer after the device has restarted.
    pub(super) fn resumable(resumable: &Resumable, since: String, now: Micros) -> Self {
        let until = now + Micros::from_secs(resumable.remaining_s);
        Self {
            user_name: Text::fitted(&resumable.user_name),
            access: resumable.access,
            restart_on_end: resumable.restart_on_end,
            presence: Presence::Restarting { until },
            began_at: now,
            since,
            // The grant that resumes it brings the real ones.
            limits: Limits { idle: until, maximum: until },
            terms: Terms::default(),
            active_at: now,
            warned: None,
            code: None,
            leased_until: now,
            display: None,
            was_open: true,
            is_since_restart: false,
            is_silent: false,
            is_paused: false,
            wants_thumbnails: false,
            restarting: true,
            shown: None,
        }
    }

    /// The viewer comes back with another grant. The switch stays as the viewer left it, and a connection that is made
    /// anew is nothing that somebody did.
    pub(super) fn resume(&mut self, grant: &Grant, connection: Connection, now: Micros) {
        self.access = grant.access;
        self.limits = grant.limits;
        self.terms = grant.terms;
        self.began_at = Micros(now.0.saturating_sub(grant.elapsed.0));
        self.presence = Presence::Connecting(connection);
        self.is_silent = false;
        self.wants_thumbnails = false;
    }

    /// The viewer is there, and was told nothing yet.
    pub(super) fn open(&mut self, connection: Connection, code: SessionCode) {
        self.presence = Presence::Open(connection);
        self.code = Some(code);
        self.warned = None;
    }

    pub(super) fn connection(&self) -> Option<&Connection> {
        match &self.presence {
            Presence::Connecting(connection) | Presence::Open(connection) => Some(connection),
            _ => None,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.presence, Presence::Open(_))
    }

    pub(super) fn is_ending(&self) -> bool {
        matches!(self.presence, Presence::Ending { .. })
    }

    /// A connection is over, and these were its pictures.
    pub(super) fn was_shown(&mut self, shown: Option<Shown>) {
        self.shown = match (self.shown, shown) {
            (Some(before), Some(shown)) => {
                Some(Shown { first: before.first.min(shown.first), last: before.last.max(shown.last) })
            }
            (before, shown) => before.or(shown),
        };
    }

    /// From the first picture to the last.
    pub(super) fn shown_ms(&self) -> Option<u64> {
        self.shown.map(|shown| shown.last.since(shown.first).as_millis())
    }

    /// An order to an open connection; it is of no interest to others.
    pub(super) fn order(&self, order: Order) {
        if let Presence::Open(connection) = &self.presence {
            connection.order(order);
        }
    }

    pub(super) fn notice(&self, notice: Notice) {
        self.order(Order::Notice(notice));
    }

    /// Somebody does something: if the viewer was told that the session ends because nobody does, that is past.
    pub(super) fn be_active(&mut self, now: Micros) {
        self.active_at = now;
        if self.warned == Some(EndReason::Idle) {
            self.warned = None;
            self.notice(Notice::EndsLater);
        }
    }

    pub(super) fn ring_person(&self) -> RingPerson {
        RingPerson {
            name: self.user_name.as_str().to_owned(),
            access: self.access,
            since: self.since.clone(),
            code: self.code.as_ref().filter(|_| self.is_open()).map(ToString::to_string),
        }
    }

    /// What is due at `now`.
    pub(super) fn due(&mut self, now: Micros) -> Option<Due> {
        match &self.presence {
            Presence::Ending { until, .. } => return (*until <= now).then_some(Due::Finish),
            Presence::Restarting { until } => {
                return (*until <= now).then_some(Due::End(EndReason::RestartTimedOut));
            }
            Presence::Away { until } if *until <= now => return Some(Due::End(EndReason::ViewerLost)),
            Presence::Away { .. } | Presence::Connecting(_) | Presence::Open(_) => {}
        }
        if self.leased_until <= now {
            return Some(Due::End(EndReason::LeaseExpired));
        }
        let (ends_at, limit, reason) = self.ends_at();
        if ends_at <= now {
            return Some(Due::End(reason));
        }
        let remaining = ends_at.since(now);
        let is_near = remaining <= WARNING.min(Micros(limit.0 / 2));
        if is_near && self.warned.replace(reason) != Some(reason) {
            return Some(Due::Warn { remaining, reason });
        }
        None
    }

    /// When it ends by itself, by which limit and for what reason.
    fn ends_at(&self) -> (Micros, Micros, EndReason) {
        let Limits { idle, maximum } = self.limits;
        let idle = (self.active_at + idle, idle, EndReason::Idle);
        let maximum = (self.began_at + maximum, maximum, EndReason::MaximumDuration);
        if idle.0 < maximum.0 { idle } else { maximum }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ids::{ConsoleId, RoomId, SessionId, TenantId};
    use protocol::secure::PublicKey;

    fn grant(idle_s: u64, maximum_s: u64, elapsed_s: u64) -> Grant {
        Grant {
            version: protocol::VERSION,
            tenant: TenantId::new("contoso").expect("a slug"),
            room: RoomId::new("aurora").expect("a slug"),
            console: ConsoleId([1; 16]),
            session: SessionId([2; 16]),
            agent_key: PublicKey([3; 32]),
            viewer_key: PublicKey([4; 32]),
            nonce: [5; 32],
            access: Access::View,
            limits: Limits { idle: Micros::from_secs(idle_s), maximum: Micros::from_secs(maximum_s) },
            terms: Terms::default(),
            restart_on_end: true,
            elapsed: Micros::from_secs(elapsed_s),
            user_name: Text::fitted("Tina"),
            audit_position: 7,
        }
    }

    fn connection(number: u32) -> (Connection, mpsc::Receiver<Order>) {
        let (orders, received) = mpsc::channel(8);
        (Connection::new(ConnectionId { session: SessionId([2; 16]), number }, orders), received)
    }

    fn session(idle_s: u64, maximum_s: u64, elapsed_s: u64) -> Session {
        let grant = grant(idle_s, maximum_s, elapsed_s);
        let mut session = Session::new(&grant, connection(1).0, String::new(), Micros::from_secs(10_000));
        session.leased_until = Micros::from_secs(1_000_000);
        session
    }

    fn due(session: &mut Session, after_s: u64) -> Option<Due> {
        session.due(Micros::from_secs(10_000 + after_s))
    }

    #[test]
    fn an_idle_session_is_warned_once_and_ends() {
        let mut session = session(900, 14_400, 0);
        assert_eq!(due(&mut session, 839), None);
        let remaining = Micros::from_secs(60);
        assert_eq!(due(&mut session, 840), Some(Due::Warn { remaining, reason: EndReason::Idle }));
        assert_eq!(due(&mut session, 841), None);
        assert_eq!(due(&mut session, 900), Some(Due::End(EndReason::Idle)));
    }

    #[test]
    fn activity_puts_the_end_off_and_the_warning_comes_again() {
        let mut session = session(900, 14_400, 0);
        assert!(due(&mut session, 850).is_some());
        session.be_active(Micros::from_secs(10_860));
        assert_eq!(due(&mut session, 900), None);
        assert!(matches!(due(&mut session, 1_700), Some(Due::Warn { reason: EndReason::Idle, .. })));
    }

    #[test]
    fn a_warning_is_taken_back_by_activity_and_by_nothing_else() {
        let mut session = session(900, 14_400, 0);
        let (first, mut heard) = connection(1);
        session.open(first, SessionCode::of(&[7; 32]));
        session.be_active(Micros::from_secs(10_010));
        assert!(heard.try_recv().is_err(), "there was no warning to take back");
        let Some(Due::Warn { remaining, .. }) = due(&mut session, 850) else { panic!("it is near") };
        assert_eq!(remaining, Micros::from_secs(60));
        session.be_active(Micros::from_secs(10_860));
        assert!(matches!(heard.try_recv(), Ok(Order::Notice(Notice::EndsLater))));

        assert!(due(&mut session, 1_701).is_some());
        let (second, mut heard) = connection(2);
        session.resume(&grant(900, 14_400, 1_702), second, Micros::from_secs(11_702));
        assert!(heard.try_recv().is_err());
        let Presence::Connecting(second) =
            std::mem::replace(&mut session.presence, Presence::Away { until: Micros(0) })
        else {
            panic!("it connects");
        };
        session.open(second, SessionCode::of(&[8; 32]));
        let again = due(&mut session, 1_703);
        assert_eq!(again, Some(Due::Warn { remaining: Micros::from_secs(57), reason: EndReason::Idle }), "told anew");
        assert_eq!(due(&mut session, 1_760), Some(Due::End(EndReason::Idle)), "coming back was not doing something");
    }

    #[test]
    fn the_longest_duration_is_announced_once_whatever_is_done() {
        let mut session = session(900, 1_000, 0);
        assert!(matches!(due(&mut session, 890), Some(Due::Warn { reason: EndReason::Idle, .. })));
        session.be_active(Micros::from_secs(10_895));
        assert_eq!(due(&mut session, 900), None);
        let warning = Due::Warn { remaining: Micros::from_secs(60), reason: EndReason::MaximumDuration };
        assert_eq!(due(&mut session, 940), Some(warning));
        session.be_active(Micros::from_secs(10_950));
        assert_eq!(due(&mut session, 951), None, "what is done does not put it off");
        assert_eq!(due(&mut session, 1_000), Some(Due::End(EndReason::MaximumDuration)));
    }

    #[test]
    fn of_a_short_limit_half_is_quiet() {
        let mut session = session(60, 14_400, 0);
        assert_eq!(due(&mut session, 29), None);
        let warning = Due::Warn { remaining: Micros::from_secs(30), reason: EndReason::Idle };
        assert_eq!(due(&mut session, 30), Some(warning));
    }

    #[test]
    fn pictures_count_from_the_first_to_the_last_of_all_connections() {
        let mut session = session(900, 14_400, 0);
        let shown = |first, last| Some(Shown { first: Micros::from_secs(first), last: Micros::from_secs(last) });
        session.was_shown(None);
        assert_eq!(session.shown_ms(), None);
        session.was_shown(shown(10_020, 10_030));
        session.was_shown(None);
        assert_eq!(session.shown_ms(), Some(10_000));
        session.was_shown(shown(10_010, 10_015));
        session.was_shown(shown(10_040, 10_050));
        assert_eq!(session.shown_ms(), Some(40_000));
    }

    #[test]
    fn the_longest_duration_counts_from_the_first_connection() {
        let mut session = session(900, 1_000, 400);
        assert!(matches!(due(&mut session, 540), Some(Due::Warn { reason: EndReason::MaximumDuration, .. })));
        session.be_active(Micros::from_secs(10_590));
        assert_eq!(due(&mut session, 600), Some(Due::End(EndReason::MaximumDuration)));
    }

    #[test]
    fn without_a_lease_it_ends_wherever_the_viewer_is() {
        let mut session = session(900, 14_400, 0);
        session.leased_until = Micros::from_secs(10_015);
        assert_eq!(due(&mut session, 14), None);
        assert_eq!(due(&mut session, 15), Some(Due::End(EndReason::LeaseExpired)));
        session.presence = Presence::Away { until: Micros::from_secs(10_020) };
        assert_eq!(due(&mut session, 16), Some(Due::End(EndReason::LeaseExpired)));
    }

    #[test]
    fn a_restart_needs_no_lease_but_has_an_end() {
        let mut session = session(900, 14_400, 0);
        session.leased_until = Micros::ZERO;
        session.presence = Presence::Restarting { until: Micros::from_secs(10_600) };
        assert_eq!(due(&mut session, 599), None);
        assert_eq!(due(&mut session, 600), Some(Due::End(EndReason::RestartTimedOut)));
    }
}
