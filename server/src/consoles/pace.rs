use protocol::time::Micros;

/// Lets a burst through and then so many a second (a token bucket, counted in microseconds).
#[derive(Debug)]
pub(crate) struct Pace {
    /// What one message costs.
    cost: u64,
    /// What may be saved up.
    most: u64,
    saved: u64,
    at: Micros,
}

impl Pace {
    /// `burst` at once, and one more after each `every`.
    pub(crate) fn new(burst: u32, every: Micros, now: Micros) -> Self {
        let cost = every.0.max(1);
        let most = cost * u64::from(burst);
        Self { cost, most, saved: most, at: now }
    }

    /// Counts one message; false when it is one too many.
    pub(crate) fn allows(&mut self, now: Micros) -> bool {
        self.saved = (self.saved + now.since(self.at).0).min(self.most);
        self.at = now;
        let enough = self.cost <= self.saved;
        if enough {
            self.saved -= self.cost;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_average() {
        let mut pace = Pace::new(40, Micros::from_millis(50), Micros::ZERO);
        assert_eq!((0..100).filter(|_| pace.allows(Micros::ZERO)).count(), 40);
        assert_eq!((0..100).filter(|_| pace.allows(Micros::from_secs(1))).count(), 20);
        let much_later = Micros::from_secs(1000);
        assert_eq!((0..100).filter(|_| pace.allows(much_later)).count(), 40, "no more than a burst is saved up");
    }
}
