//! What the keys of the simulated console's keyboard type: US English and German.

use protocol::keycode::KeyCode;
use serde::{Deserialize, Serialize};

/// The layout that is chosen in the console's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyboardLayout {
    #[default]
    UnitedStates,
    German,
}

impl KeyboardLayout {
    pub const ALL: [Self; 2] = [Self::UnitedStates, Self::German];

    pub const fn name(self) -> &'static str {
        match self {
            Self::UnitedStates => "English (US)",
            Self::German => "Deutsch",
        }
    }

    /// `AltGr` types a third character.
    pub(super) const fn has_third_level(self) -> bool {
        matches!(self, Self::German)
    }
}

/// What is held or locked while a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "keys are held and locked independently")]
pub(super) struct Levels {
    pub(super) shift: bool,
    pub(super) third: bool,
    pub(super) caps_lock: bool,
    pub(super) num_lock: bool,
}

/// What a key types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Symbol {
    Char(char),
    /// An accent that waits for its letter.
    Dead(char),
}

/// Key, plain, with Shift, with `AltGr` (a space: nothing).
type Row = (KeyCode, char, char, char);

#[rustfmt::skip]
const US: &[Row] = &[
    (KeyCode::Backquote, '`', '~', ' '), (KeyCode::Digit1, '1', '!', ' '), (KeyCode::Digit2, '2', '@', ' '),
    (KeyCode::Digit3, '3', '#', ' '), (KeyCode::Digit4, '4', '$', ' '), (KeyCode::Digit5, '5', '%', ' '),
    (KeyCode::Digit6, '6', '^', ' '), (KeyCode::Digit7, '7', '&', ' '), (KeyCode::Digit8, '8', '*', ' '),
    (KeyCode::Digit9, '9', '(', ' '), (KeyCode::Digit0, '0', ')', ' '), (KeyCode::Minus, '-', '_', ' '),
    (KeyCode::Equal, '=', '+', ' '), (KeyCode::BracketLeft, '[', '{', ' '), (KeyCode::BracketRight, ']', '}', ' '),
    (KeyCode::Backslash, '\\', '|', ' '), (KeyCode::IntlBackslash, '\\', '|', ' '), (KeyCode::Semicolon, ';', ':', ' '),
    (KeyCode::Quote, '\'', '"', ' '), (KeyCode::Comma, ',', '<', ' '), (KeyCode::Period, '.', '>', ' '),
    (KeyCode::Slash, '/', '?', ' '), (KeyCode::KeyY, 'y', 'Y', ' '), (KeyCode::KeyZ, 'z', 'Z', ' '),
];

#[rustfmt::skip]
const GERMAN: &[Row] = &[
    (KeyCode::Backquote, '^', '°', ' '), (KeyCode::Digit1, '1', '!', ' '), (KeyCode::Digit2, '2', '"', '²'),
    (KeyCode::Digit3, '3', '§', '³'), (KeyCode::Digit4, '4', '$', ' '), (KeyCode::Digit5, '5', '%', ' '),
    (KeyCode::Digit6, '6', '&', ' '), (KeyCode::Digit7, '7', '/', '{'), (KeyCode::Digit8, '8', '(', '['),
    (KeyCode::Digit9, '9', ')', ']'), (KeyCode::Digit0, '0', '=', '}'), (KeyCode::Minus, 'ß', '?', '\\'),
    (KeyCode::Equal, '´', '`', ' '), (KeyCode::BracketLeft, 'ü', 'Ü', ' '), (KeyCode::BracketRight, '+', '*', '~'),
    (KeyCode::Backslash, '#', '\'', ' '), (KeyCode::IntlBackslash, '<', '>', '|'), (KeyCode::Semicolon, 'ö', 'Ö', ' '),
    (KeyCode::Quote, 'ä', 'Ä', ' '), (KeyCode::Comma, ',', ';', ' '), (KeyCode::Period, '.', ':', ' '),
    (KeyCode::Slash, '-', '_', ' '), (KeyCode::KeyY, 'z', 'Z', ' '), (KeyCode::KeyZ, 'y', 'Y', ' '),
    (KeyCode::KeyQ, 'q', 'Q', '@'), (KeyCode::KeyE, 'e', 'E', '€'), (KeyCode::KeyM, 'm', 'M', 'µ'),
];

/// Keys that mean the same in both layouts.
#[rustfmt::skip]
const COMMON: &[Row] = &[
    (KeyCode::KeyA, 'a', 'A', ' '), (KeyCode::KeyB, 'b', 'B', ' '), (KeyCode::KeyC, 'c', 'C', ' '), (KeyCode::KeyD, 'd', 'D', ' '),
    (KeyCode::KeyE, 'e', 'E', ' '), (KeyCode::KeyF, 'f', 'F', ' '), (KeyCode::KeyG, 'g', 'G', ' '), (KeyCode::KeyH, 'h', 'H', ' '),
    (KeyCode::KeyI, 'i', 'I', ' '), (KeyCode::KeyJ, 'j', 'J', ' '), (KeyCode::KeyK, 'k', 'K', ' '), (KeyCode::KeyL, 'l', 'L', ' '),
    (KeyCode::KeyM, 'm', 'M', ' '), (KeyCode::KeyN, 'n', 'N', ' '), (KeyCode::KeyO, 'o', 'O', ' '), (KeyCode::KeyP, 'p', 'P', ' '),
    (KeyCode::KeyQ, 'q', 'Q', ' '), (KeyCode::KeyR, 'r', 'R', ' '), (KeyCode::KeyS, 's', 'S', ' '), (KeyCode::KeyT, 't', 'T', ' '),
    (KeyCode::KeyU, 'u', 'U', ' '), (KeyCode::KeyV, 'v', 'V', ' '), (KeyCode::KeyW, 'w', 'W', ' '), (KeyCode::KeyX, 'x', 'X', ' '),
    (KeyCode::NumpadAdd, '+', '+', ' '), (KeyCode::NumpadSubtract, '-', '-', ' '), (KeyCode::NumpadMultiply, '*', '*', ' '),
    (KeyCode::NumpadDivide, '/', '/', ' '),
];

const NUMPAD: [(KeyCode, char); 10] = [
    (KeyCode::Numpad0, '0'),
    (KeyCode::Numpad1, '1'),
    (KeyCode::Numpad2, '2'),
    (KeyCode::Numpad3, '3'),
    (KeyCode::Numpad4, '4'),
    (KeyCode::Numpad5, '5'),
    (KeyCode::Numpad6, '6'),
    (KeyCode::Numpad7, '7'),
    (KeyCode::Numpad8, '8'),
    (KeyCode::Numpad9, '9'),
];

/// What `code` types; `None` for keys that do something else.
pub(super) fn symbol(layout: KeyboardLayout, code: KeyCode, levels: Levels) -> Option<Symbol> {
    if code == KeyCode::Space {
        return Some(Symbol::Char(' '));
    }
    if let Some((_, digit)) = NUMPAD.iter().find(|(key, _)| *key == code) {
        return levels.num_lock.then_some(Symbol::Char(*digit));
    }
    if code == KeyCode::NumpadDecimal {
        let point = if layout == KeyboardLayout::German { ',' } else { '.' };
        return levels.num_lock.then_some(Symbol::Char(point));
    }
    let own = if layout == KeyboardLayout::German { GERMAN } else { US };
    let (_, plain, shifted, third) = *own.iter().chain(COMMON).find(|(key, ..)| *key == code)?;
    let letter = plain.is_alphabetic() && plain != 'ß';
    let c = if levels.third {
        third
    } else if levels.shift != (levels.caps_lock && letter) {
        shifted
    } else {
        plain
    };
    match c {
        ' ' => None,
        '^' | '´' | '`' if layout == KeyboardLayout::German => Some(Symbol::Dead(c)),
        _ => Some(Symbol::Char(c)),
    }
}

/// A numpad key without Num Lock is the key that it repeats.
pub(super) const fn numpad_navigation(code: KeyCode) -> KeyCode {
    match code {
        KeyCode::Numpad0 => KeyCode::Insert,
        KeyCode::Numpad1 => KeyCode::End,
        KeyCode::Numpad2 => KeyCode::ArrowDown,
        KeyCode::Numpad3 => KeyCode::PageDown,
        KeyCode::Numpad4 => KeyCode::ArrowLeft,
        KeyCode::Numpad6 => KeyCode::ArrowRight,
        KeyCode::Numpad7 => KeyCode::Home,
        KeyCode::Numpad8 => KeyCode::ArrowUp,
        KeyCode::Numpad9 => KeyCode::PageUp,
        KeyCode::NumpadDecimal => KeyCode::Delete,
        KeyCode::NumpadEnter => KeyCode::Enter,
        other => other,
    }
}

/// The letter under an accent, the accent alone before a space, or both one after the other.
pub(super) fn compose(accent: char, c: char) -> String {
    const COMPOSED: [(char, &str, &str); 3] =
        [('^', "aeiouAEIOU", "âêîôûÂÊÎÔÛ"), ('´', "aeiouyAEIOUY", "áéíóúýÁÉÍÓÚÝ"), ('`', "aeiouAEIOU", "àèìòùÀÈÌÒÙ")];
    if c == ' ' {
        return accent.to_string();
    }
    let found = COMPOSED.iter().find(|(own, ..)| *own == accent).and_then(|(_, from, to)| {
        let at = from.chars().position(|letter| letter == c)?;
        to.chars().nth(at)
    });
    found.map_or_else(|| format!("{accent}{c}"), String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Levels = Levels { shift: false, third: false, caps_lock: false, num_lock: true };

    #[test]
    fn german_third_level_types_what_programmers_need() {
        let cases = [
            (KeyCode::KeyQ, '@'),
            (KeyCode::KeyE, '€'),
            (KeyCode::Digit7, '{'),
            (KeyCode::Digit0, '}'),
            (KeyCode::Digit8, '['),
            (KeyCode::Digit9, ']'),
            (KeyCode::Minus, '\\'),
            (KeyCode::IntlBackslash, '|'),
            (KeyCode::BracketRight, '~'),
        ];
        for (code, c) in cases {
            let typed = symbol(KeyboardLayout::German, code, Levels { third: true, ..PLAIN });
            assert_eq!(typed, Some(Symbol::Char(c)), "{code:?}");
        }
    }

    #[test]
    fn us_types_every_ascii_character() {
        let mut typed: Vec<char> = Vec::new();
        for code in KeyCode::ALL {
            for shift in [false, true] {
                if let Some(Symbol::Char(c)) = symbol(KeyboardLayout::UnitedStates, *code, Levels { shift, ..PLAIN }) {
                    typed.push(c);
                }
            }
        }
        for c in ' '..='~' {
            assert!(typed.contains(&c), "{c:?}");
        }
    }

    #[test]
    fn caps_lock_changes_letters_only_and_shift_turns_it_back() {
        let caps = Levels { caps_lock: true, ..PLAIN };
        let cases = [
            (KeyCode::KeyA, caps, 'A'),
            (KeyCode::KeyA, Levels { shift: true, ..caps }, 'a'),
            (KeyCode::Digit1, caps, '1'),
            (KeyCode::Semicolon, caps, 'Ö'),
            (KeyCode::Minus, caps, 'ß'),
        ];
        for (code, levels, c) in cases {
            assert_eq!(symbol(KeyboardLayout::German, code, levels), Some(Symbol::Char(c)), "{code:?}");
        }
    }

    #[test]
    fn accents_join_their_letters() {
        assert_eq!(compose('´', 'e'), "é");
        assert_eq!(compose('^', ' '), "^");
        assert_eq!(compose('`', 'x'), "`x");
    }
}
