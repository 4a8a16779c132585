//! How much may be under way: enough to keep the line busy, too little to queue on it.
//!
//! The viewer acknowledges pictures when they are on its screen, so a slow decoder holds the agent back like a slow
//! line does. What does not fit is not encoded: its damage waits for the next picture, and nothing that was encoded is
//! ever dropped. The estimate follows BBR: the highest rate of delivery and the shortest round trip of late.

use std::collections::VecDeque;

use crate::time::Micros;
use crate::video::FrameId;

/// The window of a line that nothing is known about.
const FIRST_WINDOW_BYTES: usize = 64 << 10;
/// The least window: small pictures do not show what a line can carry.
const MIN_WINDOW_BYTES: usize = 16 << 10;
const MAX_WINDOW_BYTES: usize = 8 << 20;
/// Time that the window allows beyond the round trip: one picture is sent while the last is drawn.
const ALLOWANCE: Micros = Micros::from_millis(20);
/// A picture is drawn about so often, so more of them than fit the round trip only wait in the browser.
const FRAME_TIME: Micros = Micros::from_millis(16);
const MIN_FRAMES: usize = 2;
const MAX_FRAMES: usize = 32;
/// An estimate is believed for one to two of these; at the end of each, one picture is sent alone, since only a
/// picture that waits for no other shows how long the line itself takes.
const EPOCH: Micros = Micros::from_secs(3);

/// Counts pictures under way to one viewer.
#[derive(Debug, Default)]
pub struct SendWindow {
    in_flight: VecDeque<Sent>,
    bytes_in_flight: usize,
    delivered_bytes: u64,
    /// When `delivered_bytes` grew last, or sending began anew after a rest.
    delivered_at: Micros,
    /// Bytes per second, the highest of this epoch and the last.
    rate: Extreme,
    round_trip: Option<(Micros, Micros)>,
    epoch_started_at: Micros,
    /// The next picture is sent alone.
    is_probing: bool,
}

#[derive(Debug)]
struct Sent {
    frame: FrameId,
    bytes: usize,
    at: Micros,
    delivered_before: u64,
    /// When `delivered_before` was reached: counting from there, and not from the sending, leaves no picture out.
    delivered_before_at: Micros,
    /// Nothing else was under way.
    is_alone: bool,
}

#[derive(Debug, Default)]
struct Extreme {
    current: u64,
    last: u64,
}

impl SendWindow {
    /// Another picture may be encoded and sent.
    pub fn has_room(&self) -> bool {
        if self.is_probing {
            return self.in_flight.is_empty();
        }
        self.in_flight.len() < self.max_frames() && self.bytes_in_flight < self.window_bytes()
    }

    pub fn bytes_in_flight(&self) -> usize {
        self.bytes_in_flight
    }

    /// Shortest time from sending a picture to its acknowledgement of late.
    pub fn round_trip(&self) -> Option<Micros> {
        self.round_trip.map(|(current, last)| current.min(last))
    }

    pub fn sent(&mut self, frame: FrameId, bytes: usize, now: Micros) {
        self.bytes_in_flight += bytes;
        let is_alone = self.in_flight.is_empty();
        if is_alone {
            self.delivered_at = now;
        }
        let (delivered_before, delivered_before_at) = (self.delivered_bytes, self.delivered_at);
        self.in_flight.push_back(Sent { frame, bytes, at: now, delivered_before, delivered_before_at, is_alone });
    }

    /// Takes an acknowledgement of `frame` and all before it; answers with the time since that frame was sent.
    pub fn acknowledged(&mut self, frame: FrameId, now: Micros) -> Option<Micros> {
        let mut newest = None;
        while self.in_flight.front().is_some_and(|sent| sent.frame <= frame) {
            let sent = self.in_flight.pop_front()?;
            self.bytes_in_flight -= sent.bytes;
            self.delivered_bytes += sent.bytes as u64;
            newest = Some(sent);
        }
        let sent = newest?;
        self.delivered_at = now;
        let elapsed = now.since(sent.at);
        self.learn(&sent, elapsed, now);
        Some(elapsed)
    }

    fn learn(&mut self, sent: &Sent, elapsed: Micros, now: Micros) {
        if EPOCH <= now.since(self.epoch_started_at) {
            self.epoch_started_at = now;
            self.is_probing = true;
            self.rate.last = std::mem::take(&mut self.rate.current);
        }
        let delivered = self.delivered_bytes - sent.delivered_before;
        let interval = now.since(sent.delivered_before_at).max(elapsed);
        self.rate.current = self.rate.current.max(delivered.saturating_mul(1_000_000) / interval.0.max(1));
        self.round_trip = match self.round_trip {
            Some((current, _)) if sent.is_alone && std::mem::take(&mut self.is_probing) => Some((elapsed, current)),
            Some((current, last)) => Some((current.min(elapsed), last)),
            None => Some((elapsed, elapsed)),
        };
    }

    fn window_bytes(&self) -> usize {
        let Some(round_trip) = self.round_trip() else { return FIRST_WINDOW_BYTES };
        let rate = self.rate.current.max(self.rate.last);
        let bytes = rate.saturating_mul((round_trip + ALLOWANCE).0) / 1_000_000;
        (bytes as usize).clamp(MIN_WINDOW_BYTES, MAX_WINDOW_BYTES)
    }

    fn max_frames(&self) -> usize {
        let round_trip = self.round_trip().unwrap_or_default();
        ((round_trip.0 / FRAME_TIME.0) as usize + MIN_FRAMES).min(MAX_FRAMES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A display that changes all the time, on a line of `bytes_per_s` with `delay` each way: answers with the share of
    /// the line that was used and the longest time that a picture was under way.
    fn run(bytes_per_s: u64, delay: Micros, frame_bytes: usize) -> (f64, Micros) {
        let frame_time = Micros(frame_bytes as u64 * 1_000_000 / bytes_per_s);
        let mut window = SendWindow::default();
        let (mut line_free_at, mut frame) = (Micros::ZERO, 0);
        let mut arrivals: VecDeque<(Micros, FrameId)> = VecDeque::new();
        let (mut delivered, mut worst) = (0_u64, Micros::ZERO);
        let (tick, learnt_after, end) = (Micros(frame_time.0 / 2), Micros::from_secs(4), Micros::from_secs(14));
        let mut now = Micros::ZERO;
        while now < end {
            now = now + tick;
            while let Some((at, frame)) = arrivals.pop_front_if(|(at, _)| *at <= now) {
                let elapsed = window.acknowledged(frame, at).expect("it was sent");
                if learnt_after < now {
                    worst = worst.max(elapsed);
                    delivered += frame_bytes as u64;
                }
            }
            if window.has_room() {
                frame += 1;
                window.sent(FrameId(frame), frame_bytes, now);
                line_free_at = line_free_at.max(now) + frame_time;
                arrivals.push_back((line_free_at + delay + delay, FrameId(frame)));
            }
        }
        (delivered as f64 / (bytes_per_s as f64 * 10.0), worst)
    }

    #[test]
    fn lines_are_used_and_do_not_queue() {
        for (mbit, delay_ms, frame_bytes) in
            [(10, 20, 20_000), (100, 5, 200_000), (50, 50, 100_000), (1000, 1, 2_000_000)]
        {
            let (used, worst) = run(mbit * 125_000, Micros::from_millis(delay_ms), frame_bytes);
            let floor = Micros::from_millis(2 * delay_ms) + Micros(frame_bytes as u64 * 8 / mbit);
            assert!(0.9 < used, "{mbit} Mbit/s, {delay_ms} ms: {used:.2} of the line");
            assert!(
                worst.since(floor) < Micros::from_millis(80),
                "{mbit} Mbit/s, {delay_ms} ms: {worst:?} above {floor:?}"
            );
        }
    }

    #[test]
    fn nothing_fits_while_nothing_is_acknowledged() {
        let mut window = SendWindow::default();
        let n_sent = (1..100).take_while(|id| {
            let room = window.has_room();
            if room {
                window.sent(FrameId(*id), 1000, Micros::ZERO);
            }
            room
        });
        assert_eq!(n_sent.count(), MIN_FRAMES);
    }

    #[test]
    fn an_acknowledgement_stands_for_all_before_it_and_counts_once() {
        let mut window = SendWindow::default();
        window.sent(FrameId(1), 10, Micros(0));
        window.sent(FrameId(2), 20, Micros(5));
        assert_eq!(window.acknowledged(FrameId(2), Micros(15)), Some(Micros(10)));
        assert_eq!(window.bytes_in_flight(), 0);
        assert_eq!(window.acknowledged(FrameId(2), Micros(20)), None);
    }
}
