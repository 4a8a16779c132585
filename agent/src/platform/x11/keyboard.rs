//! The keyboard of one X server: single keys, text whatever the layout, and the lock keys.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use protocol::input::LockKeys;
use x11rb::protocol::Event;
use x11rb::protocol::xkb::{
    ConnectionExt as _, EventType, GetNamedIndicatorReply, Group, ID, LedClass, MapPart, SelectEventsAux,
};
use x11rb::protocol::xproto::{ConnectionExt as _, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, Keycode, ModMask};
use x11rb::protocol::xtest::ConnectionExt as _;

use super::connection::{Explain, XServer};
use super::keymap::{CORE_KEYBOARD, Keymap, Stroke, all_modifiers};
use super::release_guard::{Held, Locks, ReleaseGuard};
use super::spares::Spares;
use crate::platform::PlatformError;

pub(super) struct Keyboard {
    server: Arc<XServer>,
    /// `None` when it has to be read again.
    keymap: Option<Keymap>,
    spares: Spares,
}

impl Keyboard {
    pub(super) fn new(server: &Arc<XServer>, guard: &ReleaseGuard) -> Result<Self, PlatformError> {
        let what = "following the keyboard's map";
        let map = MapPart::from(0xff_u16);
        let events = EventType::MAP_NOTIFY | EventType::NEW_KEYBOARD_NOTIFY;
        let none = EventType::default();
        let details = SelectEventsAux::default();
        server.connection.xkb_select_events(CORE_KEYBOARD, none, events, map, map, &details).explain(what)?;
        Ok(Self { server: Arc::clone(server), keymap: None, spares: Spares::new(server, guard) })
    }

    pub(super) fn key(&self, keycode: Keycode, down: bool) -> Result<(), PlatformError> {
        let kind = if down { KEY_PRESS_EVENT } else { KEY_RELEASE_EVENT };
        let request = self.server.connection.xtest_fake_input(kind, keycode, 0, x11rb::NONE, 0, 0, 0);
        request.explain("pressing a key").map(drop)
    }

    /// Reads what the server sent, which nobody waits for here.
    pub(super) fn take_events(&mut self) -> Result<(), PlatformError> {
        while let Some(event) = self.server.next_event()? {
            match event {
                Event::MappingNotify(_) | Event::XkbMapNotify(_) | Event::XkbNewKeyboardNotify(_) => self.keymap = None,
                Event::Error(error) => {
                    tracing::debug!(x.error = ?error.error_kind, "the X server refused an input request");
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Types characters while `held` keys are let go for a moment.
    ///
    /// The modifiers that a character needs are put in force directly (as locked ones) rather than by pressing
    /// keys: this needs no knowledge of which key gives which modifier, and leaves nothing held.
    pub(super) fn text(&mut self, text: &str, held: &[Keycode], guard: &ReleaseGuard) -> Result<(), PlatformError> {
        self.take_events()?;
        let what = "reading the keyboard's state";
        let state = self.server.connection.xkb_get_state(CORE_KEYBOARD).explain(what)?.reply().explain(what)?;
        // What the round trip brought: the map may have changed.
        self.take_events()?;
        let modifiers = u16::from(state.locked_mods) as u8;
        let locks = Locks { modifiers, group: u8::from(state.locked_group) };
        guard.text_begins(&self.server.name, locks);
        for keycode in held {
            self.key(*keycode, false)?;
        }
        let typed = self.type_all(text, u8::from(state.group), guard);
        set_locks(&self.server, locks)?;
        for keycode in held {
            self.key(*keycode, true)?;
        }
        self.server.flush()?;
        guard.text_ends(&self.server.name);
        typed
    }

    fn type_all(&mut self, text: &str, group: u8, guard: &ReleaseGuard) -> Result<(), PlatformError> {
        let keymap = match self.keymap.take() {
            Some(keymap) => keymap,
            None => Keymap::read(&self.server, &self.spares.codes())?,
        };
        let keymap = self.keymap.insert(keymap);
        let n_spare = self.spares.available(keymap.spare()).len();
        let mut writer = Writer { server: &self.server, in_force: None, guard, pressed: BTreeSet::new() };
        for run in runs(text, n_spare, |typed| keymap.stroke(typed, group).is_some()) {
            let lent =
                if run.unknown.is_empty() { HashMap::new() } else { self.spares.lend(&run.unknown, keymap.spare())? };
            for typed in run.text.chars() {
                let stroke = keymap.stroke(typed, group).or_else(|| lent_stroke(&lent, typed, group));
                let stroke = stroke.ok_or_else(|| no_key("no key code is spare"))?;
                writer.press(stroke)?;
            }
            writer.finish()?;
            self.spares.used();
        }
        Ok(())
    }

    fn change_locks(&self, affected: ModMask, on: ModMask) -> Result<(), PlatformError> {
        change_locks(&self.server, affected, on, None)
    }

    /// Brings the locks to the wanted state where they differ. The modifier is locked directly: the lock key of the
    /// layout may sit elsewhere or do something else.
    pub(super) fn locks(&mut self, wanted: LockKeys) -> Result<(), PlatformError> {
        self.take_events()?;
        let wanted =
            [("Caps Lock", wanted.caps_lock), ("Num Lock", wanted.num_lock), ("Scroll Lock", wanted.scroll_lock)];
        for (name, wanted) in wanted {
            let Some(wanted) = wanted else { continue };
            let indicator = self.indicator(name)?;
            let modifiers = u16::from(indicator.map_mods);
            // A layout without the lock has no modifier to switch.
            if indicator.found && indicator.on != wanted && modifiers != 0 {
                let on = if wanted { modifiers } else { 0 };
                self.change_locks(ModMask::from(modifiers), ModMask::from(on))?;
            }
        }
        self.server.flush()
    }

    fn indicator(&self, name: &str) -> Result<GetNamedIndicatorReply, PlatformError> {
        let what = "reading the lock keys";
        let connection = &self.server.connection;
        let atom = connection.intern_atom(false, name.as_bytes()).explain(what)?.reply().explain(what)?.atom;
        let (class, id) = (LedClass::DFLT_XI_CLASS, u16::from(ID::DFLT_XI_ID));
        connection.xkb_get_named_indicator(CORE_KEYBOARD, class, id, atom).explain(what)?.reply().explain(what)
    }
}

/// Locks these and no others.
pub(super) fn set_locks(server: &XServer, locks: Locks) -> Result<(), PlatformError> {
    let modifiers = ModMask::from(u16::from(locks.modifiers));
    change_locks(server, all_modifiers(), modifiers, Some(Group::from(locks.group)))
}

fn change_locks(server: &XServer, affected: ModMask, on: ModMask, group: Option<Group>) -> Result<(), PlatformError> {
    let none = ModMask::default();
    let (lock_group, group) = (group.is_some(), group.unwrap_or(Group::M1));
    let request =
        server.connection.xkb_latch_lock_state(CORE_KEYBOARD, affected, on, lock_group, group, none, false, 0);
    request.explain("setting the lock keys").map(drop)
}

/// Presses keys one after another and changes the modifiers only where neighbours differ.
struct Writer<'a> {
    server: &'a XServer,
    in_force: Option<(u8, u8)>,
    guard: &'a ReleaseGuard,
    /// The guard was told of these.
    pressed: BTreeSet<Keycode>,
}

impl Writer<'_> {
    fn press(&mut self, stroke: Stroke) -> Result<(), PlatformError> {
        let needed = (stroke.modifiers, stroke.group);
        if self.in_force != Some(needed) {
            set_locks(self.server, Locks { modifiers: stroke.modifiers, group: stroke.group })?;
            self.in_force = Some(needed);
        }
        if self.pressed.insert(stroke.keycode) {
            self.guard.down(&self.server.name, Held::Key(stroke.keycode));
        }
        for kind in [KEY_PRESS_EVENT, KEY_RELEASE_EVENT] {
            let request = self.server.connection.xtest_fake_input(kind, stroke.keycode, 0, x11rb::NONE, 0, 0, 0);
            request.explain("typing")?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), PlatformError> {
        self.server.flush()?;
        for keycode in std::mem::take(&mut self.pressed) {
            self.guard.up(&self.server.name, Held::Key(keycode));
        }
        Ok(())
    }
}

fn lent_stroke(lent: &HashMap<char, Keycode>, typed: char, group: u8) -> Option<Stroke> {
    lent.get(&typed).map(|keycode| Stroke { keycode: *keycode, modifiers: 0, group })
}

fn no_key(why: &str) -> PlatformError {
    PlatformError::Failed { what: "typing text", why: why.to_owned() }
}

/// A piece of text that can be typed without giving a borrowed key code a second character.
struct Run<'a> {
    text: &'a str,
    unknown: Vec<char>,
}

fn runs(text: &str, n_spare: usize, is_known: impl Fn(char) -> bool) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let (mut start, mut unknown) = (0, Vec::new());
    for (at, typed) in text.char_indices() {
        if is_known(typed) || unknown.contains(&typed) {
            continue;
        }
        if unknown.len() == n_spare && start < at {
            runs.push(Run { text: &text[start..at], unknown: std::mem::take(&mut unknown) });
            start = at;
        }
        unknown.push(typed);
    }
    runs.push(Run { text: &text[start..], unknown });
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_where_spare_codes_run_out() {
        let cut = |n_spare| -> Vec<(String, String)> {
            let runs = runs("aéaéüñb", n_spare, |c| c.is_ascii());
            runs.into_iter().map(|run| (run.text.to_owned(), run.unknown.into_iter().collect())).collect()
        };
        assert_eq!(cut(3), [("aéaéüñb".to_owned(), "éüñ".to_owned())]);
        assert_eq!(cut(2), [("aéaéü".to_owned(), "éü".to_owned()), ("ñb".to_owned(), "ñ".to_owned())]);
    }
}
