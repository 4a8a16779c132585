//! Signing in: people with password and cookie or by an identity provider, consoles with a one-time enrolment secret.

pub mod attempts;
pub mod cookie;
mod desk;
pub mod enrolment;
pub mod oidc;
pub mod password;

pub use desk::{LoginDesk, LoginError, NewLogin};
