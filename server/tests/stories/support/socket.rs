//! A WebSocket client that looks at every message and every close code.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Nothing here takes so long; a test that waits for more fails instead of hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What a socket brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    Message(Bytes),
    Closed(u16),
    /// The connection broke without a close code.
    Broken,
}

pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Connects to `url`, with an `Origin` when one is given.
    pub(crate) async fn open(url: &str, origin: Option<&str>) -> Self {
        let mut request = url.into_client_request().expect("a WebSocket URL");
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().expect("a header"));
        }
        let (stream, _) = timeout(PATIENCE, connect_async(request)).await.expect("in time").expect("connected");
        Self { stream }
    }

    pub(crate) async fn send(&mut self, bytes: impl Into<Bytes>) {
        self.try_send(Message::Binary(bytes.into())).await.expect("sent");
    }

    pub(crate) async fn try_send(&mut self, message: Message) -> Result<(), Error> {
        timeout(PATIENCE, self.stream.send(message)).await.expect("in time")
    }

    /// Writes out what is still to be written.
    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        timeout(PATIENCE, self.stream.flush()).await.expect("in time")
    }

    /// The next binary message or the end; pings are answered on the way.
    pub(crate) async fn hear(&mut self) -> Heard {
        let next = async {
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
        };
        timeout(PATIENCE, next).await.expect("something is heard in time")
    }

    /// The next message.
    pub(crate) async fn message(&mut self) -> Bytes {
        match self.hear().await {
            Heard::Message(bytes) => bytes,
            end => panic!("a message was expected, not {end:?}"),
        }
    }

    /// The code of the end; messages before it are passed over.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            match self.hear().await {
                Heard::Message(_) => {}
                Heard::Closed(code) => return code,
                Heard::Broken => panic!("the connection broke without a code"),
            }
        }
    }

    /// Says good-bye.
    pub(crate) async fn close_now(&mut self) {
        // Fails when the other end was faster.
        let _ = self.try_send(Message::Close(None)).await;
    }
}
