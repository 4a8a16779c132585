use axum::extract::{Request, State};
use axum::http::header;
use axum::response::Response;
use protocol::ids::RoomId;
use protocol::link::LinkClose;
use tokio_tungstenite::WebSocketStream;

use super::refuse_origin;
use super::upgrade::upgrade;
use crate::audit::{Actor, Client, Event};
use crate::consoles::{Link, MESSAGE_MAX_BYTES, Newcomer, welcome};
use crate::logins::enrolment::{Caller, EnrolmentError, greet};
use crate::relay::socket::{Wire, end};
use crate::state::AppState;

/// `GET /ws/link`: an agent's control link. No page may open it.
pub(super) async fn open(State(state): State<AppState>, client: Client, request: Request) -> Response {
    let is_page = request.headers().contains_key(header::ORIGIN);
    upgrade(request, MESSAGE_MAX_BYTES, async move |socket| {
        if is_page { refuse_origin(state, socket).await } else { serve(state, client, socket).await }
    })
}

async fn serve(state: AppState, client: Client, mut socket: WebSocketStream<Wire>) {
    let _counted = state.core.metrics.links.hold();
    let registry = state.sessions.registry();
    let limits = registry.limits();
    match greet(&mut socket, &state.core, client, limits.handshake_within).await {
        Ok(Caller { transport, console: Some((scope, console)) }) => {
            registry.revoke_others(&scope, &console.room, console.id);
            let newcomer = Newcomer { scope, console, client };
            let link = Link::new(socket, transport, registry, &*state.sessions);
            match welcome(&state.core, &newcomer.scope, &newcomer.console).await {
                Ok(welcome) => link.run(welcome, &newcomer).await,
                Err(error) => {
                    tracing::error!(console.id = %newcomer.console.id, %error, "a console could not be welcomed");
                    link.refuse(LinkClose::Stopping).await;
                }
            }
        }
        Ok(Caller { transport, console: None }) => {
            Link::new(socket, transport, registry, &*state.sessions).refuse(LinkClose::Revoked).await;
        }
        Err(error) => {
            tracing::debug!(%error, "a link was refused");
            if let EnrolmentError::WrongSecret { scope, room } = &error
                && registry.notes_failed_enrolment()
            {
                note_failure(&state, client, scope, room).await;
            }
            end(socket, error.close_code(), limits.close_within).await;
        }
    }
}

/// Writes down that somebody who knows of an open enrolment does not know its secret.
async fn note_failure(state: &AppState, client: Client, scope: &crate::storage::TenantScope, room: &RoomId) {
    let event = Event::EnrolmentFailed { room: room.clone() };
    if let Err(error) = state.core.auditor.record(scope, &Actor::Stranger, client, &event).await {
        tracing::error!(%error, "a failed enrolment could not be stored");
    }
}
