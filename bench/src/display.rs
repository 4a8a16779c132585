//! A connection to an X display, with what the programs need of it.

use std::os::fd::{AsFd, BorrowedFd};
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use x11rb::connection::Connection;
use x11rb::protocol::damage::{self, ConnectionExt as _, ReportLevel};
use x11rb::protocol::xfixes::ConnectionExt as _;
use x11rb::protocol::xproto::{self, ConnectionExt as _, ImageFormat, InputFocus, Window};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

/// A pixel of the display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) x: i16,
    pub(crate) y: i16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rect {
    pub(crate) x: i16,
    pub(crate) y: i16,
    pub(crate) width: u16,
    pub(crate) height: u16,
}

impl Rect {
    pub(crate) fn meets(self, other: Self) -> bool {
        let end = |at: i16, length: u16| i32::from(at) + i32::from(length);
        i32::from(self.x) < end(other.x, other.width)
            && i32::from(other.x) < end(self.x, self.width)
            && i32::from(self.y) < end(other.y, other.height)
            && i32::from(other.y) < end(self.y, self.height)
    }
}

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colour([u8; 3]);

impl Colour {
    /// Like enough to be the same after a video codec.
    pub(crate) fn is_near(self, other: Self) -> bool {
        self.0.iter().zip(other.0).all(|(a, b)| a.abs_diff(b) <= 40)
    }
}

fn numbers<const N: usize>(text: &str) -> Result<[i32; N]> {
    let parsed: Vec<i32> = text.split(',').map(str::parse).collect::<Result<_, _>>().context("not numbers")?;
    parsed.try_into().map_err(|_| anyhow::anyhow!("{N} numbers with commas between them are wanted"))
}

impl FromStr for Point {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let [x, y] = numbers(text)?;
        Ok(Self { x: x.try_into()?, y: y.try_into()? })
    }
}

impl FromStr for Rect {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let [x, y, width, height] = numbers(text)?;
        Ok(Self { x: x.try_into()?, y: y.try_into()?, width: width.try_into()?, height: height.try_into()? })
    }
}

impl FromStr for Colour {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let [_, red, green, blue] = u32::from_str_radix(text, 16).context("RRGGBB is wanted")?.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

/// Keys that are held together, the last one last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chord(pub(crate) Vec<u8>);

impl FromStr for Chord {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        text.split('+').map(str::parse).collect::<Result<_, _>>().context("no key codes of X").map(Self)
    }
}

/// An X display with 24 or 32 bits per pixel.
pub(crate) struct Display {
    pub(crate) connection: RustConnection,
    pub(crate) root: Window,
    pub(crate) width: u16,
    pub(crate) height: u16,
}

impl Display {
    pub(crate) fn open(name: &str) -> Result<Self> {
        let (connection, screen) = x11rb::connect(Some(name)).with_context(|| format!("cannot open display {name}"))?;
        let screen = &connection.setup().roots[screen];
        if screen.root_depth < 24 {
            bail!("the display has {} bits per pixel, not 24", screen.root_depth);
        }
        let (root, width, height) = (screen.root, screen.width_in_pixels, screen.height_in_pixels);
        Ok(Self { connection, root, width, height })
    }

    /// From now on, a damage event comes for each drawing into the root window or a window on it.
    pub(crate) fn watch_drawing(&self) -> Result<()> {
        self.connection.damage_query_version(1, 1)?.reply().context("no DAMAGE extension")?;
        self.connection.xfixes_query_version(5, 0)?.reply().context("no XFIXES extension")?;
        let id = self.connection.generate_id()?;
        self.connection.damage_create(id, self.root, ReportLevel::RAW_RECTANGLES)?.check()?;
        Ok(())
    }

    pub(crate) fn damaged(event: &damage::NotifyEvent) -> Rect {
        let xproto::Rectangle { x, y, width, height } = event.area;
        Rect { x, y, width, height }
    }

    pub(crate) fn pixel(&self, at: Point) -> Result<Colour> {
        let image = self.connection.get_image(ImageFormat::Z_PIXMAP, self.root, at.x, at.y, 1, 1, !0)?.reply()?;
        let [blue, green, red] = image.data.first_chunk().copied().context("an empty picture")?;
        Ok(Colour([red, green, blue]))
    }

    /// Gives the keyboard to the largest window: without a window manager nobody else does.
    pub(crate) fn focus_largest_window(&self) -> Result<()> {
        let mut largest = None;
        for window in self.connection.query_tree(self.root)?.reply()?.children {
            let is_shown =
                self.connection.get_window_attributes(window)?.reply()?.map_state == xproto::MapState::VIEWABLE;
            let size = self.connection.get_geometry(window)?.reply()?;
            let area = u32::from(size.width) * u32::from(size.height);
            if is_shown && largest.is_none_or(|(largest, _)| largest <= area) {
                largest = Some((area, window));
            }
        }
        let (_, window) = largest.context("there is no window")?;
        self.connection.set_input_focus(InputFocus::POINTER_ROOT, window, x11rb::CURRENT_TIME)?.check()?;
        Ok(())
    }

    pub(crate) fn key(&self, key: u8, down: bool) -> Result<()> {
        self.fake(if down { xproto::KEY_PRESS_EVENT } else { xproto::KEY_RELEASE_EVENT }, key, Point { x: 0, y: 0 })
    }

    /// Returns when the display has done everything that it was asked to.
    pub(crate) fn sync(&self) -> Result<()> {
        self.connection.get_input_focus()?.reply()?;
        Ok(())
    }

    pub(crate) fn button(&self, button: u8, down: bool) -> Result<()> {
        self.fake(
            if down { xproto::BUTTON_PRESS_EVENT } else { xproto::BUTTON_RELEASE_EVENT },
            button,
            Point { x: 0, y: 0 },
        )
    }

    pub(crate) fn move_pointer(&self, to: Point) -> Result<()> {
        self.fake(xproto::MOTION_NOTIFY_EVENT, 0, to)
    }

    fn fake(&self, kind: u8, detail: u8, at: Point) -> Result<()> {
        self.connection.xtest_fake_input(kind, detail, x11rb::CURRENT_TIME, self.root, at.x, at.y, 0)?;
        self.connection.flush()?;
        Ok(())
    }

    pub(crate) fn socket(&self) -> BorrowedFd<'_> {
        self.connection.stream().as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read() {
        assert_eq!("3,-4".parse::<Point>().expect("a point"), Point { x: 3, y: -4 });
        assert_eq!("ff8000".parse::<Colour>().expect("a colour"), Colour([0xff, 0x80, 0]));
        assert_eq!("50+38".parse::<Chord>().expect("a chord"), Chord(vec![50, 38]));
        assert!("1,2,3".parse::<Point>().is_err());
        assert!("red".parse::<Colour>().is_err());
    }

    #[test]
    fn rectangles_that_only_touch_do_not_meet() {
        let a = Rect { x: 10, y: 10, width: 10, height: 10 };
        assert!(a.meets(Rect { x: 19, y: 19, width: 1, height: 1 }));
        assert!(!a.meets(Rect { x: 20, y: 10, width: 5, height: 5 }));
        assert!(!a.meets(Rect { x: 0, y: 0, width: 10, height: 40 }));
    }
}
