//! One WebSocket of ours: its buffers, its first message and its end.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Bytes, Message};

use protocol::link::close;

/// What a closed socket may still send: more than the buffers on the way hold.
const FORGOTTEN_MAX_BYTES: usize = 8 << 20;

/// What carries a WebSocket: a connection after its upgrade, or a pipe in memory.
pub trait Carrier: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Carrier for T {}

/// What carries the sockets of this server: a connection after its upgrade.
pub type Wire = TokioIo<Upgraded>;

/// A message that ends a socket: the code that its peer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("socket refused with code {0}")]
pub struct CloseCode(pub u16);

/// Small buffers: the defaults take 128 KiB for reading and have no bound for writing.
///
/// `message_max_bytes` bounds a message and a frame of one.
pub fn config(message_max_bytes: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(16 << 10)
        .write_buffer_size(0)
        // One message on its way out, one behind it, and the control frames between them.
        .max_write_buffer_size(2 * message_max_bytes + 1024)
        .max_message_size(Some(message_max_bytes))
        .max_frame_size(Some(message_max_bytes))
}

/// Waits for the next binary message.
///
/// # Errors
/// Names the code to close with when `within` passes, the socket ends, or the message is not binary or too long.
pub async fn receive<S: Carrier>(socket: &mut WebSocketStream<S>, within: Duration) -> Result<Bytes, CloseCode> {
    let next = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Binary(bytes))) => return Ok(bytes),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(_)) | None => return Err(CloseCode(close::BAD_MESSAGE)),
                Some(Err(error)) => return Err(code_for(&error)),
            }
        }
    };
    timeout(within, next).await.unwrap_or(Err(CloseCode(close::BAD_MESSAGE)))
}

/// What the peer is told about an error while reading from it.
pub fn code_for(error: &tungstenite::Error) -> CloseCode {
    match error {
        tungstenite::Error::Capacity(_) => CloseCode(close::TOO_LARGE),
        _ => CloseCode(close::BAD_MESSAGE),
    }
}

/// Ends a socket with `code`, for at most `within`.
///
/// What the peer still sends is read and forgotten: closing a connection with unread bytes resets it, and the peer
/// would never see the code.
pub async fn end<S: Carrier>(mut socket: WebSocketStream<S>, CloseCode(code): CloseCode, within: Duration) {
    let frame = CloseFrame { code: code.into(), reason: "".into() };
    let closing = async {
        // Fails when the peer has closed already; the connection is shut down all the same.
        let _ = socket.send(Message::Close(Some(frame))).await;
        let carrier = socket.get_mut();
        carrier.shutdown().await?;
        let mut forgotten = [0; 4096];
        let mut n_forgotten = 0;
        while n_forgotten < FORGOTTEN_MAX_BYTES {
            match carrier.read(&mut forgotten).await? {
                0 => break,
                n => n_forgotten += n,
            }
        }
        Ok::<(), std::io::Error>(())
    };
    // Past `within` the connection is dropped: there is nobody left to tell.
    let _ = timeout(within, closing).await;
}
