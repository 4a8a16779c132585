//! One end of a WebSocket, opened or accepted, that looks at every message and every close code.

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::PATIENCE;

/// What a socket brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    Message(Bytes),
    Closed(u16),
    /// The connection broke without a close code.
    Broken,
}

pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Connects to `url`, with an `Origin` when one is given.
    pub async fn open(url: &str, origin: Option<&str>) -> Self {
        let mut request = url.into_client_request().expect("a WebSocket URL");
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().expect("a header"));
        }
        let (stream, _) = timeout(PATIENCE, connect_async(request)).await.expect("in time").expect("connected");
        Self { stream }
    }

    /// The server's end of a connection whose upgrade was answered.
    pub fn accepted(stream: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self { stream }
    }

    /// False when the other end is gone.
    pub async fn send(&mut self, bytes: impl Into<Bytes>) -> bool {
        timeout(PATIENCE, self.stream.send(Message::Binary(bytes.into()))).await.expect("in time").is_ok()
    }

    /// The next binary message or the end; pings are answered on the way. Loses nothing when it is dropped.
    pub async fn next(&mut self) -> Heard {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Binary(bytes))) => return Heard::Message(bytes),
                Some(Ok(Message::Close(Some(frame)))) => return Heard::Closed(frame.code.into()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(None) | Message::Text(_) | Message::Frame(_)) | Err(_)) | None => {
                    return Heard::Broken;
                }
            }
        }
    }

    /// The same, which must come.
    pub async fn hear(&mut self) -> Heard {
        timeout(PATIENCE, self.next()).await.expect("something is heard in time")
    }

    /// What has come already.
    pub fn heard(&mut self) -> Option<Heard> {
        self.next().now_or_never()
    }

    /// The next message.
    pub async fn message(&mut self) -> Bytes {
        match self.hear().await {
            Heard::Message(bytes) => bytes,
            end => panic!("a message was expected, not {end:?}"),
        }
    }

    /// Everything up to the end.
    pub async fn rest(&mut self) -> Vec<Bytes> {
        let mut messages = Vec::new();
        while let Heard::Message(message) = self.hear().await {
            messages.push(message);
        }
        messages
    }

    /// Says good-bye.
    pub async fn close(&mut self) {
        // Fails when the other end was faster.
        let _ = timeout(PATIENCE, self.stream.close(None)).await;
    }
}
