//! Messages of any length over Noise messages of at most 65,535 bytes.

use super::SessionError;
use crate::secure::noise::{NoiseError, PLAINTEXT_MAX_BYTES, Transport};
use crate::wire::{DecodeError, DecodeErrorKind};

/// Largest message on the picture channel in bytes, all chunks together.
pub const PICTURE_MESSAGE_MAX_BYTES: usize = 16 << 20;

const HEADER_BYTES: usize = 2;
const CHUNK_MAX_BYTES: usize = PLAINTEXT_MAX_BYTES - HEADER_BYTES;
const MORE_FOLLOWS: u8 = 0x80;
/// The viewer's messages have a multiple of this length.
const PADDED_TO_BYTES: usize = 64;

/// What a message is about; each direction uses each channel for one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    Control,
    Input,
    Picture,
    Cursor,
    Heartbeat,
}

impl Channel {
    fn from_byte(byte: u8) -> Result<Self, DecodeError> {
        match byte {
            0 => Ok(Self::Control),
            1 => Ok(Self::Input),
            2 => Ok(Self::Picture),
            3 => Ok(Self::Cursor),
            4 => Ok(Self::Heartbeat),
            tag => Err(DecodeError { field: "channel", kind: DecodeErrorKind::UnknownTag { tag } }),
        }
    }
}

/// Whether lengths are hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Padding {
    None,
    To64Bytes,
}

/// Seals a message into as many Noise messages as it needs.
pub(super) fn seal(
    transport: &mut Transport,
    channel: Channel,
    message: &[u8],
    padding: Padding,
    mut send: impl FnMut(Vec<u8>),
) -> Result<(), NoiseError> {
    let mut plaintext = Vec::with_capacity(message.len().min(CHUNK_MAX_BYTES) + HEADER_BYTES + PADDED_TO_BYTES);
    let mut rest = message;
    loop {
        let (chunk, after) = rest.split_at(rest.len().min(CHUNK_MAX_BYTES));
        let more = if after.is_empty() { 0 } else { MORE_FOLLOWS };
        let n_zeros = match padding {
            Padding::To64Bytes if chunk.len() < CHUNK_MAX_BYTES => n_zeros_after(chunk.len() + HEADER_BYTES),
            _ => 0,
        };
        plaintext.clear();
        plaintext.extend_from_slice(&[channel as u8 | more, n_zeros as u8]);
        plaintext.extend_from_slice(chunk);
        plaintext.resize(plaintext.len() + n_zeros, 0);
        send(transport.seal(&plaintext)?);
        if after.is_empty() {
            return Ok(());
        }
        rest = after;
    }
}

fn n_zeros_after(length: usize) -> usize {
    let n_zeros = length.next_multiple_of(PADDED_TO_BYTES) - length;
    if PLAINTEXT_MAX_BYTES < length + n_zeros { 0 } else { n_zeros }
}

/// Puts chunks together again. Only pictures may take more than one; other channels may come in between.
#[derive(Debug, Default)]
pub(super) struct Reassembly {
    picture: Vec<u8>,
}

impl Reassembly {
    /// Takes one plaintext; answers with the message that it completes.
    pub(super) fn take(&mut self, mut plaintext: Vec<u8>) -> Result<Option<(Channel, Vec<u8>)>, SessionError> {
        let [first, n_zeros, body @ ..] = plaintext.as_slice() else {
            return Err(DecodeError {
                field: "header",
                kind: DecodeErrorKind::Truncated { expected: HEADER_BYTES, available: plaintext.len() },
            }
            .into());
        };
        let channel = Channel::from_byte(first & !MORE_FOLLOWS)?;
        let more = first & MORE_FOLLOWS != 0;
        let length = body
            .len()
            .checked_sub(usize::from(*n_zeros))
            .filter(|length| body[*length..].iter().all(|byte| *byte == 0))
            .ok_or(DecodeError::invalid("padding", "not zeros within the message"))?;

        if channel != Channel::Picture {
            if more {
                return Err(DecodeError::invalid("header", "only pictures take more than one message").into());
            }
            plaintext.truncate(HEADER_BYTES + length);
            plaintext.drain(..HEADER_BYTES);
            return Ok(Some((channel, plaintext)));
        }

        let total = self.picture.len() + length;
        if PICTURE_MESSAGE_MAX_BYTES < total {
            let kind = DecodeErrorKind::TooLong { length: total, max: PICTURE_MESSAGE_MAX_BYTES };
            return Err(DecodeError { field: "picture", kind }.into());
        }
        self.picture.extend_from_slice(&body[..length]);
        Ok((!more).then(|| (channel, std::mem::take(&mut self.picture))))
    }
}
