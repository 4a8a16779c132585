//! Sessions that end in twelve ways, with one viewer or two and the switch on or off: the device restarts exactly once
//! after the last of them if somebody wanted it, and else never.

#![cfg(unix)]
#![expect(clippy::large_futures, reason = "an ending holds both ends of every socket, and there is one at a time")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::join_all;
use protocol::control::Command;
use protocol::ids::SessionId;
use protocol::terms::CallPolicy;
use serde_json::Value;
use server::storage::RemoteAccessSettings;
use tokio::runtime::Builder;
use trials::effort::Effort;
use trials::stage::{Agent, Browser, Folder, Server, ViewerEnd, Xvfb, until};

const ROOM: &str = "cumulus";
const PEOPLE: [&str; 2] = ["modifier-of-aurora@example.com", "viewer-of-aurora@example.com"];
const ADMINISTRATOR: &str = "admin@example.com";
/// Both may do all in the room, and in it alone by this.
const LET_IN: &str = r#"
    [[tenant]]
    id = "contoso"
    name = "Contoso"
    [[tenant.assignment]]
    role = "Console technicians"
    members = ["modifier-of-aurora@example.com", "viewer-of-aurora@example.com"]
    rooms = ["cumulus"]
"#;
/// Windows of the ring on one display besides its line.
const BARS: usize = 4;
/// At a time: most of the time of an ending is waiting.
const STAGES: u64 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    ViewerEnds,
    TabCloses,
    ViewerLost,
    Revoked,
    Disabled,
    Idle,
    LongestDuration,
    LeaseLost,
    AgentStopped,
    AgentKilled,
    EndedInRoom,
    CallStarts,
}

const WAYS: [Way; 12] = [
    Way::ViewerLost,
    Way::ViewerEnds,
    Way::TabCloses,
    Way::Revoked,
    Way::LeaseLost,
    Way::Disabled,
    Way::Idle,
    Way::LongestDuration,
    Way::AgentStopped,
    Way::AgentKilled,
    Way::EndedInRoom,
    Way::CallStarts,
];

impl Way {
    /// What the audit log may say.
    fn reasons(self) -> &'static [&'static str] {
        match self {
            Self::ViewerEnds => &["ended_by_viewer"],
            Self::TabCloses => &["viewer_closed"],
            Self::ViewerLost => &["viewer_lost"],
            Self::Revoked => &["revoked"],
            Self::Disabled => &["disabled"],
            Self::Idle => &["idle"],
            Self::LongestDuration => &["maximum_duration"],
            // Whoever finds it first: the server when it comes back, or the console.
            Self::LeaseLost => &["server_stopped", "lease_expired", "viewer_lost", "agent_lost"],
            Self::AgentStopped => &["agent_stopped"],
            Self::AgentKilled => &["agent_crash"],
            Self::EndedInRoom => &["ended_in_room"],
            Self::CallStarts => &["call_started"],
        }
    }
}

struct Stage {
    xvfb: Xvfb,
    server: Server,
    agent: Agent,
    people: [Browser; 2],
    administrator: Browser,
    /// One line for each restart of the device.
    restarts: PathBuf,
    /// The room is in a call while this file is there.
    call: PathBuf,
    /// Restarts that were to be.
    n_wanted: usize,
    _folder: Folder,
}

impl Stage {
    async fn start() -> Self {
        let folder = Folder::new();
        let xvfb = Xvfb::start(640, 480);
        let server = Server::start(&folder).await;
        server.bootstrap(LET_IN).await;
        let people = [server.sign_in(PEOPLE[0]).await, server.sign_in(PEOPLE[1]).await];
        let administrator = server.sign_in(ADMINISTRATOR).await;
        let (restarts, call) = (folder.path().join("restarts"), folder.path().join("call"));
        let config = format!(
            "[x11]\ndisplays = {{ console = \"{}\" }}\n\
             [power]\nrestart_command = [\"sh\", \"-c\", \"echo restarted >> {}\"]\n\
             [call_state]\ncommand = [\"test\", \"-e\", \"{}\"]\n",
            xvfb.name,
            restarts.display(),
            call.display(),
        );
        let agent = Agent::start(&folder, &server.enrolment(ROOM).await, &config);
        Self { xvfb, server, agent, people, administrator, restarts, call, n_wanted: 0, _folder: folder }
    }

    fn n_restarts(&self) -> usize {
        fs::read_to_string(&self.restarts).unwrap_or_default().lines().count()
    }

    fn has_ring(&self) -> bool {
        BARS <= self.xvfb.shown_windows().len()
    }

    /// Whoever starts a session gets the switch as they want it.
    async fn viewer(&self, person: usize, wants_restart: bool, rng: &mut fastrand::Rng) -> ViewerEnd {
        let mut viewer = ViewerEnd::start(&self.people[person], ROOM, rng).await;
        viewer.command(Command::SetRestartOnEnd { on: wants_restart }).await;
        viewer.until("the switch", |viewer| (viewer.restart_on_end == Some(wants_restart)).then_some(())).await;
        viewer
    }

    /// Lets sessions end in one way; how many wanted a restart, and whether there were two.
    async fn ending(&mut self, way: Way, rng: &mut fastrand::Rng) -> (bool, usize) {
        assert_eq!(self.n_restarts(), self.n_wanted, "restarts before");
        self.server.turn_page().await;
        let n_viewers = rng.usize(1..=2);
        self.prepare(way, n_viewers).await;
        let wants: Vec<bool> = (0..n_viewers).map(|_| rng.bool()).collect();
        let mut viewers = Vec::new();
        for (person, wants_restart) in wants.iter().enumerate() {
            viewers.push(self.viewer(person, *wants_restart, rng).await);
        }
        let sessions: Vec<_> = viewers.iter().map(|viewer| viewer.session).collect();
        let mut left_early = None;
        if 1 < viewers.len() && rng.bool() {
            let mut viewer = viewers.swap_remove(rng.usize(..viewers.len()));
            viewer.command(Command::End).await;
            viewer.until_over().await;
            left_early = Some(viewer.session);
            self.ends(viewer.session).await;
            assert_eq!(self.n_restarts(), self.n_wanted, "somebody is still connected");
        }
        let is_wanted = wants.contains(&true);
        self.end(way, viewers).await;
        self.n_wanted += usize::from(is_wanted);
        self.recover(way).await;
        until("the restart", async || (self.n_restarts() == self.n_wanted).then_some(())).await;
        for session in sessions {
            let ends = self.ends(session).await;
            assert_eq!(ends.len(), 1, "{ends:?}");
            let expected = if left_early == Some(session) { Way::ViewerEnds } else { way };
            assert!(expected.reasons().contains(&ends[0].as_str()), "{way:?}: {ends:?}");
            let is_there = |receipts: &Vec<String>| !receipts.is_empty();
            let receipts =
                until("a receipt", async || Some(self.server.receipts(session).await).filter(is_there)).await;
            assert_eq!(receipts.len(), 1, "{receipts:?}");
            assert!(expected.reasons().contains(&receipts[0].as_str()), "{way:?}: {receipts:?}");
        }
        (is_wanted, n_viewers)
    }

    async fn ends(&self, session: SessionId) -> Vec<String> {
        until("an end on record", async || Some(self.server.ends(session).await).filter(|ends| !ends.is_empty())).await
    }

    async fn prepare(&self, way: Way, n_viewers: usize) {
        // The first is still there when the second has come, also on a busy machine.
        let short = Duration::from_secs(if n_viewers == 1 { 3 } else { 9 });
        let change = |policies: &mut RemoteAccessSettings| {
            let hour = Duration::from_hours(1);
            policies.idle_limit = if way == Way::Idle { short } else { hour };
            policies.maximum_duration = if way == Way::LongestDuration { short } else { hour };
            // On a busy machine the look at the call may take too long, which counts as a call.
            policies.call_policy = if way == Way::CallStarts { CallPolicy::End } else { CallPolicy::Continue };
        };
        self.server.set_policies(change).await;
    }

    /// Returns when the console has let go.
    async fn end(&mut self, way: Way, mut viewers: Vec<ViewerEnd>) {
        match way {
            Way::ViewerEnds => {
                for viewer in &mut viewers {
                    viewer.command(Command::End).await;
                    viewer.until_over().await;
                }
            }
            Way::TabCloses => {
                for viewer in viewers.drain(..) {
                    let path = format!("/sessions/{}?reason=viewer_closed", viewer.session);
                    let mine = self.people.iter().map(|person| person.delete(&path));
                    let answers = join_all(mine).await;
                    assert!(answers.iter().flatten().any(|answer| answer.status == 204), "{answers:?}");
                }
            }
            Way::ViewerLost => viewers.clear(),
            Way::Revoked => {
                let path = format!("/assignments/{}", self.server.assignment_of(ROOM).await);
                assert_eq!(self.administrator.delete(&path).await.expect("an answer").status, 204);
            }
            Way::Disabled => self.set_enabled(false).await,
            Way::Idle | Way::LongestDuration => _ = join_all(viewers.iter_mut().map(ViewerEnd::until_over)).await,
            Way::LeaseLost => self.server.kill(),
            Way::AgentStopped => assert!(self.agent.terminate().wait(), "it was asked to"),
            Way::AgentKilled => self.agent.kill(),
            Way::EndedInRoom => {
                // The button moves with the names in the line, and then somebody presses once more.
                until("the end by the button", async || {
                    if let Some(place) = self.xvfb.button_place() {
                        self.xvfb.click(place);
                    }
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    (!self.has_ring()).then_some(())
                })
                .await;
            }
            Way::CallStarts => fs::write(&self.call, "").expect("written"),
        }
        until("the end of the ring", async || (!self.has_ring()).then_some(())).await;
        if way == Way::CallStarts {
            assert_eq!(self.n_restarts(), self.n_wanted, "nothing restarts while people talk");
        }
    }

    /// Makes everything ready for the next one.
    async fn recover(&mut self, way: Way) {
        match way {
            Way::Revoked => self.server.bootstrap(LET_IN).await,
            Way::Disabled => self.set_enabled(true).await,
            Way::LeaseLost => self.server.start_again().await,
            Way::AgentStopped | Way::AgentKilled => self.agent.start_again(),
            Way::CallStarts => fs::remove_file(&self.call).expect("it was there"),
            _ => {}
        }
    }

    async fn set_enabled(&self, enabled: bool) {
        let path = "/settings/remote-access";
        let mut settings: Value = self.administrator.get(path).await.expect("an answer").json(200);
        settings["enabled"] = enabled.into();
        settings["acknowledged_by"] = ADMINISTRATOR.into();
        let answer = self.administrator.put(path, &settings).await.expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// An agent that starts anew has nothing left to make up for.
    async fn finish(mut self) {
        self.quiet_session().await;
        assert!(self.agent.terminate().wait(), "it was asked to");
        self.agent.start_again();
        self.quiet_session().await;
        assert_eq!(self.n_restarts(), self.n_wanted);
    }

    /// One after which nothing restarts; the agent is there by then.
    async fn quiet_session(&self) {
        let mut viewer = self.viewer(0, false, &mut fastrand::Rng::with_seed(0)).await;
        viewer.command(Command::End).await;
        viewer.until_over().await;
        self.ends(viewer.session).await;
    }
}

#[test]
fn the_device_restarts_once_at_the_end_or_never() {
    let seeds = Mutex::new(Effort::or(WAYS.len() as u64).seeds());
    let done: Mutex<BTreeMap<Way, Vec<(bool, usize)>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..STAGES {
            scope.spawn(|| {
                let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(async {
                    let mut stage = Stage::start().await;
                    loop {
                        let Some(seed) = seeds.lock().expect("nobody panics with it").next() else { break };
                        let way = WAYS[(seed % WAYS.len() as u64) as usize];
                        let _told = Told { seed, way };
                        let ending = stage.ending(way, &mut fastrand::Rng::with_seed(seed)).await;
                        done.lock().expect("nobody panics with it").entry(way).or_default().push(ending);
                    }
                    stage.finish().await;
                });
            });
        }
    });
    for (way, endings) in done.into_inner().expect("all are done") {
        let n_wanted = endings.iter().filter(|(is_wanted, _)| *is_wanted).count();
        let n_pairs = endings.iter().filter(|(_, n_viewers)| *n_viewers == 2).count();
        eprintln!("{way:?}: {} endings, {n_wanted} with a restart, {n_pairs} with two viewers", endings.len());
    }
}

/// Says which ending it was when one fails.
struct Told {
    seed: u64,
    way: Way,
}

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("TRIALS_SEED={} TRIALS_TIMES=1 is this ending: {:?}", self.seed, self.way);
        }
    }
}
