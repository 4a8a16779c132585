use serde::{Deserialize, Serialize};

use super::{IdentityProvider, UnixMillis};
use crate::ids::PasskeyId;

/// Most passkeys of one person.
pub const PASSKEYS_MAX: usize = 20;
/// Seconds for which it counts that somebody has confirmed who they are.
pub const CONFIRMED_FOR_S: u32 = 300;

/// `GET /me/passkeys`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasskeyList {
    /// Browsers use passkeys at this address of the portal. They need a host name, not a number.
    pub available: bool,
    /// Oldest first.
    pub passkeys: Vec<Passkey>,
}

/// One of a person's passkeys. The key itself stays in their device or password manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Passkey {
    pub id: PasskeyId,
    /// As its owner named it.
    pub name: String,
    pub created_at: UnixMillis,
    /// When it last proved who somebody is; null when it never did.
    pub last_used_at: Option<UnixMillis>,
}

/// What a browser needs to make or use a passkey: the answer to `POST /me/passkeys/begin`, `POST /login/passkey/begin` and
/// `POST /me/confirmation/begin`. Good once, for five minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasskeyCeremony {
    /// The JSON for `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`, as text: nothing
    /// between server and browser reads it.
    pub options: String,
    /// Sealed by the server; goes back with the browser's answer.
    pub state: String,
}

/// What a browser made of a [`PasskeyCeremony`]: the body of `POST /login/passkey`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasskeyAnswer {
    pub state: String,
    /// The JSON that `PublicKeyCredential.toJSON` gives, as text.
    pub credential: String,
}

/// `POST /me/passkeys`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPasskey {
    /// What its owner calls it.
    pub name: String,
    pub answer: PasskeyAnswer,
}

/// `GET /me/confirmation`: how the person can confirm that it is they who are at the browser. Whoever has a passkey does it
/// with a passkey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfirmationWays {
    /// The person confirmed it in the last five minutes.
    pub confirmed: bool,
    pub passkey: bool,
    pub password: bool,
    /// Signing in again with one of these counts, too.
    pub providers: Vec<IdentityProvider>,
}

/// `POST /me/confirmation`: exactly one of them.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Confirm {
    Password(String),
    Passkey(PasskeyAnswer),
}

/// Never shows the password.
impl std::fmt::Debug for Confirm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Confirm")
    }
}
