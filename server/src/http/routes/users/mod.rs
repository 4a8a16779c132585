//! Accounts: the list, one account, adding and changing one, and links with which their owners set a password.

mod create;
mod get;
mod invite;
mod list;
mod put;

use protocol::ids::UserId;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The account of the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct OfUser {
    user: UserId,
}

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(get::get, put::put))
        .routes(routes!(invite::invite))
}
