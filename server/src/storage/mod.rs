//! What the server remembers: one trait per aggregate, implemented by each backend.
//!
//! INVARIANT: every method that touches a tenant's data takes a [`TenantScope`], and only this module makes one: from a
//! row that itself proves the tenant (a login, a console's key, the tenant). No id from a request chooses a tenant.
//!
//! A change that is audited takes its [`NewEvent`] along, so that the change and the event are committed together or
//! not at all. Reading order: [`tenants`], [`users`], [`groups`], [`logins`], [`invitations`], [`identities`], [`passkeys`], [`roles`],
//! [`rooms`], [`consoles`], [`sessions`], [`receipts`], [`events`], [`event_search`], [`installation`], then [`sqlite`].

pub mod consoles;
pub mod event_search;
pub mod events;
pub mod groups;
pub mod identities;
pub mod installation;
pub mod invitations;
pub mod logins;
pub mod passkeys;
pub mod receipts;
pub mod roles;
pub mod rooms;
pub mod sessions;
pub mod sqlite;
pub mod tenants;
pub mod users;

use std::sync::Arc;

pub use consoles::{Approval, Console, ConsoleStatus, Consoles, EnrolmentSecret, NewConsole};
pub use event_search::{EventSearch, EventSearches, FoundEvent};
pub use events::{EventFilter, Events, LogReader, NewEvent, PurgedNow, RawEvent, RawLeaf, StoredEvent};
pub use groups::{Group, GroupFilter, GroupPage, Groups, NewGroup};
pub use identities::{Identities, NewIdentity};
pub use installation::{Installation, SetupLink};
pub use invitations::{Invitations, NewInvitation};
pub use logins::{LoginKey, LoginRecord, Logins};
pub use passkeys::{PasskeyRecord, Passkeys};
pub use receipts::{NewReceipt, Receipts};
pub use roles::{Assignment, AssignmentScope, AssignmentsOf, NewRole, Role, Roles};
pub use rooms::{NewRoom, Room, RoomFacts, Rooms};
pub use sessions::{NewSession, SessionEnd, SessionRecord, Sessions};
pub use tenants::{RemoteAccessSettings, Tenant, Tenants};
pub use users::{ImportStep, NewUser, User, UserEdit, UserFilter, UserPage, UserPosition, Users};

use protocol::ids::TenantId;

/// The tenant whose data a query may touch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TenantScope(TenantId);

impl TenantScope {
    /// Only backends make one, from a row that they have read.
    fn of_row(tenant: TenantId) -> Self {
        Self(tenant)
    }

    pub fn tenant(&self) -> &TenantId {
        &self.0
    }
}

/// Everything that a backend does.
pub trait Storage:
    Tenants
    + Users
    + Groups
    + Logins
    + Invitations
    + Identities
    + Passkeys
    + Roles
    + Rooms
    + Consoles
    + Sessions
    + Receipts
    + Events
    + EventSearches
    + Installation
    + Send
    + Sync
    + 'static
{
}

impl<T> Storage for T where
    T: Tenants
        + Users
        + Groups
        + Logins
        + Invitations
        + Identities
        + Passkeys
        + Roles
        + Rooms
        + Consoles
        + Sessions
        + Receipts
        + Events
        + EventSearches
        + Installation
        + Send
        + Sync
        + 'static
{
}

/// The backend in use.
pub type Store = Arc<dyn Storage>;

/// Why a query failed. Details are for the log, never for a client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// A row with this key exists already.
    #[error("{0} exists already")]
    Conflict(&'static str),
    /// The backend failed: disk full, locked, gone.
    #[error("the database failed")]
    Backend(#[from] sqlx::Error),
    /// The disk did not take the transaction that this change was in.
    #[error("the database failed to commit")]
    NotCommitted(#[source] Arc<sqlx::Error>),
    #[error("the database could not be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// It was made by an older or a newer version, and nothing may be changed now.
    #[error("the database is of another version: let `redring-server run` of this version bring it up to date first")]
    OtherVersion,
    /// A row holds what this version cannot read.
    #[error("the database holds an unreadable {0}")]
    Corrupt(&'static str),
}

impl StorageError {
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }
}

pub type Result<T> = std::result::Result<T, StorageError>;
