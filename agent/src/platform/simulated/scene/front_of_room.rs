//! The displays at the front: one for people, one for content.

use super::super::super::text::Style;
use super::super::clock::LocalTime;
use super::super::draw::palette::{
    ACCENT, AMBER, BLUE, CARD, CARD_EDGE, GREEN, NIGHT_BOTTOM, NIGHT_TOP, RAISED, SKY, TEAL, TEXT, TEXT_FAINT,
    TEXT_SOFT, VIOLET, WHITE,
};
use super::super::draw::{Align, Area, Fill, Icon, Rgba, View};
use super::call::{self, Participant};
use super::ids::Id;
use super::schedule;
use super::{DISPLAY_SIZE, Scene, WIDTH, share, widgets};

const MARGIN: i32 = 96;
/// What moves on the display for people while the room is free.
const WAVES: Area = Area::new(0, 828, WIDTH, 252);
/// What moves on the display for content.
const PLOT: Area = Area::new(MARGIN + 56, 430, 1080, 460);
/// Seconds that a slide stays.
const SLIDE_SECONDS: i64 = 20;

struct Slide {
    title: &'static str,
    about: &'static str,
    /// A figure and what it counts.
    figures: [(&'static str, &'static str); 3],
}

const SLIDES: [Slide; 3] = [
    Slide {
        title: "Quarter at a glance",
        about: "Orders per day, all sites",
        figures: [("+12 %", "Orders"), ("4.7", "Satisfaction"), ("98 %", "On time")],
    },
    Slide {
        title: "Energy use",
        about: "Load of this building, in percent",
        figures: [("−8 %", "Against last year"), ("61 %", "Solar"), ("212", "Tons saved")],
    },
    Slide {
        title: "Release 24",
        about: "Completed tests per hour",
        figures: [("1 284", "Tests"), ("3", "Open questions"), ("5 days", "Until release")],
    },
];

pub(super) fn people(view: &mut View<Id>, scene: &Scene) {
    view.panel(DISPLAY_SIZE.bounds().into(), 0, Fill::Down(NIGHT_TOP, NIGHT_BOTTOM));
    if scene.in_call() {
        grid(view, scene);
    } else {
        lobby(view, scene);
    }
    share_code(view, scene);
}

pub(super) fn content(view: &mut View<Id>, scene: &Scene) {
    view.panel(DISPLAY_SIZE.bounds().into(), 0, Fill::Down(NIGHT_TOP, NIGHT_BOTTOM));
    let slide = scene.local.0.div_euclid(SLIDE_SECONDS).rem_euclid(SLIDES.len() as i64) as usize;
    let Slide { title, about, figures } = &SLIDES[slide];
    view.text(MARGIN, 166, Align::Start, title, Style::semi_bold(76), TEXT);
    view.text(MARGIN + 2, 226, Align::Start, about, Style::regular(34), TEXT_SOFT);
    if scene.in_call() {
        let pill = Area::new(WIDTH - MARGIN - 316, 96, 316, 64);
        view.flat(pill, 32, GREEN.with_opacity(34));
        view.icon(Icon::Present, Area::new(pill.x + 28, pill.y + 16, 32, 32), GREEN);
        view.text(pill.x + 78, pill.y + 42, Align::Start, "Shared in the call", Style::semi_bold(24), TEXT);
    }
    plot(view, scene, slide);
    for (i, (figure, label)) in figures.iter().enumerate() {
        let colour = [TEAL, AMBER, VIOLET][i];
        let area = Area::new(1384, 296 + i as i32 * 228, WIDTH - MARGIN - 1384, 204);
        view.card(area, 28, CARD);
        view.flat(Area::new(area.x + 36, area.y + 44, 6, area.height - 88), 3, colour);
        view.text(area.x + 72, area.y + 108, Align::Start, figure, Style::semi_bold(64), TEXT);
        view.text_within(area.x + 74, area.y + 156, area.width - 100, label, Style::regular(28), TEXT_SOFT);
    }
    dots(view, slide);
    share_code(view, scene);
}

fn plot(view: &mut View<Id>, scene: &Scene, slide: usize) {
    let card = Area::new(MARGIN, 296, 1256, 660);
    view.card(card, 28, CARD);
    view.text(card.x + 56, card.y + 84, Align::Start, "Live", Style::semi_bold(30), TEXT);
    view.disc((card.x + 146, card.y + 73), 9, Fill::Flat(GREEN));
    for i in 0..5 {
        let y = PLOT.y + i * PLOT.height / 4;
        view.flat(Area::new(PLOT.x, y, PLOT.width, 1), 0, CARD_EDGE);
        view.text(card.right() - 40, y + 9, Align::End, &(100 - i * 25).to_string(), Style::regular(22), TEXT_FAINT);
    }
    let frame = if scene.has_motion() { scene.frame() } else { 0 };
    view.chart(PLOT, frame, slide as u32 * 137, [SKY, AMBER, TEAL][slide]);
}

fn dots(view: &mut View<Id>, slide: usize) {
    for i in 0..SLIDES.len() {
        let colour = if i == slide { ACCENT } else { RAISED };
        let width = if i == slide { 44 } else { 14 };
        let x = WIDTH / 2 - 60 + i as i32 * 34 + if slide < i { 30 } else { 0 };
        view.flat(Area::new(x, 1008, width, 14), 7, colour);
    }
}

/// Nobody meets: a large clock, and what comes next.
fn lobby(view: &mut View<Id>, scene: &Scene) {
    let frame = if scene.has_motion() { scene.frame() } else { 0 };
    view.waves(WAVES, frame, BLUE);
    view.text_within(MARGIN, 160, 1100, &scene.room_name(), Style::semi_bold(60), TEXT);
    widgets::clock(view, scene, (MARGIN - 14, 520), Style::regular(300), TEXT);
    view.text(MARGIN, 612, Align::Start, &scene.local.date(), Style::regular(52), TEXT_SOFT);
    let minute = scene.local.minute_of_era();
    let plan = schedule::meetings(scene.options.seed, minute, 3);
    let busy = plan.first().is_some_and(|meeting| meeting.start <= minute);
    availability(view, scene, busy, plan.first().map_or(minute, |first| if busy { first.end } else { first.start }));
    for (i, meeting) in plan.iter().enumerate() {
        upcoming(view, scene, Area::new(1184, 236 + i as i32 * 180, WIDTH - MARGIN - 1184, 156), meeting, minute);
    }
}

fn availability(view: &mut View<Id>, scene: &Scene, busy: bool, until: i64) {
    let until = LocalTime::from_minute(until).time(scene.saved.twenty_four_hours);
    let (colour, word) = if busy { (AMBER, "Reserved") } else { (GREEN, "Free") };
    let style = Style::semi_bold(34);
    let label = format!("{word} until {until}");
    let width = super::super::super::text::measure(&label, style).ceil() as i32 + 112;
    let pill = Area::new(MARGIN, 668, width, 80);
    view.flat(pill, 40, colour.with_opacity(36));
    view.disc((pill.x + 44, pill.y + 40), 11, Fill::Flat(colour));
    view.text(pill.x + 74, widgets::baseline(pill, style), Align::Start, &label, style, TEXT);
}

fn upcoming(view: &mut View<Id>, scene: &Scene, area: Area, meeting: &schedule::Meeting, minute: i64) {
    let now = meeting.start <= minute;
    view.card(area, 28, CARD);
    view.flat(Area::new(area.x + 32, area.y + 38, 6, area.height - 76), 3, if now { GREEN } else { ACCENT });
    let start = LocalTime::from_minute(meeting.start).time(scene.saved.twenty_four_hours);
    let size_px = if scene.saved.twenty_four_hours { 36 } else { 29 };
    view.text(area.x + 66, area.y + 90, Align::Start, &start, Style::semi_bold(size_px).with_tabular_digits(), TEXT);
    let title = if scene.saved.hide_titles { "Reserved" } else { meeting.title };
    let width = area.width - 260;
    view.text_within(area.x + 226, area.y + 74, width, title, Style::semi_bold(34), TEXT);
    view.text_within(area.x + 226, area.y + 118, width, meeting.organiser, Style::regular(26), TEXT_SOFT);
}

/// The people in the call, with their voices as bars.
fn grid(view: &mut View<Id>, scene: &Scene) {
    let (width, height, gap) = (592, 460, 24);
    let people = call::participants(scene);
    let speaker = (scene.now.as_secs() / 4) as usize % people.len();
    for (i, person) in people.iter().enumerate() {
        let (column, row) = ((i % 3) as i32, (i / 3) as i32);
        let area = Area::new(48 + column * (width + gap), 48 + row * (height + gap), width, height);
        tile(view, scene, area, person, i, i == speaker);
    }
    view.text(52, 1050, Align::Start, &scene.room_name(), Style::semi_bold(28), TEXT_SOFT);
    let style = Style::semi_bold(28).with_tabular_digits();
    view.text(WIDTH - 52, 1050, Align::End, &call::duration(scene), style, TEXT_SOFT);
    let title = scene.call.as_ref().map_or("", |call| &call.title);
    view.text(WIDTH / 2, 1050, Align::Middle, title, Style::regular(28), TEXT_SOFT);
}

fn tile(view: &mut View<Id>, scene: &Scene, area: Area, person: &Participant, i: usize, speaks: bool) {
    view.card(area, 28, CARD);
    if speaks {
        view.outline(area, 28, 4, ACCENT);
    }
    call::avatar(view, (area.middle().0, area.y + 206), 108, person);
    view.text(area.x + 36, area.bottom() - 36, Align::Start, person.name, Style::semi_bold(30), TEXT);
    let frame = if scene.has_motion() { scene.frame() / 2 } else { 0 };
    for bar in 0..5 {
        let height = if speaks { 8 + level(i, bar, frame) } else { 8 };
        let x = area.right() - 112 + bar * 16;
        let colour: Rgba = if speaks { TEAL } else { RAISED.towards(WHITE, 30) };
        view.flat(Area::new(x, area.bottom() - 46 - height / 2, 8, height), 4, colour);
    }
}

/// A voice: height of a bar in steps of four pixels.
fn level(person: usize, bar: i32, frame: u32) -> i32 {
    let beat = schedule::scattered(u64::from(frame / 2) ^ ((person as u64) << 32) ^ ((bar as u64) << 40));
    (beat % 11) as i32 * 4
}

/// A strip at the top with the code, as long as the console says so.
fn share_code(view: &mut View<Id>, scene: &Scene) {
    if !scene.share_code {
        return;
    }
    let strip = Area::new(WIDTH / 2 - 330, 40, 660, 108);
    view.shadow(strip, 54, 40, 140);
    view.flat(strip, 54, RAISED);
    view.text(strip.x + 56, strip.y + 66, Align::Start, "Sharing code", Style::regular(32), TEXT_SOFT);
    let style = Style::semi_bold(56).with_tabular_digits();
    view.text(strip.right() - 56, widgets::baseline(strip, style), Align::End, &share::code(scene), style, TEXT);
}
