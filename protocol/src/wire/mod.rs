//! The byte form of every message: fixed order, little-endian, length-prefixed lists with a bound in the type.
//!
//! There is one form for each value and one value for each form: a decoder accepts exactly the bytes that the
//! encoder makes, refuses unknown tags and refuses bytes that are left over. Nothing is reserved before its length
//! was compared with what is there.

mod bounded;
mod cursor;
mod error;
mod macros;
mod primitive;

pub use bounded::{Blob, List, Text};
pub use cursor::Cursor;
pub use error::{DecodeError, DecodeErrorKind};
pub(crate) use macros::{record, tagged};

/// A value that can be written as bytes.
pub trait Encode {
    /// Appends the byte form of `self` to `out`.
    fn encode(&self, out: &mut Vec<u8>);

    /// The byte form of `self` in a buffer of its own.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode(&mut out);
        out
    }
}

/// A value that can be read from hostile bytes.
pub trait Decode: Sized {
    /// Reads one value from the front of `input`.
    ///
    /// # Errors
    /// Names the field and what was wrong with it; `input` is then of no further use.
    fn decode(input: &mut Cursor<'_>) -> Result<Self, DecodeError>;

    /// Reads a value that must fill `bytes` exactly.
    ///
    /// # Errors
    /// As [`Decode::decode`], and when bytes are left over.
    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Cursor::new(bytes);
        let value = Self::decode(&mut input)?;
        input.finish()?;
        Ok(value)
    }
}
