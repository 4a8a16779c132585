//! What the pipeline needs from a codec library; one file beside this for each.

use protocol::video::{Codec, FrameKind};

use super::convert::I420;

/// Encodes the pictures of one region, in order. Its first access unit is a key; after that it makes a key only when it
/// is asked for one or when a delta would not be smaller.
pub trait Encoder: Send {
    /// # Errors
    /// When the codec library fails; the encoder is then of no further use.
    fn encode(&mut self, picture: &I420, wanted: Wanted) -> Result<Encoded, EncodeError>;
}

/// What may come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Any,
    Key,
}

/// One access unit.
#[derive(Debug, Clone)]
pub struct Encoded {
    pub kind: FrameKind,
    /// Annex B; a key begins with its parameter sets.
    pub data: Vec<u8>,
    /// Of a key: what its parameter sets say.
    pub codec: Option<Codec>,
}

/// Why a picture could not be encoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    #[error("the codec library failed: {0}")]
    Library(String),
    #[error("the encoder made nothing of a picture")]
    Nothing,
    #[error("an access unit of {bytes} bytes is too large")]
    TooLarge { bytes: usize },
    #[error("a key access unit has no parameter set")]
    NoParameterSet,
}
