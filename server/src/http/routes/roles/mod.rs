//! Roles: built-in and custom ones, and making assignments to them.

mod assign;
mod create;
mod delete;
mod get;
mod list;
mod put;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(get::get, put::put, delete::delete))
        .routes(routes!(assign::assign))
}
