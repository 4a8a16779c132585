//! What somebody on the way can do to a message without a key.

use fastrand::Rng;

/// What was done to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    BitFlips,
    OtherByte,
    SwappedRanges,
    Truncated,
    Extended,
    /// The front of one genuine message with the end of another.
    Spliced,
    Random,
    Empty,
}

impl Change {
    pub const ALL: [Self; 8] = [
        Self::BitFlips,
        Self::OtherByte,
        Self::SwappedRanges,
        Self::Truncated,
        Self::Extended,
        Self::Spliced,
        Self::Random,
        Self::Empty,
    ];

    /// `genuine`, changed, in at most `max_bytes`; `other` is another genuine message. Never one of the two.
    ///
    /// # Panics
    /// When `genuine` is empty.
    pub fn of(self, genuine: &[u8], other: &[u8], max_bytes: usize, dice: &mut Rng) -> Vec<u8> {
        loop {
            let mut changed = self.once(genuine, other, dice);
            changed.truncate(max_bytes);
            if changed != genuine && changed != other {
                return changed;
            }
        }
    }

    fn once(self, genuine: &[u8], other: &[u8], dice: &mut Rng) -> Vec<u8> {
        let mut bytes = genuine.to_vec();
        let length = bytes.len();
        match self {
            Self::BitFlips => {
                for _ in 0..dice.usize(1..=8) {
                    bytes[dice.usize(..length)] ^= 1 << dice.u8(..8);
                }
            }
            Self::OtherByte => bytes[dice.usize(..length)] = dice.u8(..),
            Self::SwappedRanges => {
                let n_bytes = dice.usize(1..=length.div_ceil(4));
                let (from, to) = (dice.usize(..=length - n_bytes), dice.usize(..=length - n_bytes));
                for at in 0..n_bytes {
                    bytes.swap(from + at, to + at);
                }
            }
            Self::Truncated => bytes.truncate(dice.usize(..length)),
            Self::Extended => {
                let n_bytes = dice.usize(1..=64);
                // Zeros and what stands there already are what careless readers pass over.
                let more: Vec<u8> = match dice.u8(..3) {
                    0 => vec![0; n_bytes],
                    1 => bytes[length.saturating_sub(n_bytes)..].to_vec(),
                    _ => (0..n_bytes).map(|_| dice.u8(..)).collect(),
                };
                bytes.extend(more);
            }
            Self::Spliced => {
                let cut = dice.usize(1..length.max(2));
                bytes.truncate(cut);
                bytes.extend_from_slice(other.get(cut..).unwrap_or_default());
            }
            Self::Random => {
                let n_bytes = if dice.bool() { length } else { dice.usize(..2 * length) };
                bytes = (0..n_bytes).map(|_| dice.u8(..)).collect();
            }
            Self::Empty => bytes.clear(),
        }
        bytes
    }
}

/// Points of Curve25519 whose product with any key is the same for everybody: [RFC 7748] 6.1 and the list in libsodium.
///
/// [RFC 7748]: https://www.rfc-editor.org/rfc/rfc7748#section-6.1
pub fn low_order_points() -> [[u8; 32]; 6] {
    let small = |first| {
        let mut point = [0; 32];
        point[0] = first;
        point
    };
    let near_prime = |first| {
        let mut point = [0xff; 32];
        (point[0], point[31]) = (first, 0x7f);
        point
    };
    let mut order_eight = [0; 32];
    order_eight.copy_from_slice(&[
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09,
        0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ]);
    [small(0), small(1), order_eight, near_prime(0xec), near_prime(0xed), near_prime(0xee)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forgery_is_never_what_it_was_made_of() {
        let mut dice = Rng::with_seed(7);
        let (genuine, other): (Vec<u8>, Vec<u8>) = ((0..96).collect(), (100..196).collect());
        for change in Change::ALL {
            for _ in 0..200 {
                let forged = change.of(&genuine, &other, 128, &mut dice);
                assert!(forged != genuine && forged != other && forged.len() <= 128, "{change:?}");
            }
        }
    }
}
