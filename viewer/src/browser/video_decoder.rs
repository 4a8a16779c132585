//! One decoder of `WebCodecs`.

use std::rc::Rc;

use js_sys::Uint8Array;
use protocol::geometry::PixelSize;
use protocol::video::{Codec, FrameId, FrameKind};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{
    CodecState, EncodedVideoChunk, EncodedVideoChunkInit, EncodedVideoChunkType, HardwareAcceleration,
    VideoDecoderConfig, VideoDecoderInit, VideoFrame,
};

use super::BrowserError;
use super::error::refused;

/// What a decoder reports.
pub enum DecoderEvent {
    Decoded(DecodedFrame),
    /// It is closed now and of no further use.
    Failed,
}

/// Decoded pixels. Dropping it gives them back to the decoder, which has only a few.
pub struct DecodedFrame(VideoFrame);

impl DecodedFrame {
    /// The picture that these pixels belong to.
    pub fn id(&self) -> FrameId {
        FrameId((self.0.timestamp() / TIMESTAMP_PER_FRAME) as u32)
    }

    pub(super) fn as_video_frame(&self) -> &VideoFrame {
        &self.0
    }
}

impl Drop for DecodedFrame {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Timestamps only lead back to the picture; a millisecond apart, no decoder takes two for one.
const TIMESTAMP_PER_FRAME: f64 = 1000.0;

/// Who decodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preference {
    Browser,
    Software,
}

/// Dropping it closes and silences it.
pub struct VideoDecoder {
    decoder: web_sys::VideoDecoder,
    awaits_key: bool,
    _on_output: Closure<dyn FnMut(VideoFrame)>,
    _on_error: Closure<dyn FnMut(JsValue)>,
}

impl VideoDecoder {
    /// A decoder for Annex B access units; the first must be a key access unit.
    ///
    /// # Errors
    /// When the browser cannot decode this codec.
    pub fn new(
        codec: Codec,
        size: PixelSize,
        preference: Preference,
        report: Rc<dyn Fn(DecoderEvent)>,
    ) -> Result<Self, BrowserError> {
        if !is_available() {
            return Err(BrowserError::Missing);
        }
        let on_output = Closure::<dyn FnMut(VideoFrame)>::new({
            let report = report.clone();
            move |frame| report(DecoderEvent::Decoded(DecodedFrame(frame)))
        });
        let on_error = Closure::<dyn FnMut(JsValue)>::new(move |_| report(DecoderEvent::Failed));
        let init = VideoDecoderInit::new(on_error.as_ref().unchecked_ref(), on_output.as_ref().unchecked_ref());
        let decoder = web_sys::VideoDecoder::new(&init).map_err(refused)?;

        let config = VideoDecoderConfig::new(&codec.mime());
        config.set_coded_width(u32::from(size.width));
        config.set_coded_height(u32::from(size.height));
        config.set_optimize_for_latency(true);
        if preference == Preference::Software {
            config.set_hardware_acceleration(HardwareAcceleration::PreferSoftware);
        }
        decoder.configure(&config).map_err(refused)?;
        Ok(Self { decoder, awaits_key: true, _on_output: on_output, _on_error: on_error })
    }

    /// Takes an access unit; a delta before the first key is passed over.
    ///
    /// # Errors
    /// When the decoder is closed or does not take the unit.
    pub fn decode(&mut self, id: FrameId, kind: FrameKind, data: &[u8]) -> Result<Taken, BrowserError> {
        if self.awaits_key && kind == FrameKind::Delta {
            return Ok(Taken::PassedOver);
        }
        let chunk_type = match kind {
            FrameKind::Key => EncodedVideoChunkType::Key,
            FrameKind::Delta => EncodedVideoChunkType::Delta,
        };
        let init = EncodedVideoChunkInit::new_with_u8_array(&Uint8Array::from(data), 0, chunk_type);
        // The constructor's timestamp has 32 bits only.
        init.set_timestamp_f64(f64::from(id.0) * TIMESTAMP_PER_FRAME);
        let chunk = EncodedVideoChunk::new(&init).map_err(refused)?;
        self.decoder.decode(&chunk).map_err(refused)?;
        self.awaits_key = false;
        Ok(Taken::Decoding)
    }

    /// Gives out what it holds back. For pictures that stand alone: the next access unit has to be a key.
    pub fn flush(&mut self) {
        self.awaits_key = true;
        // The pictures come through the output callback, and failures through the error callback. Without a handler
        // the browser would report a promise that is rejected by closing the decoder.
        let ignore = Closure::once(|_: JsValue| ());
        let promise: js_sys::Promise = self.decoder.flush().unchecked_into();
        let _ = promise.catch(&ignore);
        ignore.forget();
    }
}

impl Drop for VideoDecoder {
    fn drop(&mut self) {
        if self.decoder.state() != CodecState::Closed {
            let _ = self.decoder.close();
        }
    }
}

/// What became of an access unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Decoding,
    PassedOver,
}

/// The browser has `WebCodecs`.
pub fn is_available() -> bool {
    js_sys::Reflect::has(&js_sys::global(), &"VideoDecoder".into()).unwrap_or(false)
}
