//! Who can reach which room's console, with the assignment that says so.

mod room;
mod user;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(room::room)).routes(routes!(user::user))
}
