//! The one place that reads clocks: the monotonic one for everything that is measured or waited for, the wall clock
//! for what people read and for what must survive a restart of the device.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use protocol::time::Micros;

/// The agent's monotonic clock, from its start on. Cheap to copy; all copies agree.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started_at: Instant,
}

/// One moment on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// On the agent's monotonic clock.
    pub at: Micros,
    /// Seconds since 1970, for what outlives the process.
    pub unix_s: u64,
}

impl Clock {
    pub fn start() -> Self {
        Self { started_at: Instant::now() }
    }

    pub fn now(self) -> Micros {
        self.micros(Instant::now())
    }

    pub fn moment(self) -> Moment {
        Moment { at: self.now(), unix_s: unix_seconds() }
    }

    /// `at` on this clock; the start when it lies before it.
    pub fn micros(self, at: Instant) -> Micros {
        Micros(at.saturating_duration_since(self.started_at).as_micros() as u64)
    }

    pub fn instant(self, at: Micros) -> Instant {
        self.started_at + Duration::from_micros(at.0)
    }
}

/// Seconds since 1970, for records that outlive the process.
pub fn unix_seconds() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "this is the clock module")]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The local time as the ring shows it: `14:05`.
pub fn local_time() -> String {
    jiff::Zoned::now().strftime("%H:%M").to_string()
}
