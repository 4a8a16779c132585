//! Listens to keyboard and pointer and hands what it hears to the console. Made for Modify only: in a View session
//! nothing here exists.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use leptos::ev::{
    CompositionEvent, FocusEvent, InputEvent as TextEvent, KeyboardEvent, MouseEvent, PointerEvent, WheelEvent,
};
use leptos::prelude::*;
use protocol::input::{InputEvent, PointerPosition};

use super::engine::Engine;
use super::keyboard::{KeyStroke, Keyboard, Outcome, Platform, Typing};
use super::pointer::{Pointer, WheelTurn};
use super::stuck_keys::ModifierState;
use super::touch::{Act, Finger, LONG_PRESS, Touch};
use super::viewport::Viewport;
use super::withheld_keys::WITHHELD_FOR;
use crate::browser::elements::{self, Canvas, TextArea};
use crate::browser::listener::Listener;
use crate::browser::{clock, page, system};

/// What an input method works on is reported with this code.
const KEY_CODE_OF_INPUT_METHOD: u32 = 229;
/// Where the keyboard goes when it is given back.
const FIRST_CONTROL: &str = ".session-toolbar button";

/// Keyboard and pointer of one session. Dropping it ends the listening and releases what is held.
pub struct Capture {
    heard: Heard,
    _listeners: Vec<Listener>,
}

/// What the listeners share.
#[derive(Clone)]
struct Heard {
    engine: Engine,
    canvas: Canvas,
    sink: TextArea,
    keyboard: Rc<RefCell<Keyboard>>,
    pointer: Rc<RefCell<Pointer>>,
    touch: Rc<RefCell<Touch>>,
}

impl Capture {
    /// `sink` gets the keys: an invisible text area, because input methods work on those only.
    pub fn begin(engine: Engine, canvas: &Canvas, sink: &TextArea) -> Self {
        let heard = Heard {
            engine,
            canvas: canvas.clone(),
            sink: sink.clone(),
            keyboard: Rc::new(RefCell::new(Keyboard::new(platform()))),
            pointer: Rc::default(),
            touch: Rc::default(),
        };
        let mut listeners = heard.keyboard_listeners();
        listeners.extend(heard.pointer_listeners());
        listeners.extend(heard.leaving_listeners());
        // It may have kept the focus over a lost connection.
        engine.set_captured(elements::has_focus(sink));
        Self { heard, _listeners: listeners }
    }

    pub fn set_typing(&self, typing: Typing) {
        self.heard.release_all();
        self.heard.keyboard.borrow_mut().set_typing(typing);
    }

    pub fn focus(&self) {
        let _ = self.heard.sink.focus();
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.heard.release_all();
        self.heard.engine.set_captured(false);
    }
}

impl Heard {
    fn keyboard_listeners(&self) -> Vec<Listener> {
        vec![
            Listener::new(&self.sink, "keydown", self.taking(Self::key_down)),
            Listener::new(&self.sink, "keyup", self.taking(Self::key_up)),
            Listener::new(&self.sink, "beforeinput", self.taking(Self::before_input)),
            Listener::new(&self.sink, "compositionend", self.taking(Self::composed)),
            Listener::new(&self.sink, "focus", self.taking(|heard, _: FocusEvent| heard.engine.set_captured(true))),
            Listener::new(&self.sink, "blur", self.taking(|heard, _: FocusEvent| heard.let_go())),
        ]
    }

    fn pointer_listeners(&self) -> Vec<Listener> {
        let prevent = |kind| Listener::new(&self.canvas, kind, |event: MouseEvent| event.prevent_default());
        let mut listeners = vec![
            Listener::new(&self.canvas, "pointerdown", self.taking(Self::pointer_down)),
            Listener::new(&self.canvas, "pointermove", self.taking(Self::pointer_moved)),
            Listener::new(&self.canvas, "pointerup", self.taking(Self::pointer_up)),
            Listener::new(&self.canvas, "pointercancel", self.taking(|heard, _: PointerEvent| heard.release_all())),
            Listener::new(&self.canvas, "wheel", self.taking(Self::wheel)),
            Listener::new(&self.canvas, "focus", self.taking(|heard, _: FocusEvent| drop(heard.sink.focus()))),
        ];
        // The menu, dragging and selecting, scrolling by the middle button, and going back or forward in the browser.
        listeners.extend(["contextmenu", "dragstart", "selectstart", "mousedown", "mouseup", "auxclick"].map(prevent));
        listeners
    }

    fn leaving_listeners(&self) -> Vec<Listener> {
        let let_go = |heard: &Self, _: leptos::ev::Event| heard.release_all();
        [
            Listener::on_window("blur", self.taking(let_go)),
            Listener::on_window("pagehide", self.taking(let_go)),
            Listener::on_document("visibilitychange", self.taking(let_go)),
            Listener::on_document("fullscreenchange", self.taking(let_go)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn taking<E>(&self, take: impl Fn(&Self, E) + 'static) -> impl FnMut(E) + 'static {
        let heard = self.clone();
        move |event| take(&heard, event)
    }

    fn key_down(&self, event: KeyboardEvent) {
        let (code, key) = (event.code(), event.key());
        let outcome = self.keyboard.borrow_mut().down(stroke(&event, &code, &key), clock::now());
        self.act(&event, outcome);
        if self.keyboard.borrow().is_withholding() {
            let heard = self.clone();
            set_timeout(move || heard.expire(), Duration::from_millis(WITHHELD_FOR.as_millis()));
        }
    }

    fn key_up(&self, event: KeyboardEvent) {
        let (code, key) = (event.code(), event.key());
        let outcome = self.keyboard.borrow_mut().up(stroke(&event, &code, &key));
        self.act(&event, outcome);
    }

    fn act(&self, event: &KeyboardEvent, outcome: Outcome) {
        if outcome.is_handled {
            event.prevent_default();
            event.stop_propagation();
        }
        self.send(outcome.events);
        if outcome.releases_capture {
            page::focus(FIRST_CONTROL);
            self.engine.announce("The keyboard is yours again. Click or tab into the picture to type on the console.");
        }
    }

    fn expire(&self) {
        let events = self.keyboard.borrow_mut().expire(clock::now());
        self.send(events);
    }

    /// Text that no key event brought: a virtual keyboard, dictation, an emoji panel. What an input method is still at
    /// work on comes when it is finished.
    fn before_input(&self, event: TextEvent) {
        if event.is_composing() || event.input_type() == "insertCompositionText" {
            return;
        }
        event.prevent_default();
        let is_typed = matches!(event.input_type().as_str(), "insertText" | "insertReplacementText");
        if let Some(text) = event.data().filter(|_| is_typed) {
            self.type_text(&text);
        }
    }

    fn composed(&self, event: CompositionEvent) {
        if let Some(text) = event.data() {
            self.type_text(&text);
        }
        self.sink.set_value("");
    }

    fn type_text(&self, text: &str) {
        let events = self.keyboard.borrow().text(text);
        self.send(events);
    }

    fn pointer_down(&self, event: PointerEvent) {
        event.prevent_default();
        // A drag that leaves the canvas still gets its end.
        let _ = self.canvas.set_pointer_capture(event.pointer_id());
        if is_touch(&event) {
            self.finger_down(&event);
        } else {
            let _ = self.sink.focus();
            self.pointer_buttons(&event);
        }
    }

    fn pointer_up(&self, event: PointerEvent) {
        event.prevent_default();
        if is_touch(&event) {
            self.fingers(&event, |touch, finger| touch.up(finger, clock::now()));
        } else {
            self.pointer_buttons(&event);
        }
    }

    /// A button went up or down; the event names all that are down, so a lost release is made up for.
    fn pointer_buttons(&self, event: &PointerEvent) {
        let Some(position) = self.position(event) else { return };
        self.settle(event);
        let events = self.pointer.borrow_mut().buttons(event.buttons(), position);
        self.send(events);
    }

    fn pointer_moved(&self, event: PointerEvent) {
        if is_touch(&event) {
            self.fingers(&event, Touch::moved);
            return;
        }
        let Some(position) = self.position(&event) else { return };
        self.settle(&event);
        let changed = self.pointer.borrow_mut().buttons_changed(event.buttons(), position);
        if !changed.is_empty() {
            self.send(changed);
            return;
        }
        self.move_to(position);
    }

    fn move_to(&self, position: PointerPosition) {
        let moved = self.pointer.borrow_mut().moved(position, clock::now());
        match moved {
            Some(event) => self.engine.input(event),
            None => self.send_waiting_with_the_next_frame(),
        }
    }

    fn send_waiting_with_the_next_frame(&self) {
        let heard = self.clone();
        request_animation_frame(move || heard.send_waiting());
    }

    fn send_waiting(&self) {
        let waiting = self.pointer.borrow_mut().take_waiting(clock::now());
        if let Some(event) = waiting {
            self.engine.input(event);
        }
    }

    fn wheel(&self, event: WheelEvent) {
        event.prevent_default();
        let Some(position) = self.position(&event) else { return };
        self.settle(&event);
        let turn = WheelTurn { across: event.delta_x(), down: event.delta_y(), mode: event.delta_mode() };
        self.turn_wheel(turn, position);
    }

    fn turn_wheel(&self, turn: WheelTurn, position: PointerPosition) {
        let turned = self.pointer.borrow_mut().wheel(turn, position, clock::now());
        self.send(turned.into_iter().collect());
    }

    fn finger_down(&self, event: &PointerEvent) {
        self.fingers(event, |touch, finger| {
            touch.down(finger, clock::now());
            Vec::new()
        });
        let heard = self.clone();
        let pressed_long = move || {
            let acts = heard.touch.borrow_mut().expire(clock::now());
            heard.act_as_mouse(acts);
        };
        // Timers and the clock may differ by a fraction of a millisecond.
        set_timeout(pressed_long, Duration::from_millis(LONG_PRESS.as_millis() + 1));
    }

    #[cfg_attr(
        web_sys_unstable_apis,
        expect(clippy::useless_conversion, reason = "whole pixels without those interfaces")
    )]
    fn fingers(&self, event: &PointerEvent, take: impl FnOnce(&mut Touch, Finger) -> Vec<Act>) {
        let Some(position) = self.position(event) else { return };
        self.settle(event);
        let (id, x, y) = (event.pointer_id(), f64::from(event.client_x()), f64::from(event.client_y()));
        let acts = take(&mut self.touch.borrow_mut(), Finger { id, x, y, position });
        self.act_as_mouse(acts);
    }

    /// The keyboard comes with a click, not with scrolling: on a tablet it covers half of the picture.
    fn act_as_mouse(&self, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Buttons(buttons, position) => {
                    let _ = self.sink.focus();
                    let events = self.pointer.borrow_mut().buttons(buttons, position);
                    self.send(events);
                }
                Act::Move(position) => self.move_to(position),
                Act::Wheel(turn, position) => self.turn_wheel(turn, position),
            }
        }
    }

    /// Where on the display an event happened.
    #[cfg_attr(
        web_sys_unstable_apis,
        expect(clippy::useless_conversion, reason = "whole pixels without those interfaces")
    )]
    fn position(&self, event: &MouseEvent) -> Option<PointerPosition> {
        let shown = self.engine.state().shown.get_untracked()?;
        let (width, height) = elements::size(&self.canvas);
        let viewport = Viewport { width, height, display: shown.size };
        let (left, top) = elements::place(&self.canvas);
        let (x, y) = viewport.position(f64::from(event.client_x()) - left, f64::from(event.client_y()) - top);
        Some(PointerPosition { display: shown.display, epoch: shown.epoch, x, y })
    }

    /// Only while the keyboard is the console's: a modifier held over a picture without the focus is the browser's.
    fn settle(&self, event: &MouseEvent) {
        if self.engine.state().captured.get_untracked() {
            let events = self.keyboard.borrow_mut().settle(modifiers(|name| event.get_modifier_state(name)));
            self.send(events);
        }
    }

    fn send(&self, events: Vec<InputEvent>) {
        if events.is_empty() {
            return;
        }
        self.send_waiting();
        for event in events {
            self.engine.input(event);
        }
    }

    fn let_go(&self) {
        self.release_all();
        self.engine.set_captured(false);
    }

    fn release_all(&self) {
        self.keyboard.borrow_mut().release_all();
        self.pointer.borrow_mut().release_all();
        self.touch.borrow_mut().release_all();
        self.engine.release_all();
    }
}

/// A pen points and hovers as a mouse does.
fn is_touch(event: &PointerEvent) -> bool {
    event.pointer_type() == "touch"
}

fn stroke<'a>(event: &KeyboardEvent, code: &'a str, key: &'a str) -> KeyStroke<'a> {
    KeyStroke {
        code,
        key,
        location: event.location(),
        repeat: event.repeat(),
        composing: event.is_composing() || event.key_code() == KEY_CODE_OF_INPUT_METHOD || key == "Process",
        modifiers: modifiers(|name| event.get_modifier_state(name)),
    }
}

fn modifiers(is_on: impl Fn(&str) -> bool) -> ModifierState {
    ModifierState {
        shift: is_on("Shift"),
        control: is_on("Control"),
        alt: is_on("Alt"),
        alt_graph: is_on("AltGraph"),
        meta: is_on("Meta"),
        caps_lock: is_on("CapsLock"),
        num_lock: is_on("NumLock"),
        scroll_lock: is_on("ScrollLock"),
    }
}

fn platform() -> Platform {
    let name = system::name().to_ascii_lowercase();
    match () {
        () if name.starts_with("win") => Platform::Windows,
        () if name.starts_with("mac") || name.starts_with("iph") || name.starts_with("ipad") => Platform::Mac,
        () => Platform::Other,
    }
}
