//! H.264 by `OpenH264`, compiled from its own source.

use openh264::encoder::{
    BitRate, Complexity, Encoder as Library, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, Profile, QpRange,
    RateControlMode, SpsPpsStrategy, UsageType, VuiConfig,
};
use openh264::formats::YUVSlices;
use openh264::{OpenH264API, Timestamp};
use protocol::video::{ACCESS_UNIT_MAX_BYTES, FrameKind};

use super::convert::I420;
use super::encoder::{EncodeError, Encoded, Encoder, Wanted};
use super::sps;

/// Quantisers: smaller is finer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quality {
    /// Text on a display is crisp.
    Display,
    /// A small picture for the list of displays.
    Thumbnail,
}

impl Quality {
    const fn quantiser(self) -> u8 {
        match self {
            Self::Display => 22,
            Self::Thumbnail => 30,
        }
    }
}

/// One region's encoder.
pub struct OpenH264 {
    library: Library,
    is_new: bool,
}

impl OpenH264 {
    /// # Errors
    /// When the library cannot be set up.
    pub fn new(quality: Quality) -> Result<Self, EncodeError> {
        let library = Library::with_api_config(OpenH264API::from_source(), config(quality)).map_err(failed)?;
        Ok(Self { library, is_new: true })
    }
}

impl Encoder for OpenH264 {
    fn encode(&mut self, picture: &I420, wanted: Wanted) -> Result<Encoded, EncodeError> {
        if wanted == Wanted::Key && !std::mem::take(&mut self.is_new) {
            self.library.force_intra_frame();
        }
        self.is_new = false;
        let half = picture.width / 2;
        let source = YUVSlices::new(
            (&picture.y, &picture.u, &picture.v),
            (picture.width, picture.height),
            (picture.width, half, half),
        );
        let stream = self.library.encode_at(&source, Timestamp::ZERO).map_err(failed)?;
        let kind = match stream.frame_type() {
            FrameType::IDR => FrameKind::Key,
            FrameType::P => FrameKind::Delta,
            FrameType::I | FrameType::Skip | FrameType::IPMixed | FrameType::Invalid => {
                return Err(EncodeError::Nothing);
            }
        };
        let data = stream.to_vec();
        if ACCESS_UNIT_MAX_BYTES < data.len() {
            return Err(EncodeError::TooLarge { bytes: data.len() });
        }
        let codec = match kind {
            FrameKind::Key => Some(sps::codec(&data).ok_or(EncodeError::NoParameterSet)?),
            FrameKind::Delta => None,
        };
        Ok(Encoded { kind, data, codec })
    }
}

/// A constant quantiser: rate control would blur what stands still on a busy display, and the send window already
/// keeps pictures from queueing. One thread, because regions are the unit of work. No long-term references and one
/// temporal layer, so that the parameter set allows for one reference and no reordering: decoders then show a
/// picture at once.
fn config(quality: Quality) -> EncoderConfig {
    let quantiser = quality.quantiser();
    EncoderConfig::new()
        .usage_type(UsageType::ScreenContentRealTime)
        .profile(Profile::Baseline)
        .complexity(Complexity::Low)
        .rate_control_mode(RateControlMode::Bitrate)
        .qp(QpRange::new(quantiser, quantiser))
        .bitrate(BitRate::from_bps(20_000_000))
        .max_frame_rate(FrameRate::from_hz(60.0))
        .skip_frames(false)
        .adaptive_quantization(false)
        .background_detection(false)
        .long_term_reference(false)
        .intra_frame_period(IntraFramePeriod::auto())
        .sps_pps_strategy(SpsPpsStrategy::ConstantId)
        .num_threads(1)
        .vui(VuiConfig::bt709())
}

fn failed(error: openh264::Error) -> EncodeError {
    EncodeError::Library(error.to_string())
}
