//! What must hold at every moment, whatever happens.

use std::fmt;

use protocol::time::Micros;

/// A promise of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Nothing is captured unless the ring is on the displays.
    RingBeforePixels,
    /// No ring is left when nobody is connected.
    NoRingLeft,
    /// No picture of a session whose start is not on record.
    StartOnRecord,
    /// Every session that was started has exactly one end on record.
    OneEnd,
    /// Every session that a console served has exactly one receipt on record when the console was heard again.
    OneReceipt,
    /// A View session injects nothing.
    ViewOnlyLooks,
    /// No key or button is down 1.5 s after the viewer was heard last, or after its session.
    NothingHeld,
    /// No picture without a lease.
    Leased,
    /// No picture for who has lost the access: 2 s later, 16 s when the console cannot be reached.
    Revoked,
    /// No picture while the room is in a call and the policy wants none.
    NotInCall,
    /// A grant opens one connection.
    GrantOnce,
    /// The device restarts at most once after a session.
    NoRestartLoop,
    /// The device restarts when the last session that wanted it is over.
    RestartAtEnd,
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub rule: Rule,
    /// On the simulation's clock.
    pub at: Micros,
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {} ms: {}", self.rule, self.at.as_millis(), self.what)
    }
}
