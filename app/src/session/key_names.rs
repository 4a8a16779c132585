//! Which key an event is about, by the names that browsers give to keys ([W3C UI Events]).
//!
//! [W3C UI Events]: https://www.w3.org/TR/uievents-code/

use protocol::keycode::KeyCode;

use super::stuck_keys::Modifier;

/// Keys of Japanese keyboards, by the names that Windows browsers give them without a release.
pub(super) const JAPANESE_KEYS: &[&str] = &[
    "Alphanumeric",
    "Hankaku",
    "Hiragana",
    "HiraganaKatakana",
    "KanaMode",
    "Katakana",
    "Romaji",
    "Zenkaku",
    "ZenkakuHankaku",
];

/// The key of `KeyboardEvent.code`, by whatever name a browser has for it.
pub(super) fn key_of_code(code: &str) -> Option<KeyCode> {
    match code {
        "OSLeft" => Some(KeyCode::MetaLeft),
        "OSRight" => Some(KeyCode::MetaRight),
        "VolumeMute" => Some(KeyCode::AudioVolumeMute),
        "VolumeDown" => Some(KeyCode::AudioVolumeDown),
        "VolumeUp" => Some(KeyCode::AudioVolumeUp),
        code => KeyCode::from_name(code),
    }
}

/// The key for an event without a code, from its name and place.
pub(super) fn key_of_name(key: &str, location: u32) -> Option<KeyCode> {
    const RIGHT: u32 = 2;
    const NUMBER_PAD: u32 = 3;
    let [left_or_right, number_pad] = [location == RIGHT, location == NUMBER_PAD];
    Some(match key {
        "Shift" => Modifier::Shift.keys()[usize::from(left_or_right)],
        "Control" => Modifier::Control.keys()[usize::from(left_or_right)],
        "Alt" => Modifier::Alt.keys()[usize::from(left_or_right)],
        "Meta" | "OS" => Modifier::Meta.keys()[usize::from(left_or_right)],
        "AltGraph" => KeyCode::AltRight,
        "Enter" if number_pad => KeyCode::NumpadEnter,
        " " => KeyCode::Space,
        name @ ("Enter" | "Escape" | "Backspace" | "Tab" | "Delete" | "Insert" | "Home" | "End" | "PageUp"
        | "PageDown" | "ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight" | "CapsLock" | "NumLock"
        | "ScrollLock" | "Pause" | "PrintScreen" | "ContextMenu" | "F1" | "F2" | "F3" | "F4" | "F5" | "F6"
        | "F7" | "F8" | "F9" | "F10" | "F11" | "F12") => KeyCode::from_name(name)?,
        _ => return None,
    })
}

/// What a key types with Shift on a US keyboard.
pub(super) fn shifted_us_character(key: KeyCode) -> Option<char> {
    if let Some(letter) = key.name().strip_prefix("Key") {
        return single_character(letter);
    }
    Some(match key {
        KeyCode::Digit1 => '!',
        KeyCode::Digit2 => '@',
        KeyCode::Digit3 => '#',
        KeyCode::Digit4 => '$',
        KeyCode::Digit5 => '%',
        KeyCode::Digit6 => '^',
        KeyCode::Digit7 => '&',
        KeyCode::Digit8 => '*',
        KeyCode::Digit9 => '(',
        KeyCode::Digit0 => ')',
        KeyCode::Minus => '_',
        KeyCode::Equal => '+',
        KeyCode::BracketLeft => '{',
        KeyCode::BracketRight => '}',
        KeyCode::Backslash => '|',
        KeyCode::Semicolon => ':',
        KeyCode::Quote => '"',
        KeyCode::Backquote => '~',
        KeyCode::Comma => '<',
        KeyCode::Period => '>',
        KeyCode::Slash => '?',
        _ => return None,
    })
}

/// The character that `KeyboardEvent.key` stands for; `None` for the name of a key.
pub(super) fn single_character(key: &str) -> Option<char> {
    let mut characters = key.chars();
    let first = characters.next()?;
    characters.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_are_understood() {
        assert_eq!(key_of_code("OSRight"), Some(KeyCode::MetaRight));
        assert_eq!(key_of_code("VolumeUp"), Some(KeyCode::AudioVolumeUp));
        assert_eq!(key_of_code("Unidentified"), None);
    }

    #[test]
    fn without_a_code_name_and_place_tell_the_key() {
        for (name, location, key) in [
            ("Shift", 2, Some(KeyCode::ShiftRight)),
            ("Control", 1, Some(KeyCode::ControlLeft)),
            ("Enter", 3, Some(KeyCode::NumpadEnter)),
            ("Enter", 0, Some(KeyCode::Enter)),
            ("ArrowUp", 0, Some(KeyCode::ArrowUp)),
            ("a", 0, None),
        ] {
            assert_eq!(key_of_name(name, location), key, "{name} at {location}");
        }
    }

    #[test]
    fn one_character_is_typed_and_a_name_is_not() {
        assert_eq!(["ß", "日", "F1", ""].map(single_character), [Some('ß'), Some('日'), None, None]);
    }
}
