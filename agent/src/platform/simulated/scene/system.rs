//! What the console shows when no page is up: starting, standby, the security screen.

use protocol::ids::DisplayId;

use super::super::super::text::Style;
use super::super::draw::palette::{BLACK, INDIGO, RAISED, RING, TEXT, TEXT_FAINT, TEXT_SOFT};
use super::super::draw::{Align, Area, Fill, Icon, View};
use super::ids::Id;
use super::widgets::{self, Tone};
use super::{BACK_AT, DISPLAY_SIZE, GONE_AT, Scene, WIDTH};

const MIDDLE: i32 = WIDTH / 2;

/// Going down until the displays go off; coming up when they are back.
pub(super) fn restart(view: &mut View<Id>, scene: &Scene, display: DisplayId, thousandths: u32) {
    view.flat(DISPLAY_SIZE.bounds().into(), 0, BLACK);
    view.target(DISPLAY_SIZE.bounds().into(), Id::Nothing);
    if thousandths < GONE_AT {
        logo(view, scene.frame(), 420);
        view.text(MIDDLE, 660, Align::Middle, "Restarting", Style::semi_bold(40), TEXT);
        view.text(MIDDLE, 712, Align::Middle, "The console will be back in a moment", Style::regular(26), TEXT_FAINT);
        return;
    }
    view.outline(ring_area(420), 70, 16, RING);
    let name = scene.room_name();
    let title = if display == DisplayId::Console { "Room console" } else { name.as_str() };
    view.text(MIDDLE, 660, Align::Middle, title, Style::semi_bold(40), TEXT);
    view.text(MIDDLE, 712, Align::Middle, "Starting", Style::regular(26), TEXT_FAINT);
    let track = Area::new(MIDDLE - 220, 780, 440, 8);
    view.flat(track, 4, RAISED);
    let done = thousandths.saturating_sub(BACK_AT) * 100 / (1000 - BACK_AT);
    view.flat(Area { width: (track.width * done.min(100) as i32 / 100).max(8), ..track }, 4, RING);
}

fn ring_area(y: i32) -> Area {
    Area::new(MIDDLE - 70, y - 70, 140, 140)
}

/// A ring that fills again and again.
fn logo(view: &mut View<Id>, frame: u32, y: i32) {
    view.outline(ring_area(y), 70, 16, RAISED);
    view.arc(ring_area(y), 16, (frame % 30 * 33 + 20) as u16, RING);
}

/// Dark, but plainly not broken.
pub(super) fn standby(view: &mut View<Id>, scene: &Scene, screen: Area) {
    view.flat(screen, 0, BLACK);
    view.target(screen, Id::Nothing);
    let time = scene.local.time(scene.saved.twenty_four_hours);
    view.text(MIDDLE, 560, Align::Middle, &time, Style::regular(150), TEXT_FAINT.with_opacity(150));
    view.text(
        MIDDLE,
        640,
        Align::Middle,
        "Standby  ·  touch to wake",
        Style::regular(28),
        TEXT_FAINT.with_opacity(130),
    );
}

/// The console has no session before somebody has compared this with the portal.
pub(super) fn approval(view: &mut View<Id>, scene: &Scene) {
    view.target(DISPLAY_SIZE.bounds().into(), Id::Nothing);
    view.icon(Icon::Lock, Area::new(MIDDLE - 40, 180, 80, 80), TEXT);
    view.text(MIDDLE, 344, Align::Middle, "This console waits for approval", Style::semi_bold(48), TEXT);
    let room = format!("An administrator compares this key with the page of {} in the portal.", scene.room_name());
    view.text(MIDDLE, 404, Align::Middle, &room, Style::regular(27), TEXT_SOFT);
    view.card(Area::new(MIDDLE - 460, 470, 920, 260), 28, RAISED);
    let style = Style::semi_bold(64).with_tabular_digits();
    let groups: Vec<_> = scene.key.fingerprint.split(' ').collect();
    for (i, line) in groups.chunks(4).enumerate() {
        view.text(MIDDLE, 576 + i as i32 * 100, Align::Middle, &line.join("  "), style, TEXT);
    }
    view.text(MIDDLE, 800, Align::Middle, "If it differs there, do not approve it.", Style::regular(27), TEXT_FAINT);
}

/// The answer to Ctrl+Alt+Del.
pub(super) fn security(view: &mut View<Id>, scene: &Scene) {
    let screen: Area = DISPLAY_SIZE.bounds().into();
    view.panel(screen, 0, Fill::Down(INDIGO.towards(BLACK, 110), INDIGO.towards(BLACK, 170)));
    view.target(screen, Id::Nothing);
    view.icon(Icon::Lock, Area::new(MIDDLE - 40, 196, 80, 80), TEXT);
    view.text(MIDDLE, 360, Align::Middle, "Security options", Style::semi_bold(48), TEXT);
    let who = scene.saved.account.as_deref().unwrap_or("Nobody is signed in");
    view.text(MIDDLE, 412, Align::Middle, who, Style::regular(27), TEXT_SOFT);
    let place = |i: i32| Area::new(MIDDLE - 230, 484 + i * 104, 460, 80);
    widgets::button(view, scene, place(0), Id::Lock, Tone::Plain, Some(Icon::Lock), "Lock");
    widgets::button(view, scene, place(1), Id::SignOut, Tone::Plain, Some(Icon::SignOut), "Sign out");
    widgets::button(view, scene, place(2), Id::Restart, Tone::Plain, Some(Icon::Power), "Restart the console");
    widgets::button(view, scene, place(3), Id::Cancel, Tone::Primary, None, "Cancel");
}
