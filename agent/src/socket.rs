//! Outgoing web sockets: the only connections that the agent makes.

use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

/// Longest time for name, TCP, TLS and the upgrade together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// What a stalled line may hold here beyond the system's own buffer.
const WRITE_BUFFER_MAX_BYTES: usize = 1 << 20;

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    #[error("{0:?} is no address of a WebSocket")]
    Address(String),
    #[error("the server did not answer within {} s", CONNECT_TIMEOUT.as_secs())]
    Timeout,
    #[error("the connection failed: {0}")]
    WebSocket(#[from] tokio_tungstenite::tungstenite::Error),
}

/// Which servers are believed: the system's certificate authorities, so that a company's own count, and Mozilla's where
/// the system has none.
#[derive(Clone)]
pub struct Tls(Arc<ClientConfig>);

impl Tls {
    /// # Errors
    /// When the cipher library lacks the protocol's default versions.
    pub fn new() -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        let (n_taken, _) = roots.add_parsable_certificates(system.certs);
        if n_taken == 0 {
            tracing::debug!("the system has no certificate authorities; taking Mozilla's");
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }
}

/// Opens a WebSocket at `url` (`http`, `https`, `ws` or `wss`). Messages longer than `message_max_bytes` end it.
///
/// # Errors
/// When there is nobody, nobody that is believed, or nobody who speaks WebSocket.
pub async fn connect(url: &str, tls: &Tls, message_max_bytes: usize) -> Result<Socket, ConnectError> {
    let url = websocket_url(url).ok_or_else(|| ConnectError::Address(url.to_owned()))?;
    let config = WebSocketConfig::default()
        .read_buffer_size(16 << 10)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER_MAX_BYTES)
        .max_message_size(Some(message_max_bytes))
        .max_frame_size(Some(message_max_bytes));
    let connector = Connector::Rustls(Arc::clone(&tls.0));
    // Nagle's algorithm would hold small messages back.
    let connecting = connect_async_tls_with_config(url, Some(config), true, Some(connector));
    let (socket, _) = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await.map_err(|_| ConnectError::Timeout)??;
    Ok(socket)
}

fn websocket_url(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    match scheme {
        "https" | "wss" => Some(format!("wss://{rest}")),
        "http" | "ws" => Some(format!("ws://{rest}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_pages_and_of_sockets_are_the_same_place() {
        assert_eq!(websocket_url("https://host/ws/link").as_deref(), Some("wss://host/ws/link"));
        assert_eq!(websocket_url("ws://host:1/ws/agent").as_deref(), Some("ws://host:1/ws/agent"));
        for wrong in ["host/ws", "file:///etc/passwd", ""] {
            assert_eq!(websocket_url(wrong), None, "{wrong}");
        }
    }
}
