use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::IntoResponse;
use protocol::api::Problem;

use crate::admin::import;
use crate::http::error::ApiResult;
use crate::http::extract::{Everywhere, needs};
use crate::state::AppState;

const HEADERS: [(HeaderName, &str); 2] = [
    (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
    (header::CONTENT_DISPOSITION, "attachment; filename=\"users.csv\""),
];

/// All accounts as a table that can be imported
///
/// A cell that a spreadsheet would take for a formula has an apostrophe in front, which importing takes off again.
#[utoipa::path(
    get, path = "/users/export.csv", tag = "users", security(("login" = [])),
    extensions(("x-needs" = json!("everywhere:role.view"))), responses(
        (status = 200, body = String, content_type = "text/csv"), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(super) async fn export(
    State(state): State<AppState>,
    permitted: Everywhere<needs::RoleView>,
) -> ApiResult<impl IntoResponse> {
    Ok((HEADERS, import::export(&state, &permitted.signed_in.scope).await?))
}
