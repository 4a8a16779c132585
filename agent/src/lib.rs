//! The Redring agent: runs on a room's console, connects out to the server, and shows the console to people whose grant
//! it has checked itself. It opens no port, records nothing, and has no way to work unencrypted.
//!
//! Reading order: [`config`], [`identity`], [`link`] (the way to the server), [`driver`] (decides and remembers),
//! [`pipeline`] (pictures), [`hands`] (keys), [`platform`] (what differs between systems).

pub mod calls;
pub mod clock;
pub mod config;
pub mod driver;
pub mod hands;
pub mod identity;
pub mod link;
pub mod pace;
pub mod pipeline;
pub mod platform;
pub mod random;
pub mod record;
pub mod signals;
pub mod socket;
pub mod state_dir;
pub mod status;
