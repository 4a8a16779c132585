//! Showing a guest's screen on the displays.

use super::super::super::text::Style;
use super::super::draw::palette::{CARD, CARD_EDGE, SKY, TEXT, TEXT_SOFT};
use super::super::draw::{Align, Area, Icon, View};
use super::ids::{Id, Switch};
use super::widgets::{self, MARGIN};
use super::{Scene, schedule};

const STEPS: [(&str, &str); 3] = [
    ("Connect", "Plug in the cable at the table, or open the sharing page on your laptop."),
    ("Enter the code", "It is good for this meeting only and changes with the next one."),
    ("Choose a window", "Everybody in the room and in the call sees it at once."),
];

/// Six digits that change with the hour.
pub(super) fn code(scene: &Scene) -> String {
    let dice = schedule::scattered(scene.options.seed ^ scene.local.minute_of_era().div_euclid(60) as u64);
    format!("{:03} {:03}", dice % 1000, dice / 1000 % 1000)
}

pub(super) fn draw(view: &mut View<Id>, scene: &Scene) {
    widgets::top_bar(view, scene, "Share your screen");
    let card = Area::new(MARGIN, 168, 860, 800);
    view.card(card, 28, CARD);
    widgets::badge(view, Area::new(card.x + 64, 232, 96, 96), Icon::Present, SKY);
    view.text(card.x + 64, 500, Align::Start, "Sharing code", Style::regular(30), TEXT_SOFT);
    view.text(card.x + 60, 640, Align::Start, &code(scene), Style::semi_bold(132), TEXT);
    view.flat(Area::new(card.x + 64, 830, card.width - 128, 1), 0, CARD_EDGE);
    widgets::label(view, (card.x + 64, 890), 560, "Show on the front displays", "People in the room read it there");
    widgets::switch(view, scene, (card.right() - 64, 899), Switch::ShareCode);
    for (i, (title, about)) in STEPS.iter().enumerate() {
        step(view, Area::new(980, 168 + i as i32 * 274, 868, 252), i + 1, title, about);
    }
}

fn step(view: &mut View<Id>, area: Area, number: usize, title: &str, about: &str) {
    view.card(area, 28, CARD);
    let disc = Area::new(area.x + 48, area.y + 86, 80, 80);
    view.flat(disc, 40, SKY.with_opacity(36));
    let style = Style::semi_bold(36);
    view.text(disc.middle().0, widgets::baseline(disc, style), Align::Middle, &number.to_string(), style, SKY);
    view.text(area.x + 172, area.y + 98, Align::Start, title, Style::semi_bold(34), TEXT);
    view.paragraph((area.x + 172, area.y + 144), area.width - 220, about, Style::regular(24), TEXT_SOFT);
}
