//! The ring around every picture: on a real X server, over random starts and ends, no picture is captured without it,
//! and it does not outlive the session.

#![cfg(unix)]

mod picture;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use protocol::control::Command;
use protocol::time::Micros;
use trials::effort::Effort;
use trials::stage::{Agent, Browser, Change, Folder, Server, ViewerEnd, Watcher, Xvfb, until};

use self::picture::Picture;

const ROOM: &str = "aurora";
const TECHNICIAN: &str = "modifier-of-aurora@example.com";
const SIZE: (u16, u16) = (1024, 768);
const BARS: usize = 4;
/// What the one who watches the X server may be late by.
const LATE: Micros = Micros::from_millis(100);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    ViewerEnds,
    ViewerGone,
    ServerEnds,
    AgentStopped,
    AgentKilled,
}

const WAYS: [Way; 5] = [Way::ViewerEnds, Way::ViewerGone, Way::ServerEnds, Way::AgentStopped, Way::AgentKilled];

struct Stage {
    watcher: Watcher,
    /// What is late by less on a busy machine is not late.
    slack: Duration,
    agent: Agent,
    browser: Browser,
    _server: Server,
    _folder: Folder,
}

/// What came and went around the display.
struct Bars {
    /// From when to when the last ring was whole.
    last: Option<(Instant, Instant)>,
    /// There is one, whole or in part.
    is_there: bool,
}

/// What was seen of one session.
struct Seen {
    n_pictures: usize,
    /// From the ring to the first picture, and from the last picture to the end of the ring, in µs.
    before: i64,
    after: i64,
}

impl Stage {
    async fn start(xvfb: &Xvfb, effort: Effort) -> Self {
        let folder = Folder::new();
        let server = Server::start(&folder).await;
        let browser = server.sign_in(TECHNICIAN).await;
        let config =
            format!("[x11]\ndisplays = {{ console = \"{}\" }}\n[call_state]\ncommand = [\"false\"]\n", xvfb.name);
        let agent = Agent::start(&folder, &server.enrolment(ROOM).await, &config);
        Self { watcher: xvfb.watch(), slack: effort.slack(), agent, browser, _server: server, _folder: folder }
    }

    async fn session(&mut self, way: Way, rng: &mut fastrand::Rng) -> Option<Seen> {
        assert!(!self.bars().is_there, "a ring before the session");
        let from = Instant::now();
        let mut viewer = ViewerEnd::start(&self.browser, ROOM, rng).await;
        // Some end while the first picture is being made.
        if rng.u8(..4) != 0 {
            viewer.until("a picture", |viewer| viewer.frames.first().map(|_| ())).await;
        }
        viewer.run_for(Duration::from_micros(rng.u64(0..300_000))).await;
        match way {
            Way::ViewerEnds => {
                viewer.command(Command::End).await;
                viewer.until_over().await;
            }
            Way::ServerEnds => {
                let path = format!("/sessions/{}", viewer.session);
                assert_eq!(self.browser.delete(&path).await.map(|answer| answer.status), Some(204));
                viewer.until_over().await;
            }
            Way::AgentStopped => {
                let ending = self.agent.terminate();
                viewer.until_over().await;
                assert!(ending.wait(), "it was asked to");
                self.agent.start_again();
            }
            Way::AgentKilled => {
                self.agent.kill();
                // What was on the way still comes.
                viewer.run_for(Duration::from_millis(100)).await;
                self.agent.start_again();
            }
            // The ring stays while the session waits for its viewer, so the person ends it.
            Way::ViewerGone => viewer.hang_up().await,
        }
        if matches!(way, Way::ViewerGone | Way::AgentKilled) {
            let path = format!("/sessions/{}", viewer.session);
            until("an answer", async || self.browser.delete(&path).await).await;
        }
        let (up_at, down_at) = until("the end of the ring", async || {
            let Bars { last, is_there } = self.bars();
            last.filter(|(up_at, _)| !is_there && from < *up_at)
        })
        .await;
        self.check(&viewer, up_at, down_at)
    }

    fn bars(&self) -> Bars {
        let (mut shown, mut since, mut last) = (HashSet::new(), None, None);
        for (at, change) in self.watcher.changes() {
            match change {
                Change::Shown(window, size) if is_bar(size) => {
                    shown.insert(window);
                    if shown.len() == BARS {
                        since = Some(at);
                    }
                }
                Change::Hidden(window) if shown.remove(&window) && shown.len() == BARS - 1 => {
                    last = since.take().map(|since| (since, at));
                }
                _ => {}
            }
        }
        Bars { last, is_there: !shown.is_empty() }
    }

    fn check(&self, viewer: &ViewerEnd, up_at: Instant, down_at: Instant) -> Option<Seen> {
        let late = LATE + Micros(self.slack.as_micros() as u64);
        let config = viewer.config.as_ref()?;
        let mut picture = Picture::new(config);
        for (_, frame) in &viewer.frames {
            picture.take(&frame.units);
            assert!(picture.has_ring(), "picture {:?} is without the ring", frame.id);
        }
        let (first_at, first) = viewer.frames.first()?;
        let (_, last) = viewer.frames.last()?;
        let (up, down) = (viewer.micros(up_at), viewer.micros(down_at));
        assert!(up <= *first_at + late, "the first picture came before the ring");
        // Before the first heartbeat is answered, the agent's clock is not known.
        let (first, off) = viewer.of_agent(first.captured_at)?;
        let (last, _) = viewer.of_agent(last.captured_at)?;
        assert!(up.0 <= first.0 + off.0 + late.0, "the first picture was captured before the ring");
        assert!(last.0 <= down.0 + off.0 + late.0, "the last picture was captured after the ring");
        let distance = |from: Micros, to: Micros| to.0 as i64 - from.0 as i64;
        Some(Seen { n_pictures: viewer.frames.len(), before: distance(up, first), after: distance(last, down) })
    }
}

/// A side of the ring rather than its line.
fn is_bar((width, height): (u16, u16)) -> bool {
    width == SIZE.0 || SIZE.1 / 2 < height
}

#[test]
fn no_picture_is_captured_without_the_ring() {
    let effort = Effort::or(10);
    let xvfb = Xvfb::start(SIZE.0, SIZE.1);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // A room in which something moves, in front of which pictures are taken all the time.
        scope.spawn(|| {
            let mut rng = fastrand::Rng::with_seed(effort.seed);
            while !is_over.load(Ordering::SeqCst) {
                let (x, y) = (rng.i16(0..SIZE.0 as i16), rng.i16(0..SIZE.1 as i16));
                xvfb.paint((x, y), (rng.u16(1..200), rng.u16(1..200)), [0, 0x00FF_FFFF][rng.usize(..2)]);
                std::thread::sleep(Duration::from_millis(3));
            }
        });
        let over = Over(&is_over);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(try_all(&xvfb, effort));
        drop(over);
    });
}

/// Also when a trial fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

async fn try_all(xvfb: &Xvfb, effort: Effort) {
    let mut stage = Stage::start(xvfb, effort).await;
    let (mut n_pictures, mut n_sessions, mut before, mut after) = (0, 0, i64::MAX, i64::MAX);
    for seed in effort.seeds() {
        let way = WAYS[(seed % WAYS.len() as u64) as usize];
        let seen = stage.session(way, &mut fastrand::Rng::with_seed(seed)).await;
        if let Some(seen) = seen {
            n_sessions += 1;
            n_pictures += seen.n_pictures;
            before = before.min(seen.before);
            after = after.min(seen.after);
        }
    }
    eprintln!("{n_pictures} pictures of {n_sessions} sessions, each with the ring");
    eprintln!(
        "least from the ring to the first picture {before} µs, from the last picture to the ring's end {after} µs"
    );
    // A trial without pictures says nothing.
    assert!(effort.times <= 2 * n_sessions, "only {n_sessions} sessions had a picture");
}
