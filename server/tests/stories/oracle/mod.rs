//! The gate against a table that was written without it: in every situation on the function, and in thousands of random
//! ones through the live API.

mod table;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use protocol::access::{Access, Permission};
use protocol::api::{GateChecklist, GateOutcome, ProblemCode};
use protocol::ids::{AssignmentId, RoomId};
use protocol::link::CallState;
use protocol::refusal::RefusalCode;
use protocol::time::Micros;
use serde_json::json;
use server::access::{
    Asked, Call, ConsoleFact, Coverage, Effective, GateContext, RoleGrant, RoomPlace, checklist, decide,
};
use server::clock::Clock;
use server::random;
use server::test_server::user;

use self::table::{ACCOUNTS, CALLS, CEILINGS, CONSOLES, Cell, MAINTENANCE, ROLES, SCOPES, cells};
use crate::support::agent::{TestAgent, info, key};
use crate::support::http::Browser;
use crate::support::world::{World, quick, room, viewer_key};

/// How many situations are tried through the API.
const N_LIVE: usize = 5000;

fn permissions(role: &str) -> Vec<Vec<Permission>> {
    let (see, view, modify) =
        (vec![Permission::RoomView], vec![Permission::RemoteAccessView], vec![Permission::RemoteAccessModify]);
    match role {
        "nothing" => Vec::new(),
        "see" => vec![see],
        "view" => vec![view],
        "modify" => vec![modify],
        "view and modify" => vec![view, modify],
        other => panic!("no role {other}"),
    }
}

fn access(text: &str) -> Access {
    match text {
        "view" => Access::View,
        "modify" => Access::Modify,
        other => panic!("no access {other}"),
    }
}

fn access_text(access: Access) -> &'static str {
    match access {
        Access::View => "view",
        Access::Modify => "modify",
    }
}

/// A situation as the function sees it.
fn context(cell: &Cell) -> GateContext {
    let aurora = room("aurora");
    let groups = ["executive".to_owned()];
    let parts = |rooms: &[&RoomId], group: &str, place: &str| Coverage::Rooms {
        rooms: rooms.iter().map(|&room| room.clone()).collect(),
        groups: [group.to_owned()].into_iter().filter(|group| !group.is_empty()).collect::<BTreeSet<_>>(),
        places: [place.to_owned()].into_iter().filter(|place| !place.is_empty()).collect(),
    };
    let borealis = room("borealis");
    let coverage = match cell.scope {
        "elsewhere" => parts(&[&borealis], "other", "Germany/Bonn"),
        "room" | "room by user group" => parts(&[&aurora], "", ""),
        "room group" => parts(&[], "executive", ""),
        "place" => parts(&[], "", "Germany/Berlin"),
        "everywhere" => Coverage::Everywhere,
        other => panic!("no scope {other}"),
    };
    let grants = permissions(cell.role).into_iter().map(|permissions| RoleGrant {
        assignment: AssignmentId([0; 16]),
        built_in: None,
        permissions: permissions.into_iter().collect(),
        coverage: coverage.clone(),
    });
    let effective = Effective::new(grants.collect());
    let place = RoomPlace { id: &aurora, place: "Germany/Berlin/HQ", groups: &groups };
    GateContext {
        remote_access_enabled: cell.tenant == "enabled",
        access: effective.access_to(place).filter(|_| cell.account == "enabled"),
        console: match cell.console {
            "none" | "pending" => ConsoleFact::NotEnrolled,
            _ => ConsoleFact::Enrolled { highest_access: access(cell.ceiling) },
        },
        monitored: cell.console == "here",
        suppressed: cell.maintenance == "yes",
        call: match cell.call {
            "idle" => Call::Idle,
            "in call" => Call::InCall { since: 5 },
            _ => Call::Unknown,
        },
        audit_writable: cell.log == "writable",
    }
}

#[test]
fn the_function_agrees_with_the_table_in_every_situation() {
    let cells = cells();
    assert!(10_000 < cells.len());
    let mut n_open = 0;
    for cell in &cells {
        let context = context(cell);
        let decided = |asked| match decide(&context, asked) {
            Ok(grantable) => Ok(access_text(grantable.access())),
            Err(code) => Err(code.code()),
        };
        assert_eq!(decided(Asked::Start), cell.start(), "{cell:?}");
        let list = checklist(&context);
        let failed = list.checks.iter().find(|check| check.outcome == GateOutcome::Failed);
        assert_eq!(
            (list.open, failed.map(|check| check.code.code())),
            (cell.start().is_ok(), cell.start().err()),
            "{cell:?}"
        );
        for held in ["view", "modify"] {
            assert_eq!(decided(Asked::Resume(access(held))), cell.resume(held), "{cell:?} {held}");
            assert_eq!(decided(Asked::Stay(access(held))), cell.stay(held), "{cell:?} {held}");
        }
        n_open += usize::from(cell.start().is_ok());
    }
    assert!(0 < n_open && n_open < cells.len() / 50, "{n_open} of {} are open", cells.len());
}

/// The name of the live room in which a situation's console is.
fn room_of(cell: &Cell) -> String {
    let name = format!("{}-{}-{}-{}-{}", cell.console, cell.ceiling, cell.maintenance, cell.call, cell.others);
    name.replace(' ', "-")
}

/// The account of a situation's person.
fn person_of(cell: &Cell) -> String {
    format!("{}.{}.{}", cell.role, cell.scope, cell.account).replace(' ', "-")
}

/// Situations that can be brought about: others have a session where one can be.
fn is_possible(cell: &Cell) -> bool {
    cell.others == "none" || (cell.console == "here" && cell.maintenance == "no" && cell.call == "idle")
}

/// A room for every situation of a console, and a person for every role and scope.
fn file() -> String {
    let mut file = vec!["[[tenant]]\nid = \"contoso\"\nname = \"Contoso\"\n".to_owned()];
    for role in ["see", "view", "modify"] {
        let permissions: Vec<_> = permissions(role)[0].iter().map(|permission| permission.id()).collect();
        file.push(format!("[[tenant.role]]\nname = \"{role}\"\npermissions = {permissions:?}\n"));
    }
    let mut rooms = BTreeSet::new();
    for cell in cells().iter().filter(|cell| is_possible(cell)) {
        rooms.insert(room_of(cell));
    }
    for room in &rooms {
        file.push(format!(
            "[[tenant.room]]\nid = \"{room}\"\nname = \"{room}\"\nplace = \"Oracle/House\"\ngroups = [\"tried\"]\n"
        ));
    }
    let rooms: Vec<_> = rooms.into_iter().collect();
    for account in ACCOUNTS {
        for role in ROLES {
            for scope in SCOPES {
                let person = format!("{role}.{scope}.{account}@oracle.example").replace(' ', "-");
                file.push(user(&person, &person, ""));
                for (number, role) in role.split(" and ").filter(|role| *role != "nothing").enumerate() {
                    let covers = match scope {
                        "elsewhere" => "places = [\"Norway\"]".to_owned(),
                        "room" | "room by user group" => format!("rooms = {rooms:?}"),
                        "room group" => "groups = [\"tried\"]".to_owned(),
                        "place" => "places = [\"Oracle\"]".to_owned(),
                        // By the database below: a bootstrap file gives no custom role everywhere.
                        _ => "places = [\"Oracle\", \"Norway\"]".to_owned(),
                    };
                    file.push(format!(
                        "[[tenant.assignment]]\nrole = \"{role}\"\nname = \"{scope} {number}\"\nmembers = [\"{person}\"]\n{covers}\n"
));
                }
            }
        }
    }
    file.concat()
}

/// What a bootstrap file cannot say.
const REST: &str = "
    UPDATE assignment SET everywhere = 1 WHERE name LIKE 'everywhere %';
    DELETE FROM assignment_scope WHERE assignment IN (SELECT id FROM assignment WHERE name LIKE 'everywhere %');
    INSERT INTO user_group (tenant, id, name, name_key, description, created_at)
        SELECT tenant, id, email, email_key, '', 0 FROM user WHERE email LIKE '%.room-by-user-group.%@oracle.example';
    INSERT INTO user_group_member (tenant, user_group, user)
        SELECT tenant, id, id FROM user WHERE email LIKE '%.room-by-user-group.%@oracle.example';
    INSERT INTO assignment_group (tenant, assignment, user_group)
        SELECT assignment_user.tenant, assignment, user FROM assignment_user JOIN assignment
        ON assignment.tenant = assignment_user.tenant AND assignment.id = assignment
        WHERE name LIKE 'room by user group %';
    DELETE FROM assignment_user
        WHERE assignment IN (SELECT id FROM assignment WHERE name LIKE 'room by user group %');
    UPDATE room SET suppressed_since = 5 WHERE id LIKE '%-yes-%' AND place = 'Oracle/House';";
const DISABLE: &str = "UPDATE user SET disabled = 1 WHERE email LIKE '%.disabled@oracle.example'";
const LOG_FULL: &str = "
    CREATE TRIGGER full_event BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END;
    CREATE TRIGGER full_fact BEFORE INSERT ON fact BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END;";
const LOG_WRITABLE: &str = "DROP TRIGGER full_event; DROP TRIGGER full_fact;";
const TENANT_OFF: &str = "UPDATE remote_access SET enabled = 0 WHERE tenant = 'contoso'";

struct Live {
    world: World,
    people: HashMap<String, Browser>,
    stranger: Browser,
    /// Keeps the links up.
    _agents: Vec<TestAgent>,
}

impl Live {
    async fn start() -> Self {
        let mut limits = quick();
        // Agents that are only there say nothing.
        limits.link.ping_every = Duration::from_hours(1);
        limits.link.silent_after = Duration::from_hours(1);
        limits.link.pulse_within = Micros::from_secs(3600);
        limits.session.recheck_every = Duration::from_hours(1);
        limits.session.consent_within = Micros::from_secs(3600);
        limits.session.connect_within = Micros::from_secs(3600);
        let world = World::with(limits, Clock::system()).await;
        world.bootstrap(&file()).await;
        world.execute(REST).await;
        let mut people = HashMap::new();
        for account in ACCOUNTS {
            for role in ROLES {
                for scope in SCOPES {
                    let person = format!("{role}.{scope}.{account}").replace(' ', "-");
                    let browser = world.sign_in_as(&format!("{person}@oracle.example")).await;
                    people.insert(person, browser);
                }
            }
        }
        let agents = consoles(&world, &people["modify.room.enabled"]).await;
        world.execute(DISABLE).await;
        let stranger = world.sign_in_as("admin@fabrikam.example").await;
        Self { world, people, stranger, _agents: agents }
    }

    /// Asks for the checklist, and for a session when none may start.
    async fn agrees(&self, cell: &Cell) {
        let path = format!("/rooms/{}", room_of(cell));
        let body = json!({ "viewer_key": viewer_key().public_key() });
        let browser = &self.people[&person_of(cell)];
        let list = browser.get(&format!("{path}/remote-access")).await;
        let expected = match cell.start() {
            _ if cell.account == "disabled" => Err((401, ProblemCode::NotSignedIn)),
            _ if !cell.sees_room() => Err((404, ProblemCode::NotFound)),
            decided => Ok(decided),
        };
        let decided = match expected {
            Err(problem) => {
                for answer in [list, browser.post(&format!("{path}/sessions"), &body).await] {
                    assert_eq!((answer.status, answer.problem().code), problem, "{cell:?}");
                }
                return;
            }
            Ok(decided) => decided,
        };
        let list: GateChecklist = list.json(200);
        let failed = list.checks.iter().find(|check| check.outcome == GateOutcome::Failed);
        assert_eq!(failed.map(|check| check.code.code()), decided.err(), "{cell:?}");
        match decided {
            Ok(granted) => assert_eq!(list.access.map(access_text), Some(granted), "{cell:?}"),
            Err(code) => {
                let answer = browser.post(&format!("{path}/sessions"), &body).await;
                assert_eq!(answer.problem().refusal.map(RefusalCode::code), Some(code), "{cell:?}");
            }
        }
    }
}

/// Brings the consoles of all rooms into their states.
async fn consoles(world: &World, technician: &Browser) -> Vec<TestAgent> {
    let mut agents = Vec::new();
    let mut number = 0;
    for cell in cells().iter().filter(|cell| {
        // One cell for each room.
        is_possible(cell)
            && (cell.tenant, cell.role, cell.scope) == ("enabled", ROLES[0], SCOPES[0])
            && (cell.account, cell.log) == ("enabled", "writable")
    }) {
        if cell.console == "none" {
            continue;
        }
        number += 1;
        let string = world.offer_enrolment("contoso", &room_of(cell), cell.console != "pending").await;
        let mut agent = TestAgent::enrol(&world.link_url(), &string, key(number)).await;
        let call = match cell.call {
            "idle" => CallState::Idle,
            "in call" => CallState::InCall { since: Micros(5) },
            _ => CallState::Unknown,
        };
        let info = protocol::link::ConsoleInfo { highest_access: access(cell.ceiling), ..info() };
        agent.send(&agent.greeting(info, call)).await;
        agent.receive().await;
        if cell.others == "one" {
            world.agreed(technician, &mut agent).await;
        }
        if cell.console == "away" {
            agent.socket.close_now().await;
        }
        agents.push(agent);
    }
    let n_away = CEILINGS.len() * MAINTENANCE.len() * CALLS.len();
    assert_eq!(agents.len(), n_away * (CONSOLES.len() - 1) + CEILINGS.len());
    crate::support::world::until("consoles that went", async || {
        world.events("console.disconnected").await.len() == n_away
    })
    .await;
    agents
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_live_api_agrees_with_the_table_in_random_situations() {
    let live = Live::start().await;
    let possible: Vec<Cell> = cells().into_iter().filter(is_possible).collect();
    let seed = u64::from_le_bytes(random::bytes());
    eprintln!("seed {seed}");
    let mut random = seed;
    let mut chosen: Vec<Cell> = Vec::new();
    while chosen.len() < N_LIVE {
        // Numerical Recipes' generator: any choice that depends on the seed alone does.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        chosen.push(possible[(random >> 33) as usize % possible.len()]);
    }
    let mut n = 0;
    for (tenant, before) in [("enabled", None), ("disabled", Some(TENANT_OFF))] {
        if let Some(before) = before {
            live.world.execute(before).await;
        }
        for log in ["writable", "full"] {
            live.world.execute(if log == "full" { LOG_FULL } else { "SELECT 1" }).await;
            for cell in chosen.iter().filter(|cell| (cell.tenant, cell.log) == (tenant, log)) {
                live.agrees(cell).await;
                n += 1;
            }
            live.world.execute(if log == "full" { LOG_WRITABLE } else { "SELECT 1" }).await;
        }
    }
    assert_eq!(n, N_LIVE);
    // For somebody of another tenant, every one of these rooms is like one that does not exist.
    let missing = live.stranger.get("/rooms/nowhere/remote-access").await.body;
    for cell in &chosen[..100] {
        let answer = live.stranger.get(&format!("/rooms/{}/remote-access", room_of(cell))).await;
        assert_eq!((answer.status, &answer.body), (404, &missing), "{cell:?}");
    }
}
