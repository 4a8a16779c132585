use serde::{Deserialize, Serialize};

use crate::refusal::RefusalCode;

/// An error as [RFC 9457] problem details.
///
/// [RFC 9457]: https://www.rfc-editor.org/rfc/rfc9457
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `about:blank`: `code` tells errors apart.
    pub r#type: String,
    /// The kind of error, in English.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do, in English.
    pub detail: String,
    /// Stable, for programs.
    pub code: ProblemCode,
    /// With `code` `refused`: the row of the gate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<RefusalCode>,
    /// With `code` `rate_limited`: seconds to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}

/// Stable names of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// Nobody is signed in, or the login ran out.
    NotSignedIn,
    /// E-mail or password is wrong.
    WrongCredentials,
    /// The set-up link is unknown, spent or too old.
    SetupLinkSpent,
    /// The invitation is unknown, spent or too old, or the account is disabled.
    InvitationSpent,
    /// The passkey is not known here, or was not asked for.
    PasskeyRefused,
    /// The person is to confirm first that it is they who are at the browser (`POST /me/confirmation`).
    ConfirmationNeeded,
    /// Signed in, but without the permission.
    Forbidden,
    /// There is no such thing, or not for this person.
    NotFound,
    /// The request contradicts the present state.
    Conflict,
    /// The request was not understood; `detail` names the field.
    BadRequest,
    /// The request came from another page.
    ForeignOrigin,
    /// The gate is shut; `refusal` names the row.
    Refused,
    /// Too many tries.
    RateLimited,
    /// The body is too large.
    TooLarge,
    /// The server failed; nothing was changed.
    Internal,
}
