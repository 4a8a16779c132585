//! How much a trial does, and where it begins.

use std::str::FromStr;
use std::time::Duration;

/// From `TRIALS_TIMES` and `TRIALS_SEED`, as `cargo xtask trials` sets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    pub times: u64,
    /// The first seed; each further time has the next one.
    pub seed: u64,
    /// Somebody wants it long, on a machine that does nothing else: what takes time is held to its limits. Otherwise a
    /// limit has [`Effort::slack`], because a busy machine says nothing about the product.
    pub is_long: bool,
}

impl Effort {
    /// What the environment says; `times` with seed 1 where it says nothing.
    ///
    /// # Panics
    /// When a variable is no number: nobody wants a long trial of something else.
    pub fn or(times: u64) -> Self {
        let wanted = number("TRIALS_TIMES").unwrap_or(times);
        Self { times: wanted, seed: number("TRIALS_SEED").unwrap_or(1), is_long: 4 * times <= wanted }
    }

    /// So much later than its limit something may be.
    pub fn slack(self) -> Duration {
        if self.is_long { Duration::ZERO } else { Duration::from_secs(10) }
    }

    pub fn seeds(self) -> std::ops::Range<u64> {
        self.seed..self.seed.saturating_add(self.times)
    }
}

fn number<T: FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    let number = text.parse().unwrap_or_else(|_| panic!("{name} wants a number, not {text:?}"));
    Some(number)
}
