//! Random histories of users, groups, roles, assignments, the opt-in and sessions: after every step the server has exactly
//! the live sessions that a model has, and whoever tries to start one gets what the model says.
//!
//! `HISTORY_STEPS=100000 cargo test -p server --release --test stories -- histories` takes a long walk; a failure prints the
//! seed, which `HISTORY_SEED` takes back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use protocol::access::Access;
use protocol::api::{Assignment, ProblemCode, RemoteAccessSettings, RoleDetail, StartedSession};
use protocol::ids::SessionId;
use protocol::link::{CallState, FromAgent, ToAgent};
use protocol::time::Micros;
use serde_json::{Value, json};
use server::clock::Clock;
use server::random;
use server::test_server::user;

use crate::support::agent::{TestAgent, key};
use crate::support::http::Browser;
use crate::support::world::{World, quick, viewer_key};

const N_STEPS: usize = 600;
const N_USERS: usize = 5;
const N_GROUPS: usize = 2;
const ROOMS: [&str; 3] = ["aurora", "borealis", "cumulus"];
/// Where the rooms are, for assignments to places.
const PLACES: [&str; 3] = ["Germany", "Germany/Berlin/HQ/Floor 3", "Norway"];
const IN_PLACE: [&[usize]; 3] = [&[0, 1], &[1], &[2]];
/// What roles give.
const PERMISSIONS: [&str; 3] = ["room.view", "remote_access.view", "remote_access.modify"];
/// Fewer than a console or a person may have, so that room for one more is never the question.
const SESSIONS_MAX: usize = 10;

/// A generator that depends on its seed alone.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        if all.is_empty() { None } else { Some(all[self.below(all.len())]) }
    }
}

#[derive(Debug, Clone)]
struct ModelRole {
    permission: usize,
    version: u32,
}

#[derive(Debug, Clone)]
struct ModelAssignment {
    role: String,
    users: BTreeSet<usize>,
    groups: BTreeSet<usize>,
    rooms: BTreeSet<usize>,
}

#[derive(Debug, Default)]
struct Model {
    enabled: bool,
    disabled: BTreeSet<usize>,
    members: BTreeMap<usize, BTreeSet<usize>>,
    roles: BTreeMap<String, ModelRole>,
    assignments: BTreeMap<String, ModelAssignment>,
    sessions: BTreeMap<SessionId, (usize, usize, Access)>,
    n_made: usize,
}

/// What comes of a try to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    NotSignedIn,
    NotFound,
    Refused(&'static str),
    Started(Access),
}

impl Model {
    /// The index of the highest permission that a user has in a room.
    fn permission(&self, user: usize, room: usize) -> Option<usize> {
        let in_group = |group: &usize| self.members.get(group).is_some_and(|members| members.contains(&user));
        let held = self.assignments.values().filter(|assignment| {
            assignment.rooms.contains(&room)
                && (assignment.users.contains(&user) || assignment.groups.iter().any(in_group))
        });
        held.map(|assignment| self.roles[&assignment.role].permission).max()
    }

    fn start(&self, user: usize, room: usize) -> Start {
        if self.disabled.contains(&user) {
            return Start::NotSignedIn;
        }
        match (self.permission(user, room), self.enabled) {
            (None, _) => Start::NotFound,
            (_, false) => Start::Refused("not_enabled"),
            (Some(0), _) => Start::Refused("no_permission"),
            (Some(1), _) => Start::Started(Access::View),
            _ => Start::Started(Access::Modify),
        }
    }

    /// Ends the sessions that may no longer be.
    fn settle(&mut self) {
        let mut sessions = std::mem::take(&mut self.sessions);
        sessions.retain(|_, (user, room, held)| match self.start(*user, *room) {
            Start::Started(access) => *held <= access,
            _ => false,
        });
        self.sessions = sessions;
    }
}

/// A console that agrees to everything and ends what it is told to end.
async fn agree_to_everything(mut agent: TestAgent) {
    loop {
        match agent.receive().await {
            ToAgent::NonceRequest { request } => {
                agent.send(&FromAgent::Nonce { request, nonce: random::bytes(), call: CallState::Idle }).await;
            }
            ToAgent::Offer { request, grant, .. } => {
                let signed = protocol::secure::SignedGrant::from_untrusted(grant.into_vec());
                let grant = signed.verify(&agent.welcome.grant_key).expect("the server's signature");
                agent.send(&FromAgent::Accepted { request, session: grant.session }).await;
            }
            ToAgent::End { session, reason } => agent.ended(session, reason, false).await,
            _ => {}
        }
    }
}

struct History {
    world: World,
    administrator: Browser,
    browsers: Vec<Browser>,
    users: Vec<String>,
    groups: Vec<String>,
    model: Model,
    dice: Dice,
}

impl History {
    async fn begin(seed: u64) -> Self {
        let mut limits = quick();
        limits.link.silent_after = Duration::from_hours(10);
        limits.link.ping_every = Duration::from_hours(10);
        limits.link.pulse_within = Micros::from_secs(36_000);
        limits.link.message_every = Micros::from_millis(1);
        limits.session.connect_within = Micros::from_secs(36_000);
        // Nothing but a change itself ends a session.
        limits.session.recheck_every = Duration::from_hours(10);
        let world = World::with(limits, Clock::system()).await;
        let people: String =
            (0..N_USERS).map(|n| user(&format!("h{n}@example.com"), &format!("History {n}"), "")).collect();
        world.bootstrap(&format!("[[tenant]]\nid = \"contoso\"\nname = \"Contoso\"\n{people}")).await;
        for (number, room) in ROOMS.iter().enumerate() {
            let string = world.offer_enrolment("contoso", room, true).await;
            let agent = TestAgent::enrol(&world.link_url(), &string, key(number as u8 + 1)).await.hello().await;
            tokio::spawn(agree_to_everything(agent));
        }
        let administrator = world.sign_in("admin").await;
        let mut users = Vec::new();
        let mut browsers = Vec::new();
        for n in 0..N_USERS {
            let found = world.core.storage.user_by_email(&format!("h{n}@example.com")).await.unwrap().unwrap();
            users.push(found.1.id.to_string());
            browsers.push(world.sign_in(&format!("h{n}")).await);
        }
        let mut groups = Vec::new();
        for n in 0..N_GROUPS {
            let made: Value = administrator.post("/groups", &json!({"name": format!("Group {n}")})).await.json(201);
            groups.push(made["group"]["id"].as_str().expect("an id").to_owned());
        }
        let model = Model { enabled: true, ..Model::default() };
        Self { world, administrator, browsers, users, groups, model, dice: Dice(seed) }
    }

    async fn step(&mut self) {
        match self.dice.below(20) {
            0 => self.switch().await,
            1 => self.make_role().await,
            2 => self.change_role().await,
            3 => self.remove_role().await,
            4..7 => self.assign().await,
            7 => self.reassign().await,
            8 => self.unassign().await,
            9 | 10 => self.join_or_leave().await,
            11 => self.disable_or_enable().await,
            12 => self.end().await,
            _ => self.start().await,
        }
        self.model.settle();
        self.compare().await;
    }

    async fn switch(&mut self) {
        // Off for a short while only: otherwise there is little to tell.
        if self.model.enabled && 0 < self.dice.below(3) {
            return;
        }
        eprintln!("opt in: {}", !self.model.enabled);
        let mut settings: RemoteAccessSettings = self.administrator.get("/settings/remote-access").await.json(200);
        settings.enabled = !self.model.enabled;
        settings.acknowledged_by = settings.enabled.then(|| "admin@example.com".to_owned());
        let body = serde_json::to_value(settings).unwrap();
        self.administrator.put("/settings/remote-access", &body).await.json::<Value>(200);
        self.model.enabled = !self.model.enabled;
    }

    async fn make_role(&mut self) {
        if 8 <= self.model.roles.len() {
            return;
        }
        let permission = self.dice.below(PERMISSIONS.len());
        self.model.n_made += 1;
        let name = format!("Role {}", self.model.n_made);
        eprintln!("{name} gives {}", PERMISSIONS[permission]);
        let body = json!({"name": name, "permissions": [PERMISSIONS[permission]]});
        let made: RoleDetail = self.administrator.post("/roles", &body).await.json(201);
        self.model.roles.insert(made.role.id.to_string(), ModelRole { permission, version: made.role.version });
    }

    async fn change_role(&mut self) {
        let Some(id) = self.a_role() else { return };
        let permission = self.dice.below(PERMISSIONS.len());
        eprintln!("role {id} gives {} now", PERMISSIONS[permission]);
        self.model.n_made += 1;
        let body = json!({
            "name": format!("Role {}", self.model.n_made), "description": "",
            "permissions": [PERMISSIONS[permission]], "version": self.model.roles[&id].version,
        });
        let made: RoleDetail = self.administrator.put(&format!("/roles/{id}"), &body).await.json(200);
        self.model.roles.insert(id, ModelRole { permission, version: made.role.version });
    }

    async fn remove_role(&mut self) {
        let Some(id) = self.a_role() else { return };
        eprintln!("role {id} goes");
        assert_eq!(self.administrator.delete(&format!("/roles/{id}")).await.status, 204);
        self.model.roles.remove(&id);
        self.model.assignments.retain(|_, assignment| assignment.role != id);
    }

    fn a_role(&mut self) -> Option<String> {
        let ids: Vec<&String> = self.model.roles.keys().collect();
        self.dice.of(&ids).cloned()
    }

    /// Members and scope at random, as the model and as the API have them.
    fn parts(&mut self, role: String) -> (ModelAssignment, Value) {
        let users: BTreeSet<usize> = (0..=self.dice.below(2)).map(|_| self.dice.below(N_USERS)).collect();
        let groups: BTreeSet<usize> = (0..self.dice.below(2)).map(|_| self.dice.below(N_GROUPS)).collect();
        let mut body = json!({
            "name": "At random",
            "users": users.iter().map(|user| &self.users[*user]).collect::<Vec<_>>(),
            "groups": groups.iter().map(|group| &self.groups[*group]).collect::<Vec<_>>(),
        });
        let rooms: BTreeSet<usize> = match self.dice.below(4) {
            0 => {
                body["everywhere"] = json!(true);
                (0..ROOMS.len()).collect()
            }
            1 => {
                let place = self.dice.below(PLACES.len());
                body["places"] = json!([PLACES[place]]);
                IN_PLACE[place].iter().copied().collect()
            }
            _ => {
                let room = self.dice.below(ROOMS.len());
                body["rooms"] = json!([ROOMS[room]]);
                BTreeSet::from([room])
            }
        };
        (ModelAssignment { role, users, groups, rooms }, body)
    }

    async fn assign(&mut self) {
        let Some(role) = self.a_role().filter(|_| self.model.assignments.len() < 12) else { return };
        let (assignment, body) = self.parts(role);
        eprintln!("{assignment:?}");
        let path = format!("/roles/{}/assignments", assignment.role);
        let made: Assignment = self.administrator.post(&path, &body).await.json(201);
        self.model.assignments.insert(made.id.to_string(), assignment);
    }

    async fn reassign(&mut self) {
        let Some((id, role)) = self.an_assignment() else { return };
        let (assignment, body) = self.parts(role);
        eprintln!("{id} becomes {assignment:?}");
        let path = format!("/assignments/{id}");
        let stored: Assignment = self.administrator.get(&path).await.json(200);
        let body = json!({"assignment": body, "version": stored.version});
        self.administrator.put(&path, &body).await.json::<Assignment>(200);
        self.model.assignments.insert(id, assignment);
    }

    async fn unassign(&mut self) {
        let Some((id, _)) = self.an_assignment() else { return };
        eprintln!("{id} goes");
        assert_eq!(self.administrator.delete(&format!("/assignments/{id}")).await.status, 204);
        self.model.assignments.remove(&id);
    }

    fn an_assignment(&mut self) -> Option<(String, String)> {
        let ids: Vec<(&String, &String)> =
            self.model.assignments.iter().map(|(id, assignment)| (id, &assignment.role)).collect();
        self.dice.of(&ids).map(|(id, role)| (id.clone(), role.clone()))
    }

    async fn join_or_leave(&mut self) {
        let (group, user) = (self.dice.below(N_GROUPS), self.dice.below(N_USERS));
        let path = format!("/groups/{}/members/{}", self.groups[group], self.users[user]);
        let members = self.model.members.entry(group).or_default();
        let answer = if members.remove(&user) {
            self.administrator.delete(&path).await
        } else {
            members.insert(user);
            self.administrator.put(&path, &json!({})).await
        };
        eprintln!("{user} joins or leaves {group}");
        assert!(answer.status < 300, "{}", answer.body);
    }

    async fn disable_or_enable(&mut self) {
        let user = self.dice.below(N_USERS);
        let is_disabled = self.model.disabled.contains(&user);
        if !is_disabled && 0 < self.dice.below(3) {
            return;
        }
        eprintln!("{user} is disabled: {}", !is_disabled);
        let path = format!("/users/{}", self.users[user]);
        let stored: Value = self.administrator.get(&path).await.json(200);
        let body = json!({"name": stored["user"]["name"], "disabled": !is_disabled, "version": stored["version"]});
        self.administrator.put(&path, &body).await.json::<Value>(200);
        if is_disabled {
            self.model.disabled.remove(&user);
            self.browsers[user] = self.world.sign_in(&format!("h{user}")).await;
        } else {
            self.model.disabled.insert(user);
        }
    }

    async fn start(&mut self) {
        let everything = (0..N_USERS).flat_map(|user| (0..ROOMS.len()).map(move |room| (user, room)));
        let open = everything.filter(|(user, room)| matches!(self.model.start(*user, *room), Start::Started(_)));
        let open: Vec<(usize, usize)> = open.collect();
        // Most tries are of people who may.
        let chosen = if self.dice.below(3) == 0 { None } else { self.dice.of(&open) };
        let (user, room) = chosen.unwrap_or((self.dice.below(N_USERS), self.dice.below(ROOMS.len())));
        if SESSIONS_MAX <= self.model.sessions.len() {
            return;
        }
        let expected = self.model.start(user, room);
        eprintln!("{user} tries {}: {expected:?}", ROOMS[room]);
        let body = json!({ "viewer_key": viewer_key().public_key() });
        let answer = self.browsers[user].post(&format!("/rooms/{}/sessions", ROOMS[room]), &body).await;
        let outcome = match answer.status {
            201 => {
                let started: StartedSession = answer.json(201);
                self.model.sessions.insert(started.session, (user, room, started.access));
                Start::Started(started.access)
            }
            401 if answer.problem().code == ProblemCode::NotSignedIn => Start::NotSignedIn,
            404 => Start::NotFound,
            409 => Start::Refused(answer.problem().refusal.expect("a refusal").code()),
            status => panic!("{status}: {}", answer.body),
        };
        assert_eq!(outcome, expected);
    }

    async fn end(&mut self) {
        let ids: Vec<SessionId> = self.model.sessions.keys().copied().collect();
        let Some(id) = self.dice.of(&ids) else { return };
        let user = self.model.sessions[&id].0;
        eprintln!("{user} ends {id}");
        assert_eq!(self.browsers[user].delete(&format!("/sessions/{id}")).await.status, 204);
        self.model.sessions.remove(&id);
    }

    /// The server's records have exactly the model's sessions open.
    async fn compare(&self) {
        let open = self.world.core.storage.open_sessions().await.unwrap();
        let open: BTreeMap<SessionId, Access> =
            open.into_iter().map(|(_, record)| (record.id, record.access)).collect();
        let expected: BTreeMap<SessionId, Access> =
            self.model.sessions.iter().map(|(id, (.., access))| (*id, *access)).collect();
        assert_eq!(open, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_does_what_the_model_does() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = number("HISTORY_SEED").unwrap_or_else(|| u64::from_le_bytes(random::bytes()));
    let n_steps = number("HISTORY_STEPS").map_or(N_STEPS, |n| n as usize);
    eprintln!("HISTORY_SEED={seed}");
    let mut history = History::begin(seed).await;
    let mut n_started = 0;
    for _ in 0..n_steps {
        let before = history.model.sessions.len();
        history.step().await;
        n_started += usize::from(before < history.model.sessions.len());
    }
    assert!(n_steps / 40 <= n_started, "{n_started} sessions in {n_steps} steps say little");
}
