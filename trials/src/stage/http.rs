//! A browser of somebody whose server may be gone.

use serde_json::Value;
use tokio::time::timeout;

use super::PATIENCE;
pub use crate::http::Answer;
use crate::http::Login;

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Browser(pub(super) Login);

impl Browser {
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// `None` when nobody answers.
    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Option<Answer> {
        timeout(PATIENCE, self.0.exchange(method, path, body)).await.expect("an answer in time").ok()
    }

    pub async fn get(&self, path: &str) -> Option<Answer> {
        self.send("GET", path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Option<Answer> {
        self.send("POST", path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Option<Answer> {
        self.send("PUT", path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Option<Answer> {
        self.send("DELETE", path, None).await
    }
}
