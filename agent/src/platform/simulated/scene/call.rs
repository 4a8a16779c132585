//! A running call at the console.

use super::super::super::text::{self, Style};
use super::super::draw::palette::{
    AMBER, CARD, CARD_EDGE, GREEN, INDIGO, LEAVE, SKY, TEAL, TEXT, TEXT_SOFT, VIOLET, WELL, WHITE,
};
use super::super::draw::{Align, Area, Fill, Icon, Rgba, View};
use super::ids::{Id, Page, Slider, Switch};
use super::schedule::{self, PEOPLE};
use super::widgets::{self, MARGIN, Tone};
use super::{Scene, WIDTH};

/// Somebody in the call.
pub(super) struct Participant {
    pub(super) name: &'static str,
    pub(super) colours: (Rgba, Rgba),
}

/// Who is in the call besides the room.
pub(super) fn participants(scene: &Scene) -> Vec<Participant> {
    const COLOURS: [(Rgba, Rgba); 5] =
        [(SKY, INDIGO), (TEAL, Rgba(0x1F, 0x7A, 0x8C, 255)), (VIOLET, INDIGO), (AMBER, LEAVE), (GREEN, TEAL)];
    let first = schedule::scattered(scene.options.seed) as usize % PEOPLE.len();
    let person =
        |i: usize| Participant { name: PEOPLE[(first + i) % PEOPLE.len()], colours: COLOURS[i % COLOURS.len()] };
    (0..6).map(person).collect()
}

/// `3:07`, or `1:03:07`.
pub(super) fn duration(scene: &Scene) -> String {
    let seconds = scene.call.as_ref().map_or(0, |call| scene.now.saturating_sub(call.since).as_secs());
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if 0 < hours { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

pub(super) fn draw(view: &mut View<Id>, scene: &Scene) {
    let title = scene.call.as_ref().map_or("Call", |call| &call.title);
    widgets::top_bar(view, scene, title);
    let style = Style::semi_bold(28).with_tabular_digits();
    let duration = duration(scene);
    let width = text::measure(&duration, style).round() as i32 + 104;
    let pill = Area::new((WIDTH - width) / 2, 52, width, 60);
    view.flat(pill, 30, GREEN.with_opacity(34));
    view.disc((pill.x + 38, pill.y + 30), 8, Fill::Flat(GREEN));
    view.text(pill.x + 64, widgets::baseline(pill, style), Align::Start, &duration, style, TEXT);
    people(view, scene);
    bar(view, scene);
}

fn people(view: &mut View<Id>, scene: &Scene) {
    let (width, height, gap) = (576, 316, 24);
    for (i, person) in participants(scene).iter().enumerate() {
        let (column, row) = ((i % 3) as i32, (i / 3) as i32);
        let area = Area::new(MARGIN + column * (width + gap), 160 + row * (height + gap), width, height);
        view.card(area, 28, CARD);
        avatar(view, (area.middle().0, area.y + 138), 72, person);
        view.text(area.middle().0, area.y + 268, Align::Middle, person.name, Style::semi_bold(26), TEXT);
    }
}

/// A disc with the initials of a name.
pub(super) fn avatar(view: &mut View<Id>, (x, y): (i32, i32), radius: i32, person: &Participant) {
    view.disc((x, y), radius, Fill::Diagonal(person.colours.0, person.colours.1));
    let initials: String = person.name.split(' ').filter_map(|word| word.chars().next()).collect();
    let style = Style::semi_bold((radius * 3 / 4) as u16);
    let line = Area::new(x - radius, y - radius, 2 * radius, 2 * radius);
    view.text(x, widgets::baseline(line, style), Align::Middle, &initials, style, WHITE);
}

fn bar(view: &mut View<Id>, scene: &Scene) {
    let area = Area::new(MARGIN, 862, WIDTH - 2 * MARGIN, 146);
    view.flat(area, 36, WELL);
    view.outline(area, 36, 1, CARD_EDGE);
    let (muted, camera_off) = (scene.switch(Switch::Muted), scene.switch(Switch::CameraOff));
    let mut x = area.x + 32;
    let mut place = |width: i32| {
        let place = Area::new(x, area.y + 32, width, 82);
        x += width + 20;
        place
    };
    let (icon, label) = if muted { (Icon::MicrophoneOff, "Unmute") } else { (Icon::Microphone, "Mute") };
    widgets::button(view, scene, place(230), Id::Switch(Switch::Muted), tone(muted), Some(icon), label);
    let (icon, label) = if camera_off { (Icon::CameraOff, "Camera on") } else { (Icon::Camera, "Camera off") };
    widgets::button(view, scene, place(270), Id::Switch(Switch::CameraOff), tone(camera_off), Some(icon), label);
    widgets::button(view, scene, place(210), Id::Go(Page::Share), Tone::Plain, Some(Icon::Present), "Share");
    let speaker = place(40);
    view.icon(Icon::Speaker, Area::new(speaker.x + 6, speaker.y + 23, 36, 36), TEXT_SOFT);
    widgets::slider(view, scene, Area::new(speaker.right() + 20, area.y + 41, 380, 64), Slider::Volume, SKY);
    let leave = Area::new(area.right() - 292, area.y + 32, 260, 82);
    widgets::button(view, scene, leave, Id::Leave, Tone::Danger, Some(Icon::HangUp), "End call");
}

fn tone(on: bool) -> Tone {
    if on { Tone::Chosen } else { Tone::Plain }
}
