//! `GET /openapi.json`: the description of the API.

use axum::http::header;
use axum::routing::{MethodRouter, get};
use bytes::Bytes;
use utoipa::openapi::OpenApi;

use crate::state::AppState;

/// Answers `description`, written once.
pub fn route(description: &OpenApi) -> MethodRouter<AppState> {
    let json = Bytes::from(text(description));
    get(move || async move { ([(header::CONTENT_TYPE, "application/json")], json) })
}

/// By name, not by chance: the extensions of an operation have no order of their own.
fn text(description: &OpenApi) -> String {
    let value = serde_json::to_value(description).expect("a description is plain JSON");
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use crate::test_server::TestServer;

    #[tokio::test]
    async fn the_description_names_every_route_and_its_errors() {
        let server = TestServer::start().await;
        let description = server.get("/api/v1/openapi.json").await.json();
        let paths = description["paths"].as_object().expect("paths");
        for path in [
            "/setup",
            "/login",
            "/logout",
            "/me",
            "/rooms",
            "/rooms/{room}",
            "/rooms/{room}/enrolment",
            "/settings/remote-access",
            "/events",
        ] {
            let path = format!("/api/v1{path}");
            let operations = paths.get(&path).and_then(|path| path.as_object()).unwrap_or_else(|| panic!("{path}"));
            for (method, operation) in operations {
                assert!(operation["tags"].is_array() && operation["responses"].is_object(), "{method} {path}");
            }
        }
    }

    /// The whole description, so that a change of the API is seen in review. Written anew with `UPDATE_SNAPSHOTS=1`.
    #[test]
    fn the_description_is_the_one_that_was_reviewed() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/openapi.json");
        let json = super::text(&crate::http::router::description());
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(&path, &json).expect("written");
        }
        let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(json == reviewed, "the API changed: look at it, then run the tests with UPDATE_SNAPSHOTS=1");
    }
}
