//! Access that is taken away while sessions start and run: every session that depended on it has ended two seconds after
//! the answer, or with its console's lease when the console is cut off, and none starts after the answer.
//!
//! Cut off means that the console's link carries nothing any more and nobody notices; the relay still closes the sockets
//! of its sessions, for which the console waits until its lease has run out. The lease is 15 s; consoles here have 6 s,
//! and in a long trial the first has all of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use agent::driver::Timing;
use agent::socket::Tls;
use fastrand::Rng;
use protocol::api::{Assignment, RoleDetail, StartedSession};
use protocol::control::{Command, Shortcut};
use protocol::ids::{RoomId, SessionId};
use protocol::secure::{EnrolmentString, Secret};
use protocol::time::Micros;
use protocol::wire::Text;
use serde_json::{Value, json};
use server::test_server::user;
use tokio::sync::RwLock;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use trials::effort::Effort;
use trials::world::browser::{Answer, Browser};
use trials::world::cable::Cable;
use trials::world::console::Console;
use trials::world::viewer::{Gone, Invitation, Viewer};
use trials::world::{Plan, World, patient, room, until_so};

const WITHIN: Duration = Duration::from_secs(2);
const SHORT_LEASE: Micros = Micros::from_secs(6);
/// Past the lease: the agent looks at its sessions four times a second, and its last words leave.
const LEASE_SLACK: Duration = Duration::from_secs(1);
/// From so many removals on, one console has the product's lease.
const LONG: u64 = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Removal {
    Assignment,
    Role,
    /// The role allows less.
    RoleNarrowed,
    /// The person leaves the group that the assignment names.
    Member,
    /// The assignment covers another room.
    Scope,
    /// The assignment names somebody else.
    Person,
    User,
    Console,
    OptIn,
}

const REMOVALS: [Removal; 9] = [
    Removal::Assignment,
    Removal::Role,
    Removal::RoleNarrowed,
    Removal::Member,
    Removal::Scope,
    Removal::Person,
    Removal::User,
    Removal::Console,
    Removal::OptIn,
];

/// One room with its console, and one person who comes to access to it and loses it.
struct Scene {
    world: Arc<World>,
    /// Held by all while they try something; by one alone who switches remote access off for everybody.
    everybody: Arc<RwLock<()>>,
    tls: Tls,
    administrator: Browser,
    bystander: Browser,
    number: usize,
    room: RoomId,
    other_room: RoomId,
    user: String,
    group: String,
    person: Browser,
    console: Console,
    cable: Cable,
    lease: Micros,
    /// What is late by less on a busy machine is not late.
    slack: Duration,
    n_roles: usize,
    results: BTreeMap<(Removal, bool), Tally>,
}

/// What came of removals of one kind.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    n: u64,
    /// Sessions that ran, and that were asked for at about the moment of the removal.
    n_ran: u64,
    n_raced: u64,
    /// Of those, were answered with a ticket, and had a picture before they ended.
    n_raced_in: u64,
    n_raced_to_picture: u64,
    slowest: Duration,
}

/// A session as its viewer saw it.
struct Seen {
    session: SessionId,
    had_picture: bool,
    gone_at: Instant,
    gone: Gone,
}

/// What the person holds.
struct Held {
    role: RoleDetail,
    assignment: Assignment,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_away_ends_every_session_that_depended_on_it() {
    let effort = Effort::or(9);
    let began = Instant::now();
    let n_scenes = (effort.times / 3).clamp(2, 5) as usize;
    let people: String =
        (0..n_scenes).map(|n| user(&format!("person-{n}@example.com"), &format!("Person {n}"), "")).collect();
    let mut limits = patient();
    limits.session.lease_every = Duration::from_secs(1);
    // A console that is cut off answers nothing.
    limits.link.nonce_within = Duration::from_secs(1);
    limits.link.offer_within = Duration::from_secs(2);
    // Nothing but the removal itself ends a session.
    limits.session.recheck_every = Duration::from_hours(10);
    let plan = Plan { additions: people, limits, ..Plan::new(n_scenes + 1) };
    let world = Arc::new(World::start(plan).await);
    let tls = Tls::new().expect("ciphers");
    let everybody = Arc::new(RwLock::new(()));
    let mut scenes = Vec::new();
    for number in 0..n_scenes {
        let has_real_lease = LONG <= effort.times && number == 0;
        let lease = if has_real_lease { Timing::default().lease } else { SHORT_LEASE };
        let mut scene = Scene::begin(&world, &everybody, &tls, number, n_scenes, lease).await;
        scene.slack = effort.slack();
        let seeds: Vec<u64> = effort.seeds().filter(|seed| *seed as usize % n_scenes == number).collect();
        // With the product's lease each removal takes a quarter of a minute.
        let seeds: Vec<u64> = if has_real_lease { seeds.into_iter().take(30).collect() } else { seeds };
        scenes.push(tokio::spawn(async move {
            for seed in seeds {
                Box::pin(scene.remove(seed, has_real_lease)).await;
            }
            (scene.results, has_real_lease)
        }));
    }
    let mut n_removals = 0;
    for scene in scenes {
        let (results, has_real_lease) = scene.await.expect("nothing outlives what it depended on");
        n_removals += results.values().map(|result| result.n).sum::<u64>();
        println!("lease of the product: {has_real_lease}: {results:#?}");
    }
    println!("{n_removals} removals in {:?}", began.elapsed());
    assert_eq!(world.core.storage.open_sessions().await.expect("read").len(), 0, "every session has its end");
}

impl Scene {
    async fn begin(
        world: &Arc<World>,
        everybody: &Arc<RwLock<()>>,
        tls: &Tls,
        number: usize,
        n_scenes: usize,
        lease: Micros,
    ) -> Self {
        let administrator = world.sign_in("admin").await;
        let email = format!("person-{number}@example.com");
        let found = world.core.storage.user_by_email(&email).await.expect("read").expect("an account");
        let made: Value = administrator.post("/groups", &json!({"name": format!("Group {number}")})).await.json(201);
        let room = room(number);
        let (console, cable) = console(world, &room, tls, lease).await;
        Self {
            world: Arc::clone(world),
            everybody: Arc::clone(everybody),
            tls: tls.clone(),
            bystander: world.sign_in("technician").await,
            person: world.sign_in(&format!("person-{number}")).await,
            administrator,
            number,
            room,
            other_room: trials::world::room(n_scenes),
            user: found.1.id.to_string(),
            group: made["group"]["id"].as_str().expect("an id").to_owned(),
            console,
            cable,
            lease,
            slack: Duration::ZERO,
            n_roles: 0,
            results: BTreeMap::new(),
        }
    }

    /// Somebody comes to access, starts sessions, and loses it at any moment of that.
    async fn remove(&mut self, seed: u64, is_partition: bool) {
        let mut dice = Rng::with_seed(seed);
        let removal = REMOVALS[dice.usize(..REMOVALS.len())];
        let is_partition = is_partition || dice.u8(..4) == 0;
        let context = format!("TRIALS_SEED={seed}: {removal:?}, cut off: {is_partition}");
        let everybody = Arc::clone(&self.everybody);
        let _all;
        let _alone;
        if removal == Removal::OptIn {
            _alone = everybody.write().await;
        } else {
            _all = everybody.read().await;
        }
        let held = self.give(removal).await;

        // Some run already, some start at about the moment of the removal.
        let mut running = Vec::new();
        for _ in 0..dice.usize(..=2) {
            running.push(self.live(&self.person, &mut dice).await);
        }
        let bystander = if dice.bool() { Some(self.live(&self.bystander, &mut dice).await) } else { None };
        let n_ran = running.len() as u64;
        let running: Vec<_> =
            running.into_iter().map(|(session, viewer)| tokio::spawn(watch(session, viewer))).collect();
        let n_racing = if running.is_empty() { 1 + dice.usize(..2) } else { dice.usize(..3) };
        let racing: Vec<_> = (0..n_racing).map(|_| self.race(&mut dice)).collect();
        sleep(Duration::from_micros(dice.u64(..120_000))).await;
        if is_partition {
            self.cable.cut();
            sleep(Duration::from_micros(dice.u64(..20_000))).await;
        }
        let answer = self.take(removal, &held).await;
        let answered_at = Instant::now();
        assert!(answer.status < 300, "{context}: {}", answer.body);

        // None starts after the answer.
        let key = Secret::new(std::array::from_fn(|_| dice.u8(..)));
        let refused = self.person.start(&self.room, &key).await;
        assert!([401, 403, 404, 409].contains(&refused.status), "{context}: {} {}", refused.status, refused.body);

        let mut result = Tally { n: 1, n_ran, n_raced: n_racing as u64, ..Tally::default() };
        let mut watchers = Vec::new();
        for viewer in running {
            watchers.push(viewer.await.expect("a viewer"));
        }
        for viewer in racing {
            if let Some(viewer) = viewer.await.expect("a viewer") {
                result.n_raced_in += 1;
                result.n_raced_to_picture += u64::from(viewer.had_picture);
                watchers.push(viewer);
            }
        }
        let slack = self.slack;
        for viewer in &watchers {
            let late = viewer.gone_at.saturating_duration_since(answered_at);
            result.slowest = result.slowest.max(late);
            assert!(late < WITHIN + slack, "{context}: {} was gone after {late:?}, {:?}", viewer.session, viewer.gone);
        }
        let within = if is_partition { Duration::from_micros(self.lease.0) + LEASE_SLACK } else { WITHIN };
        let name = format!("Person {}", self.number);
        let console = &self.console.room;
        until_so(&context, || {
            let ring = console.ring_state().unwrap_or_default();
            ring.iter().all(|person| person.name != name)
        })
        .await;
        let late = answered_at.elapsed();
        if !watchers.is_empty() {
            result.slowest = result.slowest.max(late);
        }
        assert!(late < within + slack, "{context}: the ring was gone after {late:?}");
        self.assert_ended(&watchers, &context).await;
        if let Some((session, viewer)) = bystander {
            self.assert_untouched(removal, is_partition, session, viewer, &context).await;
        }
        self.give_back(removal, &held, is_partition).await;
        let sum = self.results.entry((removal, is_partition)).or_default();
        sum.n += result.n;
        sum.n_ran += result.n_ran;
        sum.n_raced += result.n_raced;
        sum.n_raced_in += result.n_raced_in;
        sum.n_raced_to_picture += result.n_raced_to_picture;
        sum.slowest = sum.slowest.max(result.slowest);
    }

    /// A role of its own for the person, by a group when that is what goes.
    async fn give(&mut self, removal: Removal) -> Held {
        self.n_roles += 1;
        let name = format!("Role {}-{}", self.number, self.n_roles);
        let body = json!({"name": name, "permissions": ["remote_access.modify"]});
        let role: RoleDetail = self.administrator.post("/roles", &body).await.json(201);
        let mut body = json!({"name": "For a while", "rooms": [self.room]});
        if removal == Removal::Member {
            let joined = self.administrator.put(&self.membership(), &json!({})).await;
            assert!(joined.status < 300, "{}", joined.body);
            body["groups"] = json!([self.group]);
        } else {
            body["users"] = json!([self.user]);
        }
        let path = format!("/roles/{}/assignments", role.role.id);
        let assignment: Assignment = self.administrator.post(&path, &body).await.json(201);
        let role = self.administrator.get(&format!("/roles/{}", role.role.id)).await.json(200);
        Held { role, assignment }
    }

    fn membership(&self) -> String {
        format!("/groups/{}/members/{}", self.group, self.user)
    }

    async fn take(&self, removal: Removal, held: &Held) -> Answer {
        let administrator = &self.administrator;
        let assignment = format!("/assignments/{}", held.assignment.id);
        let version = held.assignment.version;
        match removal {
            Removal::Assignment => administrator.delete(&assignment).await,
            Removal::Role => administrator.delete(&format!("/roles/{}", held.role.role.id)).await,
            Removal::RoleNarrowed => {
                let body = json!({
                    "name": held.role.role.name, "description": "", "permissions": ["remote_access.view"],
                    "version": held.role.role.version,
                });
                let answer = administrator.put(&format!("/roles/{}", held.role.role.id), &body).await;
                // With View a session may start all the same: the second request takes that, too.
                if answer.status < 300 { administrator.delete(&assignment).await } else { answer }
            }
            Removal::Member => administrator.delete(&self.membership()).await,
            Removal::Scope => {
                let body = json!({"name": "For a while", "users": [self.user], "rooms": [self.other_room]});
                administrator.put(&assignment, &json!({"assignment": body, "version": version})).await
            }
            Removal::Person => {
                let body = json!({"name": "For a while", "groups": [self.group], "rooms": [self.room]});
                administrator.put(&assignment, &json!({"assignment": body, "version": version})).await
            }
            Removal::User => self.set_disabled(true).await,
            Removal::Console => {
                let detail: Value = administrator.get(&format!("/rooms/{}", self.room)).await.json(200);
                let body = json!({"console": detail["console"]["id"]});
                administrator.post(&format!("/rooms/{}/console/revoke", self.room), &body).await
            }
            Removal::OptIn => self.set_enabled(false).await,
        }
    }

    async fn set_disabled(&self, disabled: bool) -> Answer {
        let path = format!("/users/{}", self.user);
        let stored: Value = self.administrator.get(&path).await.json(200);
        let body = json!({"name": stored["user"]["name"], "disabled": disabled, "version": stored["version"]});
        self.administrator.put(&path, &body).await
    }

    async fn set_enabled(&self, enabled: bool) -> Answer {
        let mut settings: Value = self.administrator.get("/settings/remote-access").await.json(200);
        settings["enabled"] = json!(enabled);
        settings["acknowledged_by"] = if enabled { json!("admin@example.com") } else { Value::Null };
        self.administrator.put("/settings/remote-access", &settings).await
    }

    /// Puts the scene back to where everything may begin anew.
    async fn give_back(&mut self, removal: Removal, held: &Held, is_partition: bool) {
        match removal {
            Removal::User => {
                assert!(self.set_disabled(false).await.status < 300);
                self.person = self.world.sign_in(&format!("person-{}", self.number)).await;
            }
            Removal::OptIn => assert!(self.set_enabled(true).await.status < 300),
            _ => {}
        }
        if removal != Removal::Role {
            let gone = self.administrator.delete(&format!("/roles/{}", held.role.role.id)).await;
            assert_eq!(gone.status, 204, "{}", gone.body);
        }
        if removal == Removal::Console || is_partition {
            let (console, cable) = console(&self.world, &self.room, &self.tls, self.lease).await;
            (self.console, self.cable) = (console, cable);
        }
    }

    /// A session that runs, with a picture.
    async fn live(&self, who: &Browser, dice: &mut Rng) -> (SessionId, Viewer) {
        let key = Secret::new(std::array::from_fn(|_| dice.u8(..)));
        let started: StartedSession = who.start(&self.room, &key).await.json(201);
        let mut viewer = Viewer::connect(&Invitation::from(&started), &key, &self.world.origin).await;
        viewer.picture().await.expect("a session with a picture");
        (started.session, viewer)
    }

    /// The person tries to start a session at about the time of the removal. `None` when that is refused.
    fn race(&self, dice: &mut Rng) -> JoinHandle<Option<Seen>> {
        let after = Duration::from_micros(dice.u64(..60_000));
        let key = Secret::new(std::array::from_fn(|_| dice.u8(..)));
        let (person, room, origin) = (self.person.clone(), self.room.clone(), self.world.origin.clone());
        tokio::spawn(async move {
            sleep(after).await;
            let answer = person.start(&room, &key).await;
            if answer.status != 201 {
                return None;
            }
            let started: StartedSession = answer.json(201);
            let viewer = Viewer::connect(&Invitation::from(&started), &key, &origin).await;
            Some(watch(started.session, viewer).await)
        })
    }

    /// The log has one end of each, and its reason is a removal's.
    async fn assert_ended(&self, seen: &[Seen], context: &str) {
        let open = self.world.core.storage.open_sessions().await.expect("read");
        for viewer in seen {
            assert!(open.iter().all(|(_, record)| record.id != viewer.session), "{context}: it is still on record");
            let reasons = self.world.ends_of(viewer.session, context).await;
            assert_eq!(reasons.len(), 1, "{context}: {reasons:?}");
            let expected = ["revoked", "disabled", "console_removed", "signed_out"];
            assert!(expected.contains(&&*reasons[0]), "{context}: {reasons:?}");
        }
    }

    /// Who did not depend on it goes on, unless nobody can.
    async fn assert_untouched(
        &self,
        removal: Removal,
        is_partition: bool,
        session: SessionId,
        mut viewer: Viewer,
        context: &str,
    ) {
        if is_partition || matches!(removal, Removal::Console | Removal::OptIn) {
            self.bystander.delete(&format!("/sessions/{session}")).await;
            return;
        }
        viewer.command(Command::Shortcut { shortcut: Shortcut::RefreshPicture }).await;
        viewer.picture().await.unwrap_or_else(|gone| panic!("{context}: the bystander is gone: {gone:?}"));
        let ended = self.bystander.delete(&format!("/sessions/{session}")).await;
        assert_eq!(ended.status, 204, "{context}: {}", ended.body);
    }
}

/// Runs a viewer until it is gone.
async fn watch(session: SessionId, mut viewer: Viewer) -> Seen {
    let gone = viewer.end().await;
    Seen { session, had_picture: 0 < viewer.n_pictures, gone_at: Instant::now(), gone }
}

/// A new console for the room, behind a cable of its own.
async fn console(world: &World, room: &RoomId, tls: &Tls, lease: Micros) -> (Console, Cable) {
    let cable = Cable::to(world.address).await;
    let url = Text::fitted(&format!("http://{}", cable.address));
    let string = EnrolmentString { url, ..world.enrolment(room).await };
    let console = Console::start(&string, tls, Timing { lease, ..Timing::default() });
    world.until_monitored(room).await;
    (console, cable)
}
