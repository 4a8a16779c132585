//! Two limits on eagerness, both pure: how often to try again, and how fast to talk.

use std::time::Duration;

use protocol::time::Micros;

/// Waits between attempts: full jitter below a bound that doubles, so that a thousand agents do not come back as one.
#[derive(Debug, Default)]
pub struct BackOff {
    n_failures: u32,
}

impl BackOff {
    const FIRST: Duration = Duration::from_millis(500);
    const LONGEST: Duration = Duration::from_secs(30);

    /// The wait before the next attempt; `jitter` picks a number below its argument.
    pub fn next(&mut self, jitter: impl FnOnce(u64) -> u64) -> Duration {
        let bound = Self::FIRST.saturating_mul(1 << self.n_failures.min(6)).min(Self::LONGEST);
        self.n_failures += 1;
        Duration::from_millis(jitter(bound.as_millis() as u64))
    }

    /// The connection was of use.
    pub fn succeeded(&mut self) {
        self.n_failures = 0;
    }

    /// Somebody else has our place: come back slowly.
    pub fn slow_down(&mut self) {
        self.n_failures = self.n_failures.max(6);
    }
}

/// At most one message per `interval` over time, and `burst` at once.
#[derive(Debug)]
pub struct Pace {
    interval: Micros,
    burst: Micros,
    /// When everything so far would have been said at the even pace.
    even_at: Micros,
}

impl Pace {
    pub const fn new(interval: Micros, burst: u64) -> Self {
        Self { interval, burst: Micros(interval.0 * burst), even_at: Micros::ZERO }
    }

    /// When the next message may be sent.
    pub fn ready_at(&self) -> Micros {
        Micros(self.even_at.0.saturating_sub(self.burst.0))
    }

    /// A message was sent.
    pub fn sent(&mut self, now: Micros) {
        self.even_at = self.even_at.max(now) + self.interval;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_half_a_minute() {
        let mut back_off = BackOff::default();
        let bounds: Vec<_> = (0..8).map(|_| back_off.next(|below| below).as_millis()).collect();
        assert_eq!(bounds, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
        back_off.succeeded();
        assert_eq!(back_off.next(|below| below / 2), Duration::from_millis(250));
    }

    #[test]
    fn a_burst_is_sent_at_once_and_the_rest_evenly() {
        let mut pace = Pace::new(Micros::from_millis(100), 3);
        let mut now = Micros::from_secs(1);
        let sent_at: Vec<_> = (0..6)
            .map(|_| {
                now = now.max(pace.ready_at());
                pace.sent(now);
                now.as_millis()
            })
            .collect();
        assert_eq!(sent_at, [1000, 1000, 1000, 1000, 1100, 1200]);
    }
}
