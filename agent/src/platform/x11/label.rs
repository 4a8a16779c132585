//! The ring's line of text, as words and as pixels.

use protocol::geometry::PixelSize;

use crate::platform::RingPerson;
use crate::platform::text::{self, Bgra, Style};

/// Red, green, blue.
pub(super) const RED: [u8; 3] = [0xD6, 0x14, 0x1E];
pub(super) const WHITE: [u8; 3] = [0xFF, 0xFF, 0xFF];
const NO_AUDIO: &str = " · no audio";

/// Measures of the ring on a display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "a number's unit is in its name")]
pub(super) struct Measures {
    pub(super) bar_px: u16,
    text_px: u16,
    padding_px: u16,
    pub(super) tab_height_px: u16,
    tab_width_max_px: u16,
}

impl Measures {
    /// 4 px wide bars on a display of 1080 rows, in proportion on others.
    pub(super) fn of(display: PixelSize) -> Self {
        let short = u32::from(display.width.min(display.height)).max(1);
        let scaled = |px_at_1080: u32, least: u32| ((px_at_1080 * short + 540) / 1080).max(least) as u16;
        let text_px = scaled(15, 11);
        let bar_px = scaled(4, 2).min((short / 3).max(1) as u16);
        Self {
            bar_px,
            text_px,
            padding_px: text_px * 2 / 3,
            tab_height_px: text_px * 3 / 2,
            tab_width_max_px: display.width - display.width / 4,
        }
    }
}

/// A drawn line: BGRX, top row first, `size.width * 4` bytes a row.
pub(super) struct Label {
    pub(super) size: PixelSize,
    pub(super) pixels: Vec<u8>,
}

pub(super) fn draw(people: &[RingPerson], measures: Measures) -> Label {
    let style = Style::semi_bold(measures.text_px);
    let room_px = f32::from(measures.tab_width_max_px.saturating_sub(2 * measures.padding_px).max(1));
    let line = line(people, |line| text::measure(line, style) <= room_px);
    let line = text::fit(&line, style, room_px);
    let text_px = text::measure(&line, style).ceil() as u16;
    let size = PixelSize::new(text_px + 2 * measures.padding_px, measures.tab_height_px);
    let [red, green, blue] = RED;
    let n_pixels = usize::from(size.width) * usize::from(size.height);
    let mut pixels = [blue, green, red, 0xFF].repeat(n_pixels);
    let stride_bytes = usize::from(size.width) * 4;
    let mut target = Bgra { pixels: &mut pixels, stride_bytes, size, clip: size.bounds() };
    let baseline = f32::midpoint(f32::from(size.height), style.cap_height_px());
    target.text(&line, style, f32::from(measures.padding_px), baseline, WHITE);
    Label { size, pixels }
}

/// Who is connected, with what access and since when: all of them when they fit, else the first and how many more.
fn line(people: &[RingPerson], fits: impl Fn(&str) -> bool) -> String {
    let all = people.iter().map(person).collect::<Vec<_>>().join(", ") + NO_AUDIO;
    let [first, others @ ..] = people else { return all };
    if others.is_empty() || fits(&all) {
        return all;
    }
    format!("{} and {} more{NO_AUDIO}", person(first), others.len())
}

fn person(person: &RingPerson) -> String {
    format!("{} ({}) since {}", person.name, person.access.name(), person.since)
}

#[cfg(test)]
mod tests {
    use protocol::access::Access;

    use super::*;

    fn people() -> Vec<RingPerson> {
        let person =
            |name: &str, access, since: &str| RingPerson { name: name.to_owned(), access, since: since.to_owned() };
        vec![person("Ada Admin", Access::Modify, "14:05"), person("Tom", Access::View, "14:09")]
    }

    #[test]
    fn the_line_names_everybody_or_says_how_many() {
        let people = people();
        assert_eq!(line(&people[..1], |_| false), "Ada Admin (Modify) since 14:05 · no audio");
        assert_eq!(line(&people, |_| true), "Ada Admin (Modify) since 14:05, Tom (View) since 14:09 · no audio");
        assert_eq!(line(&people, |_| false), "Ada Admin (Modify) since 14:05 and 1 more · no audio");
    }

    #[test]
    fn the_ring_scales_with_the_display() {
        let at = |width, height| Measures::of(PixelSize::new(width, height));
        assert_eq!(at(1920, 1080).bar_px, 4);
        assert_eq!(at(3840, 2160).bar_px, 8);
        assert_eq!(at(640, 480).bar_px, 2);
        assert_eq!(at(1, 1).bar_px, 1);
    }

    #[test]
    fn a_label_is_red_with_white_letters_and_not_too_wide() {
        let label = draw(&people(), Measures::of(PixelSize::new(640, 480)));
        assert!(label.size.width <= 480 && label.size.height < 20, "{:?}", label.size);
        assert_eq!(label.pixels.len(), usize::from(label.size.width) * usize::from(label.size.height) * 4);
        assert_eq!(label.pixels[..3], [RED[2], RED[1], RED[0]]);
        let white = label.pixels.chunks_exact(4).filter(|pixel| pixel[..3] == [255, 255, 255]).count();
        assert!(50 < white, "{white}");
    }
}
