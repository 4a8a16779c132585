//! Rooms: the list, one room, adding a room, and strings that enrol its console.

mod create;
mod enrolment;
mod get;
mod list;
mod summary;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use summary::Viewpoint;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(get::get))
        .routes(routes!(enrolment::offer))
}
