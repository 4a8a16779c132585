//! `/me`: who is signed in, their password and passkeys, all their logins, and proving anew that it is they.

mod confirmation;
mod logins;
mod passkeys;
mod password;

use axum::Json;
use axum::extract::State;
use protocol::api::{Me, Problem, TenantSummary, UserSummary};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Effective;
use crate::http::error::ApiResult;
use crate::http::extract::SignedIn;
use crate::state::AppState;
use crate::storage::{Result, TenantScope, User};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(me))
        .routes(routes!(password::put))
        .routes(routes!(logins::delete))
        .merge(passkeys::routes())
        .merge(confirmation::routes())
}

/// Who is signed in
#[utoipa::path(
    get, path = "/me", tag = "login", security(("login" = [])),
    extensions(("x-needs" = json!("login"))), responses((status = 200, body = Me), (status = 401, body = Problem)),
)]
async fn me(State(state): State<AppState>, signed_in: SignedIn) -> ApiResult<Json<Me>> {
    Ok(Json(describe(&state, &signed_in.scope, &signed_in.user, &signed_in.effective).await?))
}

/// What a user is told about themselves.
pub(super) async fn describe(state: &AppState, scope: &TenantScope, user: &User, effective: &Effective) -> Result<Me> {
    let tenant = state.core.storage.tenant_of(scope).await?;
    let settings = state.core.storage.remote_access(scope).await?;
    Ok(Me {
        user: UserSummary { id: user.id, name: user.name.clone(), email: user.email.clone() },
        tenant: TenantSummary { id: tenant.id, name: tenant.name, remote_access_enabled: settings.enabled },
        permissions: effective.somewhere().iter().collect(),
        permissions_everywhere: effective.everywhere().iter().collect(),
        administers: effective.administers(),
    })
}

#[cfg(test)]
mod tests {
    use crate::test_server::TestServer;

    #[tokio::test]
    async fn everybody_is_told_who_they_are_and_what_they_may() {
        let server = TestServer::start().await;
        let viewer = server.viewer_of("aurora").await;
        let me = viewer.get("/api/v1/me").await.json();
        assert_eq!(me["tenant"]["id"], "contoso");
        assert_eq!(me["permissions"], serde_json::json!(["room.view", "remote_access.view"]));
        assert_eq!(server.get("/api/v1/me").await.problem_code(401), "not_signed_in");
    }
}
