//! What administrators change: who has which account, group, role and assignment. Each function checks what is wanted,
//! stores it together with its event, and lets it take effect.
//!
//! Reading order: [`change`] (what every change goes through), [`roles`], [`assignments`], [`users`], [`groups`],
//! [`import`] (many of these at once), [`shown`] (how these things are shown to people), [`reach`] (who can reach which
//! room by what), [`membership`] (what identity providers decide).

pub mod assignments;
mod change;
pub mod groups;
pub mod import;
mod last_administrator;
pub mod membership;
pub mod reach;
pub mod roles;
pub mod shown;
pub mod users;

pub use change::{AdminError, Change, Result};
pub use last_administrator::{Without, has_administrator};
