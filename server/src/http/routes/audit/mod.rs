//! The audit log, for those who may read it.

mod export;
mod list;
mod may_export;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(export::csv))
        .routes(routes!(export::jsonl))
        .routes(routes!(may_export::may_export))
}
