//! Which pictures are ready to be drawn: all regions of one picture together, pictures in their order.

use std::collections::VecDeque;

use protocol::geometry::PixelRect;
use protocol::time::Micros;
use protocol::video::FrameId;

/// Most pictures that wait for their decoders. The agent's window allows fewer; more means that a decoder is stuck.
const PENDING_MAX: usize = 128;

/// Pictures on their way through the decoders. `T` is a decoded region.
#[derive(Debug)]
pub struct Presenter<T> {
    pending: VecDeque<Pending<T>>,
}

#[derive(Debug)]
struct Pending<T> {
    id: FrameId,
    captured_at: Micros,
    received_at: Micros,
    n_missing: usize,
    parts: Vec<(PixelRect, T)>,
}

/// A picture whose regions are all decoded.
#[derive(Debug, PartialEq, Eq)]
pub struct Complete<T> {
    pub id: FrameId,
    /// On the agent's clock.
    pub captured_at: Micros,
    /// On the viewer's clock.
    pub received_at: Micros,
    pub parts: Vec<(PixelRect, T)>,
}

impl<T> Default for Presenter<T> {
    fn default() -> Self {
        Self { pending: VecDeque::new() }
    }
}

impl<T> Presenter<T> {
    /// A picture arrived; `n_units` of its regions went into decoders.
    pub fn expect(&mut self, id: FrameId, captured_at: Micros, received_at: Micros, n_units: usize) {
        self.pending.push_back(Pending { id, captured_at, received_at, n_missing: n_units, parts: Vec::new() });
    }

    /// A region of a picture came out of its decoder. One that nobody waits for is dropped.
    pub fn decoded(&mut self, id: FrameId, rect: PixelRect, part: T) {
        if let Some(pending) = self.pending.iter_mut().find(|pending| pending.id == id) {
            pending.n_missing = pending.n_missing.saturating_sub(1);
            pending.parts.push((rect, part));
        }
    }

    /// The oldest picture, when all of it is there.
    pub fn pop_complete(&mut self) -> Option<Complete<T>> {
        if self.pending.front()?.n_missing != 0 {
            return None;
        }
        let Pending { id, captured_at, received_at, parts, .. } = self.pending.pop_front()?;
        Some(Complete { id, captured_at, received_at, parts })
    }

    /// When the oldest picture that waits arrived.
    pub fn waiting_since(&self) -> Option<Micros> {
        self.pending.front().map(|pending| pending.received_at)
    }

    pub fn is_overfull(&self) -> bool {
        PENDING_MAX < self.pending.len()
    }

    pub fn len(&self) -> usize {
        self.pending.len()
    }

    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Gives up all pictures that wait; answers with the newest, which has to be acknowledged so that the agent's
    /// window opens again.
    pub fn give_up(&mut self) -> Option<(FrameId, Micros)> {
        let newest = self.pending.back().map(|pending| (pending.id, pending.received_at));
        self.pending.clear();
        newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: PixelRect = PixelRect::new(0, 0, 480, 272);
    const RIGHT: PixelRect = PixelRect::new(480, 0, 480, 272);

    fn presenter(pictures: &[(u32, usize)]) -> Presenter<&'static str> {
        let mut presenter = Presenter::default();
        for (id, n_units) in pictures {
            presenter.expect(FrameId(*id), Micros(0), Micros(u64::from(*id)), *n_units);
        }
        presenter
    }

    fn popped(presenter: &mut Presenter<&'static str>) -> Vec<(u32, usize)> {
        std::iter::from_fn(|| presenter.pop_complete()).map(|complete| (complete.id.0, complete.parts.len())).collect()
    }

    #[test]
    fn a_picture_waits_for_all_its_regions() {
        let mut presenter = presenter(&[(1, 2)]);
        presenter.decoded(FrameId(1), LEFT, "left");
        assert_eq!(popped(&mut presenter), []);
        presenter.decoded(FrameId(1), RIGHT, "right");
        assert_eq!(popped(&mut presenter), [(1, 2)]);
    }

    #[test]
    fn a_quicker_decoder_does_not_change_the_order() {
        let mut presenter = presenter(&[(1, 1), (2, 1), (3, 0)]);
        presenter.decoded(FrameId(2), RIGHT, "second");
        assert_eq!(popped(&mut presenter), []);
        presenter.decoded(FrameId(1), LEFT, "first");
        assert_eq!(popped(&mut presenter), [(1, 1), (2, 1), (3, 0)]);
    }

    #[test]
    fn what_nobody_waits_for_is_dropped() {
        let mut presenter = presenter(&[(5, 1)]);
        presenter.decoded(FrameId(4), LEFT, "old");
        assert_eq!(presenter.waiting_since(), Some(Micros(5)));
        assert_eq!(presenter.give_up(), Some((FrameId(5), Micros(5))));
        presenter.decoded(FrameId(5), LEFT, "given up");
        assert!(presenter.is_empty());
        assert_eq!(presenter.give_up(), None);
    }
}
