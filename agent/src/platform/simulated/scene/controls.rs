//! Lights, sound, climate and screens of the room.

use super::super::super::text::Style;
use super::super::draw::palette::{ACCENT, AMBER, CARD, SKY, TEAL, TEXT, TEXT_SOFT, VIOLET};
use super::super::draw::{Align, Area, Icon, Rgba, View};
use super::Scene;
use super::actions::MOODS;
use super::ids::{Id, Slider, Switch};
use super::widgets::{self, MARGIN, Tone};

const WIDTH: i32 = 876;
const HEIGHT: i32 = 252;
const GAP: i32 = 24;

pub(super) fn draw(view: &mut View<Id>, scene: &Scene) {
    widgets::top_bar(view, scene, "Room controls");
    moods(view, scene);
    let place =
        |column: i32, row: i32| Area::new(MARGIN + column * (WIDTH + GAP), 318 + row * (HEIGHT + GAP), WIDTH, HEIGHT);
    level(view, scene, place(0, 0), (Icon::Lamp, AMBER), "Lights", Slider::Lights);
    level(view, scene, place(1, 0), (Icon::Speaker, SKY), "Speakers", Slider::Volume);
    temperature(view, scene, place(0, 1));
    let blinds = if scene.saved.blinds { "Down" } else { "Up" };
    let area = header(view, place(1, 1), (Icon::Blinds, VIOLET), "Blinds", blinds);
    widgets::switch(view, scene, (area.right() - 48, area.y + 188), Switch::Blinds);
    view.text(area.x + 48, area.y + 197, Align::Start, "Keep the sun out", Style::regular(25), TEXT_SOFT);
    let off = Area::new(MARGIN, 890, 420, 84);
    widgets::button(view, scene, off, Id::ScreensOff, Tone::Plain, Some(Icon::Power), "Turn screens off");
}

fn moods(view: &mut View<Id>, scene: &Scene) {
    let width = (2 * WIDTH + GAP - 3 * GAP) / 4;
    for (i, (name, lights, blinds)) in MOODS.iter().enumerate() {
        let area = Area::new(MARGIN + i as i32 * (width + GAP), 176, width, 104);
        let chosen = (*lights, *blinds) == (scene.saved.lights, scene.saved.blinds);
        let tone = if chosen { Tone::Chosen } else { Tone::Plain };
        widgets::button(view, scene, area, Id::Mood(i as u8), tone, None, name);
    }
}

fn header(view: &mut View<Id>, area: Area, (icon, colour): (Icon, Rgba), title: &str, value: &str) -> Area {
    view.card(area, 28, CARD);
    widgets::badge(view, Area::new(area.x + 40, area.y + 40, 76, 76), icon, colour);
    view.text(area.x + 140, area.y + 89, Align::Start, title, Style::semi_bold(31), TEXT);
    view.text(area.right() - 48, area.y + 89, Align::End, value, Style::regular(31).with_tabular_digits(), TEXT_SOFT);
    area
}

fn level(view: &mut View<Id>, scene: &Scene, area: Area, look: (Icon, Rgba), title: &str, slider: Slider) {
    header(view, area, look, title, &format!("{} %", scene.slider(slider)));
    widgets::slider(view, scene, Area::new(area.x + 48, area.y + 156, area.width - 96, 64), slider, look.1);
}

fn temperature(view: &mut View<Id>, scene: &Scene, area: Area) {
    let tenths = scene.saved.temperature;
    let value = format!("{}.{} °C", tenths / 10, tenths % 10);
    header(view, area, (Icon::Thermometer, TEAL), "Temperature", &value);
    let colder = Area::new(area.x + 48, area.y + 152, 180, 68);
    widgets::button(view, scene, colder, Id::Colder, Tone::Plain, Some(Icon::Minus), "");
    widgets::button(
        view,
        scene,
        Area { x: colder.right() + 24, ..colder },
        Id::Warmer,
        Tone::Plain,
        Some(Icon::Plus),
        "",
    );
    let meter = Area::new(area.x + 490, area.y + 180, area.width - 538, 12);
    view.flat(meter, 6, ACCENT.with_opacity(50));
    view.flat(Area { width: (meter.width * i32::from(tenths - 160) / 120).max(12), ..meter }, 6, TEAL);
}
