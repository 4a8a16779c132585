//! Signing in: people with a password, a passkey or by an identity provider, consoles with a one-time enrolment secret.

pub mod attempts;
pub mod confirmation;
pub mod cookie;
mod desk;
pub mod enrolment;
pub mod oidc;
pub mod passkeys;
pub mod password;
mod sealed;

pub use desk::{LoginDesk, LoginError, NewLogin, Proof};
