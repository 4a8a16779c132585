//! Search as you type, for what an assignment is made of.

mod members;
mod scopes;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;
use scopes::Search;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(scopes::scopes)).routes(routes!(members::members))
}
