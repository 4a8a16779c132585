use serde::{Deserialize, Serialize};

use super::UserSummary;
use crate::access::Permission;
use crate::ids::TenantId;

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
