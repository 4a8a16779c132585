//! One session as the driver knows it, and its limits. Pure but for the orders to its connection.

use protocol::access::Access;
use protocol::control::{NAME_MAX_BYTES, Notice};
use protocol::ids::DisplayId;
use protocol::reason::EndReason;
use protocol::secure::{Grant, Limits};
use protocol::time::Micros;
use protocol::wire::Text;
use tokio::sync::mpsc;

use super::connection::{ConnectionId, Order};
use crate::platform::RingPerson;
use crate::record::Resumable;

/// So long before the end, the viewer is told.
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
    active_at: Micros,
    warned: bool,
    /// Until then it may go on without another word of the server.
    pub(super) leased_until: Micros,
    /// What the viewer chose; `None` before its first connection is open.
    pub(super) display: Option<DisplayId>,
    /// The viewer has been there.
    pub(super) was_open: bool,
    pub(super) is_silent: bool,
    pub(super) wants_thumbnails: bool,
    /// Somebody commanded a restart of the device and the viewer was not told yet that it is over.
    pub(super) restarting: bool,
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
            active_at: now,
            warned: false,
            leased_until: now,
            display: None,
            was_open: false,
            is_silent: false,
            wants_thumbnails: false,
            restarting: false,
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
            active_at: now,
            warned: false,
            leased_until: now,
            display: None,
            was_open: true,
            is_silent: false,
            wants_thumbnails: false,
            restarting: true,
        }
    }

    /// The viewer comes back with another grant. The switch stays as the viewer left it.
    pub(super) fn resume(&mut self, grant: &Grant, connection: Connection, now: Micros) {
        self.access = grant.access;
        self.limits = grant.limits;
        self.began_at = Micros(now.0.saturating_sub(grant.elapsed.0));
        self.presence = Presence::Connecting(connection);
        self.is_silent = false;
        self.wants_thumbnails = false;
        self.be_active(now);
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

    /// An order to an open connection; it is of no interest to others.
    pub(super) fn order(&self, order: Order) {
        if let Presence::Open(connection) = &self.presence {
            connection.order(order);
        }
    }

    pub(super) fn notice(&self, notice: Notice) {
        self.order(Order::Notice(notice));
    }

    /// Somebody does something.
    pub(super) fn be_active(&mut self, now: Micros) {
        self.active_at = now;
        self.warned = false;
    }

    pub(super) fn ring_person(&self) -> RingPerson {
        RingPerson { name: self.user_name.as_str().to_owned(), access: self.access, since: self.since.clone() }
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
        let (ends_at, reason) = self.ends_at();
        if ends_at <= now {
            return Some(Due::End(reason));
        }
        let remaining = ends_at.since(now);
        if remaining <= WARNING && !std::mem::replace(&mut self.warned, true) {
            return Some(Due::Warn { remaining, reason });
        }
        None
    }

    fn ends_at(&self) -> (Micros, EndReason) {
        let idle = (self.active_at + self.limits.idle, EndReason::Idle);
        let maximum = (self.began_at + self.limits.maximum, EndReason::MaximumDuration);
        if idle.0 < maximum.0 { idle } else { maximum }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ids::{ConsoleId, RoomId, SessionId, TenantId};
    use protocol::secure::PublicKey;

    fn session(idle_s: u64, maximum_s: u64, elapsed_s: u64) -> Session {
        let grant = Grant {
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
            restart_on_end: true,
            elapsed: Micros::from_secs(elapsed_s),
            user_name: Text::fitted("Tina"),
            audit_position: 7,
        };
        let (orders, _) = mpsc::channel(1);
        let connection = Connection::new(ConnectionId { session: grant.session, number: 1 }, orders);
        let mut session = Session::new(&grant, connection, String::new(), Micros::from_secs(10_000));
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
