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

/// Above what noise in the largest region takes, below what would ask for a higher level than 4.1.
const BIT_RATE: u32 = 50_000_000;

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
            (picture.y(), picture.u(), picture.v()),
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
/// keeps pictures from queueing. The only way to set it here is a rate control whose bounds are one value; its bit rate
/// is so high that it never skips a picture. One thread, because regions are the unit of work. No long-term references
/// and one temporal layer, so that the parameter set allows for one reference and no reordering: decoders then show a
/// picture at once.
fn config(quality: Quality) -> EncoderConfig {
    let quantiser = quality.quantiser();
    EncoderConfig::new()
        .usage_type(UsageType::ScreenContentRealTime)
        .profile(Profile::Baseline)
        .complexity(Complexity::Low)
        .rate_control_mode(RateControlMode::Bitrate)
        .qp(QpRange::new(quantiser, quantiser))
        .bitrate(BitRate::from_bps(BIT_RATE))
        .max_frame_rate(FrameRate::from_hz(60.0))
        .skip_frames(true)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Pixels;
    use protocol::geometry::PixelSize;

    /// Noise, the worst that a display can show.
    fn noise(seed: u32) -> I420 {
        let mut state = seed.wrapping_mul(747_796_405).wrapping_add(1);
        let bgra: Vec<u8> = (0..480 * 272 * 4)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        let mut picture = I420::new(480, 272);
        let pixels = Pixels { bgra: &bgra, stride_bytes: 480 * 4, size: PixelSize::new(480, 272) };
        picture.fill(&pixels).expect("it fits");
        picture
    }

    #[test]
    fn no_picture_is_skipped_however_much_it_takes() {
        let mut encoder = OpenH264::new(Quality::Display).expect("compiled in");
        let pictures = [noise(1), noise(2), noise(3)];
        for index in 0..60 {
            let unit = encoder.encode(&pictures[index % 3], Wanted::Any);
            assert!(unit.is_ok(), "picture {index}: {unit:?}");
        }
    }

    #[test]
    fn a_key_comes_first_and_on_request() {
        let mut encoder = OpenH264::new(Quality::Display).expect("compiled in");
        let picture = noise(1);
        let kinds = [Wanted::Any, Wanted::Any, Wanted::Key, Wanted::Any].map(|wanted| {
            let unit = encoder.encode(&picture, wanted).expect("compiled in");
            assert_eq!(unit.codec.is_some(), unit.kind == FrameKind::Key);
            unit.kind
        });
        assert_eq!(kinds, [FrameKind::Key, FrameKind::Delta, FrameKind::Key, FrameKind::Delta]);
    }
}
