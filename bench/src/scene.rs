//! What a console shows while it is measured.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    ConnectionExt as _, CreateGCAux, CreateWindowAux, EventMask, Gcontext, ImageFormat, Pixmap, Rectangle, Window,
    WindowClass,
};
use x11rb::wrapper::ConnectionExt as _;

use crate::display::{Display, Rect};

const BACKGROUND: u32 = 0x0020_2a33;
const DARK: u32 = 0x0018_4a7a;
const LIGHT: u32 = 0x00f0_c040;
const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 60);

pub(crate) fn flip(display: &str, block: Option<Rect>) -> Result<()> {
    let scene = Scene::open(display)?;
    let Scene { display, window, gc } = &scene;
    let block = block.map_or_else(|| scene.middle(), |Rect { x, y, width, height }| Rectangle { x, y, width, height });
    let mut light = false;
    loop {
        match display.connection.wait_for_event()? {
            Event::KeyPress(_) => light = !light,
            Event::Expose(_) => {}
            _ => continue,
        }
        scene.colour(if light { LIGHT } else { DARK })?;
        display.connection.poly_fill_rectangle(*window, *gc, &[block])?;
        display.connection.flush()?;
    }
}

pub(crate) fn move_block(display: &str) -> Result<()> {
    let scene = Scene::open(display)?;
    let block = scene.middle();
    let picture = scene.structured(block.width, block.height)?;
    let (steps_x, steps_y) = (scene.display.width - block.width, scene.display.height - block.height);
    let started = Instant::now();
    for frame in 0_u32.. {
        std::thread::sleep((FRAME * frame).saturating_sub(started.elapsed()));
        // There and back, 7 and 3 pixels a frame.
        let x = there_and_back(frame * 7, steps_x);
        let y = there_and_back(frame * 3, steps_y);
        scene.show(picture, x, y, block.width, block.height)?;
    }
    Ok(())
}

fn there_and_back(at: u32, steps: u16) -> i16 {
    let steps = u32::from(steps.max(1));
    let at = at % (2 * steps);
    at.min(2 * steps - at) as i16
}

/// A window over the whole display.
struct Scene {
    display: Display,
    window: Window,
    gc: Gcontext,
}

impl Scene {
    fn open(display: &str) -> Result<Self> {
        let display = Display::open(display)?;
        let connection = &display.connection;
        let (window, gc) = (connection.generate_id()?, connection.generate_id()?);
        let look =
            CreateWindowAux::new().background_pixel(BACKGROUND).event_mask(EventMask::EXPOSURE | EventMask::KEY_PRESS);
        connection.create_window(
            x11rb::COPY_DEPTH_FROM_PARENT,
            window,
            display.root,
            0,
            0,
            display.width,
            display.height,
            0,
            WindowClass::INPUT_OUTPUT,
            x11rb::COPY_FROM_PARENT,
            &look,
        )?;
        connection.create_gc(gc, window, &CreateGCAux::new().graphics_exposures(0))?;
        connection.map_window(window)?;
        connection.sync()?;
        Ok(Self { display, window, gc })
    }

    /// A quarter of the display.
    fn middle(&self) -> Rectangle {
        let (width, height) = (self.display.width / 2, self.display.height / 2);
        Rectangle { x: (width / 2) as i16, y: (height / 2) as i16, width, height }
    }

    fn colour(&self, colour: u32) -> Result<()> {
        self.display.connection.change_gc(self.gc, &x11rb::protocol::xproto::ChangeGCAux::new().foreground(colour))?;
        Ok(())
    }

    /// Stripes and slopes: neither flat nor noise.
    fn structured(&self, width: u16, height: u16) -> Result<Pixmap> {
        let connection = &self.display.connection;
        let depth = connection.setup().roots.first().context("no screen")?.root_depth;
        let pixmap = connection.generate_id()?;
        connection.create_pixmap(depth, pixmap, self.window, width, height)?;
        for y in 0..height {
            let row: Vec<u8> = (0..width)
                .flat_map(|x| {
                    let stripe = if (x / 16 + y / 16) % 2 == 0 { 40 } else { 0 };
                    let [red, green, blue] = [x / 8, y / 4, (x + y) / 8].map(|slope| (slope % 200) as u8 + stripe);
                    [blue, green, red, 0]
                })
                .collect();
            let y = y as i16;
            connection.put_image(ImageFormat::Z_PIXMAP, pixmap, self.gc, width, 1, 0, y, 0, depth, &row)?;
        }
        connection.sync()?;
        Ok(pixmap)
    }

    /// Copies the picture to its new place and clears the edges that it left.
    fn show(&self, picture: Pixmap, x: i16, y: i16, width: u16, height: u16) -> Result<()> {
        let connection = &self.display.connection;
        connection.copy_area(picture, self.window, self.gc, 0, 0, x, y, width, height)?;
        let (width, height) = (width as i16, height as i16);
        for (left, top, across, down) in [
            (x - 8, y - 8, 8, height + 16),
            (x + width, y - 8, 8, height + 16),
            (x, y - 8, width, 8),
            (x, y + height, width, 8),
        ] {
            // A zero would mean: up to the edge of the window.
            let (across, down) = ((across + left.min(0)).max(1), (down + top.min(0)).max(1));
            connection.clear_area(false, self.window, left.max(0), top.max(0), across as u16, down as u16)?;
        }
        connection.flush()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_goes_there_and_back() {
        let path: Vec<i16> = (0..7).map(|at| there_and_back(at, 3)).collect();
        assert_eq!(path, [0, 1, 2, 3, 2, 1, 0]);
    }
}
