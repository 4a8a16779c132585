//! A left Control key that may not be one: on Windows, `AltGr` arrives as a left Control and then a right Alt.

use protocol::keycode::KeyCode;
use protocol::time::Micros;

/// A right Alt within so long makes the two one `AltGr`.
const ALT_GRAPH_WITHIN: Micros = Micros::from_millis(50);
/// After so long a left Control is a left Control.
pub const WITHHELD_FOR: Micros = Micros::from_millis(100);

/// What became of a withheld key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was pressed by a person.
    Genuine,
    /// It was the shadow of `AltGr`: the console's own `AltGr` key makes its own.
    AltGraph,
}

/// Holds back the left Control until it is clear what it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct WithheldKeys {
    control_since: Option<Micros>,
}

impl WithheldKeys {
    pub fn withhold(&mut self, now: Micros) {
        self.control_since = Some(now);
    }

    pub fn is_withholding(self) -> bool {
        self.control_since.is_some()
    }

    /// Another key went down.
    pub fn judge(&mut self, next: KeyCode, alt_graph: bool, now: Micros) -> Option<Verdict> {
        let since = self.control_since.take()?;
        let is_pair = next == KeyCode::AltRight && now.since(since) <= ALT_GRAPH_WITHIN;
        Some(if is_pair || alt_graph { Verdict::AltGraph } else { Verdict::Genuine })
    }

    /// Its time may be over.
    pub fn expire(&mut self, now: Micros) -> Option<Verdict> {
        let since = self.control_since?;
        if now.since(since) < WITHHELD_FOR {
            return None;
        }
        self.control_since = None;
        Some(Verdict::Genuine)
    }

    /// It was released, or everything is.
    pub fn take(&mut self) -> bool {
        self.control_since.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn withheld_at_zero() -> WithheldKeys {
        let mut keys = WithheldKeys::default();
        keys.withhold(Micros::ZERO);
        keys
    }

    #[test]
    fn a_right_alt_right_after_makes_it_alt_graph() {
        let judge = |next, alt_graph, ms| withheld_at_zero().judge(next, alt_graph, Micros::from_millis(ms));
        assert_eq!(judge(KeyCode::AltRight, false, 50), Some(Verdict::AltGraph));
        assert_eq!(judge(KeyCode::AltRight, false, 51), Some(Verdict::Genuine));
        assert_eq!(judge(KeyCode::KeyQ, true, 90), Some(Verdict::AltGraph));
        assert_eq!(judge(KeyCode::KeyC, false, 10), Some(Verdict::Genuine));
        assert_eq!(WithheldKeys::default().judge(KeyCode::KeyC, false, Micros::ZERO), None);
    }

    #[test]
    fn alone_it_is_genuine_after_a_while() {
        let mut keys = withheld_at_zero();
        assert_eq!(keys.expire(Micros::from_millis(99)), None);
        assert_eq!(keys.expire(Micros::from_millis(100)), Some(Verdict::Genuine));
        assert!(!keys.is_withholding());
    }
}
