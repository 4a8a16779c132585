//! Keys, handshakes, grants and the strings that people carry: everything that proves who may do what.

mod code;
mod enrolment;
mod fingerprint;
mod grant;
mod keys;
pub mod noise;

pub use code::SessionCode;
pub use enrolment::{EnrolmentString, EnrolmentStringError};
pub use fingerprint::Fingerprint;
pub use grant::{Grant, GrantError, GrantKey, GrantSigner, Limits, SignedGrant};
pub use keys::{PublicKey, Secret, SecretKey};
