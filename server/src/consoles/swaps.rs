use std::collections::{HashMap, VecDeque};

use protocol::ids::ConsoleId;
use protocol::time::Micros;

/// When links of one console took the place of one another: two machines with the same key do so again and again.
#[derive(Debug, Default)]
pub(super) struct Swaps(HashMap<ConsoleId, VecDeque<Micros>>);

impl Swaps {
    /// Counts one; true when the console has had more than `max` of them `within` this time.
    pub(super) fn count(&mut self, console: ConsoleId, max: usize, within: Micros, now: Micros) -> bool {
        // What is old is forgotten for all consoles, so that this holds no more than happened lately.
        self.0.retain(|_, times| {
            times.retain(|at| now.since(*at) < within);
            !times.is_empty()
        });
        let times = self.0.entry(console).or_default();
        times.push_back(now);
        let too_many = max < times.len();
        if too_many {
            times.pop_front();
        }
        too_many
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_three_in_five_minutes_are_too_many() {
        let within = Micros::from_secs(300);
        let one = ConsoleId([1; 16]);
        let mut swaps = Swaps::default();
        let mut count = |console, at| swaps.count(console, 3, within, Micros::from_secs(at));
        assert_eq!([0, 100, 200].map(|at| count(one, at)), [false; 3]);
        assert!(!count(ConsoleId([2; 16]), 201), "another console");
        assert!(!count(one, 300), "the first is five minutes ago");
        assert!(count(one, 399), "the fourth since 100");
        assert!(count(one, 400), "and it goes on");
        assert!(!count(one, 1000));
    }

    #[test]
    fn what_is_old_is_forgotten() {
        let mut swaps = Swaps::default();
        for number in 0..100 {
            swaps.count(ConsoleId([number; 16]), 3, Micros::from_secs(300), Micros::ZERO);
        }
        swaps.count(ConsoleId([0; 16]), 3, Micros::from_secs(300), Micros::from_secs(300));
        assert_eq!(swaps.0.len(), 1);
    }
}
