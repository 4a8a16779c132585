//! The five windows of the ring on one display: four bars and a tab with the line of text.

use std::time::Duration;

use protocol::geometry::PixelRect;
use x11rb::protocol::shape::SK;
use x11rb::protocol::xfixes::ConnectionExt as _;
use x11rb::protocol::xproto::{
    AtomEnum, ConfigureWindowAux, ConnectionExt as _, CreateGCAux, CreateWindowAux, EventMask, ImageFormat, MapState,
    PropMode, Rectangle, StackMode, Visibility, Window, WindowClass,
};

use super::connection::{Explain, XServer};
use super::displays::Place;
use super::label::{self, Label, Measures, RED};
use crate::platform::{PlatformError, RingButton, RingLine};

const WHAT: &str = "showing the ring";
/// Pause before it is looked again whether the ring came out on top: a compositor may take its time to fade it in.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
const LOOKS: u32 = 50;

pub(super) struct Frame {
    pub(super) place: Place,
    bars: [Window; 4],
    tab: Window,
    /// On the display.
    tab_rect: PixelRect,
    /// In the tab.
    buttons: Vec<(RingButton, PixelRect)>,
    /// The bars are up.
    is_framed: bool,
}

impl Frame {
    /// Makes and shows the windows. They never take focus, and no input but presses on the buttons of the line: that is
    /// their input shape, and window managers do not touch windows that ask to be left alone.
    pub(super) fn show(server: &XServer, place: &Place, line: &RingLine) -> Result<Self, PlatformError> {
        let measures = Measures::of(place.size);
        let label = label::draw(line, measures);
        let tab_rect = tab_rect(place, measures, &label);
        let [top, bottom, left, right] = bar_rects(place, measures);
        let window = |rect| create(server, place, rect);
        let bars = [window(top)?, window(bottom)?, window(left)?, window(right)?];
        let tab = window(tab_rect)?;
        let mut frame =
            Self { place: place.clone(), bars, tab, tab_rect, buttons: Vec::new(), is_framed: line.is_framed() };
        paint(server, tab, &label)?;
        frame.take_presses(server, label.buttons)?;
        for window in frame.shown_windows() {
            server.connection.map_window(window).explain(WHAT)?;
        }
        Ok(frame)
    }

    pub(super) fn windows(&self) -> [Window; 5] {
        let [top, bottom, left, right] = self.bars;
        [top, bottom, left, right, self.tab]
    }

    fn shown_windows(&self) -> Vec<Window> {
        if self.is_framed { self.windows().to_vec() } else { vec![self.tab] }
    }

    /// Says something else in the line, with or without the frame.
    pub(super) fn rename(&mut self, server: &XServer, line: &RingLine) -> Result<(), PlatformError> {
        let measures = Measures::of(self.place.size);
        let label = label::draw(line, measures);
        self.tab_rect = tab_rect(&self.place, measures, &label);
        let (x, y) = on_root(&self.place, self.tab_rect);
        let values = ConfigureWindowAux::new()
            .x(i32::from(x))
            .y(i32::from(y))
            .width(u32::from(self.tab_rect.width))
            .height(u32::from(self.tab_rect.height));
        server.connection.configure_window(self.tab, &values).explain(WHAT)?;
        paint(server, self.tab, &label)?;
        self.take_presses(server, label.buttons)?;
        if self.is_framed != line.is_framed() {
            self.is_framed = line.is_framed();
            for bar in self.bars {
                let connection = &server.connection;
                if self.is_framed { connection.map_window(bar) } else { connection.unmap_window(bar) }.explain(WHAT)?;
            }
        }
        Ok(())
    }

    /// The tab takes input where a button is, and nowhere else.
    fn take_presses(&mut self, server: &XServer, buttons: Vec<(RingButton, PixelRect)>) -> Result<(), PlatformError> {
        let rectangle = |(_, rect): &(RingButton, PixelRect)| Rectangle {
            x: rect.x as i16,
            y: rect.y as i16,
            width: rect.width,
            height: rect.height,
        };
        let rectangles: Vec<_> = buttons.iter().map(rectangle).collect();
        self.buttons = buttons;
        set_input_shape(server, self.tab, &rectangles)
    }

    /// The button at a place in the tab.
    pub(super) fn button_in_tab(&self, window: Window, x: i16, y: i16) -> Option<RingButton> {
        let (x, y) = (u16::try_from(x).ok()?, u16::try_from(y).ok()?);
        let here = PixelRect::new(x, y, 1, 1);
        let found = self.buttons.iter().find(|(_, rect)| rect.intersection(here).is_some());
        found.filter(|_| window == self.tab).map(|(button, _)| *button)
    }

    /// The buttons with their places on the display.
    pub(super) fn buttons(&self) -> impl Iterator<Item = (RingButton, PixelRect)> {
        let on_display =
            |rect: PixelRect| PixelRect { x: self.tab_rect.x + rect.x, y: self.tab_rect.y + rect.y, ..rect };
        self.buttons.iter().map(move |(button, rect)| (*button, on_display(*rect)))
    }

    /// Puts the windows above all others.
    pub(super) fn raise(&self, server: &XServer) -> Result<(), PlatformError> {
        let above = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
        for window in self.windows() {
            server.connection.configure_window(window, &above).explain(WHAT)?;
        }
        Ok(())
    }

    pub(super) fn destroy(&self, server: &XServer) -> Result<(), PlatformError> {
        for window in self.windows() {
            server.connection.destroy_window(window).explain(WHAT)?;
        }
        Ok(())
    }

    /// Returns when every window that belongs there is mapped and, of a frame, the pixels at the edges of the display are
    /// red.
    ///
    /// # Errors
    /// When something else keeps covering the ring.
    pub(super) fn wait_until_visible(&self, server: &XServer) -> Result<(), PlatformError> {
        for _ in 0..LOOKS {
            if self.is_mapped(server)? && (!self.is_framed || self.is_red(server)?) {
                return Ok(());
            }
            self.raise(server)?;
            server.sync()?;
            std::thread::sleep(LOOK_AGAIN);
        }
        let why = format!("something covers the ring on the display {:?}", self.place.display.name());
        Err(PlatformError::Failed { what: WHAT, why })
    }

    fn is_mapped(&self, server: &XServer) -> Result<bool, PlatformError> {
        let asked = self.shown_windows().into_iter().map(|window| server.connection.get_window_attributes(window));
        let asked: Vec<_> = asked.collect();
        for cookie in asked {
            if cookie.explain(WHAT)?.reply().explain(WHAT)?.map_state != MapState::VIEWABLE {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Looks at one pixel of each bar in the root window, where whatever covers it would be seen.
    fn is_red(&self, server: &XServer) -> Result<bool, PlatformError> {
        let Place { size, .. } = self.place;
        let (middle_x, middle_y) = (size.width / 3, size.height / 2);
        let points = [(middle_x, 0), (middle_x, size.height - 1), (0, middle_y), (size.width - 1, middle_y)];
        let asked = points.map(|(x, y)| {
            let (x, y) = on_root(&self.place, PixelRect::new(x, y, 1, 1));
            server.connection.get_image(ImageFormat::Z_PIXMAP, server.root(), x, y, 1, 1, u32::MAX)
        });
        for cookie in asked {
            let pixel = cookie.explain(WHAT)?.reply().explain(WHAT)?.data;
            if !looks_red(&pixel) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Not exactly the ring's colour: a compositor may shade it.
fn looks_red(bgrx: &[u8]) -> bool {
    matches!(bgrx, [blue, green, red, ..] if 140 <= *red && *green < 90 && *blue < 90)
}

/// Something lies over a window that reported this.
pub(super) fn is_covered(visibility: Visibility) -> bool {
    visibility != Visibility::UNOBSCURED
}

/// A window's background: the server repaints it by itself.
pub(super) fn paint(server: &XServer, window: Window, label: &Label) -> Result<(), PlatformError> {
    let connection = &server.connection;
    let (pixmap, gc) = (server.new_id()?, server.new_id()?);
    let depth = server.screen().root_depth;
    let (width, height) = (label.size.width, label.size.height);
    connection.create_pixmap(depth, pixmap, server.root(), width, height).explain(WHAT)?;
    connection.create_gc(gc, pixmap, &CreateGCAux::new()).explain(WHAT)?;
    let format = ImageFormat::Z_PIXMAP;
    connection.put_image(format, pixmap, gc, width, height, 0, 0, 0, depth, &label.pixels).explain(WHAT)?;
    let background = x11rb::protocol::xproto::ChangeWindowAttributesAux::new().background_pixmap(pixmap);
    connection.change_window_attributes(window, &background).explain(WHAT)?;
    connection.clear_area(false, window, 0, 0, 0, 0).explain(WHAT)?;
    connection.free_gc(gc).explain(WHAT)?;
    connection.free_pixmap(pixmap).explain(WHAT).map(drop)
}

/// A window above all others that is only looked at.
pub(super) fn create(server: &XServer, place: &Place, rect: PixelRect) -> Result<Window, PlatformError> {
    let window = server.new_id()?;
    let (x, y) = on_root(place, rect);
    let [red, green, blue] = RED.map(u32::from);
    let values =
        CreateWindowAux::new().background_pixel(red << 16 | green << 8 | blue).override_redirect(1).event_mask(
            EventMask::VISIBILITY_CHANGE
                | EventMask::STRUCTURE_NOTIFY
                | EventMask::BUTTON_PRESS
                | EventMask::BUTTON_RELEASE,
        );
    let (width, height) = (rect.width, rect.height);
    let (class, depth, visual) = (WindowClass::INPUT_OUTPUT, x11rb::COPY_DEPTH_FROM_PARENT, x11rb::COPY_FROM_PARENT);
    let connection = &server.connection;
    connection
        .create_window(depth, window, server.root(), x, y, width, height, 0, class, visual, &values)
        .explain(WHAT)?;
    let name = b"Redring";
    connection
        .change_property(PropMode::REPLACE, window, AtomEnum::WM_NAME, AtomEnum::STRING, 8, name.len() as u32, name)
        .explain(WHAT)?;
    set_input_shape(server, window, &[])?;
    Ok(window)
}

/// The window takes input in these parts of it; elsewhere it goes to what lies below.
fn set_input_shape(server: &XServer, window: Window, parts: &[Rectangle]) -> Result<(), PlatformError> {
    let (connection, region) = (&server.connection, server.new_id()?);
    connection.xfixes_create_region(region, parts).explain(WHAT)?;
    connection.xfixes_set_window_shape_region(window, SK::INPUT, 0, 0, region).explain(WHAT)?;
    connection.xfixes_destroy_region(region).explain(WHAT)?;
    Ok(())
}

fn on_root(place: &Place, rect: PixelRect) -> (i16, i16) {
    (place.x + rect.x as i16, place.y + rect.y as i16)
}

/// Top, bottom, left, right; none lies over another.
fn bar_rects(place: &Place, measures: Measures) -> [PixelRect; 4] {
    let (width, height, bar) = (place.size.width, place.size.height, measures.bar_px);
    let side = height.saturating_sub(2 * bar).max(1);
    [
        PixelRect::new(0, 0, width, bar),
        PixelRect::new(0, height - bar, width, bar),
        PixelRect::new(0, bar, bar, side),
        PixelRect::new(width - bar, bar, bar, side),
    ]
}

/// In the middle below the top bar.
fn tab_rect(place: &Place, measures: Measures, label: &Label) -> PixelRect {
    let x = place.size.width.saturating_sub(label.size.width) / 2;
    PixelRect { x, y: measures.bar_px, width: label.size.width, height: label.size.height }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use protocol::geometry::PixelSize;
    use protocol::ids::DisplayId;

    use super::super::displays::Shows;
    use super::*;

    #[test]
    fn the_bars_cover_the_edges_and_not_each_other() {
        let place = Place {
            display: DisplayId::Console,
            server: Arc::from(":0"),
            shows: Shows::Monitors,
            x: 10,
            y: 20,
            size: PixelSize::new(200, 100),
        };
        let bars = bar_rects(&place, Measures::of(place.size));
        for (i, a) in bars.iter().enumerate() {
            for b in &bars[i + 1..] {
                assert_eq!(a.intersection(*b), None);
            }
        }
        let covered = |x, y| bars.iter().any(|bar| bar.intersection(PixelRect::new(x, y, 1, 1)).is_some());
        assert!((0..200).all(|x| covered(x, 0) && covered(x, 99)));
        assert!((0..100).all(|y| covered(0, y) && covered(199, y)));
        assert!(!covered(100, 50));
        assert_eq!(on_root(&place, bars[3]), (208, 22));
    }
}
