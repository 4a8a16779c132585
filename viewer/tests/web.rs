//! The engine's browser rooms in a real browser: a recorded stream of two pictures, each of four coloured quarters.

#![cfg(target_arch = "wasm32")]

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Promise};
use protocol::geometry::{PixelRect, PixelSize};
use protocol::time::Micros;
use protocol::video::{Codec, FrameId, FrameKind};
use viewer::browser::surface::Surface;
use viewer::browser::timer::Timer;
use viewer::browser::video_decoder::{DecodedFrame, DecoderEvent, Preference, Taken, VideoDecoder};
use viewer::browser::{clock, random};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{DedicatedWorkerGlobalScope, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

const SIZE: PixelSize = PixelSize::new(64, 48);
const CODEC: Codec = Codec::H264 { profile: 0x42, constraints: 0x00, level: 0x1E };
const KEY: &[u8] = include_bytes!("four_colours_key.h264");
const DELTA: &[u8] = include_bytes!("four_colours_delta.h264");
const RED: [u8; 3] = [255, 0, 0];
const GREEN: [u8; 3] = [0, 255, 0];
const BLUE: [u8; 3] = [0, 0, 255];
const WHITE: [u8; 3] = [255, 255, 255];

#[derive(Clone, Default)]
struct Reports(Rc<RefCell<Vec<DecoderEvent>>>);

impl Reports {
    fn decoder(&self) -> VideoDecoder {
        let reports = self.0.clone();
        let report = Rc::new(move |event| reports.borrow_mut().push(event));
        VideoDecoder::new(CODEC, SIZE, Preference::Browser, report).expect("H.264 is decoded here")
    }

    async fn next(&self) -> DecoderEvent {
        for _ in 0..500 {
            if !self.0.borrow().is_empty() {
                return self.0.borrow_mut().remove(0);
            }
            pause(10).await;
        }
        panic!("the decoder reported nothing for 5 s");
    }

    async fn next_frame(&self) -> DecodedFrame {
        match self.next().await {
            DecoderEvent::Decoded(frame) => frame,
            DecoderEvent::Failed => panic!("the decoder failed"),
        }
    }
}

async fn pause(ms: i32) {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let promise = Promise::new(&mut |resolve: Function, _| {
        scope.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms).expect("a timer");
    });
    JsFuture::from(promise).await.expect("a pause");
}

/// The colours in the middle of the four quarters, by rows.
fn quarters(frame: &DecodedFrame) -> [[u8; 3]; 4] {
    let surface = Surface::detached(SIZE).expect("a surface");
    surface.draw(frame, PixelRect::new(0, 0, SIZE.width, SIZE.height));
    let bitmap = surface.take_bitmap().expect("a picture");
    let canvas = OffscreenCanvas::new(64, 48).expect("a canvas");
    let context = canvas.get_context("2d").expect("a context").expect("a context");
    let context: OffscreenCanvasRenderingContext2d = context.unchecked_into();
    context.draw_image_with_image_bitmap(&bitmap, 0.0, 0.0).expect("drawn");
    [(16, 12), (48, 12), (16, 36), (48, 36)].map(|(x, y)| {
        let pixel = context.get_image_data(x, y, 1, 1).expect("a pixel").data();
        [pixel[0], pixel[1], pixel[2]]
    })
}

fn check(frame: &DecodedFrame, expected: [[u8; 3]; 4]) {
    let seen = quarters(frame);
    for (seen, expected) in seen.iter().zip(&expected) {
        let worst = seen.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst.is_some_and(|worst| worst <= 24), "{seen:?} instead of {expected:?}");
    }
}

#[wasm_bindgen_test]
async fn a_recorded_stream_is_decoded_and_drawn() {
    let reports = Reports::default();
    let mut decoder = reports.decoder();
    assert_eq!(decoder.decode(FrameId(7), FrameKind::Key, KEY), Ok(Taken::Decoding));
    let frame = reports.next_frame().await;
    assert_eq!(frame.id(), FrameId(7));
    check(&frame, [RED, GREEN, BLUE, WHITE]);
    drop(frame);

    assert_eq!(decoder.decode(FrameId(u32::MAX), FrameKind::Delta, DELTA), Ok(Taken::Decoding));
    let frame = reports.next_frame().await;
    assert_eq!(frame.id(), FrameId(u32::MAX), "a timestamp beyond 32 bits");
    check(&frame, [WHITE, GREEN, BLUE, RED]);
}

#[wasm_bindgen_test]
async fn a_delta_without_its_key_is_passed_over() {
    let reports = Reports::default();
    let mut decoder = reports.decoder();
    assert_eq!(decoder.decode(FrameId(1), FrameKind::Delta, DELTA), Ok(Taken::PassedOver));
    assert_eq!(decoder.decode(FrameId(2), FrameKind::Key, KEY), Ok(Taken::Decoding));
    assert_eq!(reports.next_frame().await.id(), FrameId(2));
}

#[wasm_bindgen_test]
async fn bytes_that_are_no_video_are_reported_and_do_no_harm() {
    let reports = Reports::default();
    let mut decoder = reports.decoder();
    let noise: Vec<u8> = (0..255).collect();
    let refused = decoder.decode(FrameId(1), FrameKind::Key, &noise).is_err();
    assert!(refused || matches!(reports.next().await, DecoderEvent::Failed));
    drop(decoder);

    let mut decoder = reports.decoder();
    assert_eq!(decoder.decode(FrameId(2), FrameKind::Key, KEY), Ok(Taken::Decoding));
    assert_eq!(reports.next_frame().await.id(), FrameId(2));
}

#[wasm_bindgen_test]
async fn a_timer_rings_not_before_its_time_and_not_after_its_end() {
    let rung = Rc::new(RefCell::new(Vec::new()));
    let timer = || {
        let rung = rung.clone();
        Timer::new(Rc::new(move || rung.borrow_mut().push(clock::now())))
    };
    let due = clock::now() + Micros::from_millis(50);
    let mut kept = timer();
    kept.set(due);
    let mut dropped = timer();
    dropped.set(due);
    drop(dropped);
    pause(200).await;
    let rung = rung.borrow();
    assert_eq!(rung.len(), 1);
    assert!(due <= rung[0] + Micros::from_millis(1), "{:?} before {due:?}", rung[0]);
}

#[wasm_bindgen_test]
fn keys_are_random() {
    let keys = [random::secret_key(), random::secret_key()].map(|key| key.expect("randomness").public_key());
    assert_ne!(keys[0], keys[1]);
}
