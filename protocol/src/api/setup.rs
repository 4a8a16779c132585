use serde::{Deserialize, Serialize};

/// `POST /setup`: creates the first tenant and its Global Administrator with a one-time link. Answered with
/// [`super::Me`] and a login.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetupRequest {
    /// The part of the link after `#`.
    pub token: String,
    /// Name of the organisation.
    pub organisation: String,
    pub name: String,
    pub email: String,
    /// At least 12 characters.
    pub password: String,
}

/// Never shows the token or the password.
impl std::fmt::Debug for SetupRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SetupRequest")
    }
}

/// `GET /setup`: whether the installation waits for its first administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetupStatus {
    pub needed: bool,
}
