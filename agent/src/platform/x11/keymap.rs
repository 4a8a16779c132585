//! Which keys type which character on an X server's keyboard, and which key codes are spare.

use std::collections::HashMap;

use protocol::keycode::KeyCode;
use x11rb::protocol::xkb::{self, ConnectionExt as _, GetMapMap, KeySymMap, KeyType, MapPart};
use x11rb::protocol::xproto::{Keycode, ModMask};
use xkeysym::Keysym;

use super::connection::{Explain, XServer};
use crate::platform::PlatformError;

pub(super) const CORE_KEYBOARD: u16 = 256;
/// Layout groups of XKB.
const GROUPS: usize = 4;
const CAPS: u16 = 1 << 1;

/// A key with what has to be in force for it to type a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stroke {
    pub(super) keycode: Keycode,
    /// Modifiers that are on; all others are off.
    pub(super) modifiers: u8,
    pub(super) group: u8,
}

#[derive(Debug, Default)]
pub(super) struct Keymap {
    strokes: HashMap<char, [Option<Stroke>; GROUPS]>,
    spare: Vec<Keycode>,
}

impl Keymap {
    /// Reads the keyboard's map. What `borrowed` key codes type is left out: it is there for a moment only.
    pub(super) fn read(server: &XServer, borrowed: &[Keycode]) -> Result<Self, PlatformError> {
        let what = "reading the keyboard's map";
        let parts = MapPart::KEY_TYPES | MapPart::KEY_SYMS | MapPart::MODIFIER_MAP;
        let none = xkb::VMod::default();
        let cookie = server
            .connection
            .xkb_get_map(CORE_KEYBOARD, parts, MapPart::default(), 0, 0, 0, 0, 0, 0, 0, 0, none, 0, 0, 0, 0, 0, 0)
            .explain(what)?;
        let reply = cookie.reply().explain(what)?;
        Ok(Self::new(reply.first_key_sym, &reply.map, borrowed))
    }

    fn new(first: Keycode, map: &GetMapMap, borrowed: &[Keycode]) -> Self {
        let types = map.types_rtrn.as_deref().unwrap_or_default();
        let keys = map.syms_rtrn.as_deref().unwrap_or_default();
        let modifiers = map.modmap_rtrn.as_deref().unwrap_or_default();
        let mut keymap = Self::default();
        for (keycode, key) in (first..=Keycode::MAX).zip(keys) {
            if borrowed.contains(&keycode) {
                continue;
            }
            let is_modifier = modifiers.iter().any(|entry| entry.keycode == keycode && u16::from(entry.mods) != 0);
            if key.syms.iter().all(|keysym| *keysym == 0) && !is_modifier && !is_on_keyboards(keycode) {
                keymap.spare.push(keycode);
            }
            keymap.add_key(keycode, key, types);
        }
        // From the end: the lower ones are more likely to be known to programs that look at the key code.
        keymap.spare.reverse();
        keymap
    }

    fn add_key(&mut self, keycode: Keycode, key: &KeySymMap, key_types: &[KeyType]) {
        let n_groups = usize::from(key.group_info & 0x0f).min(GROUPS);
        let width = usize::from(key.width);
        for group in 0..n_groups {
            let Some(key_type) = key_types.get(usize::from(key.kt_index[group])) else { continue };
            for level in 0..width.min(usize::from(key_type.num_levels)) {
                let keysym = key.syms.get(group * width + level).copied().unwrap_or_default();
                let (Some(letter), Some(modifiers)) = (character(keysym), modifiers_for(key_type, level as u8)) else {
                    continue;
                };
                let stroke = Stroke { keycode, modifiers, group: group as u8 };
                let known = &mut self.strokes.entry(letter).or_default()[group];
                if known.is_none_or(|known| effort(stroke) < effort(known)) {
                    *known = Some(stroke);
                }
            }
        }
    }

    /// How to type a character, in the given group when it has it.
    pub(super) fn stroke(&self, typed: char, group: u8) -> Option<Stroke> {
        let groups = self.strokes.get(&typed)?;
        let here = groups.get(usize::from(group)).copied().flatten();
        here.or_else(|| groups.iter().copied().flatten().next())
    }

    /// Key codes that type nothing and stand for no key.
    pub(super) fn spare(&self) -> &[Keycode] {
        &self.spare
    }
}

fn effort(stroke: Stroke) -> u32 {
    u32::from(stroke.modifiers).count_ones()
}

fn is_on_keyboards(keycode: Keycode) -> bool {
    KeyCode::ALL.iter().any(|key| key.x11_keycode() == keycode)
}

/// What a keysym types. The keypad is left out: what it types depends on Num Lock.
fn character(keysym: u32) -> Option<char> {
    match Keysym::new(keysym) {
        Keysym::Return => Some('\n'),
        Keysym::Tab => Some('\t'),
        _ if (0xfd00..=0xffff).contains(&keysym) => None,
        keysym => keysym.key_char().filter(|typed| !typed.is_control()),
    }
}

/// The fewest modifiers that lead to a level of a key.
fn modifiers_for(key_type: &KeyType, level: u8) -> Option<u8> {
    let entries = || key_type.map.iter().filter(|entry| entry.active);
    let is_plain = level == 0 && !entries().any(|entry| u16::from(entry.mods_mask) == 0 && entry.level != 0);
    if is_plain {
        return Some(0);
    }
    let masks = entries().filter(|entry| entry.level == level).map(|entry| u16::from(entry.mods_mask));
    masks.min_by_key(|mask| (mask & CAPS != 0, mask.count_ones(), *mask)).map(|mask| mask as u8)
}

/// The keysym for a character that no key types.
pub(super) fn keysym(typed: char) -> u32 {
    match typed {
        '\n' => Keysym::Return.raw(),
        typed => Keysym::from_char(typed).raw(),
    }
}

pub(super) fn all_modifiers() -> ModMask {
    ModMask::from(0xff_u8)
}

#[cfg(test)]
mod tests {
    use x11rb::protocol::xkb::{KTMapEntry, KeyModMap};

    use super::*;

    fn key_type(levels: &[(u8, u8)]) -> KeyType {
        let entry = |(mask, level): &(u8, u8)| KTMapEntry {
            active: true,
            mods_mask: ModMask::from(*mask),
            level: *level,
            ..Default::default()
        };
        KeyType { num_levels: 4, map: levels.iter().map(entry).collect(), ..Default::default() }
    }

    fn key(syms: &[u32]) -> KeySymMap {
        KeySymMap { kt_index: [0; 4], group_info: 1, width: syms.len() as u8, syms: syms.to_vec() }
    }

    fn keymap(first: Keycode, keys: Vec<KeySymMap>, borrowed: &[Keycode]) -> Keymap {
        let map = GetMapMap {
            types_rtrn: Some(vec![key_type(&[(1, 1), (2, 1), (0x80, 2), (0x81, 3)])]),
            syms_rtrn: Some(keys),
            modmap_rtrn: Some(vec![KeyModMap { keycode: 203, mods: ModMask::SHIFT }]),
            ..Default::default()
        };
        Keymap::new(first, &map, borrowed)
    }

    #[test]
    fn a_character_is_found_with_its_modifiers() {
        // A German Q and E: the euro sign has a keysym from before Unicode.
        let keys = vec![key(&[0x71, 0x51, 0x40, 0x07d9]), key(&[0x65, 0x45, 0x20ac, 0x20ac])];
        let keymap = keymap(24, keys, &[]);
        for (typed, keycode, modifiers) in [('q', 24, 0), ('Q', 24, 1), ('@', 24, 0x80), ('€', 25, 0x80)] {
            assert_eq!(keymap.stroke(typed, 0), Some(Stroke { keycode, modifiers, group: 0 }), "{typed}");
        }
        assert_eq!(keymap.stroke('ß', 0), None);
    }

    #[test]
    fn keypad_and_dead_keys_type_nothing_by_themselves() {
        for keysym in [0xffab /* KP_Add */, 0xfe50 /* dead_grave */, 0xff1b /* Escape */, 0] {
            assert_eq!(character(keysym), None, "{keysym:x}");
        }
        assert_eq!(character(0xff0d), Some('\n'));
        assert_eq!(character(0x0101_f600), Some('😀'));
    }

    #[test]
    fn spare_codes_are_silent_no_key_and_not_borrowed() {
        let keys = vec![key(&[0, 0]), key(&[0x61]), key(&[0]), key(&[0]), key(&[0])];
        // 203 is a modifier; 202 is F24.
        assert_eq!(keymap(200, keys, &[]).spare(), [204]);
        let keys = vec![key(&[0]), key(&[0x61])];
        let keymap = keymap(204, keys, &[205]);
        assert_eq!(keymap.spare(), [204]);
        assert_eq!(keymap.stroke('a', 0), None);
    }
}
