//! The types of the REST API under `/api/v1`, shared by the server and the portal. One file per resource.
//!
//! Dates are Unix milliseconds (UTC); ids, keys and codes are text. Unknown fields of a request are refused.

mod assignment;
mod audit;
mod error;
mod event;
mod group;
mod login;
mod passkey;
mod reach;
mod role;
mod room;
mod session;
mod settings;
mod setup;
mod signals;
mod user;

pub use assignment::{
    ASSIGNMENT_PART_MAX, Assignment, EditAssignment, HeldAssignment, MemberMatches, Members, NewAssignment, PlaceRef,
    RoomGroupRef, RoomRef, Scope, ScopeMatches,
};
pub use audit::{AuditActor, AuditActorKind, AuditCategory, AuditDetail, AuditEvent, AuditList};
pub use error::{Problem, ProblemCode};
pub use event::LiveEvent;
pub use group::{CreateGroup, EditGroup, GroupDetail, GroupEntry, GroupList, GroupRef};
pub use login::{IdentityProvider, IdentityProviders, LoginRequest, Me, SignInProblem, TenantSummary};
pub use passkey::{
    CONFIRMED_FOR_S, Confirm, ConfirmationWays, NewPasskey, PASSKEYS_MAX, Passkey, PasskeyAnswer, PasskeyCeremony,
    PasskeyList,
};
pub use reach::{Covers, ReachBy, ReachedRoom, ReachingPerson, RoomReach, UserReach};
pub use role::{CreateRole, DESCRIPTION_MAX_BYTES, EditRole, Role, RoleDetail, RoleList, RoleRef};
pub use room::{
    ApproveConsole, CallStatus, ConsoleDetail, ConsoleStatus, CreateRoom, CreatedRoom, EnrolmentOffer, GateCheck,
    GateChecklist, GateOutcome, RoomCounters, RoomDetail, RoomList, RoomState, RoomSummary, ThisConsole,
};
pub use session::{SessionSummary, StartSession, StartedSession};
pub use settings::{
    ACKNOWLEDGEMENT, AUDIT_RETENTION_DAYS, DECLINE_WITHIN_S, IDLE_LIMIT_S, MAXIMUM_S, OutOfRange, RemoteAccessSettings,
};
pub use setup::{SetupRequest, SetupStatus};
pub use signals::{ConsoleSignals, SignalReport, SystemUserReport};
pub use user::{
    AcceptInvitation, ChangePassword, CheckInvitation, CreateUser, CreatedUser, EditUser, ImportChange, ImportProblem,
    ImportReport, ImportUsers, Invitation, InvitedPerson, PASSWORD_MIN_CHARS, UserDetail, UserEntry, UserList,
    UserState, UserSummary,
};

pub use crate::signals::{SignalKind, SignalState};
pub use crate::terms::{CallPolicy, ShortcutPolicy};

/// The prefix of every path.
pub const PREFIX: &str = "/api/v1";
/// The header that every unsafe request carries: a foreign page cannot set it.
pub const CSRF_HEADER: &str = "x-redring-request";

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type UnixMillis = i64;
