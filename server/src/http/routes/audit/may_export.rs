use axum::http::StatusCode;
use protocol::api::Problem;

use crate::http::extract::{Everywhere, needs};
use crate::http::step_up::StepUp;

/// Whether a download would be allowed now
///
/// A browser that follows a link to a file cannot ask its person to confirm that it is they: it asks here first.
#[utoipa::path(
    get, path = "/audit/export", tag = "audit", security(("login" = [])),
    extensions(("x-needs" = json!("everywhere:audit.export")), ("x-step-up" = json!("setting"))), responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
    ),
)]
pub(super) async fn may_export(_: Everywhere<needs::AuditExport>, _: StepUp) -> StatusCode {
    StatusCode::NO_CONTENT
}
