//! The settings of the console. Every change is kept at once.

use super::super::super::text::Style;
use super::super::clock::LocalTime;
use super::super::draw::palette::{
    ACCENT, CARD, CARD_EDGE, CARD_HOVER, GREEN, RAISED, SKY, TEXT, TEXT_FAINT, TEXT_SOFT, VIOLET, WHITE,
};
use super::super::draw::{Align, Area, Fill, Icon, View};
use super::super::keymap::KeyboardLayout;
use super::Scene;
use super::ids::{FieldId, Id, List, Page, Section, Slider, Switch};
use super::widgets::{self, MARGIN, Tone};

const CONTENT: Area = Area::new(504, 168, 1344, 840);
const ROW: i32 = 132;
const PADDING: i32 = 52;
const EVENTS: Area = Area::new(CONTENT.x + 1, CONTENT.y + 472, CONTENT.width - 2, CONTENT.height - 488);
const EVENT_ROW: i32 = 58;

impl Section {
    const fn look(self) -> (Icon, &'static str) {
        match self {
            Self::General => (Icon::Sliders, "General"),
            Self::Audio => (Icon::Speaker, "Sound"),
            Self::Displays => (Icon::Screen, "Displays"),
            Self::Keyboard => (Icon::Keyboard, "Keyboard"),
            Self::Devices => (Icon::Camera, "Devices"),
            Self::About => (Icon::Info, "About"),
        }
    }
}

/// Where the field of the `n`th kind stands: name, contact, and the one to try the keyboard.
pub(super) const fn field_area(n: i32) -> Area {
    let row = if n == 2 { 1 } else { n };
    Area::new(CONTENT.right() - PADDING - 560, CONTENT.y + 24 + row * ROW + 28, 560, 76)
}

pub(super) fn scroll_max(events: usize) -> i32 {
    (events as i32 * EVENT_ROW - EVENTS.height).max(0)
}

pub(super) fn draw(view: &mut View<Id>, scene: &Scene, section: Section) {
    widgets::top_bar(view, scene, "Settings");
    for (i, other) in Section::ALL.into_iter().enumerate() {
        entry(view, scene, Area::new(MARGIN, 168 + i as i32 * 96, 396, 84), other, other == section);
    }
    view.disc((MARGIN + 30, 972), 6, Fill::Flat(GREEN));
    view.text(MARGIN + 52, 980, Align::Start, "Changes are kept at once", Style::regular(22), TEXT_FAINT);
    let height = match section {
        Section::About => CONTENT.height,
        Section::Keyboard => 3 * ROW + 48,
        Section::General | Section::Audio | Section::Displays | Section::Devices => 4 * ROW + 48,
    };
    view.card(Area { height, ..CONTENT }, 28, CARD);
    match section {
        Section::General => general(view, scene),
        Section::Audio => audio(view, scene),
        Section::Displays => displays(view, scene),
        Section::Keyboard => keyboard(view, scene),
        Section::Devices => devices(view, scene),
        Section::About => about(view, scene),
    }
}

fn entry(view: &mut View<Id>, scene: &Scene, area: Area, section: Section, chosen: bool) {
    let (icon, name) = section.look();
    let id = Id::Go(Page::Settings(section));
    if chosen {
        view.flat(area, 22, RAISED);
        view.flat(Area::new(area.x, area.y + 22, 6, area.height - 44), 3, ACCENT);
    } else if scene.hover == Some(id) {
        view.flat(area, 22, CARD_HOVER);
    }
    if scene.focus == Some(id) && scene.focus_by_keyboard {
        view.outline(area, 22, 3, ACCENT);
    }
    let ink = if chosen { WHITE } else { TEXT_SOFT };
    view.icon(icon, Area::new(area.x + 30, area.y + 24, 36, 36), if chosen { ACCENT } else { TEXT_FAINT });
    let style = if chosen { Style::semi_bold(27) } else { Style::regular(27) };
    view.text(area.x + 92, widgets::baseline(area, style), Align::Start, name, style, ink);
    view.target(area, id);
}

/// A row with its label; returns the right end and the middle of its control.
fn row(view: &mut View<Id>, i: i32, title: &str, about: &str) -> (i32, i32) {
    let y = CONTENT.y + 24 + i * ROW;
    if 0 < i {
        view.flat(Area::new(CONTENT.x + PADDING, y, CONTENT.width - 2 * PADDING, 1), 0, CARD_EDGE);
    }
    widgets::label(view, (CONTENT.x + PADDING, y + 58), 620, title, about);
    (CONTENT.right() - PADDING, y + ROW / 2)
}

fn switch_row(view: &mut View<Id>, scene: &Scene, i: i32, (title, about): (&str, &str), switch: Switch) {
    let at = row(view, i, title, about);
    widgets::switch(view, scene, at, switch);
}

fn slider_row(view: &mut View<Id>, scene: &Scene, i: i32, (title, about): (&str, &str), slider: Slider) {
    let (right, middle) = row(view, i, title, about);
    let colour = if slider == Slider::Volume { SKY } else { VIOLET };
    widgets::slider(view, scene, Area::new(right - 560, middle - 32, 460, 64), slider, colour);
    let value = format!("{} %", scene.slider(slider));
    view.text(right, middle + 9, Align::End, &value, Style::semi_bold(25).with_tabular_digits(), TEXT);
}

fn general(view: &mut View<Id>, scene: &Scene) {
    row(view, 0, "Console name", "How it calls itself in the network");
    widgets::field(view, scene, FieldId::DeviceName);
    row(view, 1, "Contact", "Whom people in the room ask");
    widgets::field(view, scene, FieldId::Contact);
    switch_row(view, scene, 2, ("24-hour clock", "14:05 instead of 2:05 PM"), Switch::TwentyFourHours);
    let titles = ("Hide meeting titles", "The displays say “Reserved” instead");
    switch_row(view, scene, 3, titles, Switch::HideTitles);
}

fn audio(view: &mut View<Id>, scene: &Scene) {
    slider_row(view, scene, 0, ("Speakers", "Volume in calls"), Slider::Volume);
    slider_row(view, scene, 1, ("Microphones", "Sensitivity of the table array"), Slider::Microphone);
    let noise = ("Noise suppression", "Takes keyboards and fans out of your voice");
    switch_row(view, scene, 2, noise, Switch::NoiseSuppression);
    switch_row(view, scene, 3, ("Sound when people join", "A short chime in the room"), Switch::JoinSound);
}

fn displays(view: &mut View<Id>, scene: &Scene) {
    let motion = ("Moving pictures", "On the front displays, while somebody looks");
    switch_row(view, scene, 0, motion, Switch::Motion);
    switch_row(
        view,
        scene,
        1,
        ("Swap front displays", "People on the right, content on the left"),
        Switch::SwapDisplays,
    );
    switch_row(view, scene, 2, ("Show sharing code", "Large, on both front displays"), Switch::ShareCode);
    let (right, middle) = row(view, 3, "Standby", "All screens go dark until somebody touches one");
    let off = Area::new(right - 300, middle - 34, 300, 68);
    widgets::button(view, scene, off, Id::ScreensOff, Tone::Plain, Some(Icon::Power), "Turn off now");
}

fn keyboard(view: &mut View<Id>, scene: &Scene) {
    let (right, middle) = row(view, 0, "Layout", "Of the keyboard at this console");
    for (i, layout) in KeyboardLayout::ALL.into_iter().enumerate() {
        let area = Area::new(right - 560 + i as i32 * 288, middle - 36, 272, 72);
        let tone = if scene.saved.keyboard == layout { Tone::Chosen } else { Tone::Plain };
        widgets::button(view, scene, area, Id::Layout(layout), tone, None, layout.name());
    }
    row(view, 1, "Try it out", "What you type here is not kept");
    widgets::field(view, scene, FieldId::TryOut);
    let locks = scene.keyboard.locks;
    let (right, middle) = row(view, 2, "Lock keys", "As the console sees them");
    for (i, (name, on)) in [("Caps", locks.caps), ("Num", locks.num), ("Scroll", locks.scroll)].into_iter().enumerate()
    {
        let area = Area::new(right - 560 + i as i32 * 190, middle - 28, 174, 56);
        let (fill, ink) = if on { (ACCENT.with_opacity(60), TEXT) } else { (RAISED, TEXT_FAINT) };
        view.flat(area, 28, fill);
        let style = Style::semi_bold(23);
        view.text(area.middle().0, widgets::baseline(area, style), Align::Middle, name, style, ink);
    }
}

fn devices(view: &mut View<Id>, scene: &Scene) {
    let rows = [
        (("Camera", "Plugged in, over the front displays"), Switch::CameraPlugged),
        (("Microphone", "Plugged in, in the middle of the table"), Switch::MicrophonePlugged),
        (("Speakers", "Plugged in, in the ceiling"), Switch::SpeakersPlugged),
        (("Room app", "Runs, and is signed in"), Switch::RoomApp),
    ];
    for (i, (words, switch)) in (0..).zip(rows) {
        switch_row(view, scene, i, words, switch);
    }
}

fn about(view: &mut View<Id>, scene: &Scene) {
    let facts = [
        ("Room", scene.room_name()),
        ("Software", format!("Simulated room console {}", env!("CARGO_PKG_VERSION"))),
        ("Displays", "1920 × 1080, drawn in memory".to_owned()),
        ("Key", scene.key.fingerprint.clone()),
    ];
    for (i, (name, value)) in facts.iter().enumerate() {
        let y = CONTENT.y + 68 + i as i32 * 52;
        view.text(CONTENT.x + PADDING, y, Align::Start, name, Style::regular(25), TEXT_SOFT);
        let style = Style::semi_bold(25).with_tabular_digits();
        view.text_within(CONTENT.x + PADDING + 200, y, 1000, value, style, TEXT);
    }
    let restart = Area::new(CONTENT.x + PADDING, CONTENT.y + 268, 380, 76);
    widgets::button(view, scene, restart, Id::Restart, Tone::Danger, Some(Icon::Power), "Restart the console");
    view.flat(Area::new(CONTENT.x + PADDING, CONTENT.y + 384, CONTENT.width - 2 * PADDING, 1), 0, CARD_EDGE);
    view.text(CONTENT.x + PADDING, CONTENT.y + 440, Align::Start, "Events", Style::semi_bold(28), TEXT);
    events(view, scene);
}

fn events(view: &mut View<Id>, scene: &Scene) {
    view.target(EVENTS, Id::List(List::Events));
    view.clipped(EVENTS, |view| {
        for (i, (at, what)) in scene.events.iter().enumerate() {
            let y = EVENTS.y + i as i32 * EVENT_ROW - scene.events_scroll;
            if y + EVENT_ROW < EVENTS.y || EVENTS.bottom() < y {
                continue;
            }
            event(view, scene, y, *at, what);
        }
    });
    let travel = EVENTS.height - 120;
    let thumb_y = EVENTS.y + travel * scene.events_scroll / scroll_max(scene.events.len()).max(1);
    view.flat(Area::new(CONTENT.right() - 16, thumb_y, 6, 120), 3, CARD_EDGE.towards(WHITE, 40));
}

fn event(view: &mut View<Id>, scene: &Scene, y: i32, at: LocalTime, what: &str) {
    let digits = Style::regular(24).with_tabular_digits();
    view.text(EVENTS.x + PADDING, y + 38, Align::Start, &at.time(scene.saved.twenty_four_hours), digits, TEXT_FAINT);
    view.text_within(EVENTS.x + PADDING + 160, y + 38, 960, what, Style::regular(24), TEXT_SOFT);
}
