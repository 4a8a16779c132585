//! Groups of users: the list, one group, its members, and changes of all these.

mod create;
mod delete;
mod get;
mod join;
mod leave;
mod list;
mod members;
mod put;

use protocol::ids::{GroupId, UserId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The group of the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct OfGroup {
    group: GroupId,
}

/// The group and the person of the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct OfMember {
    group: GroupId,
    user: UserId,
}

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(get::get, put::put, delete::delete))
        .routes(routes!(members::members))
        .routes(routes!(join::join, leave::leave))
}
