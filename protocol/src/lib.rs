//! What Redring's portal, viewer, server and agent say to one another.
//!
//! This crate has no I/O, no clock, no web and no `unsafe`: bytes and times go in, bytes and events come out.
//!
//! Three conversations use it:
//! - the **session** between a viewer and an agent, end-to-end encrypted ([`session`], with the messages of
//!   [`control`], [`input`], [`video`], [`cursor`] and [`heartbeat`]); the relay between them sees ciphertext;
//! - the **link** between an agent and the server ([`link`]);
//! - the **REST API** between the portal and the server (`api`, with that feature).
//!
//! Reading order: [`ids`], [`access`], [`control`], [`input`], [`video`], then [`wire`] for their bytes, [`secure`]
//! for keys and grants, [`terms`] for what a grant's session keeps to, [`session`] for the state machines, [`link`] with [`signals`],
//! [`audit`] for the proofs of the audit log, `api`.
//!
//! INVARIANT: no decoder panics, whatever the bytes, and none reserves memory before it has compared a length with
//! what is there.

#![forbid(unsafe_code)]

pub mod access;
#[cfg(feature = "api")]
pub mod api;
pub mod audit;
pub mod control;
pub mod cursor;
pub mod geometry;
pub mod heartbeat;
pub mod ids;
pub mod input;
pub mod keycode;
pub mod link;
pub mod reason;
pub mod refusal;
pub mod secure;
pub mod session;
pub mod signals;
pub mod terms;
#[cfg(feature = "testing")]
pub mod testing;
pub mod time;
pub mod video;
pub mod wire;

/// The version of every conversation; peers of different versions refuse each other.
pub const VERSION: u16 = 3;
