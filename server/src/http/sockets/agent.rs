use axum::extract::{Request, State};
use axum::http::header;
use axum::response::Response;

use super::upgrade::upgrade;
use super::{refuse_origin, serve_side};
use crate::relay::{MESSAGE_MAX_BYTES, Side};
use crate::state::AppState;

/// `GET /ws/agent`: the agent's socket of a session. No page may open it.
pub(super) async fn open(State(state): State<AppState>, request: Request) -> Response {
    let is_page = request.headers().contains_key(header::ORIGIN);
    upgrade(request, MESSAGE_MAX_BYTES, async move |socket| {
        if is_page { refuse_origin(state, socket).await } else { serve_side(state, Side::Agent, socket).await }
    })
}
