use std::net::IpAddr;

use protocol::ids::{ConsoleId, UserId};
use serde::Serialize;

use super::Event;
use crate::clock::Clock;
use crate::storage::{NewEvent, Result, Store, TenantScope, User};

/// Who caused an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Actor {
    User {
        id: UserId,
        name: String,
    },
    Console {
        id: ConsoleId,
    },
    /// Somebody at the server's command line.
    Operator,
    /// The server itself: time-outs, limits, clean-up.
    Server,
    /// Somebody who is not signed in.
    Stranger,
}

impl From<&User> for Actor {
    fn from(user: &User) -> Self {
        Self::User { id: user.id, name: user.name.clone() }
    }
}

/// Where a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Client {
    pub address: Option<IpAddr>,
}

/// Makes events ready for the log.
#[derive(Clone)]
pub struct Auditor {
    clock: Clock,
    storage: Store,
}

#[derive(Serialize)]
struct Body<'a> {
    actor: &'a Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_address: Option<IpAddr>,
    version: &'static str,
    #[serde(flatten)]
    event: &'a Event,
}

impl Auditor {
    pub fn new(clock: Clock, storage: Store) -> Self {
        Self { clock, storage }
    }

    #[expect(clippy::missing_panics_doc, reason = "events have no maps with keys other than texts")]
    /// An event of now, to be committed with the change that it tells of.
    pub fn event(&self, actor: &Actor, client: Client, event: &Event) -> NewEvent {
        let body = Body { actor, client_address: client.address, version: env!("CARGO_PKG_VERSION"), event };
        NewEvent {
            kind: event.kind(),
            at: self.clock.now(),
            session: event.session(),
            room: event.room().cloned(),
            body: serde_json::to_string(&body).expect("events are plain JSON objects"),
        }
    }

    /// Appends an event that comes with no change.
    pub async fn record(&self, scope: &TenantScope, actor: &Actor, client: Client, event: &Event) -> Result<u64> {
        self.storage.append_event(scope, self.event(actor, client, event)).await
    }
}
