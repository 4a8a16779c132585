//! Storms of random input on a real X server, each of them cut short by a death: of the viewer, of the server, of the
//! agent. Whoever dies and however: no key and no button stays down.

#![cfg(unix)]
#![expect(clippy::large_futures, reason = "a storm holds both ends of every socket, and there is one at a time")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use protocol::control::Command;
use protocol::ids::DisplayId;
use protocol::input::{InputEvent, PointerButton, PointerPosition};
use protocol::keycode::KeyCode;
use protocol::wire::Text;
use trials::effort::Effort;
use trials::stage::{Agent, Browser, Folder, Program, Server, ViewerEnd, Xvfb, until};

const ROOM: &str = "aurora";
const TECHNICIAN: &str = "modifier-of-aurora@example.com";
const CONFIG: &str = "[call_state]\ncommand = [\"false\"]\n";

/// The promise: so long after the agent could know, nothing is down.
const RELEASED_WITHIN: Duration = Duration::from_millis(1500);
/// What a machine may take besides, to run the programs and to look: half of the storms need no more than this, and
/// none more than a machine whose processors and disk are busy with other things may take.
const SLACK: Duration = Duration::from_millis(100);
const SLACK_OF_A_BUSY_MACHINE: Duration = Duration::from_secs(10);

const KEYS: [KeyCode; 16] = [
    KeyCode::KeyA,
    KeyCode::KeyZ,
    KeyCode::Digit2,
    KeyCode::F5,
    KeyCode::Tab,
    KeyCode::Enter,
    KeyCode::Space,
    KeyCode::ArrowUp,
    KeyCode::Delete,
    KeyCode::NumpadEnter,
    KeyCode::ShiftLeft,
    KeyCode::ControlLeft,
    KeyCode::AltLeft,
    KeyCode::AltRight,
    KeyCode::MetaLeft,
    KeyCode::IntlBackslash,
];
const BUTTONS: [PointerButton; 5] = [
    PointerButton::Primary,
    PointerButton::Middle,
    PointerButton::Secondary,
    PointerButton::Back,
    PointerButton::Forward,
];

/// How a storm ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Death {
    /// The viewer's socket is gone without a word.
    ViewerGone,
    /// The viewer says nothing any more; its socket stays.
    ViewerSilent,
    ViewerEnds,
    /// The person signs out elsewhere: the server ends the session.
    ServerEnds,
    ServerKilled,
    ServerStopped,
    AgentKilled,
    AgentStopped,
}

const DEATHS: [Death; 8] = [
    Death::AgentKilled,
    Death::ViewerGone,
    Death::ViewerSilent,
    Death::ServerKilled,
    Death::AgentStopped,
    Death::ViewerEnds,
    Death::ServerEnds,
    Death::ServerStopped,
];

/// What was seen of all storms with one kind of death.
#[derive(Debug, Default)]
struct Seen {
    n_storms: u32,
    /// Something was down at the moment of the death.
    n_held: u32,
    /// From the moment at which the agent could know, in ms.
    released_after: Vec<u64>,
}

struct Stage {
    xvfb: Xvfb,
    server: Server,
    agent: Agent,
    browser: Browser,
    _folder: Folder,
}

impl Stage {
    async fn start() -> Self {
        let folder = Folder::new();
        let xvfb = Xvfb::start(640, 480);
        let server = Server::start(&folder).await;
        let browser = server.sign_in(TECHNICIAN).await;
        let config = format!("[x11]\ndisplays = {{ console = \"{}\" }}\n{CONFIG}", xvfb.name);
        let agent = Agent::start(&folder, &server.enrolment(ROOM).await, &config);
        Self { xvfb, server, agent, browser, _folder: folder }
    }

    /// One storm; how long after the agent could know something was still down, if anything was.
    async fn storm(&mut self, death: Death, rng: &mut fastrand::Rng) -> Option<Duration> {
        assert!(self.xvfb.is_quiet(), "down before: {:?}", self.xvfb.keys_down());
        let mut viewer = ViewerEnd::start(&self.browser, ROOM, rng).await;
        blow(&mut viewer, rng).await;
        let was_held = !self.xvfb.is_quiet();
        let session = viewer.session;
        let (mut silent, mut ending) = (None, None);
        let knows_at = match death {
            Death::ViewerGone => {
                drop(viewer);
                Instant::now()
            }
            Death::ViewerSilent => {
                let sent_at = viewer.sent_at;
                silent = Some(viewer);
                sent_at
            }
            Death::ViewerEnds => {
                viewer.command(Command::End).await;
                Instant::now()
            }
            Death::ServerEnds => {
                let answer = self.browser.post("/logout", &serde_json::Value::Null).await;
                assert_eq!(answer.map(|answer| answer.status), Some(204));
                Instant::now()
            }
            Death::ServerKilled => {
                self.server.kill();
                Instant::now()
            }
            Death::ServerStopped => {
                ending = Some(self.server.terminate());
                Instant::now()
            }
            Death::AgentKilled => {
                self.agent.kill();
                Instant::now()
            }
            Death::AgentStopped => {
                ending = Some(self.agent.terminate());
                Instant::now()
            }
        };
        let released = self.released(knows_at).await;
        drop(silent);
        assert!(ending.is_none_or(Program::wait), "who is asked to stop stops well");
        assert!(self.xvfb.is_quiet(), "down again: {:?}", self.xvfb.keys_down());
        self.recover(death, session).await;
        was_held.then_some(released)
    }

    /// Waits until nothing is down; how long after `knows_at` that was.
    async fn released(&self, knows_at: Instant) -> Duration {
        while !self.xvfb.is_quiet() {
            let (keys, buttons, modifiers) = (self.xvfb.keys_down(), self.xvfb.buttons_down(), self.xvfb.modifiers());
            assert!(
                knows_at.elapsed() < RELEASED_WITHIN + SLACK_OF_A_BUSY_MACHINE,
                "still down: keys {keys:?}, buttons {buttons:x}, modifiers {modifiers:x}"
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        knows_at.elapsed()
    }

    /// Makes everything ready for the next one.
    async fn recover(&mut self, death: Death, session: protocol::ids::SessionId) {
        if !self.server.is_running() {
            self.server.start_again().await;
        }
        if !self.agent.is_running() {
            self.agent.start_again();
        }
        if death == Death::ServerEnds {
            self.browser = self.server.sign_in(TECHNICIAN).await;
        }
        // Where it is over already, the server says that there is none.
        let path = format!("/sessions/{session}");
        until("an answer", async || self.browser.delete(&path).await).await;
    }
}

/// Presses, moves and turns at random, and stops at some moment.
async fn blow(viewer: &mut ViewerEnd, rng: &mut fastrand::Rng) {
    let epoch = viewer.epoch.expect("it was told of the displays");
    let position = |rng: &mut fastrand::Rng| PointerPosition {
        display: DisplayId::Console,
        epoch,
        x: rng.u16(..),
        // Below the ring's line: a press of the viewer on its button is none.
        y: rng.u16(16_000..),
    };
    // Until somebody is told that this viewer holds the input, and the pointer is where it should be.
    viewer.input(InputEvent::PointerMove { position: position(rng) }).await;
    for _ in 0..rng.usize(3..40) {
        let event = match rng.u8(0..20) {
            0..=8 => InputEvent::Key { code: KEYS[rng.usize(..KEYS.len())], down: true },
            9..=11 => InputEvent::Key { code: KEYS[rng.usize(..KEYS.len())], down: false },
            12..=13 => {
                let button = BUTTONS[rng.usize(..BUTTONS.len())];
                InputEvent::Button { button, down: true, position: position(rng) }
            }
            14 => {
                let button = BUTTONS[rng.usize(..BUTTONS.len())];
                InputEvent::Button { button, down: false, position: position(rng) }
            }
            15..=16 => InputEvent::PointerMove { position: position(rng) },
            17..=18 => {
                let (horizontal, vertical) = (rng.i16(-240..240), rng.i16(-240..240));
                InputEvent::Wheel { horizontal, vertical, position: position(rng) }
            }
            _ => InputEvent::Text { text: Text::fitted("Grüße ♥") },
        };
        viewer.input(event).await;
        viewer.run_for(Duration::from_micros(rng.u64(0..6_000))).await;
    }
    // The moment is as random as the rest; sometimes what was pressed last is still on its way.
    viewer.run_for(Duration::from_micros(rng.u64(0..30_000))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_stays_down_whoever_dies() {
    let effort = Effort::or(12);
    let mut stage = Stage::start().await;
    let mut all: BTreeMap<Death, Seen> = BTreeMap::new();
    for seed in effort.seeds() {
        let mut rng = fastrand::Rng::with_seed(seed);
        // In turn, so that also a few storms have every kind.
        let death = DEATHS[(seed % DEATHS.len() as u64) as usize];
        let _told = Told { seed, death };
        if (seed - effort.seed) % 100 == 99 {
            eprintln!("100 storms more");
        }
        let released = stage.storm(death, &mut rng).await;
        let seen = all.entry(death).or_default();
        seen.n_storms += 1;
        if let Some(after) = released {
            seen.n_held += 1;
            seen.released_after.push(after.as_millis() as u64);
        }
    }
    assert!(stage.xvfb.is_quiet());
    for (death, seen) in &mut all {
        seen.released_after.sort_unstable();
        let at = |part: f64| {
            let index = (seen.released_after.len() as f64 * part) as usize;
            seen.released_after.get(index).copied().unwrap_or_default()
        };
        let (half, most, all) = (at(0.5), at(0.99), seen.released_after.last().copied().unwrap_or_default());
        eprintln!(
            "{death:?}: {} storms, {} with something down; ms until released: half {half}, 99 % {most}, all {all}",
            seen.n_storms, seen.n_held,
        );
        assert!(half <= (RELEASED_WITHIN + SLACK + effort.slack()).as_millis() as u64, "{death:?}: released too late");
        // A storm in which nothing was down says nothing.
        assert!(seen.n_storms * 7 < seen.n_held * 10 || seen.n_storms < 5, "{death:?}: too few storms hold anything");
    }
    let (n_held, n_storms) = all.values().fold((0, 0), |(held, all), seen| (held + seen.n_held, all + seen.n_storms));
    assert!(n_storms * 7 < n_held * 10, "only {n_held} of {n_storms} storms hold anything");
}

/// Says which storm it was when one fails.
struct Told {
    seed: u64,
    death: Death,
}

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("TRIALS_SEED={} TRIALS_TIMES=1 is this storm; it ended by {:?}", self.seed, self.death);
        }
    }
}
