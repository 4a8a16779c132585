use protocol::api::ConsoleStatus;
use protocol::link::{Enrolment, ToAgent};
use protocol::wire::Text;

use crate::state::Core;
use crate::storage::{Console, Result, TenantScope};

/// What a console is told first, and again when something in it changes.
///
/// # Errors
/// When the storage fails.
pub async fn welcome(core: &Core, scope: &TenantScope, console: &Console) -> Result<ToAgent> {
    let room = core.storage.room(scope, &console.room).await?;
    Ok(ToAgent::Welcome {
        console: console.id,
        tenant: scope.tenant().clone(),
        room: console.room.clone(),
        room_name: Text::fitted(room.as_ref().map_or(console.room.as_str(), |room| &room.room.name)),
        grant_key: core.keys.grant().public_key().to_bytes(),
        status: match console.status() {
            ConsoleStatus::Approved => Enrolment::Approved,
            ConsoleStatus::Pending => Enrolment::Pending,
            ConsoleStatus::Quarantined => Enrolment::Quarantined,
        },
    })
}
