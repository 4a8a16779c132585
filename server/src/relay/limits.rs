use std::time::Duration;

use protocol::time::Micros;

/// Largest message that the relay carries, in bytes: one Noise message and some room.
pub const MESSAGE_MAX_BYTES: usize = 66 << 10;

/// How long things may take and how many there may be.
#[derive(Debug, Clone)]
pub struct RelayLimits {
    /// How long a ticket is good.
    pub ticket_lifetime: Micros,
    /// Tickets that may wait to be used, over all sessions.
    pub tickets_max: usize,
    /// How long a socket waits for its first message.
    pub opening_within: Duration,
    /// How long the first socket of a pair waits for the other.
    pub peer_within: Duration,
    /// How long one message may take to be written.
    pub write_within: Duration,
    /// How often each side is pinged.
    pub ping_every: Duration,
    /// Without a frame from a side for so long, it is taken for gone.
    pub silent_after: Duration,
    /// How long a closing handshake may take.
    pub close_within: Duration,
}

impl Default for RelayLimits {
    fn default() -> Self {
        Self {
            ticket_lifetime: Micros::from_secs(30),
            tickets_max: 8192,
            opening_within: Duration::from_secs(10),
            peer_within: Duration::from_secs(30),
            write_within: Duration::from_secs(10),
            ping_every: Duration::from_secs(20),
            silent_after: Duration::from_mins(1),
            close_within: Duration::from_secs(2),
        }
    }
}
