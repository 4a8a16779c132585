//! When a session ends by itself, from what is known about its ends. Pure: times go in.

use protocol::reason::EndReason;
use protocol::time::Micros;

use super::SessionLimits;

/// Where the viewer's and the agent's sockets stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sockets {
    /// Tickets are out; both sides are to come.
    Expected {
        until: Micros,
    },
    Joined,
    /// They were there and are not.
    Away {
        until: Micros,
    },
}

/// Where the console's link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Up,
    Down { until: Micros },
}

/// The life of one session.
#[derive(Debug)]
pub struct Life {
    grace: Micros,
    restart_grace: Micros,
    connect_within: Micros,
    /// When the session ends in any case.
    last: Micros,
    sockets: Sockets,
    link: Link,
    /// Sockets were joined once.
    connected: bool,
    /// The device restarts: everything may be away for longer, until then.
    restarting_until: Option<Micros>,
}

impl Life {
    /// A session that the console is asked about at `now`, and that may last for `maximum`. People in the room may decline
    /// it for as long as `asks_for`.
    pub fn new(limits: &SessionLimits, maximum: Micros, asks_for: Micros, now: Micros) -> Self {
        Self {
            grace: limits.grace,
            restart_grace: limits.restart_grace,
            connect_within: limits.connect_within,
            last: now + maximum + limits.maximum_slack,
            sockets: Sockets::Expected { until: now + limits.consent_within + asks_for },
            link: Link::Up,
            connected: false,
            restarting_until: None,
        }
    }

    /// The console agreed, and the viewer has its ticket.
    pub fn expected(&mut self, now: Micros) {
        self.sockets = Sockets::Expected { until: now + self.connect_within };
    }

    pub fn joined(&mut self) {
        self.sockets = Sockets::Joined;
        self.connected = true;
        self.restarting_until = None;
    }

    pub fn parted(&mut self, now: Micros) {
        // An attempt that never came together does not shorten the wait for the first one.
        if self.sockets == Sockets::Joined || self.connected {
            self.sockets = Sockets::Away { until: now + self.grace };
        }
    }

    pub fn link_up(&mut self) {
        self.link = Link::Up;
    }

    pub fn link_down(&mut self, now: Micros) {
        if self.link == Link::Up {
            self.link = Link::Down { until: now + self.grace };
        }
    }

    /// The viewer asked for a restart of the device.
    pub fn restarting(&mut self, now: Micros) {
        self.restarting_until = Some(now + self.restart_grace);
    }

    /// Without its agent a session has no viewer either, whichever was noticed first.
    fn lost(&self) -> EndReason {
        match self.link {
            Link::Up => EndReason::ViewerLost,
            Link::Down { .. } => EndReason::AgentLost,
        }
    }

    /// When something is due, and the reason for which the session ends then.
    pub fn end(&self) -> (Micros, EndReason) {
        let sockets = match self.sockets {
            Sockets::Joined => None,
            Sockets::Expected { until } if !self.connected => Some((until, EndReason::NeverConnected)),
            Sockets::Expected { until } | Sockets::Away { until } => Some(self.patient(until, self.lost())),
        };
        let link = match self.link {
            Link::Up => None,
            Link::Down { until } => Some(self.patient(until, EndReason::AgentLost)),
        };
        let last = Some((self.last, EndReason::MaximumDuration));
        // The link comes first: without its agent a session has no viewer either.
        [link, sockets, last]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at)
            .unwrap_or((self.last, EndReason::MaximumDuration))
    }

    /// During a restart of the device everything may take longer.
    fn patient(&self, until: Micros, reason: EndReason) -> (Micros, EndReason) {
        match self.restarting_until {
            Some(restarted) if until < restarted => (restarted, EndReason::RestartTimedOut),
            _ => (until, reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Micros = Micros::from_secs(3600);

    fn at(seconds: u64) -> Micros {
        Micros::from_secs(seconds)
    }

    fn life() -> Life {
        Life::new(&SessionLimits::default(), HOUR, Micros::ZERO, at(0))
    }

    #[test]
    fn a_viewer_has_30_seconds_to_come_for_the_first_time() {
        let mut life = life();
        assert_eq!(life.end(), (at(35), EndReason::NeverConnected));
        life.expected(at(20));
        assert_eq!(life.end(), (at(50), EndReason::NeverConnected));
        life.parted(at(21));
        assert_eq!(life.end(), (at(50), EndReason::NeverConnected), "one side gave up; a resume may still come");
        life.joined();
        assert_eq!(life.end().1, EndReason::MaximumDuration);
    }

    #[test]
    fn people_in_the_room_are_waited_for() {
        let life = Life::new(&SessionLimits::default(), HOUR, at(20), at(0));
        assert_eq!(life.end(), (at(55), EndReason::NeverConnected));
    }

    #[test]
    fn lost_ends_have_15_seconds_to_come_back() {
        let mut life = life();
        life.joined();
        life.parted(at(100));
        assert_eq!(life.end(), (at(115), EndReason::ViewerLost));
        life.link_down(at(100));
        life.link_down(at(110));
        assert_eq!(life.end(), (at(115), EndReason::AgentLost), "the link was lost at the same time: it is the cause");
        life.link_up();
        life.expected(at(114));
        assert_eq!(life.end(), (at(144), EndReason::ViewerLost));
        life.joined();
        assert_eq!(life.end().1, EndReason::MaximumDuration);
    }

    #[test]
    fn a_killed_agent_is_the_cause_although_its_sockets_break_first() {
        let mut life = life();
        life.joined();
        life.parted(at(100));
        life.link_down(at(101));
        assert_eq!(life.end(), (at(115), EndReason::AgentLost));
    }

    #[test]
    fn a_restart_of_the_device_gives_ten_minutes() {
        let mut life = life();
        life.joined();
        life.restarting(at(100));
        life.parted(at(101));
        life.link_down(at(102));
        assert_eq!(life.end(), (at(700), EndReason::RestartTimedOut));
        life.link_up();
        assert_eq!(life.end(), (at(700), EndReason::RestartTimedOut));
        life.expected(at(200));
        life.joined();
        life.parted(at(300));
        assert_eq!(life.end(), (at(315), EndReason::ViewerLost), "the restart is over");
    }

    #[test]
    fn the_longest_duration_counts_from_the_start() {
        let mut life = life();
        life.joined();
        let (last, reason) = life.end();
        assert!(HOUR <= last && reason == EndReason::MaximumDuration);
    }
}
