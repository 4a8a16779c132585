use axum::Json;
use axum::extract::State;
use protocol::api::IdentityProviders;

use crate::state::AppState;

/// What people may sign in with beside a password
#[utoipa::path(
    get, path = "/oidc", tag = "login", extensions(("x-needs" = json!("nobody"))),
    responses((status = 200, body = IdentityProviders)),
)]
pub(super) async fn list(State(state): State<AppState>) -> Json<IdentityProviders> {
    Json(IdentityProviders { providers: state.oidc.offered(), passkeys: state.passkeys.is_available() })
}

#[cfg(test)]
mod tests {
    use crate::test_server::TestServer;

    #[tokio::test]
    async fn a_server_without_providers_offers_none() {
        let server = TestServer::start().await;
        let answer = server.get("/api/v1/oidc").await;
        assert_eq!(answer.json(), serde_json::json!({"providers": [], "passkeys": true}));
        let start = server.get("/api/v1/oidc/contoso/start").await;
        assert_eq!((start.status, start.header("location")), (302, Some("/sign-in?problem=unavailable&next=/rooms")));
        assert!(start.header("set-cookie").is_none());
    }
}
