use sha2::{Digest as _, Sha256};

use crate::wire::record;

/// Our own choice: short, everyday, easily told apart when they are read out. No word is another's with one letter
/// changed, so that nothing misheard is another code.
const WORDS: &str = "\
    acorn album amber anchor angle apple apron arch arrow atlas attic aunt autumn badge bagel bakery bamboo \
    banana banjo barley barn basil basket beaver bench berry bicycle biscuit blanket blossom boat bonnet bottle \
    branch bread brick bridge broom brush bubble bucket button cabin cable cactus camel candle canoe canvas \
    carpet castle cedar cello chair chalk cherry chess chimney circle citrus clock cloud clover cocoa comet \
    copper coral corner cotton cradle crayon cricket crown crystal cube curtain cushion daisy dance desert diary \
    dolphin door dragon drawer drum eagle earth easel echo elbow engine fabric falcon feather fern fiddle field \
    flute forest fossil fountain garden garlic gate ginger giraffe glacier globe grain granite grape guitar \
    hammer harvest hazel hedge helmet hill hinge honey horizon igloo island ivory jacket jasmine jelly jewel \
    jigsaw jungle kayak kettle kitchen kite ladder lagoon lamp lantern laptop lemon lentil letter lilac lily \
    linen lobster lotus magnet mango maple marble meadow medal melon mint mirror mitten monkey moon mosaic motor \
    napkin needle nest nickel noodle nutmeg oasis ocean olive onion opera orange orbit orchid otter oven palace \
    panda parrot pasta peach pearl pebble pencil pepper piano picnic pillow planet poem pony pottery prairie \
    puppet puzzle quartz quilt rabbit radish rainbow ribbon river robin rocket saddle salad sandal scarf shadow \
    shell shovel silver sketch sparrow spider spoon statue stone sugar summer swan tailor teacup teapot temple \
    thimble ticket tiger timber toast tomato tractor trumpet tulip tunnel turtle umbrella valley vanilla vase \
    velvet village violin wagon walnut walrus wheat window winter wizard yacht yogurt zebra zipper";

/// Four words that stand in the portal and in the ring's line of the same connection, and nowhere else: a person in the
/// room who reads them out proves that nobody sits between browser and console, whatever the server did.
///
/// They are the first 32 bits of SHA-256 over the handshake's hash, which covers both keys and everything that was said
/// in the handshake; eight bits pick a word of 256. Somebody in between has two handshakes with two hashes, and the
/// codes agree by chance once in four thousand million connections. Looking for two that agree takes two operations on
/// the curve for every try, some 70 hours of one processor core, while a handshake waits for 15 s at most: the words
/// protect against everybody who cannot set tens of thousands of cores to one session. More words would protect further
/// and be read out less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCode {
    bytes: [u8; 4],
}

record!(SessionCode { bytes });

impl SessionCode {
    /// Of a finished handshake's hash ([`super::noise::Handshake::hash`]).
    pub fn of(handshake_hash: &[u8; 32]) -> Self {
        let digest = Sha256::new().chain_update(b"redring session code").chain_update(handshake_hash).finalize();
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&digest[..4]);
        Self { bytes }
    }
}

/// `amber kite lemon otter`
impl std::fmt::Display for SessionCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, byte) in self.bytes.into_iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            let word = WORDS.split(' ').nth(usize::from(byte)).unwrap_or_default();
            write!(f, "{space}{word}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Vec<&'static str> {
        WORDS.split(' ').collect()
    }

    /// One letter was changed, added or left out.
    fn differ_by_one(one: &str, other: &str) -> bool {
        let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
        let n_front = short.bytes().zip(long.bytes()).take_while(|(a, b)| a == b).count();
        let n_back = short.bytes().rev().zip(long.bytes().rev()).take_while(|(a, b)| a == b).count();
        long.len() <= (n_front + n_back).min(short.len()) + 1
    }

    #[test]
    fn the_list_has_256_short_words_that_are_told_apart() {
        let words = words();
        assert_eq!(words.len(), 256);
        for (index, word) in words.iter().enumerate() {
            assert!((3..=8).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase()), "{word:?}");
            for other in &words[index + 1..] {
                assert!(!differ_by_one(word, other), "{word} and {other}");
                assert!(!other.starts_with(word) && !word.starts_with(other), "{word} and {other}");
            }
        }
        assert!(
            differ_by_one("carrot", "parrot") && differ_by_one("alley", "valley") && !differ_by_one("kite", "lamp")
        );
    }

    #[test]
    fn a_code_is_four_words_and_always_the_same_ones() {
        assert_eq!(
            SessionCode { bytes: [0, 1, 254, 255] }.to_string(),
            [words()[0], words()[1], words()[254], words()[255]].join(" ")
        );
        let code = SessionCode::of(&[7; 32]);
        assert_eq!(code, SessionCode::of(&[7; 32]));
        assert_eq!(code.to_string().split(' ').count(), 4);
        assert_ne!(code, SessionCode::of(&[8; 32]));
    }
}
