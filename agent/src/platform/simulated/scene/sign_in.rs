//! Signing in at the console.

use super::super::super::text::Style;
use super::super::draw::palette::{ACCENT, CARD, TEXT, TEXT_FAINT, TEXT_SOFT};
use super::super::draw::{Align, Area, Icon, View};
use super::Scene;
use super::ids::{FieldId, Id};
use super::widgets::{self, Tone};

const SHEET: Area = Area::new(560, 168, 800, 800);
pub(super) const ACCOUNT: Area = Area::new(SHEET.x + 80, 484, SHEET.width - 160, 84);
pub(super) const PASSWORD: Area = Area::new(SHEET.x + 80, 642, SHEET.width - 160, 84);

pub(super) fn draw(view: &mut View<Id>, scene: &Scene) {
    widgets::top_bar(view, scene, "Sign in");
    view.card(SHEET, 28, CARD);
    widgets::badge(view, Area::new(SHEET.middle().0 - 52, 222, 104, 104), Icon::User, ACCENT);
    view.text(SHEET.middle().0, 388, Align::Middle, "Sign in to this console", Style::semi_bold(36), TEXT);
    for (area, label) in [(ACCOUNT, "Account"), (PASSWORD, "Password")] {
        view.text(area.x, area.y - 20, Align::Start, label, Style::regular(24), TEXT_SOFT);
    }
    widgets::field(view, scene, FieldId::Account);
    widgets::field(view, scene, FieldId::Password);
    let button = Area::new(ACCOUNT.x, 784, ACCOUNT.width, 84);
    widgets::button(view, scene, button, Id::SignIn, Tone::Primary, None, "Sign in");
    let hint = "Any account and password will do here.";
    view.text(SHEET.middle().0, 922, Align::Middle, hint, Style::regular(22), TEXT_FAINT);
}
