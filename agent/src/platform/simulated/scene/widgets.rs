//! Buttons, switches, sliders and fields: one look for all pages.

use super::super::super::text::{self, Style};
use super::super::draw::palette::{
    ACCENT, ACCENT_DEEP, CARD, CARD_EDGE, CARD_HOVER, CARD_PRESSED, LEAVE, LEAVE_HOVER, LINE, NIGHT_BOTTOM, NIGHT_TOP,
    RAISED, SELECTION, TEXT, TEXT_FAINT, TEXT_SOFT, WELL, WHITE,
};
use super::super::draw::{Align, Area, Fill, Icon, Rgba, View};
use super::field::{Field, Layout, Lines};
use super::ids::{FieldId, Form, Id, Page, Slider, Switch};
use super::{DISPLAY_SIZE, Drag, Scene, WIDTH};

/// Left and right of everything.
pub(super) const MARGIN: i32 = 72;
const KNOB: i32 = 36;

/// How much a button asks to be pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Primary,
    Plain,
    /// Switched on.
    Chosen,
    Danger,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Touch {
    None,
    Hover,
    Pressed,
}

fn touch(scene: &Scene, id: Id) -> Touch {
    let over = scene.hover == Some(id);
    match scene.drag {
        Some(Drag::Press(pressed)) if pressed == id && over => Touch::Pressed,
        None if over => Touch::Hover,
        _ => Touch::None,
    }
}

pub(super) fn backdrop(view: &mut View<Id>) {
    view.panel(DISPLAY_SIZE.bounds().into(), 0, Fill::Down(NIGHT_TOP, NIGHT_BOTTOM));
}

/// The baseline that puts capitals into the middle of an area.
pub(super) fn baseline(area: Area, style: Style) -> i32 {
    area.y + (area.height as f32 / 2.0 + style.cap_height_px() / 2.0).round() as i32
}

/// Where the keyboard is, when the keyboard brought it there.
fn focus_ring(view: &mut View<Id>, scene: &Scene, id: Id, area: Area, radius: i32) {
    if scene.focus == Some(id) && scene.focus_by_keyboard {
        view.outline(area.inset(-6), radius + 6, 3, ACCENT);
    }
}

/// Name of the room or of the page on the left, clock and user on the right.
pub(super) fn top_bar(view: &mut View<Id>, scene: &Scene, title: &str) {
    let back = Area::new(MARGIN, 48, 68, 68);
    let width = if scene.call.is_some() { 540 } else { 840 };
    if scene.page == Page::Home {
        view.text_within(MARGIN, 97, width, title, Style::semi_bold(44), TEXT);
    } else {
        round_button(view, scene, back, Id::Go(Page::Home), Icon::Back, Tone::Plain);
        view.text_within(back.right() + 28, 97, width, title, Style::semi_bold(40), TEXT);
        let time = scene.local.time(scene.saved.twenty_four_hours);
        view.text(WIDTH - MARGIN, 94, Align::End, &time, Style::regular(34).with_tabular_digits(), TEXT_SOFT);
    }
    if scene.call.is_some() && scene.page != Page::Call {
        running_call(view, scene);
    }
}

fn running_call(view: &mut View<Id>, scene: &Scene) {
    let area = Area::new(WIDTH / 2 - 210, 50, 420, 64);
    let label = format!("In call {}  ·  Return", super::call::duration(scene));
    button(view, scene, area, Id::Go(Page::Call), Tone::Chosen, Some(Icon::Camera), &label);
}

/// A large clock; the half of the day stands small beside it.
pub(super) fn clock(view: &mut View<Id>, scene: &Scene, (x, baseline): (i32, i32), style: Style, colour: Rgba) {
    let (time, half) = scene.local.time_and_half(scene.saved.twenty_four_hours);
    let width = view.text(x, baseline, Align::Start, &time, style, colour);
    let small = Style::regular(style.size_px / 4);
    view.text(x + width as i32 + i32::from(style.size_px) / 8, baseline, Align::Start, half, small, TEXT_SOFT);
}

/// A surface that answers to pointer and keyboard.
pub(super) fn pressable(view: &mut View<Id>, scene: &Scene, area: Area, radius: i32, id: Id) {
    let colour = match touch(scene, id) {
        Touch::None => CARD,
        Touch::Hover => CARD_HOVER,
        Touch::Pressed => CARD_PRESSED,
    };
    view.card(area, radius, colour);
    focus_ring(view, scene, id, area, radius);
    view.target(area, id);
}

/// A surface in colour that answers to pointer and keyboard.
pub(super) fn pressable_colour(
    view: &mut View<Id>,
    scene: &Scene,
    area: Area,
    radius: i32,
    id: Id,
    (from, to): (Rgba, Rgba),
) {
    let lit = match touch(scene, id) {
        Touch::None => 0,
        Touch::Hover => 26,
        Touch::Pressed => 52,
    };
    view.panel(area, radius, Fill::Diagonal(from.towards(WHITE, lit), to.towards(WHITE, lit)));
    focus_ring(view, scene, id, area, radius);
    view.target(area, id);
}

pub(super) fn button(
    view: &mut View<Id>,
    scene: &Scene,
    area: Area,
    id: Id,
    tone: Tone,
    icon: Option<Icon>,
    label: &str,
) {
    let style = Style::semi_bold(if area.height < 60 { 22 } else { 25 });
    let ink = button_surface(view, scene, area, id, tone);
    let icon_side = if icon.is_some() { i32::from(style.size_px) * 5 / 4 } else { 0 };
    let gap = if icon.is_some() && !label.is_empty() { 14 } else { 0 };
    let width = text::measure(label, style).round() as i32 + icon_side + gap;
    let x = area.x + (area.width - width) / 2;
    if let Some(icon) = icon {
        view.icon(icon, Area::new(x, area.y + (area.height - icon_side) / 2, icon_side, icon_side), ink);
    }
    view.text(x + icon_side + gap, baseline(area, style), Align::Start, label, style, ink);
}

pub(super) fn round_button(view: &mut View<Id>, scene: &Scene, area: Area, id: Id, icon: Icon, tone: Tone) {
    let ink = button_surface(view, scene, area, id, tone);
    view.icon(icon, area.centred(area.height * 9 / 20), ink);
}

/// Draws the surface of a button; returns the colour of what stands on it.
fn button_surface(view: &mut View<Id>, scene: &Scene, area: Area, id: Id, tone: Tone) -> Rgba {
    let radius = area.height / 2;
    let touch = touch(scene, id);
    let (colour, ink) = match (tone, touch) {
        (Tone::Plain, Touch::None) => (CARD, TEXT),
        (Tone::Plain, Touch::Hover) => (CARD_HOVER, TEXT),
        (Tone::Plain, Touch::Pressed) => (CARD_PRESSED, TEXT),
        (Tone::Primary | Tone::Chosen, Touch::None) => (ACCENT_DEEP, WHITE),
        (Tone::Primary | Tone::Chosen, _) => (ACCENT_DEEP.towards(WHITE, 36), WHITE),
        (Tone::Danger, Touch::None) => (LEAVE, WHITE),
        (Tone::Danger, _) => (LEAVE_HOVER, WHITE),
    };
    view.flat(area, radius, colour);
    if tone == Tone::Plain {
        view.outline(area, radius, 1, CARD_EDGE);
    }
    focus_ring(view, scene, id, area, radius);
    view.target(area, id);
    ink
}

/// A coloured icon in a soft disc of its colour.
pub(super) fn badge(view: &mut View<Id>, area: Area, icon: Icon, colour: Rgba) {
    view.flat(area, area.height / 2, colour.with_opacity(36));
    view.icon(icon, area.centred(area.height / 2), colour);
}

pub(super) fn switch(view: &mut View<Id>, scene: &Scene, (right, middle): (i32, i32), which: Switch) {
    let area = Area::new(right - 84, middle - 24, 84, 48);
    let (id, on) = (Id::Switch(which), scene.switch(which));
    let lit = if touch(scene, id) == Touch::None { 0 } else { 30 };
    view.flat(area, 24, if on { ACCENT_DEEP } else { RAISED }.towards(WHITE, lit));
    let knob_x = if on { area.right() - 24 } else { area.x + 24 };
    view.disc((knob_x, middle), 18, Fill::Flat(WHITE));
    focus_ring(view, scene, id, area, 24);
    view.target(area.inset(-12), id);
}

/// The value that a place on a slider's target stands for.
pub(super) fn slider_value(target: Area, x: i32) -> u8 {
    let travel = target.width - KNOB;
    ((x - target.x - KNOB / 2).clamp(0, travel) * 100 / travel.max(1)) as u8
}

pub(super) fn slider(view: &mut View<Id>, scene: &Scene, area: Area, which: Slider, colour: Rgba) {
    let (id, value) = (Id::Slider(which), i32::from(scene.slider(which)));
    let middle = area.y + area.height / 2;
    let track = Area::new(area.x, middle - 6, area.width, 12);
    let knob_x = area.x + KNOB / 2 + (area.width - KNOB) * value / 100;
    view.flat(track, 6, RAISED);
    view.flat(Area { width: knob_x - area.x, ..track }, 6, colour);
    let held = scene.drag == Some(Drag::Slider(which));
    if held || touch(scene, id) == Touch::Hover {
        view.disc((knob_x, middle), KNOB / 2 + 9, Fill::Flat(colour.with_opacity(60)));
    }
    view.disc((knob_x, middle), KNOB / 2, Fill::Flat(WHITE));
    focus_ring(view, scene, id, area, 12);
    view.target(area, id);
}

/// How far a field's text is moved so that its caret is seen: pixels to the left, and the first line.
pub(super) fn field_scroll(field: &Field, layout: &Layout, form: Form) -> (f32, usize) {
    let inner = form.inner();
    match form.lines {
        Lines::One => ((layout.x_in_line(field.caret()) - inner.width as f32 + 4.0).max(0.0).round(), 0),
        Lines::Many => {
            let seen = (inner.height / form.line_height()).max(1) as usize;
            (0.0, (layout.line_number(field.caret()) + 1).saturating_sub(seen))
        }
    }
}

pub(super) fn field(view: &mut View<Id>, scene: &Scene, which: FieldId) {
    let form = which.form();
    let id = Id::Field(which);
    let focused = scene.focused_field() == Some(which);
    view.flat(form.area, 18, WELL);
    if focused {
        view.outline(form.area, 18, 3, ACCENT);
    } else {
        view.outline(form.area, 18, 1, if touch(scene, id) == Touch::None { LINE } else { TEXT_FAINT });
    }
    view.target(form.area, id);
    let field = scene.field(which);
    view.clipped(form.inner().inset(-6), |view| field_text(view, scene, field, form, focused));
}

fn field_text(view: &mut View<Id>, scene: &Scene, field: &Field, form: Form, focused: bool) {
    let inner = form.inner();
    let layout = field.layout(form);
    let (scroll_x, first) = field_scroll(field, &layout, form);
    let left = inner.x as f32 - scroll_x;
    let top = match form.lines {
        Lines::One => inner.y + (inner.height - form.line_height()) / 2,
        Lines::Many => inner.y,
    };
    if field.is_empty() {
        let line = Area::new(inner.x, top, inner.width, form.line_height());
        view.text(inner.x, baseline(line, form.style), Align::Start, form.hint, form.style, TEXT_FAINT);
    }
    let selection = field.selection();
    for (row, line) in layout.lines().iter().skip(first).enumerate() {
        let area = Area::new(inner.x, top + row as i32 * form.line_height(), inner.width, form.line_height());
        let x = |at: usize| left + layout.width_between(line.range.start, at);
        let chosen = selection.start.max(line.range.start)..selection.end.min(line.range.end);
        if chosen.start < chosen.end && focused {
            let (from, to) = (x(chosen.start) as i32, x(chosen.end).ceil() as i32);
            view.flat(Area::new(from, area.y + 2, to - from, area.height - 4), 6, SELECTION);
        }
        words(view, &layout, line.range.clone(), left, baseline(area, form.style), form.style);
    }
    if focused && scene.caret_is_lit() {
        let row = layout.line_number(field.caret()) as i32 - first as i32;
        let x = (left + layout.x_in_line(field.caret())).round() as i32;
        let y = top + row * form.line_height();
        view.flat(Area::new(x, y + 5, 3, form.line_height() - 10), 1, ACCENT);
    }
}

/// Word by word, so that a key press changes the pixels of one word only.
fn words(view: &mut View<Id>, layout: &Layout, line: std::ops::Range<usize>, left: f32, baseline: i32, style: Style) {
    let shown = &layout.shown;
    let mut start = line.start;
    while start < line.end {
        let end = (start..line.end).find(|at| shown[*at] == ' ').unwrap_or(line.end);
        if start < end {
            let word: String = shown[start..end].iter().collect();
            view.text_at(left + layout.width_between(line.start, start), baseline, &word, style, TEXT);
        }
        start = end + 1;
    }
}

/// A short message that fades by itself.
pub(super) fn toast(view: &mut View<Id>, scene: &Scene) {
    let Some(toast) = &scene.toast else { return };
    let style = Style::semi_bold(24);
    let width = text::measure(&toast.text, style).ceil() as i32 + 104;
    let area = Area::new((WIDTH - width) / 2, 1015, width, 56);
    view.shadow(area, 28, 20, 110);
    view.flat(area, 28, RAISED);
    view.outline(area, 28, 1, ACCENT.with_opacity(110));
    view.icon(toast.icon, Area::new(area.x + 28, area.y + 14, 28, 28), ACCENT);
    view.text(area.x + 72, baseline(area, style), Align::Start, &toast.text, style, TEXT);
}

/// Two lines: what it is, and a word about it.
pub(super) fn label(view: &mut View<Id>, (x, y): (i32, i32), width: i32, title: &str, about: &str) {
    view.text_within(x, y, width, title, Style::semi_bold(26), TEXT);
    view.text_within(x, y + 36, width, about, Style::regular(22), TEXT_SOFT);
}
