//! The Redring server: signs people in, knows rooms and consoles, decides who may reach which, keeps the audit log,
//! and carries ciphertext between a viewer and an agent without being able to read it.
//!
//! Reading order: [`storage`] (what is remembered), [`access`] (who may), [`audit`] (what is told), [`logins`],
//! [`consoles`] and [`sessions`] (what is alive), [`admin`] (what administrators change), [`relay`] (the splice), [`http`] (how it is reached), [`run`].
//!
//! INVARIANT: no key, picture or typed text of a session is ever in this process in the clear.

#![forbid(unsafe_code)]

pub mod access;
pub mod admin;
pub mod audit;
pub mod audit_export;
pub mod audit_verify;
pub mod bootstrap;
pub mod clock;
pub mod config;
pub mod consoles;
pub mod enrolment_offer;
pub mod http;
pub mod invitation;
pub mod keys;
pub mod live;
pub mod logins;
pub mod metrics;
pub mod naming;
pub mod opt_in;
pub mod random;
pub mod relay;
pub mod room_index;
pub mod run;
pub mod sessions;
pub mod setup_link;
pub mod state;
pub mod storage;
#[cfg(feature = "testing")]
pub mod test_server;
