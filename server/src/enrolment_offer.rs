//! Enrolment strings: what an administrator carries to a console.

use std::time::Duration;

use protocol::api::EnrolmentOffer;
use protocol::ids::RoomId;
use protocol::secure::EnrolmentString;
use protocol::wire::Text;

use crate::audit::{Actor, Client, Event};
use crate::clock::millis;
use crate::random;
use crate::state::Core;
use crate::storage::{EnrolmentSecret, Result, TenantScope};

/// How long a string from the portal is good for: somebody walks to the console with it.
pub const PORTAL_LIFETIME: Duration = Duration::from_mins(15);
/// How long a string from `bootstrap` is good for.
pub const BOOTSTRAP_LIFETIME: Duration = Duration::from_hours(24);

/// Makes a new secret for a room; the last one stops working.
pub async fn offer(
    core: &Core,
    scope: &TenantScope,
    room: &RoomId,
    terms: Terms,
    actor: &Actor,
    client: Client,
) -> Result<EnrolmentSecret> {
    let created_at = core.clock.now();
    let secret = EnrolmentSecret {
        id: random::bytes(),
        room: room.clone(),
        pre_approved: terms.pre_approved,
        created_at,
        expires_at: created_at + millis(terms.lifetime),
    };
    let event = Event::EnrolmentOffered {
        room: room.clone(),
        pre_approved: secret.pre_approved,
        expires_at: secret.expires_at,
    };
    core.storage.offer_enrolment(scope, &secret, core.auditor.event(actor, client, &event)).await?;
    Ok(secret)
}

/// What a secret is good for.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The console needs no approval.
    pub pre_approved: bool,
    pub lifetime: Duration,
}

/// The string that belongs to a secret: the same one each time.
pub fn string(core: &Core, scope: &TenantScope, secret: &EnrolmentSecret) -> String {
    let string = EnrolmentString {
        url: Text::fitted(core.config.public_url.origin()),
        server_key: core.keys.control_public(),
        tenant: scope.tenant().clone(),
        room: secret.room.clone(),
        secret: core.keys.enrolment_secret(scope.tenant(), &secret.room, &secret.id),
    };
    string.to_string()
}

/// As the portal shows it.
pub fn shown(core: &Core, scope: &TenantScope, secret: &EnrolmentSecret) -> EnrolmentOffer {
    let enrolment = string(core, scope, secret);
    let command = format!("redring-agent run --enrolment {enrolment}");
    EnrolmentOffer { enrolment, command, expires_at: secret.expires_at }
}
