//! A small HTTP client: one request per connection, as a page of the portal sends it.

use std::net::SocketAddr;

use protocol::api::{CSRF_HEADER, PREFIX, Problem};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::socket::PATIENCE;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// The body of an answer with `status`.
    pub(crate) fn json<T: DeserializeOwned>(&self, status: u16) -> T {
        assert_eq!(self.status, status, "{}", self.body);
        serde_json::from_str(&self.body).expect("the promised body")
    }

    pub(crate) fn problem(&self) -> Problem {
        assert!(400 <= self.status, "{}", self.body);
        serde_json::from_str(&self.body).expect("problem details")
    }
}

/// Somebody with a browser: an origin and, once signed in, a cookie.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    address: SocketAddr,
    origin: String,
    cookie: Option<String>,
}

impl Browser {
    pub(crate) fn new(address: SocketAddr, origin: &str) -> Self {
        Self { address, origin: origin.to_owned(), cookie: None }
    }

    /// Signed in with this cookie.
    pub(crate) fn with_cookie(mut self, cookie: &str) -> Self {
        self.cookie = Some(cookie.to_owned());
        self
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &serde_json::Value) -> Answer {
        self.request("POST", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &serde_json::Value) -> Answer {
        self.request("PUT", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", path, None).await
    }

    /// Any method.
    pub(crate) async fn send_any(&self, method: &str, path: &str, body: Option<&serde_json::Value>) -> Answer {
        self.request(method, path, body).await
    }

    async fn request(&self, method: &str, path: &str, body: Option<&serde_json::Value>) -> Answer {
        timeout(PATIENCE, self.exchange(method, path, body)).await.expect("an answer in time")
    }

    async fn exchange(&self, method: &str, path: &str, body: Option<&serde_json::Value>) -> Answer {
        let mut stream = self.send(method, path, body).await;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("closed by the server");
        parse(&answer)
    }

    /// Opens the stream of live events; returns when the server hears what changes.
    pub(crate) async fn events(&self) -> Events {
        let stream = self.send("GET", "/events", None).await;
        let mut events = Events { lines: BufReader::new(stream).lines() };
        assert!(events.line().await.contains(" 200 "), "a stream");
        while !events.line().await.is_empty() {}
        events
    }

    /// A connection over which a request was sent.
    async fn send(&self, method: &str, path: &str, body: Option<&serde_json::Value>) -> TcpStream {
        let body = body.map(ToString::to_string);
        let host = self.origin.split("://").nth(1).expect("an origin");
        let mut lines = vec![
            format!("{method} {PREFIX}{path} HTTP/1.1"),
            format!("host: {host}"),
            "connection: close".to_owned(),
            format!("origin: {}", self.origin),
            "sec-fetch-site: same-origin".to_owned(),
            format!("{CSRF_HEADER}: 1"),
        ];
        lines.extend(self.cookie.as_ref().map(|cookie| format!("cookie: {cookie}")));
        if let Some(body) = &body {
            lines.push("content-type: application/json".to_owned());
            lines.push(format!("content-length: {}", body.len()));
        }
        let request = format!("{}\r\n\r\n{}", lines.join("\r\n"), body.unwrap_or_default());
        let mut stream = TcpStream::connect(self.address).await.expect("connected");
        stream.write_all(request.as_bytes()).await.expect("written");
        stream
    }
}

/// A stream of live events.
pub(crate) struct Events {
    lines: Lines<BufReader<TcpStream>>,
}

impl Events {
    /// The next event of `kind`; others are passed over.
    pub(crate) async fn next_of(&mut self, kind: &str) -> serde_json::Value {
        loop {
            let line = self.line().await;
            let event = line.strip_prefix("data: ").map(|data| serde_json::from_str(data).expect("JSON"));
            if let Some(event) = event.filter(|event: &serde_json::Value| event["kind"] == kind) {
                return event;
            }
        }
    }

    /// Waits until the server ends the stream; events that come before are passed over.
    pub(crate) async fn ended(&mut self) {
        let end = async { while let Ok(Some(_)) = self.lines.next_line().await {} };
        timeout(PATIENCE, end).await.expect("ended in time");
    }

    async fn line(&mut self) -> String {
        let line = timeout(PATIENCE, self.lines.next_line()).await.expect("in time");
        line.expect("readable").expect("the stream goes on")
    }
}

fn parse(answer: &[u8]) -> Answer {
    let answer = String::from_utf8_lossy(answer);
    let (head, body) = answer.split_once("\r\n\r\n").expect("headers");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    Answer { status: status.expect("a status"), headers: headers.collect(), body: body.to_owned() }
}
