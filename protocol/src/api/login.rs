use serde::{Deserialize, Serialize};

use super::UserSummary;
use crate::access::Permission;
use crate::ids::{ProviderId, TenantId};

/// `POST /login`
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    pub email: String,
    pub password: String,
}

/// Never shows the password.
impl std::fmt::Debug for LoginRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LoginRequest")
    }
}

/// `GET /me`, and the answer to `POST /login`: who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    pub user: UserSummary,
    pub tenant: TenantSummary,
    /// What the user may do somewhere in the tenant; each route decides by room.
    pub permissions: Vec<Permission>,
    /// What the user may do for the whole tenant.
    pub permissions_everywhere: Vec<Permission>,
    /// A Global Administrator or Rooms Manager of the whole tenant, who may opt in and change roles.
    pub administers: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantSummary {
    pub id: TenantId,
    pub name: String,
    /// The tenant opted in to remote access.
    pub remote_access_enabled: bool,
}

/// `GET /oidc`: what people may sign in with beside a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IdentityProviders {
    /// In the order in which they are offered.
    pub providers: Vec<IdentityProvider>,
    /// Browsers use passkeys at this address of the portal.
    pub passkeys: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IdentityProvider {
    pub id: ProviderId,
    /// As people know it.
    pub name: String,
}

/// Why nobody was signed in by an identity provider: `problem` in the address of the sign-in page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInProblem {
    /// The sign-in was begun in another browser, took too long or was completed before.
    Expired,
    /// The person or the provider broke it off.
    Cancelled,
    /// The provider does not answer.
    Unavailable,
    /// The provider's answer proves nothing.
    Untrusted,
    /// The person is known to the provider and has no account here that may be used.
    NoAccount,
    /// Too many tries from one address.
    TooMany,
    /// The server failed.
    Failed,
}

impl SignInProblem {
    pub const ALL: [Self; 7] = [
        Self::Expired,
        Self::Cancelled,
        Self::Unavailable,
        Self::Untrusted,
        Self::NoAccount,
        Self::TooMany,
        Self::Failed,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Unavailable => "unavailable",
            Self::Untrusted => "untrusted",
            Self::NoAccount => "no_account",
            Self::TooMany => "too_many",
            Self::Failed => "failed",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|problem| problem.code() == code)
    }
}
