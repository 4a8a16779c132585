//! From the browser's key events to the console's: which key it is, and what every browser and system gets wrong.
//!
//! Pure: data of an event and a time go in, input events come out. What is typed is never kept longer than the key is
//! down.

use protocol::input::{InputEvent, LockKeys};
use protocol::keycode::KeyCode;
use protocol::time::Micros;
use protocol::wire::Text;

use super::key_names::{JAPANESE_KEYS, key_of_code, key_of_name, shifted_us_character, single_character};
use super::stuck_keys::{Change, Modifier, ModifierState, StuckKeys};
use super::withheld_keys::{Verdict, WithheldKeys};

/// The keys that give the keyboard back to the portal, never sent to the console; as people read them.
pub const RELEASE_CHORD: &str = "Ctrl+Alt+Shift+K";

/// Systems whose keyboards behave differently in a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    Windows,
    Mac,
    Other,
}

/// What a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Typing {
    /// Its place on the keyboard; the console's layout decides what it types.
    #[default]
    Positions,
    /// What is printed on it here, whatever the console's layout; combinations go as places.
    Characters,
}

/// A key event of the browser.
#[derive(Clone, Copy)]
pub struct KeyStroke<'a> {
    /// `KeyboardEvent.code`
    pub code: &'a str,
    /// `KeyboardEvent.key`
    pub key: &'a str,
    /// `KeyboardEvent.location`; 3 is the number pad.
    pub location: u32,
    pub repeat: bool,
    /// An input method is at work on it; its result comes as text.
    pub composing: bool,
    pub modifiers: ModifierState,
}

/// What an event leads to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    pub events: Vec<InputEvent>,
    /// The browser must not act on the key as well.
    pub is_handled: bool,
    /// The chord that gives the keyboard back was pressed.
    pub releases_capture: bool,
}

impl Outcome {
    fn handled(events: Vec<InputEvent>) -> Self {
        Self { events, is_handled: true, releases_capture: false }
    }
}

/// The keyboard as the console sees it.
pub struct Keyboard {
    platform: Platform,
    typing: Typing,
    stuck: StuckKeys,
    withheld: WithheldKeys,
    /// As last told to the console; `None` after the focus came.
    locks: Option<LockKeys>,
    /// Keys whose press went as text, so that their release goes nowhere.
    typed: Vec<KeyCode>,
}

impl Keyboard {
    pub fn new(platform: Platform) -> Self {
        Self {
            platform,
            typing: Typing::default(),
            stuck: StuckKeys::default(),
            withheld: WithheldKeys::default(),
            locks: None,
            typed: Vec::new(),
        }
    }

    pub fn set_typing(&mut self, typing: Typing) {
        self.typing = typing;
    }

    pub fn down(&mut self, stroke: KeyStroke<'_>, now: Micros) -> Outcome {
        if stroke.composing {
            return Outcome::default();
        }
        let Some(key) = self.key_code(&stroke) else { return typed_without_a_key(&stroke) };
        if is_release_chord(key, stroke.modifiers) {
            self.release_all();
            return Outcome { releases_capture: true, ..Outcome::handled(vec![InputEvent::ReleaseAll]) };
        }

        let mut events = Vec::new();
        match self.withheld.judge(key, stroke.modifiers.alt_graph, now) {
            Some(Verdict::Genuine) => events.push(input(self.stuck.press(KeyCode::ControlLeft))),
            Some(Verdict::AltGraph) | None => {}
        }
        if stroke.repeat && (key.is_modifier() || key.is_lock()) {
            return Outcome::handled(events);
        }
        if self.is_perhaps_alt_graph(key) {
            self.withheld.withhold(now);
            return Outcome::handled(events);
        }
        events.extend(self.stuck.settle(self.reported(stroke.modifiers), Modifier::of(key)).into_iter().map(input));
        if !key.is_lock() {
            events.extend(self.locks_changed(stroke.modifiers));
        }
        self.press(key, &stroke, &mut events);
        Outcome::handled(events)
    }

    pub fn up(&mut self, stroke: KeyStroke<'_>) -> Outcome {
        let Some(key) = self.key_code(&stroke) else { return Outcome::default() };
        let mut events = Vec::new();
        if key == KeyCode::ControlLeft && self.withheld.take() {
            events.push(input(self.stuck.press(key)));
        }
        if let Some(index) = self.typed.iter().position(|typed| *typed == key) {
            self.typed.remove(index);
            return Outcome::handled(events);
        }
        match (self.platform, key) {
            // There the first press switches on and comes without a release, the next one comes as a release.
            (Platform::Mac, KeyCode::CapsLock) => events.extend(self.tap(key)),
            // There other keys get no release while this one is held.
            (Platform::Mac, KeyCode::MetaLeft | KeyCode::MetaRight) => {
                events.extend(self.stuck.release(key).map(input));
                events.extend(self.stuck.release_those(|held| !held.is_modifier()).into_iter().map(input));
            }
            // There the Shift that is released first gets no release of its own.
            (Platform::Windows, KeyCode::ShiftLeft | KeyCode::ShiftRight) => {
                let shifts = Modifier::Shift.keys();
                events.extend(self.stuck.release_those(|held| shifts.contains(&held)).into_iter().map(input));
            }
            _ => events.extend(self.stuck.release(key).map(input)),
        }
        events.extend(self.settle_for(stroke.modifiers, Modifier::of(key)));
        Outcome::handled(events)
    }

    /// An input method or a paste brought text.
    pub fn text(&self, text: &str) -> Vec<InputEvent> {
        if text.is_empty() { Vec::new() } else { vec![InputEvent::Text { text: Text::fitted(text) }] }
    }

    /// Brings the modifiers in line with what a pointer event reports.
    pub fn settle(&mut self, modifiers: ModifierState) -> Vec<InputEvent> {
        self.settle_for(modifiers, None)
    }

    /// A withheld key may be due.
    pub fn expire(&mut self, now: Micros) -> Vec<InputEvent> {
        let verdict = self.withheld.expire(now);
        verdict.map(|_| input(self.stuck.press(KeyCode::ControlLeft))).into_iter().collect()
    }

    pub fn is_withholding(&self) -> bool {
        self.withheld.is_withholding()
    }

    /// Forgets what is held; the console is told to release everything.
    pub fn release_all(&mut self) {
        self.stuck.clear();
        self.withheld.take();
        self.typed.clear();
        self.locks = None;
    }

    fn settle_for(&mut self, modifiers: ModifierState, own: Option<Modifier>) -> Vec<InputEvent> {
        if self.withheld.is_withholding() {
            return Vec::new();
        }
        self.stuck.settle(self.reported(modifiers), own).into_iter().map(input).collect()
    }

    /// On a Mac, Option is the key for third characters and never a plain Alt.
    fn reported(&self, modifiers: ModifierState) -> ModifierState {
        match self.platform {
            Platform::Mac => ModifierState { alt: false, alt_graph: modifiers.alt || modifiers.alt_graph, ..modifiers },
            Platform::Windows | Platform::Other => modifiers,
        }
    }

    fn press(&mut self, key: KeyCode, stroke: &KeyStroke<'_>, events: &mut Vec<InputEvent>) {
        if let Some(character) = self.character_to_type(stroke) {
            if !self.typed.contains(&key) {
                self.typed.push(key);
            }
            events.extend(self.text(character));
        } else if self.gets_no_release(key, stroke) {
            events.extend(self.tap(key));
        } else if self.lacks_its_shift(key, stroke) {
            let [shift, _] = Modifier::Shift.keys();
            events.push(key_event(shift, true));
            events.push(input(self.stuck.press(key)));
            events.push(key_event(shift, false));
        } else {
            events.push(input(self.stuck.press(key)));
        }
    }

    fn tap(&mut self, key: KeyCode) -> [InputEvent; 2] {
        self.stuck.release(key);
        [key_event(key, true), key_event(key, false)]
    }

    fn key_code(&self, stroke: &KeyStroke<'_>) -> Option<KeyCode> {
        let key = key_of_code(stroke.code).or_else(|| key_of_name(stroke.key, stroke.location))?;
        let is_option = self.platform == Platform::Mac && key == KeyCode::AltLeft;
        Some(if is_option { KeyCode::AltRight } else { key })
    }

    fn is_perhaps_alt_graph(&self, key: KeyCode) -> bool {
        self.platform == Platform::Windows && key == KeyCode::ControlLeft && !self.stuck.holds(key)
    }

    fn gets_no_release(&self, key: KeyCode, stroke: &KeyStroke<'_>) -> bool {
        match self.platform {
            Platform::Mac => key == KeyCode::CapsLock || (stroke.modifiers.meta && !key.is_modifier()),
            Platform::Windows => JAPANESE_KEYS.contains(&stroke.key),
            Platform::Other => false,
        }
    }

    fn character_to_type<'a>(&self, stroke: &KeyStroke<'a>) -> Option<&'a str> {
        let state = stroke.modifiers;
        let is_combination = state.meta || ((state.control || state.alt) && !state.alt_graph);
        let wanted = self.typing == Typing::Characters && !is_combination;
        (wanted && single_character(stroke.key).is_some()).then_some(stroke.key)
    }

    /// On-screen keyboards and dictation report a shifted character without pressing Shift.
    fn lacks_its_shift(&self, key: KeyCode, stroke: &KeyStroke<'_>) -> bool {
        let state = stroke.modifiers;
        let is_plain = !(state.shift || state.control || state.alt || state.alt_graph || state.meta || state.caps_lock);
        is_plain
            && !self.stuck.holds_any(Modifier::Shift)
            && single_character(stroke.key).is_some_and(|character| shifted_us_character(key) == Some(character))
    }

    fn locks_changed(&mut self, state: ModifierState) -> Option<InputEvent> {
        let is_mac = self.platform == Platform::Mac;
        let locks = LockKeys {
            caps_lock: Some(state.caps_lock),
            // A Mac has no such keys and reports them as off.
            num_lock: (!is_mac).then_some(state.num_lock),
            scroll_lock: (!is_mac).then_some(state.scroll_lock),
        };
        (self.locks.replace(locks) != Some(locks)).then_some(InputEvent::Locks { locks })
    }
}

fn input(change: Change) -> InputEvent {
    key_event(change.key, change.down)
}

fn key_event(code: KeyCode, down: bool) -> InputEvent {
    InputEvent::Key { code, down }
}

fn is_release_chord(key: KeyCode, state: ModifierState) -> bool {
    key == KeyCode::KeyK && state.control && state.alt && state.shift && !state.meta
}

/// A virtual keyboard names no key, only what it types.
fn typed_without_a_key(stroke: &KeyStroke<'_>) -> Outcome {
    match single_character(stroke.key) {
        Some(_) => Outcome::handled(vec![InputEvent::Text { text: Text::fitted(stroke.key) }]),
        None => Outcome::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_LOCKS: LockKeys = LockKeys { caps_lock: Some(false), num_lock: Some(false), scroll_lock: Some(false) };

    fn stroke<'a>(code: &'a str, key: &'a str) -> KeyStroke<'a> {
        KeyStroke { code, key, location: 0, repeat: false, composing: false, modifiers: ModifierState::default() }
    }

    fn with(stroke: KeyStroke<'_>, change: impl FnOnce(&mut ModifierState)) -> KeyStroke<'_> {
        let mut modifiers = stroke.modifiers;
        change(&mut modifiers);
        KeyStroke { modifiers, ..stroke }
    }

    /// A keyboard that has told its lock keys.
    fn keyboard(platform: Platform) -> Keyboard {
        Keyboard { locks: Some(NO_LOCKS), ..Keyboard::new(platform) }
    }

    fn words(events: &[InputEvent]) -> String {
        let word = |event: &InputEvent| match event {
            InputEvent::Key { code, down } => format!("{}{}", if *down { '+' } else { '-' }, code.name()),
            InputEvent::Text { text } => format!("'{text}'"),
            other => other.kind().to_owned(),
        };
        events.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    fn ms(ms: u64) -> Micros {
        Micros::from_millis(ms)
    }

    #[test]
    fn keys_are_places_not_characters() {
        let mut keyboard = keyboard(Platform::Other);
        let z_on_a_german_keyboard = stroke("KeyY", "z");
        assert_eq!(words(&keyboard.down(z_on_a_german_keyboard, ms(0)).events), "+KeyY");
        assert_eq!(words(&keyboard.up(z_on_a_german_keyboard).events), "-KeyY");
    }

    #[test]
    fn locks_are_told_before_the_first_key_and_when_they_change() {
        let mut keyboard = Keyboard::new(Platform::Windows);
        assert_eq!(words(&keyboard.down(stroke("KeyA", "a"), ms(0)).events), "locks +KeyA");
        assert_eq!(words(&keyboard.down(stroke("KeyB", "b"), ms(1)).events), "+KeyB");
        let caps = with(stroke("KeyC", "C"), |state| state.caps_lock = true);
        assert_eq!(words(&keyboard.down(caps, ms(2)).events), "locks +KeyC");
    }

    #[test]
    fn a_mac_does_not_know_num_lock() {
        let mut keyboard = Keyboard::new(Platform::Mac);
        let outcome = keyboard.down(stroke("KeyA", "a"), ms(0));
        let locks = LockKeys { num_lock: None, scroll_lock: None, ..NO_LOCKS };
        assert_eq!(outcome.events.first(), Some(&InputEvent::Locks { locks }));
    }

    #[test]
    fn modifiers_and_locks_do_not_repeat_and_others_do() {
        let mut keyboard = keyboard(Platform::Other);
        let repeat = |code, key| KeyStroke { repeat: true, ..stroke(code, key) };
        assert_eq!(words(&keyboard.down(repeat("ShiftLeft", "Shift"), ms(0)).events), "");
        assert_eq!(words(&keyboard.down(repeat("CapsLock", "CapsLock"), ms(0)).events), "");
        assert_eq!(words(&keyboard.down(repeat("ArrowLeft", "ArrowLeft"), ms(0)).events), "+ArrowLeft");
    }

    #[test]
    fn windows_alt_graph_is_one_key() {
        let mut keyboard = keyboard(Platform::Windows);
        let control = with(stroke("ControlLeft", "Control"), |state| state.control = true);
        let alt_graph = |stroke| with(stroke, |state| (state.control, state.alt, state.alt_graph) = (true, true, true));
        assert_eq!(words(&keyboard.down(control, ms(0)).events), "");
        assert_eq!(words(&keyboard.down(alt_graph(stroke("AltRight", "AltGraph")), ms(1)).events), "+AltRight");
        assert_eq!(words(&keyboard.down(alt_graph(stroke("KeyQ", "@")), ms(9)).events), "+KeyQ");
        assert_eq!(words(&keyboard.up(alt_graph(stroke("KeyQ", "@"))).events), "-KeyQ");
        assert_eq!(words(&keyboard.up(stroke("ControlLeft", "Control")).events), "-AltRight");
        assert_eq!(words(&keyboard.up(stroke("AltRight", "AltGraph")).events), "");
    }

    #[test]
    fn windows_control_goes_before_the_key_it_belongs_to() {
        let mut keyboard = keyboard(Platform::Windows);
        let control = |stroke| with(stroke, |state| state.control = true);
        keyboard.down(control(stroke("ControlLeft", "Control")), ms(0));
        assert_eq!(words(&keyboard.down(control(stroke("KeyC", "c")), ms(9)).events), "+ControlLeft +KeyC");

        let mut keyboard = self::keyboard(Platform::Windows);
        keyboard.down(control(stroke("ControlLeft", "Control")), ms(0));
        assert_eq!(words(&keyboard.expire(ms(100))), "+ControlLeft");
        assert_eq!(words(&keyboard.up(stroke("ControlLeft", "Control")).events), "-ControlLeft");

        keyboard.down(control(stroke("ControlLeft", "Control")), ms(200));
        assert_eq!(words(&keyboard.up(stroke("ControlLeft", "Control")).events), "+ControlLeft -ControlLeft");
    }

    #[test]
    fn windows_releases_both_shifts() {
        let mut keyboard = keyboard(Platform::Windows);
        keyboard.down(stroke("ShiftLeft", "Shift"), ms(0));
        keyboard.down(with(stroke("ShiftRight", "Shift"), |state| state.shift = true), ms(1));
        assert_eq!(words(&keyboard.up(stroke("ShiftRight", "Shift")).events), "-ShiftLeft -ShiftRight");
    }

    #[test]
    fn a_mac_taps_keys_while_command_is_held() {
        let mut keyboard = keyboard(Platform::Mac);
        keyboard.down(stroke("MetaLeft", "Meta"), ms(0));
        let copy = with(stroke("KeyC", "c"), |state| state.meta = true);
        assert_eq!(words(&keyboard.down(copy, ms(1)).events), "+KeyC -KeyC");
        assert_eq!(words(&keyboard.up(stroke("MetaLeft", "Meta")).events), "-MetaLeft");
        assert_eq!(words(&keyboard.down(stroke("CapsLock", "CapsLock"), ms(2)).events), "+CapsLock -CapsLock");
    }

    #[test]
    fn option_on_a_mac_is_for_third_characters() {
        let mut keyboard = keyboard(Platform::Mac);
        let option = |stroke| with(stroke, |state| state.alt = true);
        assert_eq!(words(&keyboard.down(option(stroke("AltLeft", "Alt")), ms(0)).events), "locks +AltRight");
        assert_eq!(words(&keyboard.down(option(stroke("KeyL", "@")), ms(1)).events), "+KeyL");
        assert_eq!(words(&keyboard.up(stroke("AltLeft", "Alt")).events), "-AltRight");
    }

    #[test]
    fn an_input_method_keeps_its_keys() {
        let mut keyboard = keyboard(Platform::Other);
        let outcome = keyboard.down(KeyStroke { composing: true, ..stroke("KeyA", "Process") }, ms(0));
        assert_eq!(outcome, Outcome::default());
        assert_eq!(words(&keyboard.text("日本")), "'日本'");
    }

    #[test]
    fn the_chord_gives_the_keyboard_back() {
        let mut keyboard = keyboard(Platform::Other);
        keyboard.down(stroke("ControlLeft", "Control"), ms(0));
        let chord = with(stroke("KeyK", "K"), |state| (state.control, state.alt, state.shift) = (true, true, true));
        let outcome = keyboard.down(chord, ms(1));
        assert!(outcome.releases_capture && outcome.is_handled);
        assert_eq!(words(&outcome.events), "release_all");
        assert_eq!(words(&keyboard.up(stroke("KeyK", "k")).events), "");
    }

    #[test]
    fn a_shifted_character_without_shift_gets_one() {
        let mut keyboard = keyboard(Platform::Other);
        for (code, key) in [("KeyH", "H"), ("Digit2", "@"), ("BracketLeft", "{"), ("Backquote", "~")] {
            let expected = format!("+ShiftLeft +{code} -ShiftLeft");
            assert_eq!(words(&keyboard.down(stroke(code, key), ms(0)).events), expected);
            keyboard.up(stroke(code, key));
        }
        let quote_on_a_german_keyboard = with(stroke("Digit2", "\""), |state| state.shift = true);
        assert_eq!(words(&keyboard.down(quote_on_a_german_keyboard, ms(1)).events), "+ShiftLeft +Digit2");
        let french = with(stroke("Digit7", "7"), |state| state.shift = true);
        assert_eq!(words(&keyboard.down(french, ms(1)).events), "+Digit7");
    }

    #[test]
    fn capitals_by_caps_lock_need_no_shift() {
        let mut keyboard = keyboard(Platform::Other);
        let capital = with(stroke("KeyH", "H"), |state| state.caps_lock = true);
        assert_eq!(words(&keyboard.down(capital, ms(0)).events), "locks +KeyH");
    }

    #[test]
    fn characters_can_be_typed_as_they_are_printed() {
        let mut keyboard = keyboard(Platform::Windows);
        keyboard.set_typing(Typing::Characters);
        assert_eq!(words(&keyboard.down(stroke("KeyY", "z"), ms(0)).events), "'z'");
        assert_eq!(words(&keyboard.up(stroke("KeyY", "z")).events), "");
        let combination = with(stroke("KeyY", "z"), |state| state.control = true);
        assert_eq!(words(&keyboard.down(combination, ms(1)).events), "+ControlLeft +KeyY");
        assert_eq!(words(&keyboard.down(stroke("Enter", "Enter"), ms(2)).events), "-ControlLeft +Enter");
    }

    #[test]
    fn keys_without_a_code_are_known_by_name() {
        let mut keyboard = keyboard(Platform::Other);
        assert_eq!(words(&keyboard.down(stroke("OSLeft", "OS"), ms(0)).events), "+MetaLeft");
        keyboard.release_all();
        keyboard.locks = Some(NO_LOCKS);
        assert_eq!(words(&keyboard.down(stroke("", "Backspace"), ms(0)).events), "+Backspace");
        let enter = KeyStroke { location: 3, ..stroke("", "Enter") };
        assert_eq!(words(&keyboard.down(enter, ms(0)).events), "+NumpadEnter");
        assert_eq!(words(&keyboard.down(stroke("Unidentified", "ß"), ms(0)).events), "'ß'");
    }
}
