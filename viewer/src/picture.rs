//! One display's picture: its regions, each with a decoder of its own, and the surface that all are drawn on.

use std::rc::Rc;

use protocol::geometry::PixelSize;
use protocol::ids::DisplayId;
use protocol::time::Micros;
use protocol::video::{Codec, Frame, FrameId, Region, RegionIndex, StreamConfig};

use crate::browser::BrowserError;
use crate::browser::surface::Surface;
use crate::browser::video_decoder::{DecodedFrame, DecoderEvent, Preference, Taken, VideoDecoder};
use crate::present::{Complete, Presenter};
use crate::recovery::{Recovery, STUCK_AFTER};

/// A decoder's report, with the generation of decoders that it belongs to.
pub(crate) struct RegionEvent {
    pub(crate) generation: u32,
    pub(crate) region: RegionIndex,
    pub(crate) event: DecoderEvent,
}

/// A picture that needs no more of the engine than its acknowledgement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settled {
    pub(crate) id: FrameId,
    pub(crate) received_at: Micros,
}

pub(crate) struct Picture {
    report: Rc<dyn Fn(RegionEvent)>,
    /// Reports of an older one are dropped.
    generation: u32,
    display: DisplayId,
    size: PixelSize,
    regions: Vec<RegionDecoder>,
    presenter: Presenter<DecodedFrame>,
    recovery: Recovery,
    shown: bool,
}

struct RegionDecoder {
    region: Region,
    decoder: Option<VideoDecoder>,
}

impl Picture {
    pub(crate) fn new(report: Rc<dyn Fn(RegionEvent)>) -> Self {
        Self {
            report,
            generation: 0,
            display: DisplayId::Console,
            size: PixelSize::default(),
            regions: Vec::new(),
            presenter: Presenter::default(),
            recovery: Recovery::default(),
            shown: false,
        }
    }

    /// Another display, size or cut begins: every region starts with a key access unit.
    pub(crate) fn configure(&mut self, config: StreamConfig) -> Option<Settled> {
        self.generation = self.generation.wrapping_add(1);
        self.display = config.display;
        self.size = config.size;
        self.shown = false;
        self.regions =
            config.regions.into_vec().into_iter().map(|region| RegionDecoder { region, decoder: None }).collect();
        self.give_up()
    }

    /// The connection is gone and with it all that was under way.
    pub(crate) fn reset(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        self.regions.clear();
        self.presenter.give_up();
    }

    /// Hands a picture's regions to their decoders.
    ///
    /// # Errors
    /// When a decoder cannot be made or does not take its region.
    pub(crate) fn take(&mut self, frame: Frame, received_at: Micros) -> Result<(), BrowserError> {
        let mut n_decoding = 0;
        let mut result = Ok(());
        for unit in frame.units.iter() {
            match self.decoder(unit.region).and_then(|decoder| decoder.decode(frame.id, unit.kind, &unit.data)) {
                Ok(Taken::Decoding) => n_decoding += 1,
                Ok(Taken::PassedOver) => {}
                Err(error) => result = Err(error),
            }
        }
        self.presenter.expect(frame.id, frame.captured_at, received_at, n_decoding);
        result
    }

    /// Keeps decoded pixels until their picture is whole.
    pub(crate) fn decoded(&mut self, region: RegionIndex, frame: DecodedFrame) {
        if let Some(at) = self.regions.get(usize::from(region)) {
            self.presenter.decoded(frame.id(), at.region.rect, frame);
        }
    }

    /// Draws the next whole picture.
    pub(crate) fn draw_next(&mut self, surface: &Surface) -> Option<Complete<DecodedFrame>> {
        let complete = self.presenter.pop_complete()?;
        for (rect, frame) in &complete.parts {
            surface.draw(frame, *rect);
        }
        Some(complete)
    }

    /// A decoder failed: all begin anew, because the keyframe that is asked for comes for all.
    pub(crate) fn fail(&mut self, now: Micros) -> Option<Settled> {
        self.recovery.failed(now);
        self.generation = self.generation.wrapping_add(1);
        for region in &mut self.regions {
            region.decoder = None;
        }
        self.give_up()
    }

    /// A picture waits too long for its decoder.
    pub(crate) fn is_stuck(&self, now: Micros) -> bool {
        self.presenter.is_overfull()
            || self.presenter.waiting_since().is_some_and(|since| STUCK_AFTER <= now.since(since))
    }

    /// Whether to ask for a keyframe now.
    pub(crate) fn take_keyframe_request(&mut self, now: Micros) -> bool {
        self.recovery.take_due(now)
    }

    /// When to look again.
    pub(crate) fn due_at(&self) -> Option<Micros> {
        let stuck_at = self.presenter.waiting_since().map(|since| since + STUCK_AFTER);
        [stuck_at, self.recovery.due_at()].into_iter().flatten().min()
    }

    pub(crate) fn is_current(&self, event: &RegionEvent) -> bool {
        event.generation == self.generation
    }

    /// True once for each configuration.
    pub(crate) fn take_first_shown(&mut self) -> bool {
        !std::mem::replace(&mut self.shown, true)
    }

    pub(crate) fn n_waiting(&self) -> usize {
        self.presenter.len()
    }

    pub(crate) fn display(&self) -> DisplayId {
        self.display
    }

    pub(crate) fn size(&self) -> PixelSize {
        self.size
    }

    pub(crate) fn n_regions(&self) -> usize {
        self.regions.len()
    }

    pub(crate) fn codec(&self) -> Option<Codec> {
        self.regions.first().map(|first| first.region.codec)
    }

    pub(crate) fn n_recoveries(&self) -> u32 {
        self.recovery.n_failures()
    }

    fn decoder(&mut self, index: RegionIndex) -> Result<&mut VideoDecoder, BrowserError> {
        let preference = if self.recovery.prefers_software() { Preference::Software } else { Preference::Browser };
        let RegionDecoder { region, decoder } =
            self.regions.get_mut(usize::from(index)).ok_or(BrowserError::Refused)?;
        if let Some(decoder) = decoder {
            return Ok(decoder);
        }
        let (report, generation) = (self.report.clone(), self.generation);
        let size = PixelSize::new(region.rect.width, region.rect.height);
        let new = VideoDecoder::new(
            region.codec,
            size,
            preference,
            Rc::new(move |event| {
                report(RegionEvent { generation, region: index, event });
            }),
        )?;
        Ok(decoder.insert(new))
    }

    fn give_up(&mut self) -> Option<Settled> {
        self.presenter.give_up().map(|(id, received_at)| Settled { id, received_at })
    }
}
