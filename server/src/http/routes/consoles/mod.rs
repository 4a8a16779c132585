//! Whether a room's console is trusted: approve, refuse, revoke, and trust again.
//!
//! Every request names the console that the person looked at: another one that came in between is never meant.

mod approve;
mod refuse;
mod release;
mod revoke;

use std::pin::pin;
use std::time::Duration;

use protocol::ids::ConsoleId;
use protocol::secure::Fingerprint;
use tokio::time::timeout;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::to_end;
use crate::admin::Change;
use crate::consoles::welcome;
use crate::http::error::{ApiError, ApiResult};
use crate::state::AppState;
use crate::storage::{Console, ConsoleStatus, NewEvent, RoomFacts};

/// Sessions may take so long to say good-bye before the console's link is cut under them.
const CUT_AFTER: Duration = Duration::from_millis(1500);

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(approve::approve))
        .routes(routes!(refuse::refuse))
        .routes(routes!(revoke::revoke))
        .routes(routes!(release::release))
}

/// The room's console, when it is still the one that the person looked at.
async fn looked_at(change: &Change<'_>, room: &RoomFacts, id: ConsoleId) -> ApiResult<Console> {
    let present = change.state.core.storage.console_of_room(change.scope, &room.room.id).await?;
    present.filter(|console| console.id == id).ok_or_else(changed)
}

/// What the person decided about is not there any more.
fn changed() -> ApiError {
    ApiError::Conflict("The room's console has changed since you looked. Check what the page says now.".to_owned())
}

fn require(console: &Console, status: ConsoleStatus) -> ApiResult<()> {
    if console.status() == status { Ok(()) } else { Err(changed()) }
}

fn fingerprint(console: &Console) -> String {
    Fingerprint::of(&console.key).to_string()
}

/// Lets a change take effect in sessions, on open pages and on the console itself, which hears how far it is trusted.
async fn trust_changed(change: &Change<'_>, console: &Console) -> ApiResult<()> {
    let (state, scope) = (change.state, change.scope);
    state.consoles.recheck(scope).await;
    state.core.live.room_changed(scope, &console.room);
    if let Some(present) = state.core.storage.console_of_room(scope, &console.room).await? {
        let welcome = welcome(&state.core, scope, &present).await?;
        // One that is not connected hears it when it comes.
        state.sessions.registry().send(present.id, welcome);
    }
    Ok(())
}

/// Takes a console out of its room: its sessions end, its link is cut, and its key opens nothing any more.
async fn take_out(change: &Change<'_>, console: &Console, event: NewEvent) -> ApiResult<()> {
    let (state, scope) = (change.state, change.scope);
    let now = state.core.clock.now();
    if !state.core.storage.retire_console(scope, console, now, event).await? {
        return Err(changed());
    }
    tracing::info!(console.id = %console.id, "a console was taken out of its room");
    let mut ending = pin!(state.consoles.recheck(scope));
    let late = timeout(CUT_AFTER, &mut ending).await.is_err();
    state.sessions.registry().revoke(console.id);
    if late {
        ending.await;
    }
    state.core.live.room_changed(scope, &console.room);
    Ok(())
}
