//! Who may do what: pure policy, without I/O.
//!
//! [`role`] says what roles allow, [`effective`] joins a person's assignments, [`decide`] is the gate in front of a
//! session, [`guard`] keeps
//! administrators from coming to more by themselves. Whoever passes a check gets a value that only the check can make.

mod decide;
mod effective;
mod guard;
mod role;

pub use decide::{Asked, Call, ConsoleFact, GateContext, Grantable, checklist, decide};
pub use effective::{Coverage, Effective, RoleGrant, RoomPlace, is_at_or_below};
pub use guard::{gains_remote_access, may_hand_out, may_manage_account};
pub use role::{BuiltInRole, PermissionSet};
