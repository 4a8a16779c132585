//! A small HTTP client: one request per connection, as a page of the portal sends it.

use std::net::SocketAddr;

use protocol::api::{CSRF_HEADER, PREFIX, Problem, StartSession};
use protocol::ids::RoomId;
use protocol::secure::SecretKey;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::PATIENCE;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    /// The body of an answer with `status`.
    pub fn json<T: DeserializeOwned>(&self, status: u16) -> T {
        assert_eq!(self.status, status, "{}", self.body);
        serde_json::from_str(&self.body).expect("the promised body")
    }

    pub fn problem(&self) -> Problem {
        assert!(400 <= self.status, "{}", self.body);
        serde_json::from_str(&self.body).expect("problem details")
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Browser {
    address: SocketAddr,
    origin: String,
    cookie: String,
}

impl Browser {
    pub fn new(address: SocketAddr, origin: &str, cookie: &str) -> Self {
        Self { address, origin: origin.to_owned(), cookie: cookie.to_owned() }
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
        timeout(PATIENCE, self.exchange(method, path, body)).await.expect("an answer in time")
    }

    async fn exchange(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let body = body.map(ToString::to_string);
        let host = self.origin.split("://").nth(1).expect("an origin");
        let mut lines = vec![
            format!("{method} {PREFIX}{path} HTTP/1.1"),
            format!("host: {host}"),
            "connection: close".to_owned(),
            format!("origin: {}", self.origin),
            "sec-fetch-site: same-origin".to_owned(),
            format!("{CSRF_HEADER}: 1"),
            format!("cookie: {}", self.cookie),
        ];
        if let Some(body) = &body {
            lines.push("content-type: application/json".to_owned());
            lines.push(format!("content-length: {}", body.len()));
        }
        let request = format!("{}\r\n\r\n{}", lines.join("\r\n"), body.unwrap_or_default());
        let mut stream = TcpStream::connect(self.address).await.expect("connected");
        stream.write_all(request.as_bytes()).await.expect("written");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("closed by the server");
        parse(&answer)
    }
}

fn parse(answer: &[u8]) -> Answer {
    let answer = String::from_utf8_lossy(answer);
    let (head, body) = answer.split_once("\r\n\r\n").expect("headers");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Answer { status: status.expect("a status"), body: body.to_owned() }
}
