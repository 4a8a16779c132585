//! The ring's line of text, as words and as pixels.

use protocol::geometry::{PixelRect, PixelSize};

use crate::platform::text::{self, Bgra, Style};
use crate::platform::{RingButton, RingLine};

/// Red, green, blue.
pub(super) const RED: [u8; 3] = [0xD6, 0x14, 0x1E];
pub(super) const WHITE: [u8; 3] = [0xFF, 0xFF, 0xFF];

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
            tab_width_max_px: display.width - display.width / 8,
        }
    }
}

/// A drawn line: BGRX, top row first, `size.width * 4` bytes a row.
pub(super) struct Label {
    pub(super) size: PixelSize,
    pub(super) pixels: Vec<u8>,
    /// Where the buttons are in it.
    pub(super) buttons: Vec<(RingButton, PixelRect)>,
}

pub(super) fn draw(line: &RingLine, measures: Measures) -> Label {
    let style = Style::semi_bold(measures.text_px);
    let width_of = |text: &str| text::measure(text, style).ceil() as u16;
    let buttons = line.buttons();
    let button_width = |button: &RingButton| width_of(button.name()) + 2 * measures.padding_px;
    let buttons_px: u16 = buttons.iter().map(|button| button_width(button) + measures.padding_px).sum();
    let room_px = measures.tab_width_max_px.saturating_sub(2 * measures.padding_px + buttons_px).max(1);
    let words = line.words(|words| width_of(words) <= room_px);
    let words = text::fit(&words, style, room_px.into());
    let words_px = width_of(&words);
    let size = PixelSize::new(words_px + 2 * measures.padding_px + buttons_px, measures.tab_height_px);
    let mut x = words_px + 2 * measures.padding_px;
    let mut place = |button: RingButton| {
        // A row of red above and below: the tab stays one field.
        let rect = PixelRect::new(x, 1, button_width(&button), size.height.saturating_sub(2).max(1));
        x += rect.width + measures.padding_px;
        (button, rect)
    };
    let buttons: Vec<_> = buttons.into_iter().map(&mut place).collect();

    let [red, green, blue] = RED;
    let n_pixels = usize::from(size.width) * usize::from(size.height);
    let mut pixels = [blue, green, red, 0xFF].repeat(n_pixels);
    let stride_bytes = usize::from(size.width) * 4;
    let mut target = Bgra { pixels: &mut pixels, stride_bytes, size, clip: size.bounds() };
    let baseline = f32::midpoint(f32::from(size.height), style.cap_height_px());
    target.text(&words, style, f32::from(measures.padding_px), baseline, WHITE);
    for (button, rect) in &buttons {
        for row in rect.y..rect.y + rect.height {
            for column in rect.x..rect.x + rect.width {
                target.blend(column.into(), row.into(), WHITE, 255);
            }
        }
        target.text(button.name(), style, f32::from(rect.x + measures.padding_px), baseline, RED);
    }
    Label { size, pixels, buttons }
}

#[cfg(test)]
mod tests {
    use protocol::access::Access;

    use super::*;
    use crate::platform::RingPerson;

    fn line() -> RingLine {
        let person = |name: &str, access, since: &str| RingPerson {
            name: name.to_owned(),
            access,
            since: since.to_owned(),
            code: None,
        };
        let people = vec![person("Ada Admin", Access::Modify, "14:05"), person("Tom", Access::View, "14:09")];
        RingLine { people, ..RingLine::default() }
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
        let label = draw(&line(), Measures::of(PixelSize::new(640, 480)));
        assert!(label.size.width <= 560 && label.size.height < 20, "{:?}", label.size);
        assert_eq!(label.pixels.len(), usize::from(label.size.width) * usize::from(label.size.height) * 4);
        assert_eq!(label.pixels[..3], [RED[2], RED[1], RED[0]]);
        let white = label.pixels.chunks_exact(4).filter(|pixel| pixel[..3] == [255, 255, 255]).count();
        assert!(50 < white, "{white}");
        assert!(label.buttons.is_empty());
    }

    #[test]
    fn a_button_is_a_white_field_inside_the_tab() {
        let measures = Measures::of(PixelSize::new(1920, 1080));
        let label = draw(&RingLine { may_end: true, ..line() }, measures);
        let without = draw(&line(), measures);
        let [(RingButton::End, rect)] = label.buttons[..] else { panic!("{:?}", label.buttons) };
        assert_eq!(label.size.bounds().intersection(rect), Some(rect));
        assert_eq!(label.size.width, without.size.width + rect.width + measures.padding_px);
        let at = |x: u16, y: u16| (usize::from(y) * usize::from(label.size.width) + usize::from(x)) * 4;
        assert_eq!(label.pixels[at(rect.x, rect.y)..][..3], [255, 255, 255]);
        assert_eq!(label.pixels[at(rect.x, 0)..][..3], [RED[2], RED[1], RED[0]]);
    }
}
