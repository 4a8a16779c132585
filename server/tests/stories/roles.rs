//! Roles and assignments: who may change them, what a change does to live sessions, and what nobody may do.

use std::time::Duration;

use protocol::access::{Access, Permission};
use protocol::api::{
    Assignment, Covers, CreateRole, EditAssignment, EditRole, NewAssignment, ProblemCode, RoleDetail, RoleList,
    RoomReach, UserReach,
};
use protocol::ids::{AssignmentId, GroupId, RoleId, UserId};
use protocol::link::close;
use protocol::refusal::RefusalCode;
use serde::Serialize;
use serde_json::{Value, json};
use server::audit::{Actor, Client, Event};
use server::clock::Clock;
use server::random;
use server::storage::NewGroup;
use server::test_server::user;

use crate::support::http::{Answer, Browser};
use crate::support::world::{World, quick, room};

/// A world in which nothing but the change itself ends a session, with people of every rank.
async fn world() -> World {
    let mut limits = quick();
    limits.session.recheck_every = Duration::from_hours(1);
    let world = World::with(limits, Clock::system()).await;
    world.bootstrap(&people()).await;
    world
}

fn people() -> String {
    format!(
        r#"
        [[tenant]]
        id = "contoso"
        name = "Contoso"
        {manager}{second}{lead}{assigner}{viewing}{newcomer}
        [[tenant.role]]
        name = "Assigners"
        permissions = ["role.modify", "room.view"]
        [[tenant.role]]
        name = "Role readers"
        permissions = ["role.view"]
        "#,
        manager = user("manager@example.com", "Mia Manager", "\"Rooms Manager\""),
        second = user("second@example.com", "Max Manager", "\"Rooms Manager\""),
        lead = user("lead@example.com", "Lea Lead", "\"Site Lead\""),
        assigner = user("assigner@example.com", "Ash Assigner", ""),
        viewing = user("reader@example.com", "Ria Reader", ""),
        newcomer = user("newcomer@example.com", "Nora Newcomer", ""),
    )
}

async fn id_of(world: &World, who: &str) -> UserId {
    world.core.storage.user_by_email(&format!("{who}@example.com")).await.unwrap().expect("an account").1.id
}

async fn role_of(browser: &Browser, name: &str) -> RoleId {
    let roles: RoleList = browser.get("/roles").await.json(200);
    roles.roles.into_iter().find(|role| role.name == name).expect("a role").id
}

async fn post(browser: &Browser, path: &str, body: &impl Serialize) -> Answer {
    browser.post(path, &serde_json::to_value(body).unwrap()).await
}

async fn put(browser: &Browser, path: &str, body: &impl Serialize) -> Answer {
    browser.put(path, &serde_json::to_value(body).unwrap()).await
}

fn to_aurora(users: &[UserId]) -> NewAssignment {
    NewAssignment {
        name: "Aurora".to_owned(),
        users: users.to_vec(),
        rooms: vec![room("aurora")],
        ..NewAssignment::default()
    }
}

fn everywhere(users: &[UserId]) -> NewAssignment {
    NewAssignment { name: "All".to_owned(), users: users.to_vec(), everywhere: true, ..NewAssignment::default() }
}

fn role(permissions: &[Permission], assignment: Option<NewAssignment>) -> CreateRole {
    CreateRole {
        name: "Night shift".to_owned(),
        description: "They look after rooms at night.".to_owned(),
        permissions: permissions.to_vec(),
        assignment,
    }
}

/// The assignment as a change that keeps it so.
fn unchanged(assignment: &Assignment) -> EditAssignment {
    let wanted = NewAssignment {
        name: assignment.name.clone(),
        description: assignment.description.clone(),
        users: assignment.members.users.iter().map(|user| user.id).collect(),
        groups: assignment.members.groups.iter().map(|group| group.id).collect(),
        everywhere: assignment.scope.everywhere,
        rooms: assignment.scope.rooms.iter().map(|room| room.id.clone()).collect(),
        room_groups: assignment.scope.room_groups.iter().map(|group| group.name.clone()).collect(),
        places: assignment.scope.places.iter().map(|place| place.path.clone()).collect(),
    };
    EditAssignment { assignment: wanted, version: assignment.version }
}

/// A role with *Remote access: Modify* that gives the newcomer aurora.
async fn night_shift(world: &World, browser: &Browser) -> RoleDetail {
    let newcomer = id_of(world, "newcomer").await;
    let wanted = role(&[Permission::RemoteAccessModify], Some(to_aurora(&[newcomer])));
    post(browser, "/roles", &wanted).await.json(201)
}

/// A group of contoso, made as the command line would.
async fn group(world: &World, name: &str, members: &[UserId]) -> GroupId {
    let scope = world.scope("contoso").await;
    let group = NewGroup {
        id: GroupId(random::bytes()),
        name: name.to_owned(),
        description: String::new(),
        created_at: world.core.clock.now(),
    };
    let event = Event::GroupCreated { group: group.id, name: name.to_owned() };
    let event = world.core.auditor.event(&Actor::Operator, Client::default(), &event);
    world.core.storage.create_group(&scope, &group, members, vec![event]).await.unwrap();
    group.id
}

#[track_caller]
fn assert_forbidden(answer: &Answer) {
    assert_eq!((answer.status, answer.problem().code), (403, ProblemCode::Forbidden), "{}", answer.body);
}

#[tokio::test]
async fn a_custom_role_lets_somebody_start_a_session_and_its_end_ends_it() {
    let world = world().await;
    let administrator = world.sign_in("admin").await;
    let made = night_shift(&world, &administrator).await;
    assert_eq!((made.role.n_assignments, made.role.built_in, made.assignments.len()), (1, false, 1));
    assert_eq!(made.assignments[0].made_by.as_ref().unwrap().name, "Ada Admin");
    let agent = world.console("aurora", 1).await;
    let mut session = world.session_with(world.sign_in("newcomer").await, agent).await;
    assert_eq!(session.started.access, Access::Modify);

    let path = format!("/assignments/{}", made.assignments[0].id);
    assert_eq!(administrator.delete(&path).await.status, 204);
    // The answer came after the end was recorded.
    assert_eq!(world.events("session.end").await.len(), 1);
    assert_eq!(world.the_end().await, "revoked");
    assert_eq!(session.viewer_socket.closed().await, close::SESSION_ENDED);
    let answer = session.browser.post("/rooms/aurora/sessions", &json!({"viewer_key": "x"})).await;
    assert_eq!(answer.status, 404, "without a role the room is not there: {}", answer.body);
    let events = world.events("assignment.deleted").await;
    assert_eq!((&events[0]["name"], &events[0]["role"]), (&json!("Aurora"), &json!("Night shift")));
}

/// Everything that takes the newcomer's access away while they have a session.
#[derive(Debug, Clone, Copy)]
enum Removal {
    RoleDeleted,
    PermissionGone,
    LessAccess,
    MemberGone,
    AnotherRoom,
}

#[tokio::test]
async fn whatever_takes_access_away_ends_the_session() {
    use Removal::{AnotherRoom, LessAccess, MemberGone, PermissionGone, RoleDeleted};
    for removal in [RoleDeleted, PermissionGone, LessAccess, MemberGone, AnotherRoom] {
        let world = world().await;
        let administrator = world.sign_in("admin").await;
        let made = night_shift(&world, &administrator).await;
        let assignment = &made.assignments[0];
        let agent = world.console("aurora", 1).await;
        let _session = world.session_with(world.sign_in("newcomer").await, agent).await;
        let role_path = format!("/roles/{}", made.role.id);
        let path = format!("/assignments/{}", assignment.id);
        let edit = |permission| EditRole {
            name: made.role.name.clone(),
            description: made.role.description.clone(),
            permissions: vec![permission],
            version: made.role.version,
        };
        let mut wanted = unchanged(assignment);
        let answer = match removal {
            RoleDeleted => administrator.delete(&role_path).await,
            PermissionGone => put(&administrator, &role_path, &edit(Permission::RoomView)).await,
            LessAccess => put(&administrator, &role_path, &edit(Permission::RemoteAccessView)).await,
            MemberGone => {
                wanted.assignment.users = vec![id_of(&world, "stranger").await];
                put(&administrator, &path, &wanted).await
            }
            AnotherRoom => {
                wanted.assignment.rooms = vec![room("borealis")];
                put(&administrator, &path, &wanted).await
            }
        };
        assert!(answer.status < 300, "{removal:?}: {}", answer.body);
        let ends = world.events("session.end").await;
        assert_eq!(ends.len(), 1, "{removal:?}");
        assert_eq!(ends[0]["end_reason"], "revoked", "{removal:?}");
    }
}

#[tokio::test]
async fn a_change_that_leaves_access_alone_leaves_the_session_alone() {
    let world = world().await;
    let administrator = world.sign_in("admin").await;
    let made = night_shift(&world, &administrator).await;
    let agent = world.console("aurora", 1).await;
    let mut session = world.session_with(world.sign_in("newcomer").await, agent).await;
    let mut wanted = unchanged(&made.assignments[0]);
    wanted.assignment.name = "Aurora at night".to_owned();
    wanted.assignment.places = vec!["Germany".to_owned()];
    wanted.assignment.users.push(id_of(&world, "stranger").await);
    let changed: Assignment =
        put(&administrator, &format!("/assignments/{}", made.assignments[0].id), &wanted).await.json(200);
    assert_eq!((changed.version, changed.members.users.len()), (2, 2));
    assert_eq!((changed.scope.places[0].path.as_str(), changed.scope.places[0].n_rooms), ("Germany", 2));
    session.exchange(b"key", b"picture").await;
    assert_eq!(world.events("session.end").await.len(), 0);
    let event = &world.events("assignment.changed").await[0];
    let fields: Vec<_> = event["changes"].as_array().unwrap().iter().map(|change| &change["field"]).collect();
    assert_eq!(fields, ["name", "places", "users"]);
}

#[tokio::test]
async fn another_process_takes_access_away_too() {
    let mut limits = quick();
    limits.session.recheck_every = Duration::from_millis(20);
    let world = World::with(limits, Clock::system()).await;
    let _session = world.session().await;
    world.execute("DELETE FROM assignment").await;
    assert_eq!(world.the_end().await, "revoked");
}

#[tokio::test]
async fn nobody_but_a_global_administrator_gives_themselves_remote_access() {
    let world = world().await;
    let manager = world.sign_in("manager").await;
    let own = id_of(&world, "manager").await;
    let roles_before = manager.get("/roles").await.body;
    let modify = [Permission::RemoteAccessModify];

    assert_forbidden(&post(&manager, "/roles", &role(&modify, Some(to_aurora(&[own])))).await);
    let technicians = role_of(&manager, "Console technicians").await;
    let assign = format!("/roles/{technicians}/assignments");
    assert_forbidden(&post(&manager, &assign, &to_aurora(&[own])).await);
    // By a group that they are in.
    let own_group = group(&world, "Managers", &[own]).await;
    let by_group = NewAssignment { users: Vec::new(), groups: vec![own_group], ..to_aurora(&[]) };
    assert_forbidden(&post(&manager, &assign, &by_group).await);
    assert_eq!(manager.get("/roles").await.body, roles_before, "nothing was made");

    // Under a harmless role first, which then becomes more.
    let harmless: RoleDetail =
        post(&manager, "/roles", &role(&[Permission::RoomView], Some(to_aurora(&[own])))).await.json(201);
    let more = EditRole {
        name: harmless.role.name.clone(),
        description: String::new(),
        permissions: vec![Permission::RemoteAccessView],
        version: harmless.role.version,
    };
    assert_forbidden(&put(&manager, &format!("/roles/{}", harmless.role.id), &more).await);
    // For somebody else first, whose place they then take.
    let newcomer = id_of(&world, "newcomer").await;
    let assigned: Assignment = post(&manager, &assign, &to_aurora(&[newcomer])).await.json(201);
    let mut wanted = unchanged(&assigned);
    wanted.assignment.users = vec![newcomer, own];
    let taken = put(&manager, &format!("/assignments/{}", assigned.id), &wanted).await;
    assert_forbidden(&taken);
    assert!(taken.problem().detail.starts_with("Nobody can give themselves remote access."), "{}", taken.body);
    let checklist: Value = manager.get("/rooms/aurora/remote-access").await.json(200);
    assert_eq!(checklist["access"], Value::Null);

    // A colleague may.
    let second = world.sign_in("second").await;
    put(&second, &format!("/assignments/{}", assigned.id), &wanted).await.json::<Assignment>(200);
    let checklist: Value = manager.get("/rooms/aurora/remote-access").await.json(200);
    assert_eq!(checklist["access"], "modify");
    assert_eq!(world.events("assignment.changed").await[0]["gives_self_access"], false);
}

#[tokio::test]
async fn a_global_administrator_may_and_the_log_and_the_report_say_so() {
    let world = world().await;
    let administrator = world.sign_in("admin").await;
    let own = id_of(&world, "admin").await;
    let technicians = role_of(&administrator, "Console technicians").await;
    let path = format!("/roles/{technicians}/assignments");
    let made: Assignment = post(&administrator, &path, &to_aurora(&[own])).await.json(201);
    let event = world.events("assignment.created").await.pop().unwrap();
    assert_eq!((&event["gives_self_access"], &event["assignment"]), (&json!(true), &json!(made.id.to_string())));
    let reach: RoomReach = administrator.get("/rooms/aurora/reach?q=ada").await.json(200);
    assert_eq!((reach.people.len(), reach.people[0].by.len(), reach.people[0].by[0].self_made), (1, 1, true));
    let reach: UserReach = administrator.get(&format!("/users/{own}/reach")).await.json(200);
    assert_eq!((reach.n_all, reach.rooms[0].by[0].assignment, reach.rooms[0].by[0].self_made), (1, made.id, true));
}

#[tokio::test]
async fn nobody_hands_out_more_than_they_have() {
    let world = world().await;
    let administrator = world.sign_in("admin").await;
    let own = id_of(&world, "assigner").await;
    let assigners = role_of(&administrator, "Assigners").await;
    post(&administrator, &format!("/roles/{assigners}/assignments"), &everywhere(&[own])).await.json::<Assignment>(201);
    let assigner = world.sign_in("assigner").await;
    let newcomer = id_of(&world, "newcomer").await;

    for (name, expected) in [
        ("Global Administrator", 403),
        ("Rooms Manager", 403),
        ("Site Lead", 403),
        ("Assigners", 201),
        ("Console technicians", 201),
        ("Guests", 201),
    ] {
        let path = format!("/roles/{}/assignments", role_of(&assigner, name).await);
        let answer = post(&assigner, &path, &everywhere(&[newcomer])).await;
        assert_eq!(answer.status, expected, "{name}: {}", answer.body);
    }
    // Making and changing roles is for administrators, whatever other permissions somebody has.
    let roles = format!("/roles/{}", role_of(&assigner, "Guests").await);
    let edit = EditRole {
        name: "Guests".to_owned(),
        description: String::new(),
        permissions: vec![Permission::RoomView],
        version: 1,
    };
    for answer in [
        post(&assigner, "/roles", &role(&[Permission::RoomView], None)).await,
        put(&assigner, &roles, &edit).await,
        assigner.delete(&roles).await,
    ] {
        assert_forbidden(&answer);
    }
    // A Rooms Manager makes no Global Administrator, and takes the role from none.
    let manager = world.sign_in("manager").await;
    let highest = role_of(&manager, "Global Administrator").await;
    assert_forbidden(&post(&manager, &format!("/roles/{highest}/assignments"), &everywhere(&[newcomer])).await);
    let held: RoleDetail = manager.get(&format!("/roles/{highest}")).await.json(200);
    let path = format!("/assignments/{}", held.assignments[0].id);
    assert_forbidden(&manager.delete(&path).await);
    let mut wanted = unchanged(&held.assignments[0]);
    wanted.assignment.users = vec![id_of(&world, "manager").await];
    assert_forbidden(&put(&manager, &path, &wanted).await);
}

#[tokio::test]
async fn there_is_always_a_global_administrator() {
    let world = world().await;
    let administrator = world.sign_in("admin").await;
    let highest = role_of(&administrator, "Global Administrator").await;
    let held: RoleDetail = administrator.get(&format!("/roles/{highest}")).await.json(200);
    let path = format!("/assignments/{}", held.assignments[0].id);
    let answer = administrator.delete(&path).await;
    assert_eq!((answer.status, answer.problem().code), (409, ProblemCode::Conflict));
    // For some rooms only is as good as nowhere; a group without members is as good as nobody.
    let mut narrow = unchanged(&held.assignments[0]);
    narrow.assignment.everywhere = false;
    narrow.assignment.rooms = vec![room("aurora")];
    assert_eq!(put(&administrator, &path, &narrow).await.status, 409);
    let mut empty = unchanged(&held.assignments[0]);
    empty.assignment.users.clear();
    empty.assignment.groups = vec![group(&world, "Nobody", &[]).await];
    assert_eq!(put(&administrator, &path, &empty).await.status, 409);

    let manager = id_of(&world, "manager").await;
    let mut with_group = unchanged(&held.assignments[0]);
    with_group.assignment.users.clear();
    with_group.assignment.groups = vec![group(&world, "Administrators", &[manager]).await];
    let changed: Assignment = put(&administrator, &path, &with_group).await.json(200);
    assert_eq!(changed.members.groups[0].n_members, 1);
    assert_forbidden(&administrator.get("/roles").await);
    let by_group = world.sign_in("manager").await;
    assert_eq!(by_group.delete(&path).await.status, 409, "the group's member is the last one");
}

#[tokio::test]
async fn built_in_roles_stay_and_names_are_taken_once() {
    let world = world().await;
    let administrator = world.sign_in("admin").await;
    let lead = format!("/roles/{}", role_of(&administrator, "Site Lead").await);
    let edit = EditRole {
        name: "Mine".to_owned(),
        description: String::new(),
        permissions: vec![Permission::RemoteAccessModify],
        version: 1,
    };
    let before = administrator.get("/roles").await.body;
    for answer in [put(&administrator, &lead, &edit).await, administrator.delete(&lead).await] {
        assert_eq!((answer.status, answer.problem().code), (409, ProblemCode::Conflict));
        assert!(answer.problem().detail.contains("Site Lead"), "{}", answer.body);
    }
    for name in ["site LEAD", "guests"] {
        let wanted = CreateRole { name: name.to_owned(), ..role(&[Permission::RoomView], None) };
        assert_eq!(post(&administrator, "/roles", &wanted).await.status, 409, "{name}");
    }
    assert_eq!(administrator.get("/roles").await.body, before);
}

#[tokio::test]
async fn what_cannot_be_had_is_refused_with_the_field() {
    let world = world().await;
    let administrator = world.sign_in("admin").await;
    let newcomer = id_of(&world, "newcomer").await;
    let path = format!("/roles/{}/assignments", role_of(&administrator, "Guests").await);
    let before = world.events("assignment.created").await.len();
    let good = to_aurora(&[newcomer]);
    let foreign = world.core.storage.user_by_email("admin@fabrikam.example").await.unwrap().unwrap().1.id;
    for (field, wanted) in [
        ("name", NewAssignment { name: " ".to_owned(), ..good.clone() }),
        ("description", NewAssignment { description: "x".repeat(501), ..good.clone() }),
        ("users", NewAssignment { users: Vec::new(), ..good.clone() }),
        ("users", NewAssignment { users: vec![foreign], ..good.clone() }),
        ("users", NewAssignment { users: vec![UserId([9; 16])], ..good.clone() }),
        ("groups", NewAssignment { groups: vec![GroupId([9; 16])], ..good.clone() }),
        ("rooms", NewAssignment { rooms: Vec::new(), ..good.clone() }),
        ("rooms", NewAssignment { rooms: vec![room("fabric")], ..good.clone() }),
        ("room_groups", NewAssignment { room_groups: vec!["nobody's".to_owned()], ..good.clone() }),
        ("places", NewAssignment { places: vec!["Germany/Ber".to_owned()], ..good.clone() }),
        ("places", NewAssignment { places: vec![String::new()], ..good.clone() }),
        ("everywhere", NewAssignment { everywhere: true, ..good.clone() }),
    ] {
        let answer = post(&administrator, &path, &wanted).await;
        assert_eq!((answer.status, answer.problem().code), (400, ProblemCode::BadRequest), "{field}");
        assert!(answer.problem().detail.starts_with(&format!("{field}: ")), "{}", answer.body);
    }
    let many = (0..501_u16).map(|n| UserId([n.to_be_bytes(); 8].concat().try_into().unwrap())).collect();
    assert_eq!(post(&administrator, &path, &NewAssignment { users: many, ..good }).await.status, 400);
    for (field, wanted) in [
        ("name", CreateRole { name: "a\u{202e}b".to_owned(), ..role(&[Permission::RoomView], None) }),
        ("permissions", role(&[], None)),
    ] {
        let answer = post(&administrator, "/roles", &wanted).await;
        assert_eq!(answer.status, 400, "{field}");
        assert!(answer.problem().detail.starts_with(&format!("{field}: ")), "{}", answer.body);
    }
    // With a bad assignment there is no role either.
    let bad = role(&[Permission::RoomView], Some(NewAssignment { rooms: Vec::new(), ..to_aurora(&[newcomer]) }));
    assert_eq!(post(&administrator, "/roles", &bad).await.status, 400);
    assert_eq!(world.events("assignment.created").await.len(), before);
    assert!(world.events("role.created").await.iter().all(|event| event["name"] != "Night shift"));
}

#[tokio::test]
async fn a_change_based_on_an_older_state_is_refused() {
    let world = world().await;
    let administrator = world.sign_in("admin").await;
    let made = night_shift(&world, &administrator).await;
    let path = format!("/assignments/{}", made.assignments[0].id);
    let mut first = unchanged(&made.assignments[0]);
    first.assignment.name = "First".to_owned();
    let mut second = unchanged(&made.assignments[0]);
    second.assignment.name = "Second".to_owned();
    assert_eq!(put(&administrator, &path, &first).await.status, 200);
    let stale = put(&administrator, &path, &second).await;
    assert_eq!((stale.status, stale.problem().code), (409, ProblemCode::Conflict));
    assert_eq!(administrator.get(&path).await.json::<Assignment>(200).name, "First");
    let edit = EditRole {
        name: "Third".to_owned(),
        description: String::new(),
        permissions: vec![Permission::RoomView],
        version: made.role.version + 1,
    };
    assert_eq!(put(&administrator, &format!("/roles/{}", made.role.id), &edit).await.status, 409);
}

#[tokio::test]
async fn another_tenants_things_are_like_missing_ones() {
    let world = world().await;
    let administrator = world.sign_in("admin").await;
    let made = night_shift(&world, &administrator).await;
    let other = world.sign_in_as("admin@fabrikam.example").await;
    let edit_role = EditRole {
        name: "x".to_owned(),
        description: String::new(),
        permissions: vec![Permission::RoomView],
        version: 1,
    };
    let edit_role = serde_json::to_value(edit_role).unwrap();
    let edit = serde_json::to_value(unchanged(&made.assignments[0])).unwrap();
    let new = serde_json::to_value(to_aurora(&[UserId([9; 16])])).unwrap();
    let newcomer = id_of(&world, "newcomer").await;
    let (role, assignment) = (made.role.id.to_string(), made.assignments[0].id.to_string());
    let (no_role, no_assignment) = (RoleId([7; 16]).to_string(), AssignmentId([7; 16]).to_string());
    let both = |path: &str, foreign: &str, missing: &str| (path.replace("{}", foreign), path.replace("{}", missing));
    let (get_role, get_assignment) =
        (both("/roles/{}", &role, &no_role), both("/assignments/{}", &assignment, &no_assignment));
    let assign = both("/roles/{}/assignments", &role, &no_role);
    let reach = both("/users/{}/reach", &newcomer.to_string(), &UserId([7; 16]).to_string());
    let room = both("/rooms/{}/reach", "aurora", "nowhere");
    for (method, (foreign, missing), body) in [
        ("GET", get_role.clone(), None),
        ("PUT", get_role.clone(), Some(&edit_role)),
        ("DELETE", get_role, None),
        ("POST", assign, Some(&new)),
        ("GET", get_assignment.clone(), None),
        ("PUT", get_assignment.clone(), Some(&edit)),
        ("DELETE", get_assignment, None),
        ("GET", reach, None),
        ("GET", room, None),
    ] {
        let foreign = other.send_any(method, &foreign, body).await;
        let missing = other.send_any(method, &missing, body).await;
        assert_eq!(foreign.status, 404, "{method}: {}", foreign.body);
        assert_eq!(foreign.body, missing.body, "{method}");
    }
    assert_eq!(administrator.get(&format!("/roles/{}", made.role.id)).await.json::<RoleDetail>(200), made);
}

#[tokio::test]
async fn the_reports_name_every_assignment_that_gives_access() {
    let world = world().await;
    let administrator = world.sign_in("admin").await;
    let newcomer = id_of(&world, "newcomer").await;
    let team = group(&world, "Team", &[newcomer, id_of(&world, "guest").await]).await;
    let made = night_shift(&world, &administrator).await;
    let viewers = role_of(&administrator, "Viewers").await;
    let by_place = NewAssignment {
        name: "Germany".to_owned(),
        groups: vec![team],
        places: vec!["Germany".to_owned()],
        ..NewAssignment::default()
    };
    post(&administrator, &format!("/roles/{viewers}/assignments"), &by_place).await.json::<Assignment>(201);

    let reach: UserReach = administrator.get(&format!("/users/{newcomer}/reach")).await.json(200);
    let rooms: Vec<_> = reach.rooms.iter().map(|room| (room.room.id.as_str(), room.access, room.by.len())).collect();
    assert_eq!(rooms, [("aurora", Access::Modify, 2), ("borealis", Access::View, 1)]);
    assert_eq!((reach.n_all, reach.n_matching, reach.disabled, reach.remote_access_enabled), (2, 2, false, true));
    let by = &reach.rooms[0].by;
    assert_eq!(
        (by[0].assignment, by[0].covers.clone(), by[0].via.clone()),
        (made.assignments[0].id, Covers::Room, None)
    );
    assert_eq!((by[1].covers.clone(), by[1].access), (Covers::Place("Germany".to_owned()), Access::View));
    assert_eq!(by[1].via.as_ref().unwrap().name, "Team");
    assert!(!by.iter().any(|by| by.self_made));
    let page: UserReach = administrator.get(&format!("/users/{newcomer}/reach?limit=1")).await.json(200);
    let next = page.next_cursor.expect("one more");
    let page: UserReach = administrator.get(&format!("/users/{newcomer}/reach?limit=1&cursor={next}")).await.json(200);
    assert_eq!((page.rooms[0].room.id.as_str(), page.next_cursor), ("borealis", None));

    let reach: RoomReach = administrator.get("/rooms/borealis/reach").await.json(200);
    let people: Vec<_> = reach.people.iter().map(|person| (person.user.name.as_str(), person.access)).collect();
    assert_eq!(people, [("Gus Guest", Access::View), ("Nora Newcomer", Access::View)]);
    let reach: RoomReach = administrator.get("/rooms/borealis/reach?q=nora%20NEWCOMER@").await.json(200);
    assert_eq!((reach.people.len(), reach.n_matching, reach.n_all), (1, 1, 2));
    // A Site Lead sees reports, a guest of the room does not.
    assert_eq!(world.sign_in("lead").await.get("/rooms/borealis/reach").await.status, 200);
    assert_forbidden(&world.sign_in("guest").await.get("/rooms/aurora/reach").await);
}

#[tokio::test]
async fn whoever_is_reported_can_start_and_nobody_else_can() {
    let world = world().await;
    let administrator = world.sign_in("admin").await;
    night_shift(&world, &administrator).await;
    let reach: RoomReach = administrator.get("/rooms/aurora/reach").await.json(200);
    let _agent = world.console("aurora", 1).await;
    for who in ["newcomer", "modifier-of-aurora", "viewer-of-aurora", "colleague", "guest", "stranger", "admin", "lead"]
    {
        let email = format!("{who}@example.com");
        let reported = reach.people.iter().find(|person| person.user.email == email).map(|person| person.access);
        let answer = world.sign_in(who).await.get("/rooms/aurora/remote-access").await;
        let access = if answer.status == 404 { None } else { answer.json::<protocol::api::GateChecklist>(200).access };
        assert_eq!(reported, access, "{who}");
        if access.is_none() && answer.status == 200 {
            let failed = answer.json::<protocol::api::GateChecklist>(200).checks;
            assert!(failed.iter().any(|check| check.code == RefusalCode::NoPermission && check.explanation.is_some()));
        }
    }
}
