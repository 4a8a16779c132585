use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::api::{Problem, ProblemCode};
use protocol::refusal::RefusalCode;

use crate::admin::AdminError;
use crate::storage::StorageError;

/// Why a request was not served, as problem details with a stable code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiError {
    NotSignedIn,
    WrongCredentials,
    SetupLinkSpent,
    InvitationSpent,
    PasskeyRefused,
    ConfirmationNeeded,
    Forbidden,
    /// The sentence says why not.
    ForbiddenBecause(String),
    /// Also what another tenant's things look like.
    NotFound,
    /// The sentence is shown to people.
    Conflict(String),
    /// The sentence names the field.
    BadRequest(String),
    ForeignOrigin,
    /// The gate is shut.
    Refused(RefusalCode),
    RateLimited {
        retry_after_s: u32,
    },
    TooLarge,
    /// The cause was logged.
    Internal,
}

impl ApiError {
    pub fn bad_request(sentence: impl Into<String>) -> Self {
        Self::BadRequest(sentence.into())
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotSignedIn | Self::WrongCredentials | Self::PasskeyRefused => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::ForbiddenBecause(_) | Self::ConfirmationNeeded | Self::ForeignOrigin => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict(_) | Self::Refused(_) | Self::SetupLinkSpent | Self::InvitationSpent => StatusCode::CONFLICT,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn code(&self) -> ProblemCode {
        match self {
            Self::NotSignedIn => ProblemCode::NotSignedIn,
            Self::WrongCredentials => ProblemCode::WrongCredentials,
            Self::SetupLinkSpent => ProblemCode::SetupLinkSpent,
            Self::InvitationSpent => ProblemCode::InvitationSpent,
            Self::PasskeyRefused => ProblemCode::PasskeyRefused,
            Self::ConfirmationNeeded => ProblemCode::ConfirmationNeeded,
            Self::Forbidden | Self::ForbiddenBecause(_) => ProblemCode::Forbidden,
            Self::NotFound => ProblemCode::NotFound,
            Self::Conflict(_) => ProblemCode::Conflict,
            Self::BadRequest(_) => ProblemCode::BadRequest,
            Self::ForeignOrigin => ProblemCode::ForeignOrigin,
            Self::Refused(_) => ProblemCode::Refused,
            Self::RateLimited { .. } => ProblemCode::RateLimited,
            Self::TooLarge => ProblemCode::TooLarge,
            Self::Internal => ProblemCode::Internal,
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::NotSignedIn => "Sign in first.",
            Self::WrongCredentials => "The e-mail address or the password is wrong.",
            Self::SetupLinkSpent => "This set-up link was used or is too old. Make a new one on the server.",
            Self::InvitationSpent => "This link was used or is too old. Ask an administrator for a new one.",
            Self::PasskeyRefused => "This passkey could not be used here. Try again, or sign in another way.",
            Self::ConfirmationNeeded => "Confirm first that it is you.",
            Self::Forbidden => "Your roles do not allow this.",
            Self::NotFound => "There is no such thing here.",
            Self::Conflict(sentence) | Self::BadRequest(sentence) | Self::ForbiddenBecause(sentence) => sentence,
            Self::ForeignOrigin => "The request did not come from the portal.",
            Self::Refused(code) => code.sentence(),
            Self::RateLimited { .. } => "Too many tries. Wait a moment, then try again.",
            Self::TooLarge => "The request is too large.",
            Self::Internal => "The server failed. Nothing was changed; try again.",
        }
        .to_owned()
    }

    pub fn problem(&self) -> Problem {
        let status = self.status();
        Problem {
            r#type: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            status: status.as_u16(),
            detail: self.sentence(),
            code: self.code(),
            refusal: if let Self::Refused(code) = self { Some(*code) } else { None },
            retry_after_s: if let Self::RateLimited { retry_after_s } = self { Some(*retry_after_s) } else { None },
        }
    }
}

/// A failure of the database is logged here, once, and told to nobody else.
impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "a query failed");
        Self::Internal
    }
}

impl From<AdminError> for ApiError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::NotFound => Self::NotFound,
            AdminError::Unfit(sentence) => Self::BadRequest(sentence),
            AdminError::Conflict(sentence) => Self::Conflict(sentence),
            AdminError::Forbidden(sentence) => Self::ForbiddenBecause(sentence),
            AdminError::Storage(error) => error.into(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.problem()).expect("problems are plain JSON");
        let mut response = (self.status(), [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Self::RateLimited { retry_after_s } = self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
        }
        response
    }
}

pub type ApiResult<T> = Result<T, ApiError>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_its_row() {
        let problem = ApiError::Refused(RefusalCode::InCall).problem();
        assert_eq!((problem.status, problem.code), (409, ProblemCode::Refused));
        assert_eq!(problem.refusal, Some(RefusalCode::InCall));
        assert_eq!(problem.detail, RefusalCode::InCall.sentence());
    }

    #[test]
    fn an_internal_error_tells_nothing_internal() {
        let error = ApiError::from(StorageError::Corrupt("secret detail"));
        assert!(!error.problem().detail.contains("secret"));
    }
}
