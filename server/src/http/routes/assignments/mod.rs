//! Assignments: who holds a role, and where.

mod delete;
mod get;
mod put;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get::get, put::put, delete::delete))
}
