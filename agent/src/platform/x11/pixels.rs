//! Reads rectangles of the root window: through memory shared with the X server when it is on this machine, over
//! the connection otherwise.
//!
//! The shared memory is a file in memory that the server writes and this side reads with `pread` in pieces that fit
//! the processor's cache. Mapping it would save one copy within the cache and would need `unsafe`: the X server may
//! write at any time, which no safe type for a mapping describes.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

use protocol::geometry::{PixelRect, PixelSize};
use rustix::fs::MemfdFlags;
use x11rb::connection::Connection as _;
use x11rb::protocol::shm::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat, ImageOrder, VisualClass};

use super::changes::{BAND_ROWS, Picture};
use super::connection::{Explain, XServer};
use crate::platform::PlatformError;

const WHAT: &str = "reading the screen";
const ALL_PLANES: u32 = u32::MAX;
/// Fits the second-level cache together with the picture's rows that it is compared with.
const PIECE_BYTES: usize = 256 * 1024;

pub(super) enum Reader {
    Shared { segment: shm::Seg, file: File, size_bytes: usize, piece: Vec<u8> },
    OverTheWire,
}

impl Reader {
    /// Shares memory for a picture of `size` when the server can.
    pub(super) fn open(server: &XServer, size: PixelSize) -> Result<Self, PlatformError> {
        require_bgrx(server)?;
        match share(server, size) {
            Ok(Some(shared)) => Ok(shared),
            Ok(None) => Ok(Self::OverTheWire),
            Err(error) => {
                tracing::info!(x.server = &*server.name, %error, "no memory shared with the X server; pictures go over the connection");
                Ok(Self::OverTheWire)
            }
        }
    }

    /// Reads the rectangles of the part of the root window that begins at `origin` into `picture`;
    /// returns what differs.
    pub(super) fn read(
        &mut self,
        server: &XServer,
        origin: (i16, i16),
        rects: &[PixelRect],
        picture: &mut Picture,
    ) -> Result<Vec<PixelRect>, PlatformError> {
        let mut changed = Vec::new();
        match self {
            Self::Shared { segment, file, size_bytes, piece } => {
                for batch in batches(rects, *size_bytes) {
                    read_shared(server, origin, batch, *segment, |rect, offset| {
                        copy_pieces(file, offset, rect, piece, picture, &mut changed)
                    })?;
                }
            }
            Self::OverTheWire => {
                for rect in rects {
                    let pixels = get_image(server, origin, *rect)?;
                    picture.update(*rect, rect.y, &pixels, &mut changed);
                }
            }
        }
        Ok(changed)
    }
}

fn bytes_of(rect: PixelRect) -> usize {
    rect.area() as usize * 4
}

/// Cuts the list so that every part fits the shared memory. A single rectangle always does.
fn batches(rects: &[PixelRect], size_bytes: usize) -> impl Iterator<Item = &[PixelRect]> {
    let mut left = rects;
    std::iter::from_fn(move || {
        let mut used = 0;
        let fits = |rect: &&PixelRect| {
            used += bytes_of(**rect);
            used <= size_bytes
        };
        let n_rects = left.iter().take_while(fits).count();
        let (batch, rest) = left.split_at(n_rects);
        left = rest;
        (!batch.is_empty()).then_some(batch)
    })
}

/// Asks for all rectangles at once and hands each over when it is there: the server fills the next meanwhile.
fn read_shared(
    server: &XServer,
    (x, y): (i16, i16),
    batch: &[PixelRect],
    segment: shm::Seg,
    mut take: impl FnMut(PixelRect, usize) -> Result<(), PlatformError>,
) -> Result<(), PlatformError> {
    let mut asked = Vec::with_capacity(batch.len());
    let mut offset = 0;
    for rect in batch {
        let (x, y) = (x + rect.x as i16, y + rect.y as i16);
        let (root, format) = (server.root(), ImageFormat::Z_PIXMAP.into());
        let cookie = server
            .connection
            .shm_get_image(root, x, y, rect.width, rect.height, ALL_PLANES, format, segment, offset as u32)
            .explain(WHAT)?;
        asked.push((*rect, offset, cookie));
        offset += bytes_of(*rect);
    }
    for (rect, offset, cookie) in asked {
        cookie.reply().explain(WHAT)?;
        take(rect, offset)?;
    }
    Ok(())
}

fn copy_pieces(
    file: &File,
    mut offset: usize,
    rect: PixelRect,
    piece: &mut Vec<u8>,
    picture: &mut Picture,
    changed: &mut Vec<PixelRect>,
) -> Result<(), PlatformError> {
    let row_bytes = usize::from(rect.width) * 4;
    // Whole bands, so that the pieces leave no trace in what is reported.
    let bands = (PIECE_BYTES / (row_bytes * BAND_ROWS)).max(1);
    let rows_at_once = (bands * BAND_ROWS).min(usize::from(rect.height)) as u16;
    piece.resize(row_bytes * usize::from(rows_at_once), 0);
    let bottom = rect.y + rect.height;
    let mut y = rect.y;
    while y < bottom {
        let rows = rows_at_once.min(bottom - y);
        let part = &mut piece[..row_bytes * usize::from(rows)];
        let read = file.read_exact_at(part, offset as u64);
        read.map_err(|error| PlatformError::Failed { what: WHAT, why: error.to_string() })?;
        picture.update(rect, y, part, changed);
        offset += part.len();
        y += rows;
    }
    Ok(())
}

fn get_image(server: &XServer, (x, y): (i16, i16), rect: PixelRect) -> Result<Vec<u8>, PlatformError> {
    let (x, y) = (x + rect.x as i16, y + rect.y as i16);
    let (format, root) = (ImageFormat::Z_PIXMAP, server.root());
    let cookie = server.connection.get_image(format, root, x, y, rect.width, rect.height, ALL_PLANES).explain(WHAT)?;
    let pixels = cookie.reply().explain(WHAT)?.data;
    if pixels.len() < bytes_of(rect) {
        return Err(PlatformError::Failed { what: WHAT, why: "the X server sent too few pixels".to_owned() });
    }
    Ok(pixels)
}

/// `None` when the server is elsewhere or too old.
fn share(server: &XServer, size: PixelSize) -> Result<Option<Reader>, PlatformError> {
    let what = "sharing memory with the X server";
    if !server.is_local() || !server.has(shm::X11_EXTENSION_NAME)? {
        return Ok(None);
    }
    let version = server.connection.shm_query_version().explain(what)?.reply().explain(what)?;
    if (version.major_version, version.minor_version) < (1, 2) {
        return Ok(None);
    }
    let size_bytes = bytes_of(size.bounds());
    let memory = rustix::fs::memfd_create("redring-picture", MemfdFlags::CLOEXEC).explain(what)?;
    rustix::fs::ftruncate(&memory, size_bytes as u64).explain(what)?;
    let file = File::from(memory);
    let theirs = file.try_clone().map_err(|error| PlatformError::Failed { what, why: error.to_string() })?;
    let segment = server.new_id()?;
    let cookie = server.connection.shm_attach_fd(segment, OwnedFd::from(theirs), false).explain(what)?;
    cookie.check().explain(what)?;
    Ok(Some(Reader::Shared { segment, file, size_bytes, piece: Vec::new() }))
}

/// The picture pipeline reads BGRX and nothing else; every current X server offers it.
fn require_bgrx(server: &XServer) -> Result<(), PlatformError> {
    let setup = server.connection.setup();
    let screen = server.screen();
    let depth = screen.root_depth;
    let visual = screen
        .allowed_depths
        .iter()
        .flat_map(|allowed| &allowed.visuals)
        .find(|visual| visual.visual_id == screen.root_visual);
    let bits = setup.pixmap_formats.iter().find(|format| format.depth == depth).map(|format| format.bits_per_pixel);
    let is_bgrx = visual.is_some_and(|visual| {
        visual.class == VisualClass::TRUE_COLOR
            && (visual.red_mask, visual.green_mask, visual.blue_mask) == (0x00ff_0000, 0x0000_ff00, 0x0000_00ff)
    });
    if is_bgrx && bits == Some(32) && setup.image_byte_order == ImageOrder::LSB_FIRST {
        return Ok(());
    }
    let why =
        format!("the X server has a depth of {depth} bits; only 24-bit true colour in 32-bit pixels can be shown");
    Err(PlatformError::Unavailable { what: "the picture of this display", why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_fit_and_keep_the_order() {
        let rects: Vec<_> = (1..=5).map(|i| PixelRect::new(0, 0, 10, i)).collect();
        let found: Vec<Vec<PixelRect>> = batches(&rects, 10 * 5 * 4).map(<[PixelRect]>::to_vec).collect();
        assert_eq!(found.concat(), rects);
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1, 1]);
    }
}
