use std::time::Duration;

use protocol::time::Micros;

use crate::consoles::LinkLimits;
use crate::relay::RelayLimits;

/// The bounds of everything that lives: sessions, links and sockets.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    pub session: SessionLimits,
    pub link: LinkLimits,
    pub relay: RelayLimits,
}

/// How long things may take and how many sessions there may be.
#[derive(Debug, Clone)]
pub struct SessionLimits {
    /// How long the console may take to agree, besides asking the people in its room.
    pub consent_within: Micros,
    /// How long a viewer may take to connect with its ticket.
    pub connect_within: Micros,
    /// How long a session waits for lost ends.
    pub grace: Micros,
    /// The same while the device restarts.
    pub restart_grace: Micros,
    /// The console ends a session at its longest duration; so much later, the server does.
    pub maximum_slack: Micros,
    /// How often leases are renewed.
    pub lease_every: Duration,
    /// How often to look for changes of access that did not come through this process.
    pub recheck_every: Duration,
    /// How often the login behind a live session is kept from running out for idleness.
    pub activity_every: Duration,
    /// How long the console may take to say good-bye to the viewer before the relay closes the sockets.
    pub farewell: Duration,
    /// How long a console's receipt waits for the end that it confirms, so that it stands behind it in the log.
    pub end_stored_within: Duration,
    /// How long to wait before an end that could not be stored is tried again.
    pub store_again_after: Duration,
    /// Live sessions of one console, and of one user.
    pub per_console_max: usize,
    pub per_user_max: usize,
    /// Messages that may wait for one session.
    pub inbox_max: usize,
    /// Events that one session may write to the audit log; a console that reports more is not believed.
    pub events_max: u32,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            consent_within: Micros::from_secs(35),
            connect_within: Micros::from_secs(30),
            grace: Micros::from_secs(15),
            restart_grace: Micros::from_secs(600),
            maximum_slack: Micros::from_secs(60),
            lease_every: Duration::from_secs(5),
            recheck_every: Duration::from_millis(500),
            activity_every: Duration::from_mins(1),
            farewell: Duration::from_secs(1),
            end_stored_within: Duration::from_secs(2),
            store_again_after: Duration::from_secs(1),
            per_console_max: 16,
            per_user_max: 16,
            inbox_max: 256,
            events_max: 5000,
        }
    }
}
