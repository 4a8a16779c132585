//! Figures for people, taken a few times a second.

use protocol::geometry::PixelSize;
use protocol::time::Micros;
use protocol::video::Codec;

use crate::ui::Statistics;

/// How often figures are taken.
pub const INTERVAL: Micros = Micros::from_millis(500);
/// Most samples of one interval; a display refreshes less often.
const SAMPLES_MAX: usize = 256;

/// Gathers during an interval.
#[derive(Debug, Default)]
pub struct Gatherer {
    since: Micros,
    n_bytes: u64,
    glass_to_glass: Vec<Micros>,
    decode: Vec<Micros>,
    n_interval_frames: u32,
    n_frames: u32,
    n_dropped: u32,
}

/// What does not have to be gathered.
#[derive(Debug, Clone, Copy, Default)]
pub struct Present {
    pub round_trip: Option<Micros>,
    pub n_recoveries: u32,
    pub codec: Option<Codec>,
    pub size: PixelSize,
    pub n_regions: u16,
}

impl Gatherer {
    pub fn new(now: Micros) -> Self {
        Self { since: now, ..Self::default() }
    }

    pub fn received(&mut self, n_bytes: usize) {
        self.n_bytes += n_bytes as u64;
    }

    /// A picture was drawn. `captured_at` is on the viewer's clock, `None` while the clocks are not compared yet.
    pub fn drawn(&mut self, captured_at: Option<Micros>, received_at: Micros, drawn_at: Micros) {
        self.n_frames += 1;
        self.n_interval_frames += 1;
        sample(&mut self.decode, drawn_at.since(received_at));
        if let Some(captured_at) = captured_at {
            sample(&mut self.glass_to_glass, drawn_at.since(captured_at));
        }
    }

    pub fn dropped(&mut self, n_frames: usize) {
        self.n_dropped += n_frames as u32;
    }

    pub fn due_at(&self) -> Micros {
        self.since + INTERVAL
    }

    /// Ends the interval.
    pub fn take(&mut self, now: Micros, present: Present) -> Statistics {
        let elapsed_us = now.since(self.since).0.max(1);
        let per_second = |amount: u64| (amount.saturating_mul(1_000_000) / elapsed_us).min(u64::from(u32::MAX)) as u32;
        let statistics = Statistics {
            glass_to_glass: median(&mut self.glass_to_glass),
            decode: median(&mut self.decode),
            round_trip: present.round_trip,
            decifps: per_second(u64::from(self.n_interval_frames) * 10),
            bits_per_second: per_second(self.n_bytes * 8),
            n_frames: self.n_frames,
            n_dropped: self.n_dropped,
            n_recoveries: present.n_recoveries,
            codec: present.codec,
            size: present.size,
            n_regions: present.n_regions,
        };
        let Self { n_frames, n_dropped, .. } = *self;
        *self = Self { since: now, n_frames, n_dropped, ..Self::default() };
        statistics
    }
}

fn sample(samples: &mut Vec<Micros>, value: Micros) {
    if samples.len() < SAMPLES_MAX {
        samples.push(value);
    }
}

fn median(samples: &mut [Micros]) -> Option<Micros> {
    samples.sort_unstable();
    samples.get(samples.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_per_second_and_of_the_interval() {
        let mut gatherer = Gatherer::new(Micros::ZERO);
        for ms in [10, 20, 30] {
            gatherer.received(1000);
            gatherer.drawn(Some(Micros::from_millis(ms - 4)), Micros::from_millis(ms - 1), Micros::from_millis(ms));
        }
        let first = gatherer.take(Micros::from_millis(500), Present::default());
        assert_eq!((first.decifps, first.bits_per_second, first.n_frames), (60, 48_000, 3));
        assert_eq!(first.glass_to_glass, Some(Micros::from_millis(4)));
        assert_eq!(first.decode, Some(Micros::from_millis(1)));

        let second = gatherer.take(Micros::from_millis(1000), Present::default());
        assert_eq!((second.decifps, second.bits_per_second, second.n_frames), (0, 0, 3));
        assert_eq!(second.glass_to_glass, None);
    }
}
