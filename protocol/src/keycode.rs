//! Physical keys. A [`KeyCode`] names a place on the keyboard ([W3C UI Events code]); what it types is the
//! console's layout's business, so German and Japanese keyboards need no table here.
//!
//! The codes and the XT set 1 scan codes follow the tables of the W3C specification and of Microsoft's key-code
//! listing; the X11 key code is the Linux evdev code plus 8, as every current X server numbers keys.
//!
//! [W3C UI Events code]: https://www.w3.org/TR/uievents-code/

use crate::wire::{Cursor, Decode, DecodeError, DecodeErrorKind, Encode};

macro_rules! key_codes {
    ($($variant:ident = $tag:literal, $xt:literal, $x11:literal;)*) => {
        /// A place on the keyboard. The number on the wire is the evdev code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum KeyCode {
            $($variant = $tag,)*
        }

        impl KeyCode {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in `KeyboardEvent.code`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)* }
            }

            /// The key with this `KeyboardEvent.code`.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $(stringify!($variant) => Some(Self::$variant),)* _ => None }
            }

            /// XT set 1 scan code; `0xE0xx` for keys with the E0 prefix. As Windows numbers it:
            /// Num Lock is `0xE045` and Pause `0x45`.
            pub const fn scancode(self) -> u16 {
                match self { $(Self::$variant => $xt,)* }
            }

            /// X11 key code of a server that uses evdev numbering.
            pub const fn x11_keycode(self) -> u8 {
                match self { $(Self::$variant => $x11,)* }
            }

            const fn from_tag(tag: u8) -> Option<Self> {
                match tag { $($tag => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

key_codes! {
    Escape = 1, 0x01, 9;
    Digit1 = 2, 0x02, 10;
    Digit2 = 3, 0x03, 11;
    Digit3 = 4, 0x04, 12;
    Digit4 = 5, 0x05, 13;
    Digit5 = 6, 0x06, 14;
    Digit6 = 7, 0x07, 15;
    Digit7 = 8, 0x08, 16;
    Digit8 = 9, 0x09, 17;
    Digit9 = 10, 0x0A, 18;
    Digit0 = 11, 0x0B, 19;
    Minus = 12, 0x0C, 20;
    Equal = 13, 0x0D, 21;
    Backspace = 14, 0x0E, 22;
    Tab = 15, 0x0F, 23;
    KeyQ = 16, 0x10, 24;
    KeyW = 17, 0x11, 25;
    KeyE = 18, 0x12, 26;
    KeyR = 19, 0x13, 27;
    KeyT = 20, 0x14, 28;
    KeyY = 21, 0x15, 29;
    KeyU = 22, 0x16, 30;
    KeyI = 23, 0x17, 31;
    KeyO = 24, 0x18, 32;
    KeyP = 25, 0x19, 33;
    BracketLeft = 26, 0x1A, 34;
    BracketRight = 27, 0x1B, 35;
    Enter = 28, 0x1C, 36;
    ControlLeft = 29, 0x1D, 37;
    KeyA = 30, 0x1E, 38;
    KeyS = 31, 0x1F, 39;
    KeyD = 32, 0x20, 40;
    KeyF = 33, 0x21, 41;
    KeyG = 34, 0x22, 42;
    KeyH = 35, 0x23, 43;
    KeyJ = 36, 0x24, 44;
    KeyK = 37, 0x25, 45;
    KeyL = 38, 0x26, 46;
    Semicolon = 39, 0x27, 47;
    Quote = 40, 0x28, 48;
    Backquote = 41, 0x29, 49;
    ShiftLeft = 42, 0x2A, 50;
    Backslash = 43, 0x2B, 51;
    KeyZ = 44, 0x2C, 52;
    KeyX = 45, 0x2D, 53;
    KeyC = 46, 0x2E, 54;
    KeyV = 47, 0x2F, 55;
    KeyB = 48, 0x30, 56;
    KeyN = 49, 0x31, 57;
    KeyM = 50, 0x32, 58;
    Comma = 51, 0x33, 59;
    Period = 52, 0x34, 60;
    Slash = 53, 0x35, 61;
    ShiftRight = 54, 0x36, 62;
    NumpadMultiply = 55, 0x37, 63;
    AltLeft = 56, 0x38, 64;
    Space = 57, 0x39, 65;
    CapsLock = 58, 0x3A, 66;
    F1 = 59, 0x3B, 67;
    F2 = 60, 0x3C, 68;
    F3 = 61, 0x3D, 69;
    F4 = 62, 0x3E, 70;
    F5 = 63, 0x3F, 71;
    F6 = 64, 0x40, 72;
    F7 = 65, 0x41, 73;
    F8 = 66, 0x42, 74;
    F9 = 67, 0x43, 75;
    F10 = 68, 0x44, 76;
    NumLock = 69, 0xE045, 77;
    ScrollLock = 70, 0x46, 78;
    Numpad7 = 71, 0x47, 79;
    Numpad8 = 72, 0x48, 80;
    Numpad9 = 73, 0x49, 81;
    NumpadSubtract = 74, 0x4A, 82;
    Numpad4 = 75, 0x4B, 83;
    Numpad5 = 76, 0x4C, 84;
    Numpad6 = 77, 0x4D, 85;
    NumpadAdd = 78, 0x4E, 86;
    Numpad1 = 79, 0x4F, 87;
    Numpad2 = 80, 0x50, 88;
    Numpad3 = 81, 0x51, 89;
    Numpad0 = 82, 0x52, 90;
    NumpadDecimal = 83, 0x53, 91;
    IntlBackslash = 86, 0x56, 94;
    F11 = 87, 0x57, 95;
    F12 = 88, 0x58, 96;
    IntlRo = 89, 0x73, 97;
    Lang3 = 90, 0x78, 98;
    Lang4 = 91, 0x77, 99;
    Convert = 92, 0x79, 100;
    KanaMode = 93, 0x70, 101;
    NonConvert = 94, 0x7B, 102;
    NumpadEnter = 96, 0xE01C, 104;
    ControlRight = 97, 0xE01D, 105;
    NumpadDivide = 98, 0xE035, 106;
    PrintScreen = 99, 0xE037, 107;
    AltRight = 100, 0xE038, 108;
    Home = 102, 0xE047, 110;
    ArrowUp = 103, 0xE048, 111;
    PageUp = 104, 0xE049, 112;
    ArrowLeft = 105, 0xE04B, 113;
    ArrowRight = 106, 0xE04D, 114;
    End = 107, 0xE04F, 115;
    ArrowDown = 108, 0xE050, 116;
    PageDown = 109, 0xE051, 117;
    Insert = 110, 0xE052, 118;
    Delete = 111, 0xE053, 119;
    AudioVolumeMute = 113, 0xE020, 121;
    AudioVolumeDown = 114, 0xE02E, 122;
    AudioVolumeUp = 115, 0xE030, 123;
    NumpadEqual = 117, 0x59, 125;
    Pause = 119, 0x45, 127;
    NumpadComma = 121, 0x7E, 129;
    Lang1 = 122, 0x72, 130;
    Lang2 = 123, 0x71, 131;
    IntlYen = 124, 0x7D, 132;
    MetaLeft = 125, 0xE05B, 133;
    MetaRight = 126, 0xE05C, 134;
    ContextMenu = 127, 0xE05D, 135;
    BrowserStop = 128, 0xE068, 136;
    F13 = 183, 0x64, 191;
    F14 = 184, 0x65, 192;
    F15 = 185, 0x66, 193;
    F16 = 186, 0x67, 194;
    F17 = 187, 0x68, 195;
    F18 = 188, 0x69, 196;
    F19 = 189, 0x6A, 197;
    F20 = 190, 0x6B, 198;
    F21 = 191, 0x6C, 199;
    F22 = 192, 0x6D, 200;
    F23 = 193, 0x6E, 201;
    F24 = 194, 0x76, 202;
}

impl KeyCode {
    /// Shift, Control, Alt and Meta: keys that change what others do, on which repetition means nothing.
    pub const fn is_modifier(self) -> bool {
        matches!(
            self,
            Self::ShiftLeft
                | Self::ShiftRight
                | Self::ControlLeft
                | Self::ControlRight
                | Self::AltLeft
                | Self::AltRight
                | Self::MetaLeft
                | Self::MetaRight
        )
    }

    /// Keys that switch a state at each press.
    pub const fn is_lock(self) -> bool {
        matches!(self, Self::CapsLock | Self::NumLock | Self::ScrollLock | Self::KanaMode)
    }
}

impl Encode for KeyCode {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }
}

impl Decode for KeyCode {
    fn decode(input: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let tag = u8::decode(input)?;
        Self::from_tag(tag).ok_or(DecodeError { field: "KeyCode", kind: DecodeErrorKind::UnknownTag { tag } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_key_has_a_name_a_scancode_and_an_x11_code_of_its_own() {
        let names: HashSet<_> = KeyCode::ALL.iter().map(|key| key.name()).collect();
        let scancodes: HashSet<_> = KeyCode::ALL.iter().map(|key| key.scancode()).collect();
        let x11: HashSet<_> = KeyCode::ALL.iter().map(|key| key.x11_keycode()).collect();
        assert_eq!(names.len(), KeyCode::ALL.len());
        assert_eq!(scancodes.len(), KeyCode::ALL.len());
        assert_eq!(x11.len(), KeyCode::ALL.len());
    }

    #[test]
    fn x11_is_evdev_plus_eight() {
        for key in KeyCode::ALL {
            assert_eq!(key.x11_keycode(), *key as u8 + 8, "{key:?}");
        }
    }

    #[test]
    fn arrows_are_extended_so_that_num_lock_does_not_turn_them_into_digits() {
        for (key, scancode) in [(KeyCode::ArrowUp, 0xE048), (KeyCode::Numpad8, 0x48), (KeyCode::Delete, 0xE053)] {
            assert_eq!(key.scancode(), scancode);
        }
    }

    #[test]
    fn names_lead_back_to_their_keys() {
        for key in KeyCode::ALL {
            assert_eq!(KeyCode::from_name(key.name()), Some(*key));
        }
        assert_eq!(KeyCode::from_name("Unidentified"), None);
    }
}
