//! The organisation's policies as one session has them: signed with its grant, so that the console acts on what the
//! server decided and on nothing that was said on the way.

use crate::access::Access;
use crate::control::Shortcut;
use crate::time::Micros;
use crate::wire::{record, tagged};

/// What happens to a session when a call starts in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "api", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CallPolicy {
    /// No picture and no input until the call is over.
    Pause,
    End,
    Continue,
}

tagged!(CallPolicy { 0 => Pause, 1 => End, 2 => Continue });

/// Which shortcut commands a View session may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "api", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ShortcutPolicy {
    All,
    /// Those that change nothing: wake the display, refresh the picture.
    Safe,
    None,
}

tagged!(ShortcutPolicy { 0 => All, 1 => Safe, 2 => None });

impl ShortcutPolicy {
    /// Whether a session with this access may use a shortcut. The policy is for View: Modify can press the keys anyway.
    pub const fn allows(self, access: Access, shortcut: Shortcut) -> bool {
        match (access, self) {
            (Access::Modify, _) | (Access::View, Self::All) => true,
            (Access::View, Self::Safe) => shortcut.is_safe(),
            (Access::View, Self::None) => false,
        }
    }
}

/// The policies that hold for one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    pub when_call_starts: CallPolicy,
    pub view_shortcuts: ShortcutPolicy,
    /// People in the room may decline the session for so long before it starts; `None` asks nobody.
    pub decline_within: Option<Micros>,
    /// People in the room may end the session.
    pub room_may_end: bool,
}

record!(Terms { when_call_starts, view_shortcuts, decline_within, room_may_end });

/// The strictest: for a session whose own are not known yet.
impl Default for Terms {
    fn default() -> Self {
        Self {
            when_call_starts: CallPolicy::Pause,
            view_shortcuts: ShortcutPolicy::None,
            decline_within: None,
            room_may_end: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_limits_view_and_never_modify() {
        let n_allowed = |access, policy: ShortcutPolicy| {
            Shortcut::ALL.into_iter().filter(|shortcut| policy.allows(access, *shortcut)).count()
        };
        let policies = [ShortcutPolicy::All, ShortcutPolicy::Safe, ShortcutPolicy::None];
        assert_eq!(policies.map(|policy| n_allowed(Access::View, policy)), [Shortcut::ALL.len(), 2, 0]);
        assert_eq!(policies.map(|policy| n_allowed(Access::Modify, policy)), [Shortcut::ALL.len(); 3]);
    }
}
