//! Keys, pointer, wheel and text, as the injector brings them.

use std::time::Duration;

use protocol::geometry::PixelPoint;
use protocol::ids::DisplayId;
use protocol::input::{LockKeys, PointerButton};
use protocol::keycode::KeyCode;

use super::super::draw::Icon;
use super::super::keymap::{self, Symbol};
use super::field::{Lines, Motion, Selecting};
use super::ids::{FieldId, Id, List, Page, Section};
use super::{Drag, LastPress, Power, Scene};

const DOUBLE_CLICK: Duration = Duration::from_millis(400);
const DOUBLE_CLICK_PX: i32 = 12;
/// Five taps of the Windows key within this time reach the sign-in screen.
const WINDOWS_TAPS_WITHIN: Duration = Duration::from_secs(4);
/// One notch of the wheel moves a list so far.
const NOTCH_PX: i32 = 96;

impl Scene {
    pub(in super::super) fn key(&mut self, code: KeyCode, down: bool) {
        if self.power != Power::On {
            return;
        }
        if !down {
            if self.keyboard.release(code) {
                self.windows_key();
            }
            return;
        }
        // The console repeats held keys by itself.
        if !self.keyboard.press(code, self.now) {
            return;
        }
        if self.asleep {
            self.wake();
        } else {
            self.act_on(code);
        }
    }

    pub(in super::super) fn text(&mut self, text: &str) {
        if self.power != Power::On || self.security {
            return;
        }
        self.wake();
        for part in text.split_inclusive(['\n', '\t']) {
            self.type_text(part.trim_end_matches(['\n', '\t', '\r']));
            match part.chars().last() {
                Some('\n') => self.act_on(KeyCode::Enter),
                Some('\t') => self.act_on(KeyCode::Tab),
                _ => {}
            }
        }
    }

    pub(in super::super) fn locks(&mut self, locks: LockKeys) {
        let current = &mut self.keyboard.locks;
        current.caps = locks.caps_lock.unwrap_or(current.caps);
        current.num = locks.num_lock.unwrap_or(current.num);
        current.scroll = locks.scroll_lock.unwrap_or(current.scroll);
    }

    pub(in super::super) fn pointer(&mut self, display: DisplayId, point: PixelPoint) {
        let (x, y) = (i32::from(point.x), i32::from(point.y));
        self.pointer = Some((display, x, y));
        match self.drag {
            Some(Drag::Slider(slider)) => self.drag_slider(slider, x),
            Some(Drag::Select(field)) => self.point_into(field, x, y, Selecting::Yes),
            Some(Drag::Scroll { list, grip_y }) => {
                self.drag = Some(Drag::Scroll { list, grip_y: y });
                self.scroll(list, grip_y - y);
            }
            Some(Drag::Press(_)) | None => {}
        }
        self.hover_again();
    }

    pub(in super::super) fn button(&mut self, button: PointerButton, down: bool) {
        if self.power != Power::On || button != PointerButton::Primary {
            return;
        }
        if down && self.asleep {
            self.wake();
        } else if down {
            self.press();
        } else {
            self.release();
        }
        self.hover_again();
    }

    pub(in super::super) fn wheel(&mut self, vertical: i16) {
        let Some((DisplayId::Console, x, y)) = self.pointer else { return };
        let view = self.view(DisplayId::Console);
        let below = view.targets.iter().rev().filter(|(area, _)| area.contains(x, y));
        let list = below.map(|(_, id)| *id).find_map(|id| match id {
            Id::List(list) => Some(list),
            _ => None,
        });
        let Some(list) = list else { return };
        self.wheel_rest += i32::from(vertical) * NOTCH_PX;
        self.scroll(list, self.wheel_rest / 120);
        self.wheel_rest %= 120;
        self.hover_again();
    }

    pub(in super::super) fn wake(&mut self) {
        self.asleep = false;
        self.hover_again();
    }

    pub(super) fn repeat_held_key(&mut self) {
        for code in self.keyboard.repetitions(self.now) {
            self.act_on(code);
        }
    }

    /// Finds out anew what lies below the pointer, after the page or the pointer moved.
    pub(super) fn hover_again(&mut self) {
        self.hover = self.target_below_pointer();
    }

    fn target_below_pointer(&self) -> Option<Id> {
        let (display, x, y) = self.pointer?;
        let view = self.view(display);
        view.targets.iter().rev().find(|(area, _)| area.contains(x, y)).map(|(_, id)| *id)
    }

    fn press(&mut self) {
        let Some((display, x, y)) = self.pointer else { return };
        let double = self.last_press.is_some_and(|last| {
            let near = (last.x - x).abs() <= DOUBLE_CLICK_PX && (last.y - y).abs() <= DOUBLE_CLICK_PX;
            near && self.now.saturating_sub(last.at) <= DOUBLE_CLICK
        });
        self.last_press = (!double).then_some(LastPress { at: self.now, x, y });
        let target = self.target_below_pointer().filter(|_| display == DisplayId::Console);
        self.focus_by_keyboard = false;
        match target {
            Some(Id::Field(field)) => self.press_field(field, (x, y), double),
            Some(Id::Slider(slider)) => {
                self.set_focus(target);
                self.drag = Some(Drag::Slider(slider));
                self.drag_slider(slider, x);
            }
            Some(Id::List(list)) => {
                self.set_focus(None);
                self.drag = Some(Drag::Scroll { list, grip_y: y });
            }
            Some(id) => self.drag = Some(Drag::Press(id)),
            None => self.set_focus(None),
        }
    }

    fn press_field(&mut self, field: FieldId, (x, y): (i32, i32), double: bool) {
        let selecting = if self.keyboard.shift() { Selecting::Yes } else { Selecting::No };
        self.set_focus(Some(Id::Field(field)));
        self.point_into(field, x, y, selecting);
        if double {
            let at = self.field(field).caret();
            self.field_mut(field).select_word(at);
        } else {
            self.drag = Some(Drag::Select(field));
        }
    }

    fn release(&mut self) {
        let target = self.target_below_pointer();
        match self.drag.take() {
            Some(Drag::Press(id)) if target == Some(id) => self.activate(id),
            Some(Drag::Slider(_)) => self.store(),
            _ => {}
        }
    }

    fn point_into(&mut self, id: FieldId, x: i32, y: i32, selecting: Selecting) {
        let form = id.form();
        let (inner, layout) = (form.inner(), self.field(id).layout(form));
        let (scroll_x, first_line) = super::widgets::field_scroll(self.field(id), &layout, form);
        let row = ((y - inner.y).max(0) / form.line_height()) as usize;
        let line = if form.lines == Lines::One { 0 } else { (first_line + row).min(layout.lines().len() - 1) };
        let at = layout.nearest(line, (x - inner.x) as f32 + scroll_x);
        self.field_mut(id).place(at, selecting);
        self.caret_since = self.now;
    }

    fn scroll(&mut self, list: List, by: i32) {
        let (scroll, most) = match list {
            List::Meetings => (&mut self.meetings_scroll, super::home::SCROLL_MAX),
            List::Events => (&mut self.events_scroll, super::settings_page::scroll_max(self.events.len())),
        };
        *scroll = (*scroll + by).clamp(0, most);
    }

    /// What a key does when it goes down or repeats.
    fn act_on(&mut self, code: KeyCode) {
        if self.system_shortcut(code) {
            return;
        }
        let layout = self.saved.keyboard;
        let third = self.keyboard.third_level(layout);
        if self.keyboard.control() && !third {
            self.edit_shortcut(code);
            return;
        }
        if self.keyboard.alt(layout) && !third || self.keyboard.windows() {
            return;
        }
        if let Some(symbol) = keymap::symbol(layout, code, self.keyboard.levels(layout)) {
            self.type_symbol(symbol);
            return;
        }
        let code = if self.keyboard.locks.num && code != KeyCode::NumpadEnter {
            code
        } else {
            keymap::numpad_navigation(code)
        };
        self.navigate(code);
    }

    /// Combinations that the system takes before any program sees them.
    fn system_shortcut(&mut self, code: KeyCode) -> bool {
        let (control, windows) = (self.keyboard.control(), self.keyboard.windows());
        let alt = self.keyboard.alt(self.saved.keyboard);
        match code {
            KeyCode::Delete | KeyCode::NumpadDecimal if control && alt => {
                self.security = true;
                self.set_focus(Some(Id::Cancel));
            }
            KeyCode::F4 if alt => self.say(Icon::Lock, "Alt+F4: the room app stays open"),
            KeyCode::Tab if alt => self.say(Icon::Screen, "Alt+Tab: no other window is open"),
            KeyCode::Escape if control && self.keyboard.shift() => {
                self.say(Icon::Lock, "Ctrl+Shift+Esc: the task list is turned off here");
            }
            KeyCode::KeyI if windows => self.go(Page::Settings(Section::General)),
            KeyCode::KeyL if windows => self.activate(Id::Lock),
            KeyCode::PrintScreen => self.say(Icon::Screen, "Print Screen: picture copied"),
            KeyCode::AudioVolumeUp => self.step_slider(super::Slider::Volume, 5),
            KeyCode::AudioVolumeDown => self.step_slider(super::Slider::Volume, -5),
            KeyCode::AudioVolumeMute => self.step_slider(super::Slider::Volume, -100),
            KeyCode::Escape if self.security => self.activate(Id::Cancel),
            _ => return false,
        }
        true
    }

    fn windows_key(&mut self) {
        while self.windows_taps.front().is_some_and(|at| *at + WINDOWS_TAPS_WITHIN < self.now) {
            self.windows_taps.pop_front();
        }
        self.windows_taps.push_back(self.now);
        if self.windows_taps.len() < 5 {
            self.say(Icon::Keyboard, "Windows key");
            return;
        }
        self.windows_taps.clear();
        self.security = false;
        self.go(Page::SignIn);
        self.say(Icon::User, "Windows key five times: sign-in");
    }

    fn edit_shortcut(&mut self, code: KeyCode) {
        let Some(id) = self.focused_field() else { return };
        let form = id.form();
        let selecting = if self.keyboard.shift() { Selecting::Yes } else { Selecting::No };
        let letter = keymap::symbol(self.saved.keyboard, code, keymap::Levels::default());
        let field = &mut self.fields[id as usize];
        match (code, letter) {
            (_, Some(Symbol::Char('a'))) => field.select_all(),
            (_, Some(Symbol::Char('c'))) => self.copy(id),
            (_, Some(Symbol::Char('x'))) => {
                self.copy(id);
                if self.field(id).selected_text().is_some() {
                    self.field_mut(id).delete(Motion::Left, form);
                }
            }
            (_, Some(Symbol::Char('v'))) => {
                let text = self.clipboard.clone();
                self.field_mut(id).insert(&text, form);
            }
            (KeyCode::ArrowLeft, _) => field.move_caret(Motion::WordLeft, selecting, form),
            (KeyCode::ArrowRight, _) => field.move_caret(Motion::WordRight, selecting, form),
            (KeyCode::Home, _) => field.move_caret(Motion::Start, selecting, form),
            (KeyCode::End, _) => field.move_caret(Motion::End, selecting, form),
            (KeyCode::Backspace, _) => field.delete(Motion::WordLeft, form),
            (KeyCode::Delete, _) => field.delete(Motion::WordRight, form),
            _ => {}
        }
        self.field_changed(id);
    }

    /// A masked field keeps its text to itself.
    fn copy(&mut self, id: FieldId) {
        let Some(text) = self.field(id).selected_text().filter(|_| !id.form().masked) else { return };
        self.clipboard = text;
        self.say(Icon::Note, "Copied");
    }

    fn type_symbol(&mut self, symbol: Symbol) {
        // Space presses a focused button.
        if let (Symbol::Char(' '), Some(id)) = (symbol, self.focus)
            && self.focused_field().is_none()
        {
            self.activate(id);
            return;
        }
        if self.security {
            return;
        }
        match (self.keyboard.accent.take(), symbol) {
            (None, Symbol::Dead(accent)) => self.keyboard.accent = Some(accent),
            (None, Symbol::Char(c)) => self.type_text(c.encode_utf8(&mut [0; 4])),
            (Some(accent), Symbol::Char(c) | Symbol::Dead(c)) => self.type_text(&keymap::compose(accent, c)),
        }
    }

    fn type_text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.focus_for_typing();
        let Some(id) = self.focused_field() else { return };
        self.field_mut(id).insert(text, id.form());
        self.field_changed(id);
    }

    /// Pages with one field need no click into it first.
    fn focus_for_typing(&mut self) {
        let field = match self.page {
            Page::Home => FieldId::Notes,
            Page::Join => FieldId::JoinCode,
            _ => return,
        };
        if self.focused_field().is_none() && !self.security {
            self.set_focus(Some(Id::Field(field)));
        }
    }

    /// Keys that type nothing.
    fn navigate(&mut self, code: KeyCode) {
        match code {
            KeyCode::Tab => self.move_focus(if self.keyboard.shift() { -1 } else { 1 }),
            KeyCode::Escape => self.escape(),
            KeyCode::Enter => self.enter(),
            _ => match self.focus {
                Some(Id::Field(id)) => self.edit(id, code),
                Some(Id::Slider(slider)) => self.slider_key(slider, code),
                _ => self.page_key(code),
            },
        }
    }

    fn enter(&mut self) {
        match self.focus {
            Some(Id::Field(id)) if id.form().lines == Lines::Many => {
                self.field_mut(id).insert("\n", id.form());
                self.field_changed(id);
            }
            Some(Id::Field(id)) => self.submit(id),
            Some(id) => self.activate(id),
            None => {}
        }
    }

    fn edit(&mut self, id: FieldId, code: KeyCode) {
        if self.focused_field().is_none() {
            return;
        }
        let form = id.form();
        let selecting = if self.keyboard.shift() { Selecting::Yes } else { Selecting::No };
        let field = self.field_mut(id);
        match code {
            KeyCode::Backspace => field.delete(Motion::Left, form),
            KeyCode::Delete => field.delete(Motion::Right, form),
            KeyCode::ArrowLeft => field.move_caret(Motion::Left, selecting, form),
            KeyCode::ArrowRight => field.move_caret(Motion::Right, selecting, form),
            KeyCode::ArrowUp => field.move_caret(Motion::Up, selecting, form),
            KeyCode::ArrowDown => field.move_caret(Motion::Down, selecting, form),
            KeyCode::Home => field.move_caret(Motion::LineStart, selecting, form),
            KeyCode::End => field.move_caret(Motion::LineEnd, selecting, form),
            _ => return,
        }
        self.field_changed(id);
    }

    fn slider_key(&mut self, slider: super::Slider, code: KeyCode) {
        let by = match code {
            KeyCode::ArrowLeft | KeyCode::ArrowDown => -5,
            KeyCode::ArrowRight | KeyCode::ArrowUp => 5,
            KeyCode::PageDown => -20,
            KeyCode::PageUp => 20,
            KeyCode::Home => -100,
            KeyCode::End => 100,
            _ => return,
        };
        self.step_slider(slider, by);
    }

    fn page_key(&mut self, code: KeyCode) {
        let by = match code {
            KeyCode::ArrowUp => -NOTCH_PX,
            KeyCode::ArrowDown => NOTCH_PX,
            KeyCode::PageUp => -4 * NOTCH_PX,
            KeyCode::PageDown => 4 * NOTCH_PX,
            _ => return,
        };
        match self.page {
            Page::Home => self.scroll(List::Meetings, by),
            Page::Settings(Section::About) => self.scroll(List::Events, by),
            _ => {}
        }
    }
}
