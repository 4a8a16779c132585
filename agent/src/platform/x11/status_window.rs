//! `redring-agent status --window`: what the agent says about itself, for people who stand before the console.

use std::time::{Duration, Instant};

use protocol::geometry::PixelSize;
use x11rb::properties::WmSizeHints;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConfigureWindowAux, ConnectionExt as _, CreateWindowAux, EventMask, KeyPressEvent, PropMode,
    Window, WindowClass,
};
use x11rb::wrapper::ConnectionExt as _;

use super::connection::{Alarm, Explain, XServer};
use super::frame;
use super::label::Label;
use crate::platform::PlatformError;
use crate::platform::text::{self, Bgra, Style};

const WHAT: &str = "showing the status";
const TITLE: &[u8] = b"Redring";
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Of X11.
const ESCAPE: u32 = 0xFF1B;
/// Red, green, blue.
const PAPER: [u8; 3] = [0xFB, 0xFB, 0xFC];
const INK: [u8; 3] = [0x1A, 0x1B, 0x1F];
const PALE_INK: [u8; 3] = [0x5A, 0x5E, 0x68];

/// A name and what is said beside it; a line without a name goes on with the one before.
pub type Line = (&'static str, String);

/// Shows what `look` finds, anew every second, until somebody closes the window.
///
/// # Errors
/// When the X server cannot be reached or `look` fails.
pub fn show<E: From<PlatformError>>(server: &str, mut look: impl FnMut() -> Result<Vec<Line>, E>) -> Result<(), E> {
    let mut window = StatusWindow::open(XServer::connect(&server.into())?)?;
    loop {
        window.say(look()?)?;
        if window.is_closed_within(LOOK_EVERY)? {
            return Ok(());
        }
    }
}

struct StatusWindow {
    server: XServer,
    alarm: Alarm,
    window: Window,
    protocols: Atom,
    delete: Atom,
    said: Vec<Line>,
}

impl StatusWindow {
    fn open(server: XServer) -> Result<Self, PlatformError> {
        let atom = |name: &[u8]| {
            let reply = server.connection.intern_atom(false, name).explain(WHAT)?.reply().explain(WHAT)?;
            Ok::<_, PlatformError>(reply.atom)
        };
        let (protocols, delete) = (atom(b"WM_PROTOCOLS")?, atom(b"WM_DELETE_WINDOW")?);
        let window = server.new_id()?;
        let values = CreateWindowAux::new().event_mask(EventMask::KEY_PRESS);
        let (class, depth, visual) =
            (WindowClass::INPUT_OUTPUT, x11rb::COPY_DEPTH_FROM_PARENT, x11rb::COPY_FROM_PARENT);
        let connection = &server.connection;
        connection.create_window(depth, window, server.root(), 0, 0, 1, 1, 0, class, visual, &values).explain(WHAT)?;
        let text = |property, value: &[u8]| {
            connection.change_property8(PropMode::REPLACE, window, property, AtomEnum::STRING, value).explain(WHAT)
        };
        text(AtomEnum::WM_NAME, TITLE)?;
        text(AtomEnum::WM_CLASS, b"redring-status\0Redring\0")?;
        connection.change_property32(PropMode::REPLACE, window, protocols, AtomEnum::ATOM, &[delete]).explain(WHAT)?;
        Ok(Self { alarm: Alarm::new()?, window, protocols, delete, said: Vec::new(), server })
    }

    fn say(&mut self, lines: Vec<Line>) -> Result<(), PlatformError> {
        if lines == self.said {
            return Ok(());
        }
        let screen = self.server.screen();
        let page = draw(&lines, PixelSize::new(screen.width_in_pixels, screen.height_in_pixels));
        let connection = &self.server.connection;
        let (width, height) = (page.size.width, page.size.height);
        // It is as large as what it says.
        let size = Some((i32::from(width), i32::from(height)));
        let hints = WmSizeHints { min_size: size, max_size: size, ..WmSizeHints::default() };
        hints.set_normal_hints(connection, self.window).explain(WHAT)?;
        let values = ConfigureWindowAux::new().width(u32::from(width)).height(u32::from(height));
        connection.configure_window(self.window, &values).explain(WHAT)?;
        frame::paint(&self.server, self.window, &page)?;
        connection.map_window(self.window).explain(WHAT)?;
        self.said = lines;
        self.server.sync()
    }

    fn is_closed_within(&self, time: Duration) -> Result<bool, PlatformError> {
        let deadline = Instant::now() + time;
        loop {
            while let Some(event) = self.server.next_event()? {
                if self.closes(&event)? {
                    return Ok(true);
                }
            }
            if deadline <= Instant::now() {
                return Ok(false);
            }
            self.server.wait(&self.alarm, Some(deadline))?;
        }
    }

    /// By its button, or with Escape.
    fn closes(&self, event: &Event) -> Result<bool, PlatformError> {
        Ok(match event {
            Event::ClientMessage(message) => {
                message.type_ == self.protocols && message.data.as_data32()[0] == self.delete
            }
            Event::KeyPress(press) => self.key_symbols(press)?.contains(&ESCAPE),
            _ => false,
        })
    }

    fn key_symbols(&self, press: &KeyPressEvent) -> Result<Vec<u32>, PlatformError> {
        let reply =
            self.server.connection.get_keyboard_mapping(press.detail, 1).explain(WHAT)?.reply().explain(WHAT)?;
        Ok(reply.keysyms)
    }
}

/// Names to the left, what is said to the right, no larger than the display.
fn draw(lines: &[Line], display: PixelSize) -> Label {
    // 17 px on a display of 1080 rows, in proportion on others.
    let unit_px = (u32::from(display.height.min(display.width)) * 17 / 1080).clamp(12, 48) as u16;
    let (name_style, style) = (Style::regular(unit_px), Style::semi_bold(unit_px).with_tabular_digits());
    let widest = |widths: &mut dyn Iterator<Item = f32>| widths.fold(0.0, f32::max);
    let names_px = widest(&mut lines.iter().map(|(name, _)| text::measure(name, name_style)));
    let left = f32::from(unit_px) * 1.5;
    let said_left = left + names_px + left;
    let said_px = widest(&mut lines.iter().map(|(_, said)| text::measure(said, style)));
    let width = ((said_left + said_px + left).ceil() as u16).min(display.width);
    let row_px = unit_px + unit_px * 3 / 4;
    let height = (u32::from(row_px) * lines.len() as u32 + u32::from(unit_px) * 2).min(display.height.into()) as u16;
    let size = PixelSize::new(width.max(1), height.max(1));
    let [red, green, blue] = PAPER;
    let mut pixels = [blue, green, red, 0xFF].repeat(usize::from(size.width) * usize::from(size.height));
    let stride_bytes = usize::from(size.width) * 4;
    let mut target = Bgra { pixels: &mut pixels, stride_bytes, size, clip: size.bounds() };
    for (i, (name, said)) in lines.iter().enumerate() {
        let baseline = f32::from(unit_px) * 2.0 + f32::from(row_px) * i as f32;
        target.text(name, name_style, left, baseline, PALE_INK);
        let room_px = f32::from(size.width) - said_left - left;
        target.text(&text::fit(said, style, room_px), style, said_left, baseline, INK);
    }
    Label { size, pixels, buttons: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_fits_every_display_and_says_everything() {
        let line = |name, said: &str| (name, said.to_owned());
        let short = [line("link", "up")];
        let long = [line("key fingerprint", "0123 4567 89ab cdef 0123 4567 89ab cdef"), line("", &"x".repeat(2000))];
        let ink = |page: &Label| page.pixels.chunks_exact(4).filter(|pixel| pixel[0] < 0x60).count();
        for display in [PixelSize::new(1920, 1080), PixelSize::new(640, 480), PixelSize::new(100, 20)] {
            let pages = [draw(&[], display), draw(&short, display), draw(&long, display)];
            for page in &pages {
                assert!(page.size.width <= display.width && page.size.height <= display.height, "{:?}", page.size);
                assert_eq!(page.pixels.len(), usize::from(page.size.width) * usize::from(page.size.height) * 4);
            }
            assert_eq!(ink(&pages[0]), 0);
        }
        let display = PixelSize::new(1920, 1080);
        assert!(0 < ink(&draw(&short, display)));
        assert!(ink(&draw(&short, display)) < ink(&draw(&long, display)));
    }
}
