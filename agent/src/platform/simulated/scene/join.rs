//! Joining a meeting with its code.

use super::super::super::text::Style;
use super::super::draw::palette::{CARD, TEAL, TEXT, TEXT_SOFT};
use super::super::draw::{Align, Area, Icon, View};
use super::Scene;
use super::ids::{FieldId, Id};
use super::widgets::{self, MARGIN, Tone};

pub(super) const CODE: Area = Area::new(MARGIN + 64, 508, 800, 108);
const CARD_AREA: Area = Area::new(MARGIN, 168, 928, 800);
const KEYS: Area = Area::new(1080, 168, 768, 800);

pub(super) fn draw(view: &mut View<Id>, scene: &Scene) {
    widgets::top_bar(view, scene, "Join a meeting");
    view.card(CARD_AREA, 28, CARD);
    widgets::badge(view, Area::new(CODE.x, 232, 96, 96), Icon::Keypad, TEAL);
    view.text(CODE.x, 410, Align::Start, "Enter the code", Style::semi_bold(38), TEXT);
    view.text(CODE.x, 460, Align::Start, "You find it in the invitation.", Style::regular(25), TEXT_SOFT);
    widgets::field(view, scene, FieldId::JoinCode);
    let join = Area::new(CODE.x, 656, 300, 84);
    widgets::button(view, scene, join, Id::JoinCode, Tone::Primary, Some(Icon::Camera), "Join now");
    let hint = "Microphone and camera are on when you join.";
    view.text(CODE.x, 912, Align::Start, hint, Style::regular(22), TEXT_SOFT);
    keypad(view, scene);
}

fn keypad(view: &mut View<Id>, scene: &Scene) {
    let (width, height, gap) = ((KEYS.width - 48) / 3, (KEYS.height - 72) / 4, 24);
    let style = Style::semi_bold(48);
    for (i, digit) in "123456789*0#".chars().enumerate() {
        let (column, row) = ((i % 3) as i32, (i / 3) as i32);
        let area = Area::new(KEYS.x + column * (width + gap), KEYS.y + row * (height + gap), width, height);
        if digit == '#' {
            widgets::pressable(view, scene, area, 28, Id::Erase);
            view.icon(Icon::Erase, area.centred(56), TEXT);
            continue;
        }
        let shown = if digit == '*' { '-' } else { digit };
        widgets::pressable(view, scene, area, 28, Id::Digit(shown));
        view.text(area.middle().0, widgets::baseline(area, style), Align::Middle, &shown.to_string(), style, TEXT);
    }
}
