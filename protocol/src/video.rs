//! The video lane: a display is cut into regions, and each region is an H.264 stream of its own.
//!
//! A key press changes one region, so only that one is encoded and decoded; a moving window costs what it covers.
//! All regions of one picture carry the same [`FrameId`] and are shown together.

use crate::geometry::{PixelRect, PixelSize};
use crate::ids::DisplayId;
use crate::time::Micros;
use crate::wire::{Blob, List, record, tagged};

/// Most regions of one display.
pub const REGIONS_MAX: usize = 256;
/// Largest access unit in bytes; a larger one is refused by both ends.
pub const ACCESS_UNIT_MAX_BYTES: usize = 8 << 20;
/// Largest side of a display in pixels.
pub const DISPLAY_MAX_PX: u16 = 8192;

/// A picture of one viewer: grows by one, never reused within a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FrameId(pub u32);

/// Names a region of the current [`StreamConfig`]: its index in the list.
pub type RegionIndex = u16;

/// Whether an access unit needs an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    Key,
    Delta,
}

tagged!(FrameKind { 0 => Key, 1 => Delta });

/// How a region is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Annex B with parameter sets in every key access unit; the three bytes of the `avc1` codec string.
    H264 { profile: u8, constraints: u8, level: u8 },
}

tagged!(Codec { 0 => H264 { profile, constraints, level } });

impl Codec {
    /// The codec string of the browser's decoder ([RFC 6381]).
    ///
    /// [RFC 6381]: https://www.rfc-editor.org/rfc/rfc6381
    pub fn mime(self) -> String {
        match self {
            Self::H264 { profile, constraints, level } => format!("avc1.{profile:02x}{constraints:02x}{level:02x}"),
        }
    }
}

/// One region and its codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Where it lies on the display; regions do not overlap and cover the display.
    pub rect: PixelRect,
    pub codec: Codec,
}

record!(Region { rect, codec });

/// Announces the picture of a display: sent before its first frame and whenever size or regions change.
/// Every region then starts with a key access unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamConfig {
    pub display: DisplayId,
    /// The epoch of [`crate::control::Notice::Displays`] that this picture belongs to.
    pub epoch: u32,
    pub size: PixelSize,
    pub regions: List<Region, REGIONS_MAX>,
}

record!(StreamConfig { display, epoch, size, regions });

/// One encoded region of one picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessUnit {
    pub region: RegionIndex,
    pub kind: FrameKind,
    /// Annex B bytes.
    pub data: Blob<ACCESS_UNIT_MAX_BYTES>,
}

record!(AccessUnit { region, kind, data });

/// One picture: every region that changed since the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub id: FrameId,
    /// When the pixels were read, on the agent's clock.
    pub captured_at: Micros,
    /// When encoding was done, on the agent's clock.
    pub encoded_at: Micros,
    pub units: List<AccessUnit, REGIONS_MAX>,
}

/// A small still picture of a display, complete in itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    pub display: DisplayId,
    pub size: PixelSize,
    pub codec: Codec,
    /// One key access unit, Annex B.
    pub data: Blob<THUMBNAIL_MAX_BYTES>,
}

/// Largest thumbnail in bytes.
pub const THUMBNAIL_MAX_BYTES: usize = 256 << 10;

record!(Frame { id, captured_at, encoded_at, units });
record!(Thumbnail { display, size, codec, data });

/// From the agent on the picture channel. The patch lane will be a variant of its own beside `Frame`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picture {
    Config { config: StreamConfig },
    Frame { frame: Frame },
    Thumbnail { thumbnail: Thumbnail },
}

tagged!(Picture { 0 => Config { config }, 1 => Frame { frame }, 2 => Thumbnail { thumbnail } });

/// From the viewer: a picture is on its screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presented {
    pub frame: FrameId,
    /// When its last byte arrived, on the viewer's clock.
    pub received_at: Micros,
    /// When it was drawn, on the viewer's clock.
    pub presented_at: Micros,
}

record!(Presented { frame, received_at, presented_at });

impl crate::wire::Encode for FrameId {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl crate::wire::Decode for FrameId {
    fn decode(input: &mut crate::wire::Cursor<'_>) -> Result<Self, crate::wire::DecodeError> {
        u32::decode(input).map(Self)
    }
}
