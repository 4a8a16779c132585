//! The shape of the X server's cursor.

use protocol::cursor::{CURSOR_MAX_PX, CursorShape};
use protocol::wire::Blob;
use x11rb::protocol::xfixes::{ConnectionExt as _, CursorNotifyMask, GetCursorImageReply};

use super::connection::{Explain, XServer};
use crate::platform::PlatformError;

/// Asks for an event when the shape changes.
pub(super) fn select(server: &XServer) -> Result<(), PlatformError> {
    let mask = CursorNotifyMask::DISPLAY_CURSOR;
    server.connection.xfixes_select_cursor_input(server.root(), mask).explain("following the cursor").map(drop)
}

/// The shape now; `None` when nothing of it can be seen.
pub(super) fn look(server: &XServer) -> Result<Option<CursorShape>, PlatformError> {
    let what = "reading the cursor";
    let image = server.connection.xfixes_get_cursor_image().explain(what)?.reply().explain(what)?;
    Ok(shape(&image))
}

fn shape(image: &GetCursorImageReply) -> Option<CursorShape> {
    let (width, height) = (image.width.min(CURSOR_MAX_PX), image.height.min(CURSOR_MAX_PX));
    let stride = usize::from(image.width);
    if stride == 0 || image.cursor_image.iter().all(|argb| argb >> 24 == 0) {
        return None;
    }
    let rows = image.cursor_image.chunks_exact(stride).take(usize::from(height));
    let rgba: Vec<u8> = rows.flat_map(|row| &row[..usize::from(width)]).flat_map(|argb| straight(*argb)).collect();
    let shape = CursorShape {
        width,
        height,
        hot_x: image.xhot.min(width - 1),
        hot_y: image.yhot.min(height.max(1) - 1),
        rgba: Blob::new(rgba).ok()?,
    };
    shape.is_consistent().then_some(shape)
}

/// X gives colours multiplied by their alpha.
fn straight(argb: u32) -> [u8; 4] {
    let [alpha, red, green, blue] = argb.to_be_bytes();
    let divide = |colour: u8| match u32::from(alpha) {
        0 => 0,
        alpha => ((u32::from(colour) * 255 + alpha / 2) / alpha).min(255) as u8,
    };
    [divide(red), divide(green), divide(blue), alpha]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_is_taken_out_of_the_colours() {
        let cases = [
            (0x0000_0000, [0, 0, 0, 0]),
            (0xffff_8000, [255, 128, 0, 255]),
            (0x8080_4000, [255, 128, 0, 128]),
            (0x0101_0101, [255, 255, 255, 1]),
        ];
        for (argb, rgba) in cases {
            assert_eq!(straight(argb), rgba, "{argb:08x}");
        }
    }

    #[test]
    fn a_cursor_that_is_too_large_is_cut_and_an_empty_one_is_hidden() {
        let mut image = GetCursorImageReply { width: 200, height: 150, xhot: 190, yhot: 3, ..Default::default() };
        image.cursor_image = vec![0xff00_ff00; 200 * 150];
        let cut = shape(&image).expect("it can be seen");
        assert_eq!((cut.width, cut.height, cut.hot_x, cut.hot_y), (128, 128, 127, 3));
        image.cursor_image.fill(0x0000_ffff);
        assert_eq!(shape(&image), None);
    }
}
