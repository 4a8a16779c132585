use super::{ConsoleSigner, ConsoleSigningKey};
use crate::ids::{ConsoleId, SessionId, TenantId};
use crate::reason::EndReason;
use crate::wire::{Decode as _, DecodeError, Encode as _, record, tagged};

/// Separates this signature from every other use of a console's signing key.
const DOMAIN: &[u8] = b"redring receipt 1";

/// Largest signed receipt in bytes.
pub const RECEIPT_MAX_BYTES: usize = 256;

/// The console's word about a session that is over: one for each session that it served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub tenant: TenantId,
    pub console: ConsoleId,
    pub session: SessionId,
    /// Of this console: the first is 1, and each is one more than the one before.
    pub number: u64,
    pub reason: EndReason,
    /// The device restarts because of it.
    pub restarts: bool,
    /// The viewer has been there.
    pub viewer_came: bool,
    /// From the first picture to the last in milliseconds, on the console's monotonic clock. `None` when there was none,
    /// or when the agent that could tell is gone.
    pub shown_ms: Option<u64>,
    pub found: EndFound,
}

record!(Receipt { tenant, console, session, number, reason, restarts, viewer_came, shown_ms, found });

/// How the agent came to know of an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "api", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum EndFound {
    /// It ended the session, or let it run out.
    Clean,
    /// It found the session open when it started: the agent before it was gone without a word.
    Crash,
}

tagged!(EndFound { 0 => Clean, 1 => Crash });

/// Why a receipt was refused by the one who checks it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    #[error("the signature is not the console's")]
    BadSignature,
    #[error("the receipt is malformed: {0}")]
    Malformed(#[from] DecodeError),
}

/// A receipt and the console's signature over it. Fields stay closed until the signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedReceipt {
    bytes: Vec<u8>,
}

impl SignedReceipt {
    /// Takes bytes from the network; nothing in them is believed yet.
    pub fn from_untrusted(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Checks the signature and then reads the fields.
    ///
    /// # Errors
    /// When the signature is not by `key`, or the fields are not exactly those of a receipt.
    pub fn verify(&self, key: &ConsoleSigningKey) -> Result<Receipt, ReceiptError> {
        let body = key.open(DOMAIN, &self.bytes).ok_or(ReceiptError::BadSignature)?;
        Ok(Receipt::from_bytes(body)?)
    }
}

impl ConsoleSigner {
    pub fn sign_receipt(&self, receipt: &Receipt) -> SignedReceipt {
        SignedReceipt { bytes: self.sign(DOMAIN, receipt.to_bytes()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secure::Secret;

    fn receipt() -> Receipt {
        Receipt {
            tenant: TenantId::new("contoso").expect("a slug"),
            console: ConsoleId([1; 16]),
            session: SessionId([2; 16]),
            number: 7,
            reason: EndReason::ViewerLost,
            restarts: true,
            viewer_came: true,
            shown_ms: Some(61_000),
            found: EndFound::Clean,
        }
    }

    fn signer(byte: u8) -> ConsoleSigner {
        ConsoleSigner::new(&Secret::new([byte; 32]))
    }

    #[test]
    fn a_signed_receipt_is_read_back_and_fits() {
        let signed = signer(9).sign_receipt(&receipt());
        assert_eq!(signed.verify(&signer(9).public_key()), Ok(receipt()));
        let longest = TenantId::new("c".repeat(crate::ids::SLUG_MAX_BYTES)).expect("a slug");
        let longest = signer(9).sign_receipt(&Receipt { tenant: longest, ..receipt() });
        assert!(longest.as_bytes().len() <= RECEIPT_MAX_BYTES, "{}", longest.as_bytes().len());
    }

    #[test]
    fn no_other_byte_is_accepted() {
        let signed = signer(9).sign_receipt(&receipt());
        let key = signer(9).public_key();
        for at in 0..signed.as_bytes().len() {
            for change in 1..=255 {
                let mut bytes = signed.as_bytes().to_vec();
                bytes[at] ^= change;
                let changed = SignedReceipt::from_untrusted(bytes).verify(&key);
                assert_eq!(changed, Err(ReceiptError::BadSignature), "byte {at} by {change}");
            }
        }
    }

    #[test]
    fn another_key_another_length_and_another_domain_are_refused() {
        let signed = signer(9).sign_receipt(&receipt());
        assert_eq!(signed.verify(&signer(8).public_key()), Err(ReceiptError::BadSignature));
        let key = signer(9).public_key();
        for length in 0..signed.as_bytes().len() {
            let cut = SignedReceipt::from_untrusted(signed.as_bytes()[..length].to_vec());
            assert_eq!(cut.verify(&key), Err(ReceiptError::BadSignature), "length {length}");
        }
        let bytes = signer(9).sign(b"redring grant 1", receipt().to_bytes());
        assert_eq!(SignedReceipt::from_untrusted(bytes).verify(&key), Err(ReceiptError::BadSignature));
        let bytes = signer(9).sign(DOMAIN, [&receipt().to_bytes()[..], &[0]].concat());
        let longer = SignedReceipt::from_untrusted(bytes).verify(&key);
        assert!(matches!(longer, Err(ReceiptError::Malformed(_))), "{longer:?}");
    }

    #[test]
    fn a_key_that_signs_anything_is_none() {
        let mut neutral = [0; 32];
        neutral[0] = 1;
        assert!(ConsoleSigningKey::from_bytes(&neutral).is_err());
    }
}
