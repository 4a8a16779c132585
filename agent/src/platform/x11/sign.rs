//! The console's key on its own display while it waits for approval: a card in the middle that takes no input.

use std::sync::Arc;

use protocol::geometry::{PixelRect, PixelSize};
use protocol::ids::DisplayId;
use x11rb::protocol::xproto::ConnectionExt as _;

use super::connection::{Explain, XServer};
use super::displays::{Layout, Place};
use super::frame;
use super::label::{Label, WHITE};
use crate::platform::text::{self, Bgra, Style};
use crate::platform::{Key, KeySign, PlatformError};

/// Red, green, blue.
const DARK: [u8; 3] = [0x18, 0x19, 0x1D];
const TITLE: &str = "This console waits for approval";
const ADVICE: &str = "Compare this key with the page of the room in the portal.";

pub(super) struct X11KeySign {
    layout: Arc<Layout>,
    /// The connection of the card: the X server removes it when this is dropped.
    shown: Option<XServer>,
}

impl X11KeySign {
    pub(super) fn new(layout: Arc<Layout>) -> Self {
        Self { layout, shown: None }
    }
}

impl KeySign for X11KeySign {
    fn set(&mut self, key: &Key) {
        self.shown = None;
        if !key.waits_for_approval {
            return;
        }
        let Some(place) = self.layout.place(DisplayId::Console) else { return };
        // The log and `status` have the key as well.
        self.shown = show(&place, &key.fingerprint)
            .inspect_err(|error| tracing::warn!(%error, "the key cannot be shown on the console's display"))
            .ok();
    }
}

fn show(place: &Place, fingerprint: &str) -> Result<XServer, PlatformError> {
    let server = XServer::connect(&place.server)?;
    let card = draw(fingerprint, place.size);
    let x = place.size.width.saturating_sub(card.size.width) / 2;
    let y = place.size.height.saturating_sub(card.size.height) / 2;
    let window = frame::create(&server, place, PixelRect { x, y, width: card.size.width, height: card.size.height })?;
    frame::paint(&server, window, &card)?;
    server.connection.map_window(window).explain("showing the key")?;
    server.sync()?;
    Ok(server)
}

/// The card, no larger than the display.
fn draw(fingerprint: &str, display: PixelSize) -> Label {
    // 24 px on a display of 1080 rows, in proportion on others.
    let unit_px = (u32::from(display.height.min(display.width)) * 24 / 1080).clamp(11, 64) as u16;
    let groups: Vec<_> = fingerprint.split(' ').collect();
    let (first, second) = groups.split_at(groups.len() / 2);
    let (normal, large) = (Style::semi_bold(unit_px), Style::semi_bold(unit_px * 2).with_tabular_digits());
    let lines = [
        (TITLE.to_owned(), normal),
        (first.join("  "), large),
        (second.join("  "), large),
        (ADVICE.to_owned(), Style::regular(unit_px)),
    ];
    let widest = lines.iter().map(|(line, style)| text::measure(line, *style)).fold(0.0, f32::max).ceil() as u16;
    let size = PixelSize::new((widest + unit_px * 4).min(display.width), (unit_px * 14).min(display.height));
    let [red, green, blue] = DARK;
    let n_pixels = usize::from(size.width) * usize::from(size.height);
    let mut pixels = [blue, green, red, 0xFF].repeat(n_pixels);
    let stride_bytes = usize::from(size.width) * 4;
    let mut target = Bgra { pixels: &mut pixels, stride_bytes, size, clip: size.bounds() };
    for ((line, style), units) in lines.iter().zip([3, 6, 9, 12]) {
        let left = (f32::from(size.width) - text::measure(line, *style)) / 2.0;
        target.text(line, *style, left, f32::from(unit_px * units), WHITE);
    }
    Label { size, pixels, buttons: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_card_fits_the_display_and_has_letters() {
        let fingerprint = "0123 4567 89ab cdef 0123 4567 89ab cdef";
        for display in [PixelSize::new(1920, 1080), PixelSize::new(640, 480), PixelSize::new(320, 200)] {
            let card = draw(fingerprint, display);
            assert!(card.size.width <= display.width && card.size.height <= display.height, "{:?}", card.size);
            assert_eq!(card.pixels.len(), usize::from(card.size.width) * usize::from(card.size.height) * 4);
            let white = card.pixels.chunks_exact(4).filter(|pixel| pixel[..3] == WHITE).count();
            assert!(200 < white, "{white}");
        }
    }
}
