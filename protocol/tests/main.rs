//! The behaviour of the protocol between two peers, and of its decoders before hostile bytes.

mod bytes;
mod heartbeat;
mod input;
mod opening;
mod picture;
mod storms;
