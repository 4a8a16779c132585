//! The sockets under `/ws`: the agents' links, and the two sockets of each session.
//!
//! A cookie opens none of them: a link is opened by a key, a session socket by a one-time ticket in its first message.

mod agent;
mod link;
mod upgrade;
mod viewer;

use axum::Router;
use axum::routing::get;
use protocol::link::{SocketOpening, close};
use protocol::wire::Decode as _;
use tokio_tungstenite::WebSocketStream;

use crate::relay::Side;
use crate::relay::socket::{CloseCode, Wire, end, receive};
use crate::state::AppState;

/// `/ws/link`, `/ws/viewer` and `/ws/agent`.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/ws/link", get(link::open))
        .route("/ws/viewer", get(viewer::open))
        .route("/ws/agent", get(agent::open))
}

/// Serves one side's socket of a session: first message, ticket, relay.
async fn serve_side(state: AppState, side: Side, mut socket: WebSocketStream<Wire>) {
    let relay = state.sessions.relay();
    let limits = relay.limits();
    let admission = match receive(&mut socket, limits.opening_within).await.and_then(|message| read_opening(&message)) {
        Ok(opening) => {
            let admission = relay.admit(&opening, side, state.core.clock.monotonic());
            admission.map_err(|_| CloseCode(close::BAD_TICKET))
        }
        Err(code) => Err(code),
    };
    match admission {
        Ok(admission) => {
            let _counted = state.core.metrics.relay_sockets.hold();
            relay.join(admission, socket).await;
        }
        Err(code) => end(socket, code, limits.close_within).await,
    }
}

fn read_opening(message: &[u8]) -> Result<SocketOpening, CloseCode> {
    let opening = SocketOpening::from_bytes(message).ok();
    opening.filter(|opening| opening.version == protocol::VERSION).ok_or(CloseCode(close::BAD_MESSAGE))
}

/// Refuses a socket that was opened from the wrong place. The upgrade is answered first: a page can read a close code
/// but no HTTP status.
async fn refuse_origin(state: AppState, socket: WebSocketStream<Wire>) {
    end(socket, CloseCode(close::BAD_ORIGIN), state.sessions.relay().limits().close_within).await;
}
