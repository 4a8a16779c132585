//! A small HTTP client: one request per connection, as a page of the portal sends it.
#![expect(clippy::missing_panics_doc, reason = "a harness of trials fails by panicking")]

use std::net::SocketAddr;

use protocol::api::{CSRF_HEADER, PREFIX, Problem};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

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

/// Where somebody is signed in, and as whom.
#[derive(Debug, Clone)]
pub struct Login {
    pub address: SocketAddr,
    pub origin: String,
    pub cookie: String,
}

impl Login {
    /// One request on a connection of its own.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn exchange(&self, method: &str, path: &str, body: Option<&Value>) -> std::io::Result<Answer> {
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
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        parse(&answer).ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
    }
}

fn parse(answer: &[u8]) -> Option<Answer> {
    let answer = String::from_utf8_lossy(answer);
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.lines().next()?.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}
