//! `POST /invitation/check` and `POST /invitation`: what a one-time link is for, and setting a password with it.

mod accept;
mod check;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(accept::accept)).routes(routes!(check::check))
}
