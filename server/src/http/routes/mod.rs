//! One folder per resource, one file per verb.

pub mod assignments;
pub mod events;
pub mod health;
pub mod login;
pub mod me;
pub mod openapi;
pub mod reach;
pub mod remote_access;
pub mod roles;
pub mod rooms;
pub mod search;
pub mod sessions;
pub mod settings;
pub mod setup;
