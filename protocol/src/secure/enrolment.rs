use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::{PublicKey, Secret};
use crate::ids::{RoomId, TenantId};
use crate::link::URL_MAX_BYTES;
use crate::wire::{Cursor, Decode, DecodeError, Encode, Text, record};

/// Starts every enrolment string, so that people and programs recognise one.
const PREFIX: &str = "redring1.";

/// What an administrator carries to a console: where the server is, which key it must prove, and a secret that
/// is good for one enrolment.
///
/// The text form is `redring1.` and base64 for URLs; its last four bytes are a checksum, so that a string that lost a
/// character is called mistyped instead of refused by the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentString {
    /// The server's public URL (`https://host[:port]`, `http://` on loopback).
    pub url: Text<URL_MAX_BYTES>,
    /// The server's control key: the link's handshake fails with any other.
    pub server_key: PublicKey,
    pub tenant: TenantId,
    pub room: RoomId,
    /// Pre-shared key of the enrolment handshake.
    pub secret: Secret<32>,
}

record!(EnrolmentString { url, server_key, tenant, room, secret });

/// Why a text is no enrolment string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolmentStringError {
    #[error("an enrolment string starts with \"redring1.\"")]
    Prefix,
    #[error("the enrolment string is incomplete or mistyped; copy it again")]
    Damaged,
}

impl std::fmt::Display for EnrolmentString {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut bytes = self.to_bytes();
        bytes.extend_from_slice(&checksum(&bytes));
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl std::str::FromStr for EnrolmentString {
    type Err = EnrolmentStringError;

    fn from_str(text: &str) -> Result<Self, EnrolmentStringError> {
        let body = text.trim().strip_prefix(PREFIX).ok_or(EnrolmentStringError::Prefix)?;
        let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_| EnrolmentStringError::Damaged)?;
        let (body, sum) = bytes.split_last_chunk::<4>().ok_or(EnrolmentStringError::Damaged)?;
        if checksum(body) != *sum {
            return Err(EnrolmentStringError::Damaged);
        }
        Self::from_bytes(body).map_err(|_| EnrolmentStringError::Damaged)
    }
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    let digest = Sha256::digest(bytes);
    [digest[0], digest[1], digest[2], digest[3]]
}

impl<const N: usize> Encode for Secret<N> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.expose().encode(out);
    }
}

impl<const N: usize> Decode for Secret<N> {
    fn decode(input: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        input.array("Secret").map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enrolment_string_survives_being_carried_and_says_when_it_did_not() {
        let string = EnrolmentString {
            url: Text::fitted("https://rooms.example.com"),
            server_key: PublicKey([1; 32]),
            tenant: TenantId::new("contoso").expect("a slug"),
            room: RoomId::new("aurora").expect("a slug"),
            secret: Secret::new([2; 32]),
        };
        let text = string.to_string();
        assert_eq!(format!(" {text}\n").parse(), Ok(string));
        assert_eq!(text[..text.len() - 1].parse::<EnrolmentString>(), Err(EnrolmentStringError::Damaged));
        assert_eq!(text.replacen('A', "B", 1).parse::<EnrolmentString>(), Err(EnrolmentStringError::Damaged));
        assert_eq!("hello".parse::<EnrolmentString>(), Err(EnrolmentStringError::Prefix));
    }
}
