//! Keys, handshakes, grants and the strings that people carry: everything that proves who may do what.

mod code;
mod enrolment;
mod fingerprint;
mod grant;
mod keys;
pub mod noise;
mod receipt;
mod signing;

pub use code::SessionCode;
pub use enrolment::{EnrolmentString, EnrolmentStringError};
pub use fingerprint::Fingerprint;
pub use grant::{Grant, GrantError, GrantKey, GrantSigner, Limits, SignedGrant};
pub use keys::{PublicKey, Secret, SecretKey};
pub use receipt::{EndFound, RECEIPT_MAX_BYTES, Receipt, ReceiptError, SignedReceipt};
pub use signing::{ConsoleSigner, ConsoleSigningKey};
