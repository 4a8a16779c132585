//! The page that people find: clock, meetings, what can be started, and notes.

use super::super::super::text::{self, Style};
use super::super::clock::LocalTime;
use super::super::draw::palette::{
    ACCENT, AMBER, BLUE, CARD, CARD_EDGE, GREEN, INDIGO, SKY, TEAL, TEXT, TEXT_FAINT, TEXT_SOFT, VIOLET, WHITE,
};
use super::super::draw::{Align, Area, Fill, Icon, Rgba, View};
use super::ids::{FieldId, Id, List, Page, Section};
use super::schedule::{self, Meeting};
use super::widgets::{self, MARGIN, Tone};
use super::{Scene, WIDTH};

const RIGHT: i32 = 880;
const TOP: i32 = 152;
const BOTTOM: i32 = 1008;
const GAP: i32 = 24;
const TILE_WIDTH: i32 = 472;
const TILE_HEIGHT: i32 = 140;
const NOTES_CARD: Area = Area::new(RIGHT, TOP + 3 * (TILE_HEIGHT + GAP), 2 * TILE_WIDTH + GAP, 364);
pub(super) const NOTES: Area = Area::new(RIGHT + 28, NOTES_CARD.y + 84, NOTES_CARD.width - 56, NOTES_CARD.height - 112);

const MEETINGS: Area = Area::new(MARGIN, 440, 760, BOTTOM - 440);
const LIST: Area = Area::new(MARGIN + 1, MEETINGS.y + 84, 758, 4 * ROW);
const ROW: i32 = 119;
const MEETINGS_SHOWN: usize = 9;
pub(super) const SCROLL_MAX: i32 = ROW * MEETINGS_SHOWN as i32 - LIST.height;

pub(super) fn draw(view: &mut View<Id>, scene: &Scene) {
    widgets::top_bar(view, scene, &scene.room_name());
    status(view, scene);
    clock(view, scene);
    meetings(view, scene);
    tiles(view, scene);
    notes(view, scene);
}

/// Microphone, network and who is signed in.
fn status(view: &mut View<Id>, scene: &Scene) {
    let right = WIDTH - MARGIN;
    let name = scene.saved.account.as_deref();
    let area = Area::new(right - 236, 50, 236, 64);
    match name {
        Some(name) => {
            widgets::button(view, scene, area, Id::SignOut, Tone::Plain, Some(Icon::SignOut), "Sign out");
            let name = text::fit(name, Style::regular(24), 360.0);
            view.text(area.x - 28, 91, Align::End, &name, Style::regular(24), TEXT_SOFT);
        }
        None => widgets::button(view, scene, area, Id::Go(Page::SignIn), Tone::Plain, Some(Icon::User), "Sign in"),
    }
    if scene.call.is_none() && name.is_none() {
        let x = area.x - 44;
        view.text(x, 91, Align::End, "Ready", Style::regular(24), TEXT_SOFT);
        view.disc((x - 92, 83), 7, Fill::Flat(GREEN));
        view.icon(Icon::Network, Area::new(x - 160, 67, 32, 32), TEXT_SOFT);
        view.icon(Icon::Microphone, Area::new(x - 212, 67, 32, 32), TEXT_SOFT);
    }
}

fn clock(view: &mut View<Id>, scene: &Scene) {
    widgets::clock(view, scene, (MARGIN - 8, 314), Style::regular(180), TEXT);
    view.text(MARGIN, 388, Align::Start, &scene.local.date(), Style::regular(36), TEXT_SOFT);
}

fn meetings(view: &mut View<Id>, scene: &Scene) {
    view.card(MEETINGS, 28, CARD);
    view.icon(Icon::Calendar, Area::new(MEETINGS.x + 32, MEETINGS.y + 28, 32, 32), ACCENT);
    view.text(MEETINGS.x + 80, MEETINGS.y + 54, Align::Start, "Next meetings", Style::semi_bold(28), TEXT);
    view.target(LIST, Id::List(List::Meetings));
    let minute = scene.local.minute_of_era();
    let plan = schedule::meetings(scene.options.seed, minute, MEETINGS_SHOWN);
    view.clipped(LIST, |view| {
        for (i, meeting) in plan.iter().enumerate() {
            let area = Area::new(LIST.x, LIST.y + i as i32 * ROW - scene.meetings_scroll, LIST.width, ROW);
            row(view, scene, area, meeting, i == 0);
        }
    });
    let thumb =
        Area::new(MEETINGS.right() - 14, LIST.y + 6 + (LIST.height - 150) * scene.meetings_scroll / SCROLL_MAX, 6, 138);
    view.flat(thumb, 3, CARD_EDGE.towards(WHITE, 40));
}

fn row(view: &mut View<Id>, scene: &Scene, area: Area, meeting: &Meeting, first: bool) {
    let now = meeting.start <= scene.local.minute_of_era();
    let (x, y) = (area.x + 31, area.y);
    view.flat(Area::new(x, y, area.width - 64, 1), 0, CARD_EDGE);
    let bar = if now { GREEN } else { CARD_EDGE.towards(ACCENT, if first { 255 } else { 70 }) };
    view.flat(Area::new(x, y + 26, 6, ROW - 52), 3, bar);
    let time = |minute| LocalTime::from_minute(minute).time(scene.saved.twenty_four_hours);
    let digits = Style::semi_bold(27).with_tabular_digits();
    view.text(x + 28, y + 55, Align::Start, &time(meeting.start), digits, TEXT);
    view.text(x + 28, y + 90, Align::Start, &time(meeting.end), Style::regular(22).with_tabular_digits(), TEXT_FAINT);
    let title = if scene.saved.hide_titles { "Reserved" } else { meeting.title };
    let text_x = x + 172;
    let width = if first { 330 } else { 480 };
    view.text_within(text_x, y + 55, width, title, Style::semi_bold(27), TEXT);
    let about = if now { "Now".to_owned() } else { meeting.organiser.to_owned() };
    let about = if now && !scene.saved.hide_titles { format!("Now  ·  {}", meeting.organiser) } else { about };
    view.text_within(text_x, y + 90, width, &about, Style::regular(22), if now { GREEN } else { TEXT_SOFT });
    if first {
        let join = Area::new(area.right() - 172, y + 32, 132, 56);
        widgets::button(view, scene, join, Id::JoinMeeting(meeting.start), Tone::Primary, None, "Join");
    }
}

fn tiles(view: &mut View<Id>, scene: &Scene) {
    let start = Area::new(RIGHT, TOP, TILE_WIDTH, 2 * TILE_HEIGHT + GAP);
    start_tile(view, scene, start);
    let place = |column: i32, row: i32| {
        Area::new(RIGHT + column * (TILE_WIDTH + GAP), TOP + row * (TILE_HEIGHT + GAP), TILE_WIDTH, TILE_HEIGHT)
    };
    let settings = Page::Settings(Section::General);
    tile(view, scene, place(1, 0), Page::Join, (Icon::Keypad, TEAL), ("Join", "With a meeting code"));
    tile(view, scene, place(1, 1), Page::Share, (Icon::Present, SKY), ("Share", "Show your screen here"));
    tile(view, scene, place(0, 2), Page::Controls, (Icon::Lamp, AMBER), ("Room controls", "Lights, sound, climate"));
    tile(view, scene, place(1, 2), settings, (Icon::Sliders, VIOLET), ("Settings", "This console"));
}

fn start_tile(view: &mut View<Id>, scene: &Scene, area: Area) {
    let (id, label, about) = match scene.call {
        Some(_) => (Id::Go(Page::Call), "Return to call", "The room is in a call"),
        None => (Id::StartCall, "Start call", "Meet now in this room"),
    };
    widgets::pressable_colour(view, scene, area, 28, id, (BLUE, INDIGO));
    let disc = Area::new(area.x + 36, area.y + 36, 104, 104);
    view.flat(disc, 52, WHITE.with_opacity(40));
    view.icon(Icon::Camera, disc.centred(52), WHITE);
    view.text(area.x + 38, area.bottom() - 78, Align::Start, label, Style::semi_bold(44), WHITE);
    view.text(area.x + 40, area.bottom() - 38, Align::Start, about, Style::regular(24), WHITE.with_opacity(225));
}

fn tile(
    view: &mut View<Id>,
    scene: &Scene,
    area: Area,
    page: Page,
    (icon, colour): (Icon, Rgba),
    (label, about): (&str, &str),
) {
    widgets::pressable(view, scene, area, 28, Id::Go(page));
    widgets::badge(view, Area::new(area.x + 28, area.y + 30, 80, 80), icon, colour);
    view.text(area.x + 136, area.y + 66, Align::Start, label, Style::semi_bold(31), TEXT);
    view.text(area.x + 136, area.y + 104, Align::Start, about, Style::regular(23), TEXT_SOFT);
}

fn notes(view: &mut View<Id>, scene: &Scene) {
    let card = NOTES_CARD;
    view.card(card, 28, CARD);
    view.icon(Icon::Note, Area::new(card.x + 32, card.y + 28, 32, 32), ACCENT);
    view.text(card.x + 80, card.y + 54, Align::Start, "Notes", Style::semi_bold(28), TEXT);
    let right = card.right() - 32;
    if scene.field(FieldId::Notes).is_empty() {
        view.text(right, card.y + 55, Align::End, "Forgotten at the next restart", Style::regular(22), TEXT_FAINT);
    } else {
        let clear = Area::new(right - 116, card.y + 18, 116, 52);
        widgets::button(view, scene, clear, Id::ClearNotes, Tone::Plain, None, "Clear");
    }
    if scene.keyboard.locks.caps {
        let pill = Area::new(card.x + 190, card.y + 24, 136, 40);
        view.flat(pill, 20, AMBER.with_opacity(44));
        view.text(pill.x + 68, pill.y + 28, Align::Middle, "Caps Lock", Style::semi_bold(20), AMBER);
    }
    widgets::field(view, scene, FieldId::Notes);
}
