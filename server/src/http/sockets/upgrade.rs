use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::relay::socket::{Wire, config};

/// Answers a WebSocket request ([RFC 6455 4.2]) and runs `serve` on the socket in a task of its own.
///
/// No extension and no subprotocol is offered: compression would tell lengths of what it compresses.
///
/// [RFC 6455 4.2]: https://www.rfc-editor.org/rfc/rfc6455#section-4.2
pub(super) fn upgrade<F>(
    mut request: Request,
    message_max_bytes: usize,
    serve: impl FnOnce(WebSocketStream<Wire>) -> F + Send + 'static,
) -> Response
where
    F: Future<Output = ()> + Send + 'static,
{
    let Some(accept) = accept_key(request.headers()) else {
        return (StatusCode::BAD_REQUEST, "a WebSocket was expected here").into_response();
    };
    let Some(on_upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return StatusCode::UPGRADE_REQUIRED.into_response();
    };
    tokio::spawn(async move {
        // Fails when the peer left before the answer reached it.
        if let Ok(upgraded) = on_upgrade.await {
            let io = TokioIo::new(upgraded);
            serve(WebSocketStream::from_raw_socket(io, Role::Server, Some(config(message_max_bytes))).await).await;
        }
    });
    let headers = [
        (header::CONNECTION, "upgrade"),
        (header::UPGRADE, "websocket"),
        (header::SEC_WEBSOCKET_ACCEPT, accept.as_str()),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response()
}

/// What to answer, when the headers ask for a WebSocket of version 13.
fn accept_key(headers: &HeaderMap) -> Option<String> {
    let asks = has_token(headers, &header::CONNECTION, "upgrade")
        && has_token(headers, &header::UPGRADE, "websocket")
        && headers.get(header::SEC_WEBSOCKET_VERSION)? == "13";
    asks.then_some(())?;
    Some(derive_accept_key(headers.get(header::SEC_WEBSOCKET_KEY)?.as_bytes()))
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(connection: &'static str, version: &'static str) -> HeaderMap {
        [
            (header::CONNECTION, connection),
            (header::UPGRADE, "WebSocket"),
            (header::SEC_WEBSOCKET_VERSION, version),
            (header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ=="),
        ]
        .into_iter()
        .map(|(name, value)| (name, HeaderValue::from_static(value)))
        .collect()
    }

    #[test]
    fn only_a_request_for_a_websocket_is_accepted() {
        // The example of RFC 6455 1.3.
        let expected = Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned());
        assert_eq!(accept_key(&headers("keep-alive, Upgrade", "13")), expected);
        assert_eq!(accept_key(&headers("keep-alive", "13")), None);
        assert_eq!(accept_key(&headers("upgrade", "8")), None);
        assert_eq!(accept_key(&HeaderMap::new()), None);
    }
}
