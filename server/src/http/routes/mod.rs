//! One folder per resource, one file per verb.

pub mod events;
pub mod health;
pub mod login;
pub mod me;
pub mod openapi;
pub mod remote_access;
pub mod rooms;
pub mod sessions;
pub mod settings;
pub mod setup;
