use std::time::Duration;

use protocol::link::LINK_MESSAGE_MAX_BYTES;
use protocol::secure::noise::TAG_BYTES;
use protocol::time::Micros;

/// Largest message on a link in bytes, sealed.
pub const MESSAGE_MAX_BYTES: usize = LINK_MESSAGE_MAX_BYTES + TAG_BYTES;
/// Largest side of a display in pixels.
pub(super) const DISPLAY_SIDE_MAX_PX: u16 = 8192;

/// How long things may take and how many there may be on one link.
#[derive(Debug, Clone)]
pub struct LinkLimits {
    /// How long each message of the opening and the handshake may take.
    pub handshake_within: Duration,
    /// How long one message may take to be written.
    pub write_within: Duration,
    /// How often the agent is pinged.
    pub ping_every: Duration,
    /// Without a frame for so long, the link is taken for broken.
    pub silent_after: Duration,
    /// Without a pulse for so long, the console is not monitored.
    pub pulse_within: Micros,
    /// Messages from the agent: how many at once, and how often on average.
    pub messages_burst: u32,
    pub message_every: Micros,
    /// Greetings: they are written to the database.
    pub greetings_burst: u32,
    pub greeting_every: Micros,
    /// Signals: they are written to the database, too. An agent looks less often than this.
    pub signals_burst: u32,
    pub signals_every: Micros,
    /// Messages that may wait to be written to the agent.
    pub outgoing_max: usize,
    /// Questions that may wait for the agent's answer.
    pub questions_max: usize,
    /// How long the agent may take to make a nonce.
    pub nonce_within: Duration,
    /// How long the agent may take to accept an offer, besides asking the people in its room. With the longest time
    /// for those, and that of a nonce, it is less than a request may take.
    pub offer_within: Duration,
    /// How long a closing handshake may take.
    pub close_within: Duration,
    /// Links of one console may take the place of one another so often within this time; more are two machines with one
    /// key.
    pub swaps_max: usize,
    pub swaps_within: Micros,
}

impl Default for LinkLimits {
    fn default() -> Self {
        Self {
            handshake_within: Duration::from_secs(10),
            write_within: Duration::from_secs(10),
            ping_every: Duration::from_secs(20),
            silent_after: Duration::from_secs(65),
            pulse_within: Micros::from_secs(65),
            messages_burst: 40,
            message_every: Micros::from_millis(50),
            greetings_burst: 5,
            greeting_every: Micros::from_secs(5),
            signals_burst: 10,
            signals_every: Micros::from_secs(2),
            outgoing_max: 64,
            questions_max: 32,
            nonce_within: Duration::from_secs(5),
            offer_within: Duration::from_secs(12),
            close_within: Duration::from_secs(2),
            swaps_max: 3,
            swaps_within: Micros::from_secs(5 * 60),
        }
    }
}
