//! What to do when a decoder fails or is stuck: begin anew, not too often, and in software when that keeps happening.

use protocol::time::Micros;

/// A picture that is not decoded after so long is stuck. A hardware decoder may hold back pictures for good.
pub const STUCK_AFTER: Micros = Micros::from_millis(1500);
/// A new start is asked for at most this often: every one costs a keyframe of the whole display.
const INTERVAL: Micros = Micros::from_secs(1);
/// After so many failures the browser is told to decode in software.
const N_FAILURES_BEFORE_SOFTWARE: u32 = 2;

/// Counts failures and spaces out the new starts.
#[derive(Debug, Default)]
pub struct Recovery {
    n_failures: u32,
    last_at: Option<Micros>,
    due_at: Option<Micros>,
}

impl Recovery {
    /// A decoder failed: a new start is due, at once or when the interval is over.
    pub fn failed(&mut self, now: Micros) {
        self.n_failures += 1;
        let earliest = self.last_at.map_or(now, |last_at| last_at + INTERVAL);
        self.due_at.get_or_insert(earliest.max(now));
    }

    /// When [`Recovery::take_due`] is to be asked.
    pub fn due_at(&self) -> Option<Micros> {
        self.due_at
    }

    /// Whether to ask for a keyframe now.
    pub fn take_due(&mut self, now: Micros) -> bool {
        let due = self.due_at.is_some_and(|due_at| due_at <= now);
        if due {
            self.due_at = None;
            self.last_at = Some(now);
        }
        due
    }

    pub fn prefers_software(&self) -> bool {
        N_FAILURES_BEFORE_SOFTWARE <= self.n_failures
    }

    pub fn n_failures(&self) -> u32 {
        self.n_failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_new_start_is_at_once_and_the_next_waits() {
        let mut recovery = Recovery::default();
        recovery.failed(Micros::from_secs(10));
        assert!(recovery.take_due(Micros::from_secs(10)));
        assert!(!recovery.take_due(Micros::from_secs(10)), "taken already");

        recovery.failed(Micros(10_100_000));
        recovery.failed(Micros(10_200_000));
        assert_eq!(recovery.due_at(), Some(Micros::from_secs(11)));
        assert!(!recovery.take_due(Micros(10_999_999)));
        assert!(recovery.take_due(Micros::from_secs(11)));
    }

    #[test]
    fn repeated_failures_lead_to_software() {
        let mut recovery = Recovery::default();
        recovery.failed(Micros(0));
        assert!(!recovery.prefers_software());
        recovery.failed(Micros(1));
        assert!(recovery.prefers_software());
    }
}
