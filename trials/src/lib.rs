//! What is done to server and agent together, again and again, to see whether they keep their promises.
//!
//! Each trial is a test in `tests/` that runs a small number of times there and as often as somebody wants with
//! `cargo xtask trials NAME --times N`. What a trial finds is named by a seed that shows it again.
//!
//! [`simulation`] is a world on virtual time, [`world`] a real server with real agents on loopback sockets, `stage` the real
//! programs with real X servers, [`forgery`] what somebody can do to bytes on their way.

pub mod effort;
pub mod forgery;
pub mod http;
pub mod simulation;
#[cfg(unix)]
pub mod stage;
pub mod world;
