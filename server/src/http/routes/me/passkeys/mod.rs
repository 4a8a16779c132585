//! `/me/passkeys`: with what the person signs in beside a password.

mod begin;
mod create;
mod delete;
mod list;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::error::ApiError;
use crate::http::extract::SignedIn;
use crate::logins::passkeys::{PasskeyError, Person};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(begin::begin))
        .routes(routes!(delete::delete))
}

impl<'a> From<&'a SignedIn> for Person<'a> {
    fn from(signed_in: &'a SignedIn) -> Self {
        let SignedIn { scope, user, login, client, .. } = signed_in;
        Self { scope, user, login, client: *client }
    }
}

impl From<PasskeyError> for ApiError {
    fn from(error: PasskeyError) -> Self {
        match error {
            PasskeyError::Unavailable => {
                let sentence = "Passkeys need a host name in the portal's address. Use a password here.";
                Self::Conflict(sentence.to_owned())
            }
            PasskeyError::Refused(_) => Self::PasskeyRefused,
            PasskeyError::UnfitName => Self::bad_request("name: take 1 to 128 bytes of ordinary characters."),
            PasskeyError::TooMany => {
                let sentence = "You have as many passkeys as there can be. Remove one first.";
                Self::Conflict(sentence.to_owned())
            }
            PasskeyError::Known => Self::Conflict("This passkey is there already.".to_owned()),
            PasskeyError::Wait(wait) => Self::RateLimited { retry_after_s: wait.whole_seconds() },
            PasskeyError::Storage(error) => error.into(),
        }
    }
}
