//! Accounts: the list, one account, adding and changing one, links with which their owners set a password, and all of
//! them as a table.

mod create;
mod export;
mod get;
mod import;
mod invite;
mod list;
mod passkeys;
mod put;

use axum::extract::DefaultBodyLimit;
use protocol::ids::UserId;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

pub(super) use list::list_of;

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
        .routes(routes!(passkeys::delete))
        .routes(routes!(import::import).layer(DefaultBodyLimit::max(import::BODY_MAX_BYTES)))
        .routes(routes!(export::export))
}
