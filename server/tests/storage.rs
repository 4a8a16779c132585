//! What every backend must do, run over each.

use std::collections::BTreeSet;
use std::sync::Arc;

use protocol::access::{Access, Permission};
use protocol::api::{CallPolicy, ConsoleSignals, ShortcutPolicy, UserState};
use protocol::ids::{AssignmentId, ConsoleId, GroupId, RoleId, RoomId, SessionId, TenantId, UserId};
use protocol::reason::EndReason;
use protocol::secure::{ConsoleSigner, PublicKey, Secret};
use protocol::signals::Signals;
use server::access::{BuiltInRole, Coverage};
use server::random;
use server::storage::receipts::Kept;
use server::storage::sqlite::Sqlite3;
use server::storage::{
    Approval, Assignment, AssignmentScope, AssignmentsOf, Console, ConsoleStatus, EnrolmentSecret, EventFilter,
    Events as _, ImportStep, Installation as _, LoginKey, LoginRecord, NewConsole, NewEvent, NewGroup, NewIdentity,
    NewInvitation, NewReceipt, NewRole, NewRoom, NewSession, NewUser, PurgedNow, RemoteAccessSettings, Result,
    SessionEnd, Sessions as _, Store, Tenant, TenantScope, UserEdit, UserFilter, UserPosition,
};
use tempfile::TempDir;

struct World {
    storage: Store,
    folder: TempDir,
    contoso: TenantScope,
    fabrikam: TenantScope,
}

async fn world() -> World {
    let folder = tempfile::tempdir().expect("a folder");
    let storage: Store = Arc::new(Sqlite3::open(folder.path()).await.expect("a database"));
    let contoso = create_tenant(&storage, "contoso").await;
    let fabrikam = create_tenant(&storage, "fabrikam").await;
    World { storage, folder, contoso, fabrikam }
}

async fn create_tenant(storage: &Store, id: &str) -> TenantScope {
    let tenant = Tenant { id: TenantId::new(id).expect("a slug"), name: id.to_owned(), created_at: 1 };
    storage.create_tenant(&tenant, event("tenant.created")).await.expect("stored")
}

fn event(kind: &'static str) -> NewEvent {
    NewEvent { kind, at: 1, session: None, room: None, body: "{}".to_owned() }
}

fn of_session(kind: &'static str, session: SessionId) -> NewEvent {
    NewEvent { session: Some(session), ..event(kind) }
}

fn room_id(text: &str) -> RoomId {
    RoomId::new(text).expect("a slug")
}

impl World {
    async fn user(&self, scope: &TenantScope, email: &str) -> UserId {
        let user = NewUser {
            id: UserId(random::bytes()),
            email: email.to_owned(),
            name: "Somebody".to_owned(),
            password_hash: None,
            created_at: 1,
        };
        self.storage.create_user(scope, &user, event("user.created")).await.expect("stored");
        user.id
    }

    async fn room(&self, scope: &TenantScope, id: &str) -> RoomId {
        let room = NewRoom {
            id: room_id(id),
            name: id.to_owned(),
            place: "Berlin".to_owned(),
            groups: vec!["executive".to_owned(), "all".to_owned()],
            created_at: 1,
        };
        self.storage.create_room(scope, &room, event("room.created")).await.expect("stored");
        room.id
    }

    /// A secret that is good until 100.
    async fn secret(&self, scope: &TenantScope, room: &RoomId) -> [u8; 16] {
        let secret = EnrolmentSecret {
            id: random::bytes(),
            room: room.clone(),
            pre_approved: true,
            created_at: 1,
            expires_at: 100,
        };
        self.storage.offer_enrolment(scope, &secret, event("console.enrolment_offered")).await.expect("stored");
        secret.id
    }

    async fn enrol(&self, scope: &TenantScope, room: &RoomId, secret: &[u8; 16], now: i64) -> Result<Option<Console>> {
        let key = PublicKey(random::bytes());
        let console = NewConsole { id: ConsoleId(random::bytes()), room: room.clone(), key, enrolled_at: now };
        self.storage.enrol_console(scope, secret, &console, now, event("console.enrolled")).await
    }

    async fn kinds(&self, scope: &TenantScope) -> Vec<String> {
        let events = self.storage.events(scope, EventFilter::default(), 1000).await.expect("read");
        events.into_iter().map(|event| event.kind).collect()
    }

    /// A started session of a user in a room with a console.
    async fn session(&self, scope: &TenantScope) -> SessionId {
        let user = self.user(scope, &format!("{}@{}", hex::encode(random::bytes::<4>()), scope.tenant())).await;
        let room = self.room(scope, &format!("r-{}", hex::encode(random::bytes::<4>()))).await;
        let secret = self.secret(scope, &room).await;
        let console = self.enrol(scope, &room, &secret, 2).await.expect("stored").expect("good");
        let session = NewSession {
            id: SessionId(random::bytes()),
            room,
            console: console.id,
            user,
            user_name: "Somebody".to_owned(),
            login: LoginKey([1; 32]),
            access: Access::View,
            started_at: 10,
        };
        self.storage.start_session(scope, &session, of_session("session.start", session.id)).await.expect("stored");
        session.id
    }
}

#[tokio::test]
async fn events_are_numbered_per_tenant_without_gaps_and_salted() {
    let world = world().await;
    for scope in [&world.contoso, &world.contoso, &world.fabrikam] {
        world.storage.append_event(scope, event("login.ended")).await.expect("stored");
    }
    let events = world.storage.events(&world.contoso, EventFilter::default(), 10).await.expect("read");
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(events.iter().map(|event| event.salt).collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(world.kinds(&world.fabrikam).await, ["tenant.created", "login.ended"]);
    let filter = EventFilter { from_seq: 1, from: Some(1), to: Some(2) };
    assert_eq!(world.storage.events(&world.contoso, filter, 1).await.expect("read")[0].seq, 1);
    let none = EventFilter { to: Some(1), ..EventFilter::default() };
    assert!(world.storage.events(&world.contoso, none, 10).await.expect("read").is_empty());
}

#[tokio::test]
async fn writers_at_the_same_time_leave_no_gap() {
    let world = world().await;
    let writers = (0..50).map(|_| {
        let (storage, scope) = (Arc::clone(&world.storage), world.contoso.clone());
        tokio::spawn(async move { storage.append_event(&scope, event("login.ended")).await })
    });
    let mut positions = BTreeSet::new();
    for writer in writers.collect::<Vec<_>>() {
        positions.insert(writer.await.expect("ran").expect("stored"));
    }
    assert_eq!(positions, (1..=50).collect());
}

#[tokio::test]
async fn the_tree_grows_with_the_events_and_keeps_its_checkpoints() {
    let world = world().await;
    let head = async || world.storage.log_head(&world.contoso).await.expect("read");
    let first = head().await;
    assert_eq!(first.size, 1);
    world.storage.append_event(&world.contoso, event("b")).await.expect("stored");
    let second = head().await;
    assert_eq!((second.size, second.origin.as_str()), (2, first.origin.as_str()));
    assert_ne!(second.root, first.root);
    let due = async || {
        let due = world.storage.logs_without_checkpoint().await.expect("read");
        due.into_iter().map(|(scope, head)| (scope.tenant().to_string(), head.size)).collect::<Vec<_>>()
    };
    assert_eq!(due().await, [("contoso".to_owned(), 2), ("fabrikam".to_owned(), 1)]);
    for note in ["first", "another about the same"] {
        world.storage.store_checkpoint(&world.contoso, 2, note).await.expect("stored");
    }
    assert_eq!(due().await, [("fabrikam".to_owned(), 1)]);
    let mut reader = world.storage.log(&world.contoso).await.expect("read");
    world.storage.append_event(&world.contoso, event("c")).await.expect("stored");
    assert_eq!(reader.head(), Some(&second), "as it stood when it was opened");
    assert_eq!(reader.checkpoints(None, 10).await.expect("read"), [(2, b"first".to_vec())]);
    assert_eq!(reader.last_checkpoint().await.expect("read"), Some((2, b"first".to_vec())));
    assert_eq!(reader.checkpoints(Some(2), 10).await.expect("read"), []);
    let leaves = reader.leaves(None, 10).await.expect("read");
    assert_eq!(leaves.iter().map(|leaf| leaf.seq).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(reader.leaves(Some(0), 10).await.expect("read"), leaves[1..]);
    assert_eq!(reader.stray().await.expect("read"), None);
    assert_eq!(reader.span(Some(2), None).await.expect("read"), None);
    assert_eq!(reader.span(None, Some(2)).await.expect("read"), Some((0, 1)));
}

#[tokio::test]
async fn a_clock_that_was_set_back_is_told() {
    let world = world().await;
    let hours = 3_600_000;
    for at in [10 * hours, 10 * hours - 59_000, 8 * hours, 9 * hours] {
        let event = NewEvent { at, ..event("a") };
        world.storage.append_event(&world.contoso, event).await.expect("stored");
    }
    let kinds = world.kinds(&world.contoso).await;
    assert_eq!(kinds, ["tenant.created", "a", "a", "audit.clock_set_back", "a", "a"]);
}

#[tokio::test]
async fn a_purge_leaves_hashes_and_says_what_went() {
    let world = world().await;
    for at in [5, 1000, 6, 2000] {
        world.storage.append_event(&world.contoso, NewEvent { at, ..event("a") }).await.expect("stored");
    }
    let before = world.storage.log_head(&world.contoso).await.expect("read");
    let told = |purged: PurgedNow| NewEvent {
        at: 3000,
        body: format!("{{\"purged\":\"{purged:?}\"}}"),
        ..event("audit.purge")
    };
    let purge = async |before| world.storage.purge_events(&world.contoso, before, &told).await.expect("purged");
    assert_eq!(purge(7).await, Some(3));
    assert_eq!(purge(7).await, None);
    let events = world.storage.events(&world.contoso, EventFilter::default(), 10).await.expect("read");
    let kept: Vec<_> = events.iter().map(|event| (event.seq, event.at)).collect();
    assert_eq!(kept, [(2, 1000), (4, 2000), (5, 3000)]);
    assert!(events[2].body.contains("from: 0, to: 2, count: 3, beyond: [(3, 4)]"), "{}", events[2].body);
    let mut reader = world.storage.log(&world.contoso).await.expect("read");
    let leaves = reader.leaves(None, 10).await.expect("read");
    let texts: Vec<_> = leaves.iter().map(|leaf| leaf.event.is_some()).collect();
    assert_eq!(texts, [false, false, true, false, true, true]);
    assert_eq!(reader.head().map(|head| head.size), Some(before.size + 1));
    assert_eq!(reader.last_purge().await.expect("read").as_ref(), leaves.last());
}

#[tokio::test]
async fn an_address_has_one_account_in_the_installation_whatever_its_case() {
    let world = world().await;
    let id = world.user(&world.contoso, "Ada@example.com").await;
    let (scope, user) = world.storage.user_by_email("ADA@EXAMPLE.COM").await.expect("read").expect("an account");
    assert_eq!((scope, user.id), (world.contoso.clone(), id));
    let again = NewUser {
        id: UserId(random::bytes()),
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        password_hash: None,
        created_at: 1,
    };
    let error = world.storage.create_user(&world.fabrikam, &again, event("user.created")).await.expect_err("taken");
    assert!(error.is_conflict());
    assert_eq!(world.kinds(&world.fabrikam).await, ["tenant.created"]);
}

#[tokio::test]
async fn nothing_is_found_from_another_tenant() {
    let world = world().await;
    let (contoso, fabrikam) = (&world.contoso, &world.fabrikam);
    let user = world.user(contoso, "a@b").await;
    let room = world.room(contoso, "aurora").await;
    let session = world.session(contoso).await;
    let login = LoginRecord { key: LoginKey([7; 32]), user, created_at: 1, last_active_at: 1 };
    world.storage.create_login(contoso, &login, event("login.succeeded")).await.expect("stored");
    let secret = world.secret(contoso, &room).await;

    assert_eq!(world.storage.user(fabrikam, &user).await.expect("read"), None);
    assert_eq!(world.storage.room(fabrikam, &room).await.expect("read"), None);
    assert!(world.storage.rooms(fabrikam).await.expect("read").is_empty());
    assert_eq!(world.storage.session(fabrikam, &session).await.expect("read"), None);
    assert_eq!(world.storage.enrolment_secret(fabrikam, &room).await.expect("read"), None);
    assert_eq!(world.enrol(fabrikam, &room, &secret, 2).await.expect("read"), None);
    let end = SessionEnd { at: 20, reason: EndReason::Revoked };
    let ended = world.storage.end_session(fabrikam, &session, end, of_session("session.end", session)).await;
    assert!(!ended.expect("read"));
    world.storage.end_login(fabrikam, &login.key, event("login.ended")).await.expect("read");
    assert!(world.storage.login(&login.key).await.expect("read").is_some());
    assert_eq!(world.kinds(fabrikam).await, ["tenant.created"]);
}

#[tokio::test]
async fn a_row_cannot_point_into_another_tenant() {
    let world = world().await;
    let foreign_user = world.user(&world.contoso, "a@b").await;
    let login = LoginRecord { key: LoginKey([7; 32]), user: foreign_user, created_at: 1, last_active_at: 1 };
    let made = world.storage.create_login(&world.fabrikam, &login, event("login.succeeded")).await;
    assert!(made.is_err());
    let role = world.storage.roles(&world.fabrikam).await.expect("read")[0].id;
    let assignment = assignment(role, vec![foreign_user]);
    assert!(world.storage.create_assignment(&world.fabrikam, &assignment, event("assignment.created")).await.is_err());
    let foreign_role = assignment_of_contoso(&world).await;
    assert!(
        world.storage.create_assignment(&world.fabrikam, &foreign_role, event("assignment.created")).await.is_err()
    );
}

fn assignment(role: RoleId, users: Vec<UserId>) -> Assignment {
    Assignment {
        id: AssignmentId(random::bytes()),
        role,
        name: "Berlin".to_owned(),
        description: String::new(),
        users,
        groups: Vec::new(),
        scope: AssignmentScope {
            everywhere: false,
            rooms: vec![room_id("aurora")],
            room_groups: vec!["executive".to_owned()],
            places: vec!["Berlin".to_owned()],
        },
        made_by: None,
        made_at: 1,
        version: 1,
    }
}

async fn assignment_of_contoso(world: &World) -> Assignment {
    assignment(world.storage.roles(&world.contoso).await.expect("read")[0].id, Vec::new())
}

fn viewers() -> NewRole {
    NewRole {
        id: RoleId([4; 16]),
        name: "Viewers".to_owned(),
        description: "They look.".to_owned(),
        permissions: vec![Permission::RoomView, Permission::RemoteAccessView],
    }
}

/// The number that grows with every change of contoso's access.
async fn access_version(world: &World) -> i64 {
    let versions = world.storage.access_versions().await.expect("read");
    versions.into_iter().find(|(scope, _)| *scope == world.contoso).expect("contoso").1
}

#[tokio::test]
async fn assignments_give_what_their_roles_say() {
    let world = world().await;
    let scope = &world.contoso;
    let user = world.user(scope, "a@b").await;
    let role = viewers();
    world.storage.create_role(scope, &role, event("role.created"), None).await.expect("stored");
    assert!(world.storage.grants_of(scope, &user).await.expect("read").is_empty());
    let wanted = assignment(role.id, vec![user]);
    let before = access_version(&world).await;
    world.storage.create_assignment(scope, &wanted, event("assignment.created")).await.expect("stored");
    assert!(before < access_version(&world).await);

    let grants = world.storage.grants_of(scope, &user).await.expect("read");
    assert_eq!(grants.len(), 1);
    assert_eq!((grants[0].assignment, grants[0].permissions), (wanted.id, role.permissions.iter().copied().collect()));
    let Coverage::Rooms { rooms, groups, places } = &grants[0].coverage else { panic!("not everywhere") };
    assert!(rooms.contains(&room_id("aurora")) && groups.contains("executive") && places == &["Berlin"]);

    let fewer = NewRole { permissions: vec![Permission::RoomView], ..role };
    assert!(world.storage.set_role(scope, &fewer, 1, event("role.changed")).await.expect("stored"));
    let permissions = world.storage.grants_of(scope, &user).await.expect("read")[0].permissions;
    assert_eq!(permissions, fewer.permissions.iter().copied().collect());
    let stale = world.storage.set_role(scope, &viewers(), 1, event("role.changed")).await.expect("read");
    assert!(!stale, "somebody else changed it");
    let foreign = world.storage.set_role(&world.fabrikam, &viewers(), 2, event("role.changed")).await.expect("read");
    assert!(!foreign);
    let stored = world.storage.role(scope, &fewer.id).await.expect("read").expect("a role");
    assert_eq!((NewRole::from(&stored), stored.version, stored.n_assignments), (fewer, 2, 1));
}

#[tokio::test]
async fn an_assignment_is_read_back_changed_and_removed() {
    let world = world().await;
    let scope = &world.contoso;
    let (one, other) = (world.user(scope, "a@b").await, world.user(scope, "c@d").await);
    let made = assignment(world.storage.roles(scope).await.expect("read")[1].id, vec![one]);
    world.storage.create_assignment(scope, &made, event("assignment.created")).await.expect("stored");
    assert_eq!(world.storage.assignment(scope, &made.id).await.expect("read").as_ref(), Some(&made));
    assert_eq!(world.storage.assignment(&world.fabrikam, &made.id).await.expect("read"), None);

    let everywhere = AssignmentScope { everywhere: true, ..AssignmentScope::default() };
    let wanted = Assignment { users: vec![other], scope: everywhere, made_by: Some(one), made_at: 9, ..made.clone() };
    let before = access_version(&world).await;
    assert!(world.storage.set_assignment(scope, &wanted, event("assignment.changed")).await.expect("stored"));
    assert!(before < access_version(&world).await);
    assert!(!world.storage.set_assignment(scope, &wanted, event("assignment.changed")).await.expect("read"), "stale");
    let changed = Assignment { version: 2, ..wanted };
    for (of, expected) in [
        (AssignmentsOf::Tenant, vec![changed.clone()]),
        (AssignmentsOf::Role(made.role), vec![changed.clone()]),
        (AssignmentsOf::User(other), vec![changed.clone()]),
        (AssignmentsOf::User(one), Vec::new()),
        (AssignmentsOf::Group(GroupId([9; 16])), Vec::new()),
    ] {
        assert_eq!(world.storage.assignments(scope, of).await.expect("read"), expected, "{of:?}");
    }
    assert_eq!(world.storage.assignments(&world.fabrikam, AssignmentsOf::Tenant).await.expect("read"), []);

    let before = access_version(&world).await;
    let foreign = world.storage.delete_assignment(&world.fabrikam, &made.id, event("assignment.deleted")).await;
    assert!(!foreign.expect("read"));
    assert!(world.storage.delete_assignment(scope, &made.id, event("assignment.deleted")).await.expect("stored"));
    assert!(!world.storage.delete_assignment(scope, &made.id, event("assignment.deleted")).await.expect("read"));
    assert!(before < access_version(&world).await);
    assert!(world.storage.grants_of(scope, &other).await.expect("read").is_empty());
}

#[tokio::test]
async fn custom_roles_go_with_their_assignments_and_built_in_ones_stay() {
    let world = world().await;
    let scope = &world.contoso;
    let user = world.user(scope, "a@b").await;
    let role = viewers();
    let first = assignment(role.id, vec![user]);
    let with = Some((first.clone(), event("assignment.created")));
    world.storage.create_role(scope, &role, event("role.created"), with).await.expect("stored");
    assert_eq!(world.storage.grants_of(scope, &user).await.expect("read").len(), 1);
    let namesake = NewRole { id: RoleId([5; 16]), name: "VIEWERS".to_owned(), ..role.clone() };
    let taken = world.storage.create_role(scope, &namesake, event("role.created"), None).await;
    assert!(taken.expect_err("taken").is_conflict());
    world.storage.create_role(&world.fabrikam, &namesake, event("role.created"), None).await.expect("another tenant");

    for built_in in world.storage.roles(scope).await.expect("read").into_iter().filter(|role| role.built_in.is_some()) {
        assert!(!world.storage.delete_role(scope, &built_in.id, event("role.deleted")).await.expect("read"));
        let renamed = NewRole { id: built_in.id, name: "Mine".to_owned(), ..role.clone() };
        assert!(!world.storage.set_role(scope, &renamed, 1, event("role.changed")).await.expect("read"));
    }
    assert!(world.storage.delete_role(scope, &role.id, event("role.deleted")).await.expect("stored"));
    assert!(world.storage.grants_of(scope, &user).await.expect("read").is_empty());
    assert_eq!(world.storage.assignment(scope, &first.id).await.expect("read"), None);
    assert_eq!(world.storage.roles(scope).await.expect("read").len(), BuiltInRole::ALL.len());
}

#[tokio::test]
async fn a_new_tenant_has_the_built_in_roles_and_remote_access_is_off() {
    let world = world().await;
    let roles = world.storage.roles(&world.contoso).await.expect("read");
    let built_in: BTreeSet<_> = roles.iter().filter_map(|role| role.built_in).collect();
    assert_eq!(built_in, BuiltInRole::ALL.into_iter().collect());
    let settings = world.storage.remote_access(&world.contoso).await.expect("read");
    assert_eq!(settings, RemoteAccessSettings::default());
    assert!(!settings.enabled);
}

#[tokio::test]
async fn settings_are_read_back_as_they_were_stored() {
    let world = world().await;
    let minutes = |n: u64| std::time::Duration::from_mins(n);
    let settings = RemoteAccessSettings {
        enabled: true,
        acknowledged_by: Some("a@b".to_owned()),
        call_policy: CallPolicy::End,
        view_shortcuts: ShortcutPolicy::Safe,
        idle_limit: minutes(7),
        maximum_duration: minutes(60),
        decline_within: Some(minutes(1)),
        room_may_end: false,
        step_up: true,
        audit_retention: minutes(60 * 24 * 30),
    };
    let (before, enabled) = (RemoteAccessSettings::default(), "remote_access.enabled");
    let stored = world.storage.set_remote_access(&world.contoso, &before, &settings, event(enabled)).await;
    assert!(stored.expect("stored"));
    assert_eq!(world.storage.remote_access(&world.contoso).await.expect("read"), settings);
    assert!(!world.storage.remote_access(&world.fabrikam).await.expect("read").enabled);
}

#[tokio::test]
async fn settings_that_were_changed_meanwhile_are_not_overwritten() {
    let world = world().await;
    let first = RemoteAccessSettings::default();
    let second = RemoteAccessSettings { room_may_end: false, ..first.clone() };
    let third = RemoteAccessSettings { enabled: true, ..first.clone() };
    let n_events = async || {
        let events = world.storage.events(&world.contoso, EventFilter::default(), 100).await.expect("read");
        events.iter().filter(|event| event.kind == "remote_access.changed").count()
    };
    let set = async |before, after| {
        let event = event("remote_access.changed");
        world.storage.set_remote_access(&world.contoso, before, after, event).await.expect("no failure")
    };
    assert!(set(&first, &second).await);
    assert!(!set(&first, &third).await, "based on what is no longer in force");
    assert_eq!(world.storage.remote_access(&world.contoso).await.expect("read"), second);
    assert_eq!(n_events().await, 1, "no change, no event");
    let (one, other) = tokio::join!(set(&second, &first), set(&second, &third));
    assert!(one != other, "one of two at the same moment");
    assert_eq!(n_events().await, 2);
}

#[tokio::test]
async fn a_secret_enrols_one_console_and_a_new_console_takes_the_room() {
    let world = world().await;
    let scope = &world.contoso;
    let room = world.room(scope, "aurora").await;
    let old = world.secret(scope, &room).await;
    let secret = world.secret(scope, &room).await;
    assert_eq!(world.enrol(scope, &room, &old, 2).await.expect("read"), None, "replaced");
    assert_eq!(world.enrol(scope, &room, &secret, 100).await.expect("read"), None, "too old");
    let first = world.enrol(scope, &room, &secret, 99).await.expect("stored").expect("good");
    assert_eq!(first.status(), ConsoleStatus::Approved);
    assert_eq!(world.enrol(scope, &room, &secret, 99).await.expect("read"), None, "used");

    let secret = world.secret(scope, &room).await;
    let second = world.enrol(scope, &room, &secret, 50).await.expect("stored").expect("good");
    assert_eq!(world.storage.console_by_key(&first.key).await.expect("read"), None);
    let (found, console) = world.storage.console_by_key(&second.key).await.expect("read").expect("a console");
    assert_eq!((found, console.id), (scope.clone(), second.id));
    assert_eq!(world.storage.console_of_room(scope, &room).await.expect("read").expect("a console").id, second.id);
}

#[tokio::test]
async fn what_is_decided_about_a_console_is_decided_once() {
    let world = world().await;
    let scope = &world.contoso;
    let room = world.room(scope, "aurora").await;
    let user = world.user(scope, "ada@example.com").await;
    let id = random::bytes();
    let secret = EnrolmentSecret { id, room: room.clone(), pre_approved: false, created_at: 1, expires_at: 100 };
    world.storage.offer_enrolment(scope, &secret, event("console.enrolment_offered")).await.expect("stored");
    let console = world.enrol(scope, &room, &secret.id, 2).await.expect("stored").expect("good");
    assert_eq!((console.status(), console.approval), (ConsoleStatus::Pending, None));
    let versions = async || {
        let access = world.storage.access_versions().await.expect("read");
        let access = access.into_iter().find(|(tenant, _)| tenant == scope).expect("a tenant").1;
        (world.storage.rooms_version(scope).await.expect("read"), access)
    };
    let status = async || world.storage.console_of_room(scope, &room).await.expect("read").map(|found| found.status());
    let mut before = versions().await;
    let mut has_grown = async || {
        let after = versions().await;
        let grown = before.0 < after.0 && before.1 < after.1;
        before = after;
        grown
    };

    let approval = Approval { by: Some(user), at: 5 };
    let approve = async |console: &Console| {
        world.storage.approve_console(scope, console, approval, event("console.approved")).await.expect("stored")
    };
    assert!(!approve(&Console { key: PublicKey([9; 32]), ..console.clone() }).await, "another key");
    assert!(!approve(&Console { id: ConsoleId([9; 16]), ..console.clone() }).await, "another console");
    assert!(approve(&console).await && has_grown().await);
    assert!(!approve(&console).await, "approved already");
    let approved = world.storage.console_of_room(scope, &room).await.expect("read").expect("a console");
    assert_eq!((approved.status(), approved.approval), (ConsoleStatus::Approved, Some(approval)));

    let set_aside = async || {
        let suspected = event("console.clone_suspected");
        world.storage.quarantine_console(scope, &console.id, 6, suspected).await.expect("stored")
    };
    let release =
        async || world.storage.release_console(scope, &console.id, event("console.released")).await.expect("stored");
    assert!(!release().await);
    assert!(set_aside().await && has_grown().await);
    assert!(!set_aside().await);
    assert_eq!(status().await, Some(ConsoleStatus::Quarantined));
    let facts = world.storage.room(scope, &room).await.expect("read").expect("a room");
    assert_eq!(facts.console, Some(ConsoleStatus::Quarantined));
    assert!(release().await && has_grown().await);
    assert_eq!(status().await, Some(ConsoleStatus::Approved));

    let retire =
        async || world.storage.retire_console(scope, &console, 7, event("console.revoked")).await.expect("stored");
    let spare = world.secret(scope, &room).await;
    assert!(retire().await && has_grown().await);
    assert!(!retire().await && !approve(&console).await && !set_aside().await);
    assert_eq!((status().await, world.storage.console_by_key(&console.key).await.expect("read")), (None, None));
    assert_eq!(world.enrol(scope, &room, &spare, 8).await.expect("read"), None, "it would have needed no approval");
    let kinds = world.kinds(scope).await;
    let decided: Vec<_> = kinds.iter().map(String::as_str).skip_while(|kind| *kind != "console.approved").collect();
    let expected = [
        "console.approved",
        "console.clone_suspected",
        "console.released",
        "console.enrolment_offered",
        "console.revoked",
    ];
    assert_eq!(decided, expected);
}

#[tokio::test]
async fn a_secret_that_many_want_is_used_once() {
    let world = Arc::new(world().await);
    let room = world.room(&world.contoso, "aurora").await;
    let secret = world.secret(&world.contoso, &room).await;
    let racers = (0..20).map(|_| {
        let (world, room) = (Arc::clone(&world), room.clone());
        tokio::spawn(async move { world.enrol(&world.contoso, &room, &secret, 2).await.expect("read").is_some() })
    });
    let mut winners = 0;
    for racer in racers.collect::<Vec<_>>() {
        winners += u32::from(racer.await.expect("ran"));
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn a_session_has_one_start_and_one_end() {
    let world = world().await;
    let scope = &world.contoso;
    let id = world.session(scope).await;
    let record = world.storage.session(scope, &id).await.expect("read").expect("a session");
    assert_eq!((record.end, record.restart_on_end, record.last_seen_at), (None, true, 10));
    world.storage.sessions_seen(&[(scope.clone(), id)], 15).await.expect("stored");
    world.storage.set_restart_on_end(scope, &id, false).await.expect("stored");
    let open = world.storage.open_sessions().await.expect("read");
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].1.last_seen_at, open[0].1.restart_on_end), (15, false));

    let end = SessionEnd { at: 20, reason: EndReason::ViewerLost };
    assert!(world.storage.end_session(scope, &id, end, of_session("session.end", id)).await.expect("stored"));
    let other = SessionEnd { at: 30, reason: EndReason::AgentLost };
    assert!(!world.storage.end_session(scope, &id, other, of_session("session.end", id)).await.expect("read"));
    assert_eq!(world.storage.session(scope, &id).await.expect("read").expect("a session").end, Some(end));
    assert!(world.storage.open_sessions().await.expect("read").is_empty());
    assert!(world.storage.append_event(scope, of_session("session.end", id)).await.is_err(), "a second end");
    let ends = world.kinds(scope).await.into_iter().filter(|kind| kind == "session.end").count();
    assert_eq!(ends, 1);
}

#[tokio::test]
async fn a_console_has_one_signing_key_and_a_session_one_receipt() {
    let world = world().await;
    let scope = &world.contoso;
    let session = world.session(scope).await;
    let console = world.storage.session(scope, &session).await.expect("read").expect("a session").console;
    let key = |byte| ConsoleSigner::new(&Secret::new([byte; 32])).public_key();
    let learn = async |scope: &TenantScope, byte| {
        world.storage.learn_signing_key(scope, &console, &key(byte), event("console.signing_key_learned")).await
    };
    assert!(!learn(&world.fabrikam, 1).await.expect("read"), "no console of theirs");
    assert!(learn(scope, 1).await.expect("stored"));
    assert!(learn(scope, 1).await.expect("read"), "it is the same");
    assert!(!learn(scope, 2).await.expect("read"));

    let receipt = |byte: u8| NewReceipt { console, session, number: 4, signed: vec![byte; 9], received_at: 30 };
    let keep = async |scope: &TenantScope, byte| {
        let events = vec![of_session("session.end.confirmed", session), event("console.receipts_missing")];
        world.storage.keep_receipt(scope, &receipt(byte), events).await
    };
    assert!(keep(&world.fabrikam, 1).await.is_err(), "no session of theirs");
    assert_eq!(keep(scope, 1).await.expect("stored"), Kept::Stored);
    assert_eq!(keep(scope, 1).await.expect("read"), Kept::Known);
    assert_eq!(keep(scope, 2).await.expect("read"), Kept::Other);
    assert_eq!(world.storage.receipt(scope, &session).await.expect("read"), Some(vec![1; 9]));
    assert_eq!(world.storage.receipt(&world.fabrikam, &session).await.expect("read"), None);
    for kind in ["console.signing_key_learned", "session.end.confirmed", "console.receipts_missing"] {
        let n_events = world.kinds(scope).await.into_iter().filter(|other| other == kind).count();
        assert_eq!(n_events, 1, "{kind}");
    }
    world.storage.pass_receipt(scope, &console, 9, None).await.expect("stored");
    world.storage.pass_receipt(scope, &console, 3, Some(event("console.receipt_refused"))).await.expect("stored");
    let room = world.storage.session(scope, &session).await.expect("read").expect("a session").room;
    let stored = world.storage.console_of_room(scope, &room).await.expect("read").expect("a console");
    assert_eq!((stored.signing_key, stored.receipt_number), (Some(key(1)), Some(9)));
}

#[tokio::test]
async fn the_version_of_the_rooms_grows_with_what_the_list_shows_and_with_nothing_else() {
    let world = world().await;
    let scope = &world.contoso;
    let version = async || world.storage.rooms_version(scope).await.expect("read");
    let first = version().await;
    let room = world.room(scope, "aurora").await;
    let with_room = version().await;
    assert!(first < with_room);
    let secret = world.secret(scope, &room).await;
    assert_eq!(version().await, with_room);
    let console = world.enrol(scope, &room, &secret, 2).await.expect("stored").expect("good");
    let with_console = version().await;
    assert!(with_room < with_console);
    world.storage.console_seen(scope, &console.id, 5).await.expect("stored");
    world.storage.set_console_info(scope, &console.id, &console.info).await.expect("stored");
    let signals = ConsoleSignals::new(&Signals::default(), 6);
    world.storage.set_console_signals(scope, &console.id, &signals).await.expect("stored");
    world
        .storage
        .set_console_signals(&world.fabrikam, &console.id, &ConsoleSignals { reported_at: 7, ..signals.clone() })
        .await
        .expect("nothing to change");
    let present = world.storage.console_of_room(scope, &room).await.expect("read").expect("a console");
    assert_eq!(present.signals, Some(signals));
    world.session(&world.fabrikam).await;
    assert_eq!(version().await, with_console);
    let facts = world.storage.room(scope, &room).await.expect("read").expect("a room");
    assert_eq!(facts.console, Some(ConsoleStatus::Approved));
    assert_eq!(facts.last_seen_at, Some(5));
    assert_eq!(facts.groups.iter().map(String::as_str).collect::<BTreeSet<_>>(), ["all", "executive"].into());
}

#[tokio::test]
async fn logins_run_out() {
    let world = world().await;
    let user = world.user(&world.contoso, "a@b").await;
    for (n, created_at, last_active_at) in [(1, 10, 100), (2, 90, 50), (3, 90, 100)] {
        let login = LoginRecord { key: LoginKey([n; 32]), user, created_at, last_active_at };
        world.storage.create_login(&world.contoso, &login, event("login.succeeded")).await.expect("stored");
    }
    assert_eq!(world.storage.purge_logins(10, 50).await.expect("stored"), 2);
    assert!(world.storage.login(&LoginKey([3; 32])).await.expect("read").is_some());
    world.storage.touch_login(&world.contoso, &LoginKey([3; 32]), 200).await.expect("stored");
    world.storage.touch_login(&world.contoso, &LoginKey([3; 32]), 150).await.expect("stored");
    let (_, login) = world.storage.login(&LoginKey([3; 32])).await.expect("read").expect("a login");
    assert_eq!(login.last_active_at, 200);
}

#[tokio::test]
async fn an_identity_has_one_account_of_a_tenant_and_an_account_one_identity() {
    let world = world().await;
    let (first, second) =
        (world.user(&world.contoso, "a@example.com").await, world.user(&world.contoso, "b@example.com").await);
    let foreign = world.user(&world.fabrikam, "c@example.com").await;
    let identity = |issuer: &str, subject: &str, user| NewIdentity {
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        user,
        linked_at: 1,
    };
    let events = async || world.storage.events(&world.contoso, EventFilter::default(), 100).await.expect("read").len();
    let link = async |scope: &TenantScope, identity: NewIdentity, new_user: Option<&NewUser>| {
        world.storage.link_identity(scope, &identity, new_user, vec![event("user.identity_linked")]).await
    };
    link(&world.contoso, identity("https://a", "1", first), None).await.expect("linked");
    let n_events = events().await;
    for refused in
        [identity("https://a", "1", second), identity("https://a", "2", first), identity("https://b", "1", first)]
    {
        let outcome = link(&world.contoso, refused.clone(), None).await;
        assert!(outcome.is_err_and(|error| error.is_conflict()), "{refused:?}");
    }
    assert!(link(&world.contoso, identity("https://a", "3", foreign), None).await.is_err(), "of another tenant");
    let taken = NewUser {
        id: UserId(random::bytes()),
        email: "C@example.com".to_owned(),
        name: "Cleo".to_owned(),
        password_hash: None,
        created_at: 1,
    };
    let outcome = link(&world.contoso, identity("https://a", "3", taken.id), Some(&taken)).await;
    assert!(outcome.is_err_and(|error| error.is_conflict()));
    assert_eq!(world.storage.user(&world.contoso, &taken.id).await.expect("read"), None);
    assert_eq!(events().await, n_events, "nothing of what was refused is stored");

    let new = NewUser { email: "d@example.com".to_owned(), ..taken };
    link(&world.contoso, identity("https://b", "1", new.id), Some(&new)).await.expect("made and linked");
    link(&world.fabrikam, identity("https://a", "1", foreign), None).await.expect("another tenant");
    for (scope, issuer, subject, user) in [
        (&world.contoso, "https://a", "1", Some(first)),
        (&world.contoso, "https://b", "1", Some(new.id)),
        (&world.fabrikam, "https://a", "1", Some(foreign)),
        (&world.fabrikam, "https://b", "1", None),
        (&world.contoso, "https://A", "1", None),
        (&world.contoso, "https://a", "1 ", None),
    ] {
        assert_eq!(world.storage.identity(scope, issuer, subject).await.expect("read"), user, "{issuer} {subject}");
    }
}

#[tokio::test]
async fn a_sign_in_is_completed_once() {
    let world = world().await;
    let spend = async |hash: u8, until| world.storage.spend_sign_in(&[hash; 32], until).await.expect("stored");
    assert!(spend(1, 100).await && spend(2, 200).await);
    assert!(!spend(1, 300).await);
    assert_eq!(world.storage.purge_sign_ins(100).await.expect("purged"), 1);
    assert!(!spend(2, 300).await);
    let (first, second) = tokio::join!(spend(3, 100), spend(3, 100));
    assert!(first != second, "one of two at once");
}

#[tokio::test]
async fn what_was_stored_is_there_after_a_restart() {
    let world = world().await;
    let session = world.session(&world.contoso).await;
    let World { storage, folder, contoso, .. } = world;
    drop(storage);
    let again = Sqlite3::open(folder.path()).await.expect("the same database");
    assert!(again.session(&contoso, &session).await.expect("read").is_some());
    again.probe_writable().await.expect("writable");
    again.close().await;
    assert!(again.probe_writable().await.is_err());
}

#[tokio::test]
async fn two_processes_share_a_database() {
    let world = world().await;
    let beside = Sqlite3::open(world.folder.path()).await.expect("the same database");
    let (a, b) = (Arc::clone(&world.storage), &beside);
    for _ in 0..10 {
        let (here, there) = tokio::join!(
            a.append_event(&world.contoso, event("login.ended")),
            b.append_event(&world.contoso, event("login.ended"))
        );
        assert_ne!(here.expect("stored"), there.expect("stored"));
    }
}

fn new_user(email: &str, name: &str) -> NewUser {
    NewUser {
        id: UserId(random::bytes()),
        email: email.to_owned(),
        name: name.to_owned(),
        password_hash: None,
        created_at: 1,
    }
}

async fn named(world: &World, scope: &TenantScope, email: &str, name: &str) -> UserId {
    let user = new_user(email, name);
    world.storage.create_user(scope, &user, event("user.created")).await.expect("stored");
    user.id
}

/// The names of a part of the list, and how many match and are there.
async fn listed(world: &World, filter: &UserFilter) -> (Vec<String>, u32, u32) {
    let page = world.storage.list_users(&world.contoso, filter).await.expect("read");
    (page.users.into_iter().map(|user| user.name).collect(), page.n_matching, page.n_all)
}

fn all(limit: u32) -> UserFilter {
    UserFilter { limit, ..UserFilter::default() }
}

#[tokio::test]
async fn users_are_listed_by_name_and_found_by_words_in_any_case() {
    let world = world().await;
    let scope = &world.contoso;
    for (email, name) in
        [("b@x.example", "Änne Berg"), ("a@x.example", "änne berg"), ("c@y.example", "Bob"), ("d@y.example", "ada")]
    {
        named(&world, scope, email, name).await;
    }
    named(&world, &world.fabrikam, "e@x.example", "Aaron").await;
    let (names, n_matching, n_all) = listed(&world, &all(10)).await;
    assert_eq!((names.join(","), n_matching, n_all), ("ada,Bob,änne berg,Änne Berg".to_owned(), 4, 4));
    for (words, expected) in [
        (vec!["änne", "x.ex"], 2),
        (vec!["berg", "a@"], 1),
        (vec!["y.example", "bo"], 1),
        (vec!["aaron"], 0),
        (vec!["%"], 0),
    ] {
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        let (names, n_matching, n_all) = listed(&world, &UserFilter { words: words.clone(), ..all(10) }).await;
        assert_eq!((names.len(), n_matching, n_all), (expected, expected as u32, 4), "{words:?}");
    }
    let mut seen = Vec::new();
    let mut filter = all(1);
    loop {
        let page = world.storage.list_users(scope, &filter).await.expect("read");
        assert_eq!((page.users.len(), page.n_matching), (1, 4));
        seen.push(page.users[0].email.clone());
        filter.after = page.users.last().map(UserPosition::from);
        if !page.has_more {
            break;
        }
    }
    assert_eq!(seen, ["d@y.example", "c@y.example", "a@x.example", "b@x.example"]);
    let best = world.storage.best_users(scope, &["b".to_owned()], 3).await.expect("read");
    let best: Vec<_> = best.iter().map(|user| user.email.as_str()).collect();
    assert_eq!(best, ["c@y.example", "b@x.example", "a@x.example"], "by name, then by address, then anywhere");
}

#[tokio::test]
async fn users_are_listed_by_state_and_group() {
    let world = world().await;
    let scope = &world.contoso;
    let (ada, bob) = (named(&world, scope, "a@x", "Ada").await, named(&world, scope, "b@x", "Bob").await);
    named(&world, scope, "c@x", "Cleo").await;
    let key = LoginKey([1; 32]);
    world.storage.set_password_hash(scope, &ada, "hash", &key, event("user.password_changed")).await.expect("stored");
    let off = UserEdit { id: bob, name: "Bob".to_owned(), disabled: true, version: 1 };
    world.storage.edit_user(scope, &off, vec![event("user.disabled")]).await.expect("stored").expect("fits");
    for (state, expected) in [(UserState::Active, "Ada"), (UserState::Disabled, "Bob"), (UserState::Invited, "Cleo")] {
        let (names, n_matching, n_all) = listed(&world, &UserFilter { state: Some(state), ..all(9) }).await;
        assert_eq!((names, n_matching, n_all), (vec![expected.to_owned()], 1, 3));
    }
    let group = group("All");
    world.storage.create_group(scope, &group, &[ada, bob], vec![event("group.created")]).await.expect("stored");
    let of_group = UserFilter { group: Some(group.id), words: vec!["b".to_owned()], ..all(9) };
    assert_eq!(listed(&world, &of_group).await, (vec!["Bob".to_owned()], 1, 2));
    let foreign = world.storage.list_users(&world.fabrikam, &UserFilter { group: Some(group.id), ..all(9) }).await;
    assert_eq!(foreign.expect("read").n_all, 0);
    let ids = [ada, bob, UserId([9; 16])];
    assert_eq!(world.storage.users_by_ids(scope, &ids).await.expect("read").len(), 2);
    assert!(world.storage.users_by_ids(&world.fabrikam, &ids).await.expect("read").is_empty());
    let taken = world.storage.taken_elsewhere(&world.fabrikam, &["a@x".to_owned(), "z@x".to_owned()]).await;
    assert_eq!(taken.expect("read"), ["a@x"]);
    assert_eq!(world.storage.taken_elsewhere(scope, &["a@x".to_owned()]).await.expect("read"), [""; 0]);
}

fn group(name: &str) -> NewGroup {
    NewGroup { id: GroupId(random::bytes()), name: name.to_owned(), description: String::new(), created_at: 1 }
}

async fn log_in(world: &World, user: UserId, n: u8) -> LoginKey {
    let login = LoginRecord { key: LoginKey([n; 32]), user, created_at: i64::from(n), last_active_at: 1 };
    world.storage.create_login(&world.contoso, &login, event("login.succeeded")).await.expect("stored");
    login.key
}

async fn is_logged_in(world: &World, key: &LoginKey) -> bool {
    world.storage.login(key).await.expect("read").is_some()
}

#[tokio::test]
async fn an_edit_is_based_on_the_present_version_and_disabling_ends_logins() {
    let world = world().await;
    let scope = &world.contoso;
    let (ada, bob) = (named(&world, scope, "a@x", "Ada").await, named(&world, scope, "b@x", "Bob").await);
    let (of_ada, of_bob) = (log_in(&world, ada, 7).await, log_in(&world, bob, 8).await);
    let user = world.storage.user(scope, &ada).await.expect("read").expect("a user");
    assert_eq!((user.last_login_at, user.version), (Some(7), 1));
    let edit = |disabled, version| UserEdit { id: ada, name: "Äda".to_owned(), disabled, version };
    let before = access_version(&world).await;
    for (scope, version) in [(&world.fabrikam, 1), (scope, 2)] {
        let edited = world.storage.edit_user(scope, &edit(true, version), vec![event("user.disabled")]).await;
        assert_eq!(edited.expect("read"), None);
    }
    let stored = async || world.storage.user(scope, &ada).await.expect("read").expect("a user");
    assert_eq!((stored().await.name, access_version(&world).await), ("Ada".to_owned(), before));
    let renamed = world.storage.edit_user(scope, &edit(false, 1), vec![event("user.renamed")]).await;
    assert_eq!(renamed.expect("stored"), Some(Vec::new()));
    assert!(is_logged_in(&world, &of_ada).await);
    let disabled = world.storage.edit_user(scope, &edit(true, 2), vec![event("user.disabled")]).await;
    assert_eq!(disabled.expect("stored"), Some(vec![of_ada]));
    assert!(!is_logged_in(&world, &of_ada).await && is_logged_in(&world, &of_bob).await);
    assert!(before < access_version(&world).await);
    let user = stored().await;
    assert_eq!((user.name.as_str(), user.disabled, user.version), ("Äda", true, 3));
    let found = UserFilter { words: vec!["äda".to_owned()], ..all(9) };
    assert_eq!(listed(&world, &found).await.1, 1, "the key goes with the name");
    let kinds = world.kinds(scope).await;
    assert_eq!(kinds[kinds.len() - 2..], ["user.renamed", "user.disabled"]);
}

#[tokio::test]
async fn logins_of_one_person_end_together() {
    let world = world().await;
    let scope = &world.contoso;
    let (ada, bob) = (named(&world, scope, "a@x", "Ada").await, named(&world, scope, "b@x", "Bob").await);
    let (one, two, other) = (log_in(&world, ada, 1).await, log_in(&world, ada, 2).await, log_in(&world, bob, 3).await);
    assert_eq!(world.storage.end_logins(&world.fabrikam, &ada, event("login.ended")).await.expect("read"), []);
    let changed = event("user.password_changed");
    let ended = world.storage.set_password_hash(scope, &ada, "hash", &two, changed).await.expect("stored");
    assert_eq!(ended, [one]);
    assert!(is_logged_in(&world, &two).await);
    let three = log_in(&world, ada, 4).await;
    let ended: BTreeSet<_> = world
        .storage
        .end_logins(scope, &ada, event("login.ended"))
        .await
        .expect("stored")
        .iter()
        .map(|key| key.0)
        .collect();
    assert_eq!(ended, [two.0, three.0].into());
    assert!(is_logged_in(&world, &other).await);
    let n_ended = world.kinds(scope).await.into_iter().filter(|kind| kind == "login.ended").count();
    assert_eq!(n_ended, 2);
}

#[tokio::test]
async fn an_invitation_is_taken_once_and_in_time() {
    let world = world().await;
    let scope = &world.contoso;
    let user = new_user("a@x", "Ada");
    let invitation = |n: u8| NewInvitation { user: user.id, token_hash: [n; 32], created_at: 1, expires_at: 100 };
    let events = vec![event("user.created"), event("user.invited")];
    world.storage.create_invited_user(scope, &user, &invitation(1), events).await.expect("stored");
    let again = new_user("A@X", "Ada");
    let other = NewInvitation { user: again.id, ..invitation(9) };
    let taken = world.storage.create_invited_user(&world.fabrikam, &again, &other, vec![event("user.created")]).await;
    assert!(taken.expect_err("taken").is_conflict());
    assert_eq!(world.kinds(&world.fabrikam).await, ["tenant.created"]);

    let whom = async |n: u8, now| world.storage.invited(&[n; 32], now).await.expect("read").map(|(_, user)| user.id);
    assert_eq!((whom(1, 99).await, whom(1, 100).await, whom(2, 1).await), (Some(user.id), None, None));
    let foreign = world.storage.invite(&world.fabrikam, &invitation(2), event("user.invited")).await;
    assert!(!foreign.expect("read"));
    assert!(world.storage.invite(scope, &invitation(2), event("user.invited")).await.expect("stored"));
    assert_eq!((whom(1, 99).await, whom(2, 99).await), (None, Some(user.id)), "replaced");

    let login = log_in(&world, user.id, 5).await;
    let accept = async |scope: &TenantScope, n: u8, now| {
        let changed = event("user.password_changed");
        world.storage.accept_invitation(scope, &[n; 32], now, "hash", changed).await.expect("no failure")
    };
    assert_eq!(accept(&world.fabrikam, 2, 50).await, None);
    assert_eq!((accept(scope, 1, 50).await, accept(scope, 2, 100).await), (None, None));
    let edit = |disabled, version| UserEdit { id: user.id, name: "Ada".to_owned(), disabled, version };
    assert!(world.storage.edit_user(scope, &edit(true, 1), Vec::new()).await.expect("stored").is_some());
    assert_eq!((whom(2, 50).await, accept(scope, 2, 50).await), (None, None), "disabled");
    assert!(world.storage.edit_user(scope, &edit(false, 2), Vec::new()).await.expect("stored").is_some());
    assert!(!is_logged_in(&world, &login).await);
    let login = log_in(&world, user.id, 6).await;
    assert_eq!(accept(scope, 2, 99).await, Some(vec![login]));
    assert_eq!(accept(scope, 2, 99).await, None, "used");
    assert!(!is_logged_in(&world, &login).await);
    let stored = world.storage.user(scope, &user.id).await.expect("read").expect("a user");
    assert_eq!(stored.password_hash.as_deref(), Some("hash"));
    let n_changed = world.kinds(scope).await.into_iter().filter(|kind| kind == "user.password_changed").count();
    assert_eq!(n_changed, 1);
}

#[tokio::test]
async fn an_invitation_that_many_take_is_used_once() {
    let world = Arc::new(world().await);
    let user = named(&world, &world.contoso, "a@x", "Ada").await;
    let invitation = NewInvitation { user, token_hash: [1; 32], created_at: 1, expires_at: 100 };
    world.storage.invite(&world.contoso, &invitation, event("user.invited")).await.expect("stored");
    let racers = (0..20).map(|_| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let changed = event("user.password_changed");
            let taken = world.storage.accept_invitation(&world.contoso, &[1; 32], 2, "hash", changed).await;
            taken.expect("no failure").is_some()
        })
    });
    let mut winners = 0;
    for racer in racers.collect::<Vec<_>>() {
        winners += u32::from(racer.await.expect("ran"));
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn an_import_is_done_to_its_end_or_not_at_all() {
    let world = world().await;
    let scope = &world.contoso;
    let bob = named(&world, scope, "b@x", "Bob").await;
    let login = log_in(&world, bob, 1).await;
    let (ada, all_of_them) = (new_user("a@x", "Ada"), group("All"));
    let step = |step, kind| (step, vec![event(kind)]);
    let steps = |version| {
        vec![
            step(ImportStep::CreateUser(ada.clone()), "user.created"),
            step(ImportStep::CreateGroup(all_of_them.clone()), "group.created"),
            step(ImportStep::Join { group: all_of_them.id, user: ada.id }, "group.joined"),
            step(ImportStep::Join { group: all_of_them.id, user: bob }, "group.joined"),
            step(ImportStep::Leave { group: all_of_them.id, user: ada.id }, "group.left"),
            step(
                ImportStep::EditUser(UserEdit { id: bob, name: "Robert".to_owned(), disabled: true, version }),
                "user.disabled",
            ),
        ]
    };
    let before = world.kinds(scope).await;
    assert_eq!(world.storage.import(scope, &steps(7)).await.expect("no failure"), None, "somebody else was faster");
    assert!(world.storage.import(&world.fabrikam, &steps(1)).await.is_err(), "people of another tenant");
    assert_eq!(world.kinds(scope).await, before);
    assert_eq!(world.kinds(&world.fabrikam).await, ["tenant.created"]);
    assert!(is_logged_in(&world, &login).await);
    assert!(world.storage.user_by_email("a@x").await.expect("read").is_none());

    assert_eq!(world.storage.import(scope, &steps(1)).await.expect("stored"), Some(vec![login]));
    assert_eq!(world.storage.memberships(scope).await.expect("read"), [(all_of_them.id, bob)]);
    assert_eq!(world.storage.memberships(&world.fabrikam).await.expect("read"), []);
    assert_eq!(world.kinds(scope).await.len(), before.len() + 6);
    assert!(world.storage.import(scope, &steps(2)).await.expect_err("the address is taken").is_conflict());
}

#[tokio::test]
async fn groups_whose_names_start_with_a_word_are_the_best() {
    let world = world().await;
    for name in ["All of Berlin", "Berlin", "Bonn"] {
        let made = world.storage.create_group(&world.contoso, &group(name), &[], vec![event("group.created")]).await;
        made.expect("stored");
    }
    let best = async |scope: &TenantScope, word: &str| {
        let best = world.storage.best_groups(scope, &[word.to_owned()], 2).await.expect("read");
        best.into_iter().map(|group| group.name).collect::<Vec<_>>()
    };
    assert_eq!(best(&world.contoso, "berlin").await, ["Berlin", "All of Berlin"]);
    assert_eq!(best(&world.contoso, "b").await, ["Berlin", "Bonn"]);
    assert!(best(&world.fabrikam, "b").await.is_empty());
}
