//! The pointer's picture, sent out of band and drawn by the browser: it follows the hand without a round trip.

use crate::ids::DisplayId;
use crate::wire::{Blob, record, tagged};

/// Largest side of a cursor in pixels.
pub const CURSOR_MAX_PX: u16 = 128;
/// Largest cursor in bytes (RGBA).
pub const CURSOR_MAX_BYTES: usize = CURSOR_MAX_PX as usize * CURSOR_MAX_PX as usize * 4;

/// A cursor shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorShape {
    pub width: u16,
    pub height: u16,
    pub hot_x: u16,
    pub hot_y: u16,
    /// `height * width * 4` bytes, RGBA with straight alpha, top row first.
    pub rgba: Blob<CURSOR_MAX_BYTES>,
}

record!(CursorShape { width, height, hot_x, hot_y, rgba });

impl CursorShape {
    /// Size, hot spot and bytes fit together.
    pub fn is_consistent(&self) -> bool {
        let fits = |px: u16| (1..=CURSOR_MAX_PX).contains(&px);
        fits(self.width)
            && fits(self.height)
            && self.hot_x < self.width
            && self.hot_y < self.height
            && self.rgba.len() == usize::from(self.width) * usize::from(self.height) * 4
    }
}

/// From the agent on the cursor channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CursorUpdate {
    Shape {
        shape: CursorShape,
    },
    /// The console hides its cursor.
    Hidden,
    /// The pointer was moved by somebody other than this viewer; units as in
    /// [`crate::input::PointerPosition`].
    Moved {
        display: DisplayId,
        x: u16,
        y: u16,
    },
}

tagged!(CursorUpdate { 0 => Shape { shape }, 1 => Hidden, 2 => Moved { display, x, y } });
