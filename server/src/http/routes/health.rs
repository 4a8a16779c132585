//! Liveness, readiness and metrics, for whoever watches the server.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

use crate::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz)).route("/metrics", get(metrics))
}

/// The process answers.
async fn healthz() -> &'static str {
    "ok\n"
}

/// The database answers too.
async fn readyz(State(state): State<AppState>) -> (StatusCode, &'static str) {
    match state.core.storage.fact("public_url").await {
        Ok(_) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
        }
    }
}

async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], state.core.metrics.render())
}

#[cfg(test)]
mod tests {
    use crate::test_server::TestServer;

    #[tokio::test]
    async fn a_server_that_runs_says_so() {
        let server = TestServer::start().await;
        for (path, body) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
            let answer = server.get(path).await;
            assert_eq!((answer.status, answer.text()), (200, body.to_owned()), "{path}");
        }
        assert!(server.get("/metrics").await.text().contains("\nredring_http_requests_total 2\n"));
    }

    #[tokio::test]
    async fn a_server_whose_database_is_gone_is_not_ready_but_alive() {
        let server = TestServer::start().await;
        server.close_storage().await;
        assert_eq!(server.get("/healthz").await.status, 200);
        assert_eq!(server.get("/readyz").await.status, 503);
    }
}
