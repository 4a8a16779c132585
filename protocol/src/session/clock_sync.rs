use crate::time::Micros;

/// How many samples are looked at for the quickest one.
const N_SAMPLES: usize = 8;

/// How the agent's clock relates to the viewer's, from heartbeats: the quickest of the last round trips tells
/// best, since the least of it was spent waiting.
#[derive(Debug, Default)]
pub struct ClockSync {
    samples: Vec<Sample>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    round_trip: Micros,
    /// Agent's clock minus viewer's clock.
    offset_us: i64,
}

impl ClockSync {
    /// Takes an answered heartbeat: sent and answered on the viewer's clock, received on the agent's.
    pub fn add(&mut self, sent_at: Micros, agent_at: Micros, answered_at: Micros) {
        let round_trip = answered_at.since(sent_at);
        let middle = sent_at.0.wrapping_add(round_trip.0 / 2);
        let sample = Sample { round_trip, offset_us: agent_at.0.wrapping_sub(middle) as i64 };
        if self.samples.len() == N_SAMPLES {
            self.samples.remove(0);
        }
        self.samples.push(sample);
    }

    /// The shortest of the last round trips.
    pub fn round_trip(&self) -> Option<Micros> {
        self.best().map(|sample| sample.round_trip)
    }

    /// A time of the agent's clock on the viewer's.
    pub fn to_viewer(&self, agent_at: Micros) -> Option<Micros> {
        self.best().map(|sample| Micros(agent_at.0.wrapping_sub(sample.offset_us as u64)))
    }

    fn best(&self) -> Option<Sample> {
        self.samples.iter().copied().min_by_key(|sample| sample.round_trip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quickest_round_trip_sets_the_clock() {
        let mut sync = ClockSync::default();
        sync.add(Micros(1_000), Micros(51_500), Micros(2_000));
        sync.add(Micros(10_000), Micros(90_000), Micros(40_000));
        assert_eq!(sync.round_trip(), Some(Micros(1_000)));
        assert_eq!(sync.to_viewer(Micros(60_000)), Some(Micros(10_000)));
    }

    #[test]
    fn hostile_times_do_no_harm() {
        let mut sync = ClockSync::default();
        for time in [0, 1, u64::MAX / 2, u64::MAX] {
            sync.add(Micros(u64::MAX), Micros(time), Micros(0));
            assert!(sync.to_viewer(Micros(time)).is_some());
        }
    }
}
