//! `GET /setup` and `POST /setup`: the first administrator of a new installation.

mod create;
mod get;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get::status, create::create))
}
