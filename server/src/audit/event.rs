use protocol::access::{Access, Permission};
use protocol::api::UnixMillis;
use protocol::control::Shortcut;
use protocol::ids::{
    AssignmentId, ConsoleId, DisplayId, GroupId, PasskeyId, ProviderId, RoleId, RoomId, SessionId, UserId,
};
use protocol::link::SessionEvent;
use protocol::reason::EndReason;
use protocol::refusal::RefusalCode;
use protocol::secure::EndFound;
use serde::Serialize;
use serde_json::Value;

use crate::storage::{Assignment, SessionRecord};

/// What every event of a session says about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionFacts {
    pub session: SessionId,
    pub room: RoomId,
    pub console: ConsoleId,
    pub access: Access,
    /// Whose session it is.
    pub user: UserId,
    pub user_name: String,
}

impl From<&SessionRecord> for SessionFacts {
    fn from(record: &SessionRecord) -> Self {
        Self {
            session: record.id,
            room: record.room.clone(),
            console: record.console,
            access: record.access,
            user: record.user,
            user_name: record.user_name.clone(),
        }
    }
}

/// One field that a change concerned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// As the API names it.
    pub field: String,
    pub before: Value,
    pub after: Value,
}

impl FieldChange {
    /// Every field that differs between two states of the same thing: none can be forgotten.
    ///
    /// # Panics
    /// When `T` is no plain JSON object.
    pub fn between<T: Serialize>(before: &T, after: &T) -> Vec<Self> {
        let fields = |state: &T| match serde_json::to_value(state) {
            Ok(Value::Object(fields)) => fields,
            other => panic!("no JSON object: {other:?}"),
        };
        let mut before = fields(before);
        let pairs = fields(after).into_iter().map(|(field, after)| {
            let before = before.remove(&field).unwrap_or_default();
            Self { field, before, after }
        });
        pairs.filter(|change| change.before != change.after).collect()
    }
}

/// The first column of the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    Tenant,
    User,
    Group,
    Role,
    Assignment,
    Room,
    Console,
    Login,
    RemoteAccessSetting,
    RemoteAccessSession,
    AuditLog,
}

impl Category {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tenant => "Tenant",
            Self::User => "User",
            Self::Group => "Group",
            Self::Role => "Role",
            Self::Assignment => "Assignment",
            Self::Room => "Room",
            Self::Console => "Console",
            Self::Login => "Login",
            Self::RemoteAccessSetting => "RemoteAccessSetting",
            Self::RemoteAccessSession => "RemoteAccessSession",
            Self::AuditLog => "AuditLog",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Successful,
    Failed,
}

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $kind:literal, $category:ident, $operation:literal, $outcome:ident
        { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? };)*) => {
        /// One variant per event. The names (`session.start`) are stored and exported.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(tag = "event")]
        pub enum Event {
            $($(#[$doc])* #[serde(rename = $kind)] $variant { $($(#[$field_doc])* $field: $type),* },)*
        }

        /// The names of all events with what the export says about each.
        const KINDS: &[(&str, Category, &str, Outcome)] =
            &[$(($kind, Category::$category, $operation, Outcome::$outcome)),*];

        impl Event {
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $kind,)* }
            }
        }
    };
}

events! {
    TenantCreated = "tenant.created", Tenant, "Create", Successful { name: String };
    TenantRenamed = "tenant.renamed", Tenant, "Update", Successful { before: String, after: String };
    /// Also when somebody else acknowledges while it is on.
    RemoteAccessEnabled = "remote_access.enabled", RemoteAccessSetting, "Update", Successful {
        /// The address that acknowledged, as typed.
        acknowledged_by: String,
        /// What was acknowledged, word for word.
        acknowledgement: String,
        changes: Vec<FieldChange>,
    };
    RemoteAccessDisabled = "remote_access.disabled", RemoteAccessSetting, "Update", Successful {
        changes: Vec<FieldChange>,
    };
    /// The policies beside the switch.
    RemoteAccessChanged = "remote_access.changed", RemoteAccessSetting, "Update", Successful {
        /// Who has acknowledged, while it is on.
        acknowledged_by: Option<String>,
        changes: Vec<FieldChange>,
    };

    UserCreated = "user.created", User, "Create", Successful { user: UserId, name: String, email: String };
    UserRenamed = "user.renamed", User, "Update", Successful { user: UserId, before: String, after: String };
    UserDisabled = "user.disabled", User, "Update", Successful { user: UserId };
    UserEnabled = "user.enabled", User, "Update", Successful { user: UserId };
    InvitationMade = "user.invited", User, "Update", Successful { user: UserId, expires_at: UnixMillis };
    /// From now on the identity provider says when it is this person.
    IdentityLinked = "user.identity_linked", User, "Update", Successful {
        user: UserId, provider: ProviderId, issuer: String, subject: String,
    };
    PasskeyAdded = "user.passkey_added", User, "Update", Successful { user: UserId, passkey: PasskeyId, name: String };
    PasskeyRemoved = "user.passkey_removed", User, "Update", Successful {
        user: UserId, passkey: PasskeyId, name: String,
    };
    /// By the person's invitation or with the password before it.
    PasswordChanged = "user.password_changed", User, "Update", Successful { user: UserId };

    GroupCreated = "group.created", Group, "Create", Successful { group: GroupId, name: String };
    GroupChanged = "group.changed", Group, "Update", Successful {
        group: GroupId, name: String, changes: Vec<FieldChange>,
    };
    GroupDeleted = "group.deleted", Group, "Delete", Successful { group: GroupId, name: String };
    GroupJoined = "group.joined", Group, "Update", Successful {
        group: GroupId, name: String, user: UserId,
        /// Whoever did it came to remote access of their own by it.
        gives_self_access: bool,
    };
    GroupLeft = "group.left", Group, "Update", Successful { group: GroupId, name: String, user: UserId };

    RoleCreated = "role.created", Role, "Create", Successful {
        role: RoleId, name: String, description: String, permissions: Vec<Permission>,
    };
    RoleChanged = "role.changed", Role, "Update", Successful {
        role: RoleId, name: String, changes: Vec<FieldChange>,
        /// Whoever did it came to remote access of their own by it.
        gives_self_access: bool,
    };
    /// Its assignments went with it.
    RoleDeleted = "role.deleted", Role, "Delete", Successful { role: RoleId, name: String };
    AssignmentCreated = "assignment.created", Assignment, "Create", Successful {
        assignment: AssignmentId, name: String, description: String, role: String, users: Vec<UserId>,
        groups: Vec<GroupId>, everywhere: bool, rooms: Vec<RoomId>, room_groups: Vec<String>, places: Vec<String>,
        /// Whoever did it came to remote access of their own by it.
        gives_self_access: bool,
    };
    AssignmentChanged = "assignment.changed", Assignment, "Update", Successful {
        assignment: AssignmentId, name: String, role: String, changes: Vec<FieldChange>,
        /// Whoever did it came to remote access of their own by it.
        gives_self_access: bool,
    };
    AssignmentDeleted = "assignment.deleted", Assignment, "Delete", Successful {
        assignment: AssignmentId, name: String, role: String,
    };

    RoomCreated = "room.created", Room, "Create", Successful { room: RoomId, name: String, place: String };
    RoomChanged = "room.changed", Room, "Update", Successful { room: RoomId, name: String, place: String };
    EnrolmentOffered = "console.enrolment_offered", Console, "Create", Successful {
        room: RoomId, pre_approved: bool, expires_at: UnixMillis,
    };
    ConsoleEnrolled = "console.enrolled", Console, "Create", Successful {
        room: RoomId, console: ConsoleId, fingerprint: String, pre_approved: bool,
    };
    /// The person compared the fingerprint with what the console showed.
    ConsoleApproved = "console.approved", Console, "Update", Successful {
        room: RoomId, console: ConsoleId, fingerprint: String,
    };
    ConsoleRefused = "console.refused", Console, "Delete", Successful {
        room: RoomId, console: ConsoleId, fingerprint: String,
    };
    ConsoleRevoked = "console.revoked", Console, "Delete", Successful {
        room: RoomId, console: ConsoleId, fingerprint: String,
    };
    /// Links with the same key took the place of one another again and again: the console was set aside.
    CloneSuspected = "console.clone_suspected", Console, "Update", Failed {
        room: RoomId, console: ConsoleId, fingerprint: String,
    };
    /// Trusted again after it was set aside.
    ConsoleReleased = "console.released", Console, "Update", Successful {
        room: RoomId, console: ConsoleId, fingerprint: String,
    };
    /// The first that the console showed; its receipts are signed with it.
    SigningKeyLearned = "console.signing_key_learned", Console, "Update", Successful {
        room: RoomId, console: ConsoleId,
        /// Of the signing key.
        fingerprint: String,
    };
    /// Somebody with the console's key showed another signing key.
    SigningKeyRefused = "console.signing_key_refused", Console, "Update", Failed {
        room: RoomId, console: ConsoleId,
        /// Of the key that was shown.
        fingerprint: String,
    };
    /// A receipt that is not the console's, or of no session of the console.
    ReceiptRefused = "console.receipt_refused", Console, "Create", Failed {
        room: RoomId, console: ConsoleId,
        /// What the receipt says, when the console signed it.
        #[serde(skip_serializing_if = "Option::is_none")] claimed_session: Option<SessionId>,
        #[serde(skip_serializing_if = "Option::is_none")] receipt: Option<u64>,
        why: String,
    };
    /// A console's receipts do not go on where they stopped: some were lost, or its record of them was.
    ReceiptsMissing = "console.receipts_missing", Console, "Create", Failed {
        room: RoomId, console: ConsoleId,
        /// The number that was to come, and the one that came.
        expected: u64, receipt: u64,
    };
    EnrolmentFailed = "console.enrolment_failed", Console, "Create", Failed { room: RoomId };
    ConsoleConnected = "console.connected", Console, "Update", Successful { room: RoomId, console: ConsoleId };
    ConsoleDisconnected = "console.disconnected", Console, "Update", Successful { room: RoomId, console: ConsoleId };

    LoginSucceeded = "login.succeeded", Login, "Create", Successful {
        user: UserId,
        /// The identity provider that said who it is; none for a password or a link of ours.
        #[serde(skip_serializing_if = "Option::is_none")] provider: Option<ProviderId>,
        #[serde(skip_serializing_if = "Option::is_none")] passkey: Option<PasskeyId>,
    };
    /// Somebody who is signed in proved anew that it is they.
    LoginConfirmed = "login.confirmed", Login, "Update", Successful {
        user: UserId,
        /// None for the password.
        #[serde(skip_serializing_if = "Option::is_none")] passkey: Option<PasskeyId>,
    };
    LoginFailed = "login.failed", Login, "Create", Failed {
        /// None when the identity provider named nobody who has an account.
        #[serde(skip_serializing_if = "Option::is_none")] user: Option<UserId>,
        #[serde(skip_serializing_if = "Option::is_none")] provider: Option<ProviderId>,
        /// Whom the provider named.
        #[serde(skip_serializing_if = "Option::is_none")] subject: Option<String>,
        /// What was wrong with the provider's or the passkey's answer, or with the account.
        #[serde(skip_serializing_if = "Option::is_none")] why: Option<String>,
    };
    LoginEnded = "login.ended", Login, "Delete", Successful { user: UserId };

    SessionStart = "session.start", RemoteAccessSession, "Create", Successful {
        #[serde(flatten)] facts: SessionFacts,
        started_at: UnixMillis,
        /// Of the console's key.
        fingerprint: String,
        restart_on_end: bool,
        /// Sound is never carried.
        audio: bool,
    };
    SessionRefused = "session.refused", RemoteAccessSession, "Create", Failed {
        room: RoomId, code: RefusalCode,
        /// The session that was being prepared, when it had come so far.
        #[serde(skip_serializing_if = "Option::is_none")] session: Option<SessionId>,
    };
    SessionReconnect = "session.reconnect", RemoteAccessSession, "Update", Successful {
        #[serde(flatten)] facts: SessionFacts,
    };
    SessionEnd = "session.end", RemoteAccessSession, "Delete", Successful {
        #[serde(flatten)] facts: SessionFacts,
        started_at: UnixMillis, ended_at: UnixMillis, end_reason: EndReason,
        /// The device restarts now.
        restarts: bool,
    };
    /// What the console says about the end, signed by it; told once, whenever the console can be heard.
    SessionEndConfirmed = "session.end.confirmed", RemoteAccessSession, "Update", Successful {
        #[serde(flatten)] facts: SessionFacts,
        /// The console's number for it.
        receipt: u64,
        end_reason: EndReason, restarts: bool, viewer_came: bool,
        /// From the first picture to the last; none when there was none, or the agent that knew is gone.
        #[serde(skip_serializing_if = "Option::is_none")] shown_ms: Option<u64>,
        found: EndFound,
    };
    IndicatorShown = "session.indicator_shown", RemoteAccessSession, "Update", Successful {
        #[serde(flatten)] facts: SessionFacts,
    };
    IndicatorHidden = "session.indicator_hidden", RemoteAccessSession, "Update", Successful {
        #[serde(flatten)] facts: SessionFacts,
    };
    ViewerConnected = "session.viewer_connected", RemoteAccessSession, "Update", Successful {
        #[serde(flatten)] facts: SessionFacts,
    };
    ViewerReconnected = "session.viewer_reconnected", RemoteAccessSession, "Update", Successful {
        #[serde(flatten)] facts: SessionFacts,
    };
    DisplaySelected = "session.display_selected", RemoteAccessSession, "Update", Successful {
        #[serde(flatten)] facts: SessionFacts, display: DisplayId,
    };
    RestartOnEndSet = "session.restart_on_end_set", RemoteAccessSession, "Update", Successful {
        #[serde(flatten)] facts: SessionFacts, restart_on_end: bool,
    };
    ShortcutUsed = "session.shortcut_used", RemoteAccessSession, "Update", Successful {
        #[serde(flatten)] facts: SessionFacts, shortcut: Shortcut,
    };
    RestartRequested = "session.restart_requested", RemoteAccessSession, "Update", Successful {
        #[serde(flatten)] facts: SessionFacts,
    };
    Restarted = "session.restarted", RemoteAccessSession, "Update", Successful {
        #[serde(flatten)] facts: SessionFacts,
    };
    InputTaken = "session.input_taken", RemoteAccessSession, "Update", Successful {
        #[serde(flatten)] facts: SessionFacts,
    };
    /// By a call in the room.
    Paused = "session.paused", RemoteAccessSession, "Update", Successful {
        #[serde(flatten)] facts: SessionFacts,
    };
    Resumed = "session.resumed", RemoteAccessSession, "Update", Successful {
        #[serde(flatten)] facts: SessionFacts,
    };
    PolicyViolation = "session.policy_violation", RemoteAccessSession, "Update", Failed {
        #[serde(flatten)] facts: SessionFacts,
        /// The kind of message that was refused.
        violation: String,
    };
    /// Another system user than at the start is signed in at the console.
    UserSwitched = "session.user_switched", RemoteAccessSession, "Update", Successful {
        #[serde(flatten)] facts: SessionFacts,
        /// As the console calls them.
        system_user: String,
    };
    /// The viewer ended the session with *sign out and restart*.
    SignOutRequested = "session.sign_out_requested", RemoteAccessSession, "Update", Successful {
        #[serde(flatten)] facts: SessionFacts,
    };

    /// The log became tamper-evident; the events before were taken over as they were. Told by the log itself.
    AuditBegun = "audit.begun", AuditLog, "Create", Successful { events: u64 };
    /// Texts and salts of events that were kept long enough were deleted; their hashes stay.
    Purged = "audit.purge", AuditLog, "Delete", Successful {
        /// The first position that was purged now.
        from: u64,
        /// Everything before this position is purged by now.
        to: u64,
        count: u64,
        /// Runs after `to` that are purged, too, each up to and without its second position.
        #[serde(skip_serializing_if = "Vec::is_empty")] beyond: Vec<(u64, u64)>,
    };
    /// Somebody took the log out as a file, or began to.
    AuditExported = "audit.exported", AuditLog, "Read", Successful {
        /// `csv` or `jsonl`
        format: String,
        /// Not before, and before: none is the whole log.
        from: Option<UnixMillis>, to: Option<UnixMillis>,
    };
    /// The events that follow are older, by the clock, than those before. Told by the log itself.
    ClockSetBack = "audit.clock_set_back", AuditLog, "Update", Successful { from: UnixMillis, to: UnixMillis };
}

impl Event {
    /// An assignment to `role`, by its name.
    pub fn assignment_created(assignment: &Assignment, role: &str, gives_self_access: bool) -> Self {
        let Assignment { id, name, description, users, groups, scope, .. } = assignment.clone();
        Self::AssignmentCreated {
            assignment: id,
            name,
            description,
            role: role.to_owned(),
            users,
            groups,
            everywhere: scope.everywhere,
            rooms: scope.rooms,
            room_groups: scope.room_groups,
            places: scope.places,
            gives_self_access,
        }
    }

    /// What the console reported about a session.
    pub fn of_session(facts: SessionFacts, event: &SessionEvent) -> Self {
        match event {
            SessionEvent::IndicatorShown => Self::IndicatorShown { facts },
            SessionEvent::IndicatorHidden => Self::IndicatorHidden { facts },
            SessionEvent::ViewerConnected => Self::ViewerConnected { facts },
            SessionEvent::ViewerReconnected => Self::ViewerReconnected { facts },
            SessionEvent::DisplaySelected { display } => Self::DisplaySelected { facts, display: *display },
            SessionEvent::RestartOnEndSet { on } => Self::RestartOnEndSet { facts, restart_on_end: *on },
            SessionEvent::ShortcutUsed { shortcut } => Self::ShortcutUsed { facts, shortcut: *shortcut },
            SessionEvent::RestartRequested => Self::RestartRequested { facts },
            SessionEvent::Restarted => Self::Restarted { facts },
            SessionEvent::InputTaken => Self::InputTaken { facts },
            SessionEvent::Paused => Self::Paused { facts },
            SessionEvent::Resumed => Self::Resumed { facts },
            SessionEvent::PolicyViolation { kind } => Self::PolicyViolation { facts, violation: kind.to_string() },
            SessionEvent::UserSwitched { user } => Self::UserSwitched { facts, system_user: user.to_string() },
            SessionEvent::SignOutRequested => Self::SignOutRequested { facts },
        }
    }

    /// The session that the event belongs to.
    pub fn session(&self) -> Option<SessionId> {
        match self {
            Self::SessionRefused { session, .. } => *session,
            _ => self.facts().map(|facts| facts.session),
        }
    }

    /// The room that the event belongs to.
    pub fn room(&self) -> Option<&RoomId> {
        match self {
            Self::RoomCreated { room, .. }
            | Self::RoomChanged { room, .. }
            | Self::EnrolmentOffered { room, .. }
            | Self::ConsoleEnrolled { room, .. }
            | Self::ConsoleApproved { room, .. }
            | Self::ConsoleRefused { room, .. }
            | Self::ConsoleRevoked { room, .. }
            | Self::CloneSuspected { room, .. }
            | Self::ConsoleReleased { room, .. }
            | Self::SigningKeyLearned { room, .. }
            | Self::SigningKeyRefused { room, .. }
            | Self::ReceiptRefused { room, .. }
            | Self::ReceiptsMissing { room, .. }
            | Self::EnrolmentFailed { room }
            | Self::ConsoleConnected { room, .. }
            | Self::ConsoleDisconnected { room, .. }
            | Self::SessionRefused { room, .. } => Some(room),
            _ => self.facts().map(|facts| &facts.room),
        }
    }

    fn facts(&self) -> Option<&SessionFacts> {
        match self {
            Self::SessionStart { facts, .. }
            | Self::SessionReconnect { facts }
            | Self::SessionEnd { facts, .. }
            | Self::SessionEndConfirmed { facts, .. }
            | Self::IndicatorShown { facts }
            | Self::IndicatorHidden { facts }
            | Self::ViewerConnected { facts }
            | Self::ViewerReconnected { facts }
            | Self::DisplaySelected { facts, .. }
            | Self::RestartOnEndSet { facts, .. }
            | Self::ShortcutUsed { facts, .. }
            | Self::RestartRequested { facts }
            | Self::Restarted { facts }
            | Self::InputTaken { facts }
            | Self::Paused { facts }
            | Self::Resumed { facts }
            | Self::PolicyViolation { facts, .. }
            | Self::UserSwitched { facts, .. }
            | Self::SignOutRequested { facts } => Some(facts),
            _ => None,
        }
    }

    /// Every event's name, with what [`Self::classify`] says about it.
    pub const fn all() -> &'static [(&'static str, Category, &'static str, Outcome)] {
        KINDS
    }

    /// Category, operation and outcome of a stored event, by its name.
    pub fn classify(kind: &str) -> Option<(Category, &'static str, Outcome)> {
        let known = KINDS.iter().find(|(known, ..)| *known == kind)?;
        Some((known.1, known.2, known.3))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_name_of_its_own() {
        let mut names: Vec<_> = KINDS.iter().map(|(name, ..)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KINDS.len());
    }

    #[test]
    fn an_event_is_one_flat_object_with_its_name() {
        let facts = SessionFacts {
            session: SessionId([1; 16]),
            room: RoomId::new("aurora").expect("a slug"),
            console: ConsoleId([2; 16]),
            access: Access::View,
            user: UserId([3; 16]),
            user_name: "Vera".to_owned(),
        };
        let event = Event::of_session(facts, &SessionEvent::ShortcutUsed { shortcut: Shortcut::AltTab });
        let json = serde_json::to_value(&event).expect("JSON");
        assert_eq!(json["event"], "session.shortcut_used");
        assert_eq!(json["room"], "aurora");
        assert_eq!(json["access"], "view");
        assert_eq!(json["shortcut"], "alt_tab");
        assert_eq!(event.session(), Some(SessionId([1; 16])));
    }
}
