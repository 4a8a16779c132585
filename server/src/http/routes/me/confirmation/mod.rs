//! `/me/confirmation`: proving anew that it is the person of the login who is at the browser.

mod begin;
mod confirm;
mod ways;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(ways::ways, confirm::confirm)).routes(routes!(begin::begin))
}
