//! Captures one display: waits for damage, reads the damaged rectangles and keeps the whole picture.
//!
//! Damage is asked for as *delta rectangles*: each event names an area that was not damaged before. They need no
//! further round trip, as fetching the region of *non-empty* damage does, do not join distant changes as the *bounding
//! box* does, and are not one for each drawing operation as *raw rectangles* are. Measured on Xvfb at 1920x1080 with
//! two cores, from a small fill to its pixels in the buffer, the median is 0.15 ms; raw rectangles take 0.16 ms, the
//! bounding box 0.18 ms, a fetched region 0.24 ms.

use std::time::{Duration, Instant};

use protocol::geometry::{PixelRect, PixelSize};
use x11rb::protocol::Event;
use x11rb::protocol::damage::{ConnectionExt as _, Damage as DamageId, ReportLevel};
use x11rb::protocol::xproto::Rectangle;

use super::changes::{Pending, Picture};
use super::connection::{Alarm, Ended, Explain, XServer};
use super::displays::{self, Place};
use super::{cursor, pixels};
use crate::platform::{Capture, Damage, Pixels, PlatformError, Waker};

pub(super) struct X11Capture {
    server: XServer,
    place: Place,
    damage: DamageId,
    reader: pixels::Reader,
    picture: Picture,
    pending: Pending,
    cursor_changed: bool,
    displays_changed: bool,
    /// Nobody has the picture yet: the whole of it counts as changed.
    is_first: bool,
    alarm: Alarm,
}

impl X11Capture {
    /// Opens a connection of its own: captures do not wait for each other.
    pub(super) fn open(place: Place) -> Result<Self, PlatformError> {
        let server = XServer::connect(&place.server)?;
        displays::select_changes(&server)?;
        cursor::select(&server)?;
        let damage = server.new_id()?;
        let level = ReportLevel::DELTA_RECTANGLES;
        server.connection.damage_create(damage, server.root(), level).explain("following the picture")?;
        let reader = pixels::Reader::open(&server, place.size)?;
        Ok(Self {
            reader,
            damage,
            picture: Picture::new(place.size),
            pending: Pending::default(),
            cursor_changed: true,
            // The display may have changed since its place was looked up.
            displays_changed: true,
            is_first: true,
            alarm: Alarm::new()?,
            server,
            place,
        })
    }

    fn take_events(&mut self) -> Result<(), PlatformError> {
        loop {
            while let Some(event) = self.server.next_event()? {
                match &event {
                    Event::DamageNotify(notify) => self.add_damage(notify.area),
                    Event::XfixesCursorNotify(_) => self.cursor_changed = true,
                    event => self.displays_changed |= displays::is_change(event),
                }
            }
            // The round trip may have brought further events.
            if !std::mem::take(&mut self.displays_changed) {
                return Ok(());
            }
            self.check_place()?;
        }
    }

    fn has_changes(&self) -> bool {
        self.is_first || self.cursor_changed || !self.pending.is_empty()
    }

    fn add_damage(&mut self, area: Rectangle) {
        if let Some(rect) = within(&self.place, area) {
            self.pending.add(rect);
        }
    }

    /// A display that moved, shrank or grew is another one: its pixels are elsewhere.
    fn check_place(&self) -> Result<(), PlatformError> {
        let now = displays::look(&self.server, self.place.shows)?;
        if now.contains(&self.place) { Ok(()) } else { Err(PlatformError::NoSuchDisplay(self.place.display)) }
    }

    fn take_changes(&mut self) -> Result<Damage, PlatformError> {
        let mut damage = Damage::default();
        if std::mem::take(&mut self.cursor_changed) {
            damage.cursor = Some(cursor::look(&self.server)?);
        }
        if self.is_first {
            self.pending.add(self.place.size.bounds());
        }
        if !self.pending.is_empty() {
            damage.captured_at = Some(Instant::now());
            damage.rects = self.read_pending()?;
        }
        if std::mem::take(&mut self.is_first) {
            damage.rects = vec![self.place.size.bounds()];
        }
        Ok(damage)
    }

    fn read_pending(&mut self) -> Result<Vec<PixelRect>, PlatformError> {
        // Before the pixels are read: what is drawn from here on is reported again.
        self.server
            .connection
            .damage_subtract(self.damage, x11rb::NONE, x11rb::NONE)
            .explain("following the picture")?;
        let rects = self.pending.take();
        let origin = (self.place.x, self.place.y);
        let read = self.reader.read(&self.server, origin, &rects, &mut self.picture);
        // A rectangle outside of a screen that has just shrunk cannot be read.
        read.or_else(|error| self.check_place().and(Err(error)))
    }
}

/// The part of a rectangle of the root window that belongs to the display, in its own pixels.
fn within(place: &Place, area: Rectangle) -> Option<PixelRect> {
    let axis = |start: i16, length: u16, origin: i16, limit: u16| {
        let start = i32::from(start) - i32::from(origin);
        let end = (start + i32::from(length)).clamp(0, i32::from(limit));
        let start = start.clamp(0, i32::from(limit));
        (start as u16, (end - start) as u16)
    };
    let (x, width) = axis(area.x, area.width, place.x, place.size.width);
    let (y, height) = axis(area.y, area.height, place.y, place.size.height);
    let rect = PixelRect { x, y, width, height };
    (!rect.is_empty()).then_some(rect)
}

fn is_empty(damage: &Damage) -> bool {
    damage.rects.is_empty() && damage.cursor.is_none()
}

impl Capture for X11Capture {
    fn size(&self) -> PixelSize {
        self.place.size
    }

    fn wait(&mut self, timeout: Duration) -> Result<Damage, PlatformError> {
        let deadline = Instant::now() + timeout;
        loop {
            self.take_events()?;
            let ended = if self.has_changes() {
                let damage = self.take_changes()?;
                if !is_empty(&damage) {
                    return Ok(damage);
                }
                Ended::Readable
            } else {
                self.server.wait(&self.alarm, Some(deadline))?
            };
            if ended != Ended::Readable || deadline <= Instant::now() {
                return Ok(Damage::default());
            }
        }
    }

    fn pixels(&self) -> Pixels<'_> {
        Pixels { bgra: &self.picture.bgra, stride_bytes: self.picture.stride_bytes(), size: self.picture.size }
    }

    fn waker(&self) -> Waker {
        let alarm = self.alarm.clone();
        Waker::new(move || alarm.ring())
    }
}

impl std::fmt::Debug for X11Capture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "capture of {:?} on {}", self.place.display, self.server.name)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use protocol::ids::DisplayId;

    use super::super::displays::Shows;
    use super::*;

    #[test]
    fn damage_is_cut_to_the_display() {
        let place = Place {
            display: DisplayId::FrontOfRoom1,
            server: Arc::from(":0"),
            shows: Shows::Monitors,
            x: 100,
            y: 50,
            size: PixelSize::new(200, 100),
        };
        let area = |x, y, width, height| Rectangle { x, y, width, height };
        let cases = [
            (area(0, 0, 1000, 1000), Some(PixelRect::new(0, 0, 200, 100))),
            (area(110, 60, 5, 6), Some(PixelRect::new(10, 10, 5, 6))),
            (area(90, 40, 15, 15), Some(PixelRect::new(0, 0, 5, 5))),
            (area(295, 145, 50, 50), Some(PixelRect::new(195, 95, 5, 5))),
            (area(0, 0, 100, 100), None),
            (area(300, 50, 10, 10), None),
            (area(-30000, -30000, 65535, 65535), Some(PixelRect::new(0, 0, 200, 100))),
        ];
        for (area, expected) in cases {
            assert_eq!(within(&place, area), expected, "{area:?}");
        }
    }
}
