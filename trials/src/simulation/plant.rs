//! Faults that are built in on purpose, each at the edge of what is tried: a simulation that does not find them would not
//! find those that nobody built in.

use super::rules::Rule;

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// The platform says that the ring is up although it is not.
    RingNotShown,
    /// The ring does not go away.
    RingStays,
    /// What is held when a session ends is not released.
    KeysStay,
    /// The console does not notice that its leases have run out.
    LeaseForgotten,
    /// The console makes the same nonce again, so that a spent one is good once more.
    NonceRepeats,
    /// The console does not notice that its viewer is silent.
    SilenceUnnoticed,
    /// The console does not notice that a call has started.
    CallUnnoticed,
    /// What is open does not survive the agent.
    RecordForgotten,
    /// The device restarts once more after a restart.
    RestartsTwice,
    /// A display is captured for viewers who are gone.
    CaptureGoesOn,
    /// The server grants Modify to people who may only look.
    GrantsTooMuch,
    /// The server does not end the sessions of people who lost their access.
    RevocationIgnored,
    /// The server offers a session before it has written that it starts.
    OfferedUnwritten,
    /// The console says what became of a session once, whether it is heard or not.
    ReceiptSaidOnce,
}

impl Plant {
    pub const ALL: [Self; 14] = [
        Self::RingNotShown,
        Self::RingStays,
        Self::KeysStay,
        Self::LeaseForgotten,
        Self::NonceRepeats,
        Self::SilenceUnnoticed,
        Self::CallUnnoticed,
        Self::RecordForgotten,
        Self::RestartsTwice,
        Self::CaptureGoesOn,
        Self::GrantsTooMuch,
        Self::RevocationIgnored,
        Self::OfferedUnwritten,
        Self::ReceiptSaidOnce,
    ];

    /// The promise that it breaks.
    pub const fn breaks(self) -> Rule {
        match self {
            Self::RingNotShown | Self::CaptureGoesOn => Rule::RingBeforePixels,
            Self::RingStays => Rule::NoRingLeft,
            Self::KeysStay | Self::SilenceUnnoticed => Rule::NothingHeld,
            Self::LeaseForgotten => Rule::Leased,
            Self::NonceRepeats => Rule::GrantOnce,
            Self::CallUnnoticed => Rule::NotInCall,
            Self::RecordForgotten => Rule::RestartAtEnd,
            Self::RestartsTwice => Rule::NoRestartLoop,
            Self::GrantsTooMuch => Rule::ViewOnlyLooks,
            Self::RevocationIgnored => Rule::Revoked,
            Self::OfferedUnwritten => Rule::StartOnRecord,
            Self::ReceiptSaidOnce => Rule::OneReceipt,
        }
    }
}
