//! Small still pictures of all displays, each decoded by itself.

use std::rc::Rc;

use protocol::geometry::{PixelRect, PixelSize};
use protocol::ids::DisplayId;
use protocol::video::{FrameId, FrameKind, Thumbnail};

use crate::browser::port;
use crate::browser::surface::Surface;
use crate::browser::video_decoder::{DecodedFrame, DecoderEvent, Preference, VideoDecoder};
use crate::ui::FromEngine;

/// A decoder's report.
pub(crate) struct ThumbnailEvent {
    display: DisplayId,
    event: DecoderEvent,
}

pub(crate) struct Thumbnails {
    report: Rc<dyn Fn(ThumbnailEvent)>,
    decoders: Vec<ThumbnailDecoder>,
}

struct ThumbnailDecoder {
    display: DisplayId,
    size: PixelSize,
    decoder: VideoDecoder,
}

impl Thumbnails {
    pub(crate) fn new(report: Rc<dyn Fn(ThumbnailEvent)>) -> Self {
        Self { report, decoders: Vec::new() }
    }

    /// Decodes a thumbnail. One that cannot be decoded is passed over: the next comes soon.
    pub(crate) fn take(&mut self, thumbnail: &Thumbnail) {
        let Some(decoder) = self.decoder(thumbnail) else { return };
        if decoder.decode(FrameId(0), FrameKind::Key, &thumbnail.data).is_ok() {
            decoder.flush();
        } else {
            self.drop_decoder(thumbnail.display);
        }
    }

    /// Sends a decoded thumbnail to the portal.
    pub(crate) fn handle(&mut self, event: ThumbnailEvent) {
        match event.event {
            DecoderEvent::Decoded(frame) => self.post(event.display, &frame),
            DecoderEvent::Failed => self.drop_decoder(event.display),
        }
    }

    /// Nobody watches them any more.
    pub(crate) fn clear(&mut self) {
        self.decoders.clear();
    }

    fn post(&self, display: DisplayId, frame: &DecodedFrame) {
        let Some(size) = self.decoders.iter().find(|known| known.display == display).map(|known| known.size) else {
            return;
        };
        let Ok(surface) = Surface::detached(size) else { return };
        surface.draw(frame, PixelRect::new(0, 0, size.width, size.height));
        if let Ok(bitmap) = surface.take_bitmap() {
            port::post_bitmap(&FromEngine::Thumbnail { display, size }, &bitmap);
        }
    }

    fn decoder(&mut self, thumbnail: &Thumbnail) -> Option<&mut VideoDecoder> {
        let Thumbnail { display, size, codec, .. } = *thumbnail;
        let known = self.decoders.iter().position(|known| known.display == display);
        let index = match known {
            Some(index) if self.decoders[index].size == size => index,
            _ => {
                self.drop_decoder(display);
                let report = self.report.clone();
                let report = Rc::new(move |event| report(ThumbnailEvent { display, event }));
                let decoder = VideoDecoder::new(codec, size, Preference::Software, report).ok()?;
                self.decoders.push(ThumbnailDecoder { display, size, decoder });
                self.decoders.len() - 1
            }
        };
        self.decoders.get_mut(index).map(|known| &mut known.decoder)
    }

    fn drop_decoder(&mut self, display: DisplayId) {
        self.decoders.retain(|known| known.display != display);
    }
}
