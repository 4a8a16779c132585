use serde::{Deserialize, Serialize};

use super::{RoomRef, UnixMillis};
use crate::ids::{SessionId, UserId};

/// `GET /audit`: the audit log, newest first. Needs `audit.view` for the whole organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditList {
    pub events: Vec<AuditEvent>,
    pub next_cursor: Option<String>,
}

/// What happened, by whom, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEvent {
    /// In the organisation's log, from 0 without gaps.
    pub position: u64,
    pub at: UnixMillis,
    /// `session.start`
    pub event: String,
    /// In words: `Session started`
    pub title: String,
    /// What was tried was not done.
    pub failed: bool,
    pub actor: AuditActor,
    pub room: Option<RoomRef>,
    pub session: Option<SessionId>,
    /// Everything else that is on record about it.
    pub details: Vec<AuditDetail>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditActor {
    pub kind: AuditActorKind,
    /// Of a person, as it was then.
    pub name: Option<String>,
    pub user: Option<UserId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuditActorKind {
    User,
    /// The room's console by itself.
    Console,
    /// Somebody at the server's command line.
    Operator,
    /// The server by itself: time-outs, limits, clean-up.
    Server,
    /// Somebody who is not signed in.
    Stranger,
}

/// A field of an event, as the export names it, and its value in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditDetail {
    pub name: String,
    pub value: String,
}

// `utoipa` does not see a `serde(rename)` that a macro fills in, so the name stands twice.
macro_rules! categories {
    ($($variant:ident = $id:literal, $name:literal;)*) => {
        /// What an event is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum AuditCategory {
            $(#[serde(rename = $id)] #[cfg_attr(feature = "openapi", schema(rename = $id))] $variant,)*
        }

        impl AuditCategory {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// What people read, in English.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

categories! {
    Sessions = "sessions", "Sessions";
    RemoteAccess = "remote_access", "Remote access setting";
    SignIns = "sign_ins", "Sign-ins";
    People = "people", "People and groups";
    Roles = "roles", "Roles and assignments";
    Rooms = "rooms", "Rooms and consoles";
    Organisation = "organisation", "Organisation";
    AuditLog = "audit_log", "The log itself";
}
