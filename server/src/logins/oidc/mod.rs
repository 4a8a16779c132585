//! Signing in with an identity provider: OpenID Connect, authorisation code with PKCE.
//!
//! Tokens are read once and thrown away: browsers get our own login cookie and nothing of the provider's.
//!
//! INVARIANT: a login comes only from a code that this browser asked for (the sealed cookie and `state`), that the one
//! provider it asked exchanged (PKCE), with a token that names this request (`nonce`), this client (`aud`) and that
//! provider (`iss`), signed with a key that the provider publishes. Who it is, is issuer and subject.
//!
//! Reading order: [`pending`], [`http`], [`provider`], [`claims`], [`accounts`], [`desk`].

mod accounts;
mod claims;
mod desk;
mod http;
mod pending;
mod provider;

use protocol::api::SignInProblem;
use protocol::ids::UserId;

use super::attempts::Wait;
use crate::storage::StorageError;

pub use desk::{Begun, Callback, Confirmed, OidcDesk, Refused, Wish, is_portal_path};
pub use provider::CALLBACK;

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// Begun elsewhere, too long ago or completed before.
    #[error("this browser has begun no such sign-in")]
    Expired,
    #[error("the provider answered {0}")]
    Cancelled(String),
    /// The cause was logged.
    #[error("the identity provider cannot be used")]
    Unavailable,
    /// What was wrong, for the log and never for the browser.
    #[error("{0}")]
    Untrusted(String),
    #[error("{why}")]
    NoAccount { user: Option<UserId>, why: &'static str },
    #[error("too many tries")]
    TooMany(Wait),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl SignInError {
    /// What the browser is told.
    pub fn problem(&self) -> SignInProblem {
        match self {
            Self::Expired => SignInProblem::Expired,
            Self::Cancelled(_) => SignInProblem::Cancelled,
            Self::Unavailable => SignInProblem::Unavailable,
            Self::Untrusted(_) => SignInProblem::Untrusted,
            Self::NoAccount { .. } => SignInProblem::NoAccount,
            Self::TooMany(_) => SignInProblem::TooMany,
            Self::Storage(_) => SignInProblem::Failed,
        }
    }
}
