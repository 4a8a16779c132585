//! Monotonic time in microseconds. Wall-clock dates appear only in `api` and on the server.

use crate::wire::{Cursor, Decode, DecodeError, Encode};

/// Microseconds on one machine's monotonic clock; values of two machines are never compared
/// except through [`crate::session::ClockSync`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Micros(pub u64);

impl Micros {
    pub const ZERO: Self = Self(0);

    pub const fn from_millis(ms: u64) -> Self {
        Self(ms * 1000)
    }

    pub const fn from_secs(s: u64) -> Self {
        Self(s * 1_000_000)
    }

    pub const fn as_millis(self) -> u64 {
        self.0 / 1000
    }

    /// The time since `earlier`, zero when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }
}

impl std::ops::Add for Micros {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Encode for Micros {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for Micros {
    fn decode(input: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        u64::decode(input).map(Self)
    }
}
