//! Remote-access sessions: start, resume, end.

mod end;
mod resume;
mod start;

use protocol::reason::EndReason;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::error::ApiError;
use crate::http::extract::SignedIn;
use crate::sessions::{Requester, StartError};
use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(start::start)).routes(routes!(resume::resume)).routes(routes!(end::end))
}

impl From<SignedIn> for Requester {
    fn from(signed_in: SignedIn) -> Self {
        let SignedIn { scope, user, login, client, .. } = signed_in;
        Self { scope, user, login, client }
    }
}

impl From<StartError> for ApiError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::NotFound => Self::NotFound,
            StartError::Refused(code) => Self::Refused(code),
            StartError::Full(capacity) => Self::Conflict(sentence(&format!("{capacity}; end one first"))),
            StartError::Ended(EndReason::ServerStopped) | StartError::Overloaded => {
                Self::RateLimited { retry_after_s: 5 }
            }
            StartError::Ended(reason) => Self::Conflict(format!("The session has ended. {}", reason.sentence())),
            StartError::Storage(error) => error.into(),
        }
    }
}

/// An error's clause as a sentence for people.
fn sentence(clause: &str) -> String {
    let mut characters = clause.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::Capacity;

    #[test]
    fn people_read_sentences() {
        let ApiError::Conflict(text) = ApiError::from(StartError::Full(Capacity::User)) else { panic!("a conflict") };
        assert_eq!(text, "You have as many sessions as one person may have; end one first.");
    }
}
