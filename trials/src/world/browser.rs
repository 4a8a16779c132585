//! A browser of somebody whose server always answers.

use std::net::SocketAddr;

use protocol::api::StartSession;
use protocol::ids::RoomId;
use protocol::secure::SecretKey;
use serde_json::Value;
use tokio::time::timeout;

use super::PATIENCE;
pub use crate::http::Answer;
use crate::http::Login;

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Browser(Login);

impl Browser {
    pub fn new(address: SocketAddr, origin: &str, cookie: &str) -> Self {
        Self(Login { address, origin: origin.to_owned(), cookie: cookie.to_owned() })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request("GET", path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.request("PUT", path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", path, None).await
    }

    /// Asks for a session of `room` with the viewer's `key`.
    pub async fn start(&self, room: &RoomId, key: &SecretKey) -> Answer {
        let body = serde_json::to_value(StartSession { viewer_key: key.public_key() }).expect("JSON");
        self.post(&format!("/rooms/{room}/sessions"), &body).await
    }

    async fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let answer = timeout(PATIENCE, self.0.exchange(method, path, body)).await.expect("an answer in time");
        answer.expect("an answer")
    }
}
