//! `POST /login` and `POST /logout`.

mod sign_in;
mod sign_out;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(sign_in::sign_in)).routes(routes!(sign_out::sign_out))
}

pub(super) use sign_in::signed_in;
