//! The server's clocks: the one place that reads wall-clock time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use protocol::api::UnixMillis;
use protocol::time::Micros;

/// Wall-clock and monotonic time. Clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System { started: Instant },
    Manual { now: Arc<AtomicI64>, started: UnixMillis },
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System { started: Instant::now() })
    }

    /// A clock for tests that stands still until [`Clock::advance`].
    pub fn manual(now: UnixMillis) -> Self {
        Self(Source::Manual { now: Arc::new(AtomicI64::new(now)), started: now })
    }

    /// Wall-clock time: for dates that people read and for what must outlive the process.
    pub fn now(&self) -> UnixMillis {
        match &self.0 {
            Source::System { .. } => system_now(),
            Source::Manual { now, .. } => now.load(Ordering::Relaxed),
        }
    }

    /// Time since the clock was made: for durations within this process.
    pub fn monotonic(&self) -> Micros {
        match &self.0 {
            Source::System { started } => Micros(started.elapsed().as_micros() as u64),
            Source::Manual { now, started } => {
                Micros::from_millis((now.load(Ordering::Relaxed) - started).unsigned_abs())
            }
        }
    }

    /// Moves a manual clock forward; the machine's clock moves by itself.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual { now, .. } = &self.0 {
            now.fetch_add(by.as_millis() as i64, Ordering::Relaxed);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place")]
fn system_now() -> UnixMillis {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as UnixMillis)
}

/// Whole milliseconds of a duration.
pub fn millis(duration: Duration) -> UnixMillis {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
