//! A server, consoles and people on virtual time, with lines that are slow, cut and blocked, and processes and devices that
//! die: the same seed is the same story, and every moment of it is held against the [`rules`].
//!
//! The consoles run the agent's own code from the link's messages down to the platform (`agent::driver::Core`, its
//! exchanges, its hands, its record), the people the session engine's own machine. The server's decisions are its own
//! (`server::access::decide`, `server::sessions::life`, signed grants); how it waits and writes is made for the simulation
//! ([`office`]): the database and the sockets have trials of their own.

mod chaos;
mod console;
mod hardware;
mod judge;
mod links;
mod office;
mod person;
mod plant;
mod relay;
mod rules;

pub use plant::Plant;
pub use rules::{Rule, Violation};

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::time::{Duration, Instant};

use agent::driver::Input;
use agent::pipeline::watch::{Output, Picture};
use agent::platform::CallObservation;
use protocol::access::Access;
use protocol::geometry::{PixelRect, PixelSize};
use protocol::ids::SessionId;
use protocol::link::{FromAgent, ToAgent};
use protocol::secure::Limits;
use protocol::terms::{CallPolicy, ShortcutPolicy, Terms};
use protocol::time::Micros;
use protocol::video::{AccessUnit, Codec, FrameKind, Region, StreamConfig};
use protocol::wire::{Blob, List};

use self::console::{Console, Said};
use self::links::Wire;
use self::office::{Act, Office, Request, Started};
use self::person::{Does, Person};
use self::relay::Splice;

const N_CONSOLES: usize = 2;
const N_PEOPLE: usize = 3;
/// Until then things happen to the world.
const CALM_AT: Micros = Micros::from_secs(150);
/// From then on nothing may be left of it.
const END_AT: Micros = Micros::from_secs(150 + 720);
/// What one seed told.
#[derive(Debug, Default)]
pub struct Story {
    /// The first of each rule.
    pub violations: Vec<Violation>,
    pub n_sessions: usize,
    pub n_pictures: u64,
    pub n_injected: u64,
    pub n_restarts: u64,
    pub n_deaths: u64,
}

impl Story {
    /// Counts another one in.
    pub fn add(&mut self, other: &Self) {
        self.n_sessions += other.n_sessions;
        self.n_pictures += other.n_pictures;
        self.n_injected += other.n_injected;
        self.n_restarts += other.n_restarts;
        self.n_deaths += other.n_deaths;
    }
}

/// Tells the story of a seed, with a fault built in or none.
pub fn tell(seed: u64, plant: Option<Plant>) -> Story {
    let mut world = World::new(seed, plant);
    world.run();
    world.story
}

/// What comes at a time.
enum Happening {
    Chaos,
    Inspect,
    OfficeTick,
    OfficeBack,
    Process {
        console: usize,
        generation: u32,
        at: Micros,
    },
    ProcessBack {
        console: usize,
    },
    Displays {
        console: usize,
        generation: u32,
    },
    Call {
        console: usize,
        generation: u32,
    },
    LinkTry {
        console: usize,
        generation: u32,
    },
    LinkUp {
        console: usize,
        generation: u32,
        link: u32,
    },
    LinkLost {
        console: usize,
        link: u32,
        at_agent: bool,
    },
    ToAgent {
        console: usize,
        link: u32,
        message: ToAgent,
    },
    FromAgent {
        console: usize,
        link: u32,
        message: FromAgent,
    },
    Act {
        person: usize,
    },
    Timer {
        person: usize,
        at: Micros,
    },
    Request {
        request: Request,
    },
    Answer {
        person: usize,
        attempt: u32,
        answer: Option<Started>,
    },
    /// The viewer's or the agent's socket is at the relay.
    Came {
        socket: usize,
        of_agent: bool,
    },
    Bytes {
        socket: usize,
        to_agent: bool,
        bytes: Vec<u8>,
    },
    Gone {
        socket: usize,
        at_agent: bool,
    },
}

struct Entry(Micros, u64, Happening);

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

/// What is known about a session from outside.
struct Known {
    leased_until: Micros,
    /// The switch, and whether the viewer was there since the device started.
    restart_on_end: bool,
    was_open: bool,
    console: usize,
}

struct World {
    now: Micros,
    base: Instant,
    rng: fastrand::Rng,
    queue: BinaryHeap<Reverse<Entry>>,
    n_queued: u64,
    consoles: Vec<Console>,
    wires: Vec<Wire>,
    people: Vec<Person>,
    office: Office,
    splices: BTreeMap<usize, Splice>,
    /// Nothing passes between the server and a console, between a console's sessions and the relay, to or from a person,
    /// until then.
    links_blocked: [Micros; N_CONSOLES],
    consoles_blocked: [Micros; N_CONSOLES],
    people_blocked: [Micros; N_PEOPLE],
    plant: Option<Plant>,
    story: Story,
    known: BTreeMap<SessionId, Known>,
    /// Offers that a console accepted, by their nonces.
    accepted: Vec<[u8; 32]>,
    /// Sessions that a console accepted.
    served: BTreeSet<SessionId>,
    offers_under_way: BTreeMap<(usize, u32), ([u8; 32], SessionId)>,
    heard_at: [Micros; N_CONSOLES],
    in_call_since: [Option<Micros>; N_CONSOLES],
    /// Since when a person may not go on with what was granted.
    forbidden_since: [Option<Micros>; N_PEOPLE],
    disabled_since: Option<Micros>,
    /// The link was not sound until then.
    unsound_until: [Micros; N_CONSOLES],
    opened_since_restart: [bool; N_CONSOLES],
    /// Whether a session that ended wants a restart.
    owes_restart: [bool; N_CONSOLES],
    displays_are_scheduled: [bool; N_CONSOLES],
    n_injected_requests: u32,
    /// When processes and people look at the time next.
    process_due: [Micros; N_CONSOLES],
    person_due: [Micros; N_PEOPLE],
}

impl World {
    fn new(seed: u64, plant: Option<Plant>) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let policies = [CallPolicy::Pause, CallPolicy::End, CallPolicy::Continue];
        let terms = Terms {
            when_call_starts: policies[rng.usize(..3)],
            view_shortcuts: ShortcutPolicy::All,
            decline_within: (rng.u8(..) < 60).then_some(Micros::from_secs(3)),
            room_may_end: rng.bool(),
        };
        let limits = Limits { idle: Micros::from_secs(rng.u64(20..200)), maximum: Micros::from_secs(rng.u64(60..400)) };
        let permissions = vec![Some(Access::Modify), Some(Access::Modify), Some(Access::View)];
        let office = Office::new(N_CONSOLES, permissions, terms, limits, plant);
        let grant_key = office.signer.public_key();
        Self {
            now: Micros::from_secs(1),
            base: Instant::now(),
            rng,
            queue: BinaryHeap::new(),
            n_queued: 0,
            consoles: (0..N_CONSOLES).map(|number| Console::new(number, grant_key.clone(), plant)).collect(),
            wires: (0..N_CONSOLES).map(|_| Wire::default()).collect(),
            people: (0..N_PEOPLE).map(|number| Person::new(number == 2)).collect(),
            office,
            splices: BTreeMap::new(),
            links_blocked: [Micros::ZERO; N_CONSOLES],
            consoles_blocked: [Micros::ZERO; N_CONSOLES],
            people_blocked: [Micros::ZERO; N_PEOPLE],
            plant,
            story: Story::default(),
            known: BTreeMap::new(),
            accepted: Vec::new(),
            served: BTreeSet::new(),
            offers_under_way: BTreeMap::new(),
            heard_at: [Micros::ZERO; N_CONSOLES],
            in_call_since: [None; N_CONSOLES],
            forbidden_since: [None; N_PEOPLE],
            disabled_since: None,
            unsound_until: [Micros::ZERO; N_CONSOLES],
            opened_since_restart: [false; N_CONSOLES],
            owes_restart: [false; N_CONSOLES],
            displays_are_scheduled: [false; N_CONSOLES],
            n_injected_requests: 1 << 20,
            process_due: [Micros::ZERO; N_CONSOLES],
            person_due: [Micros::ZERO; N_PEOPLE],
        }
    }

    fn run(&mut self) {
        for console in 0..N_CONSOLES {
            self.start_agent(console);
        }
        for person in 0..N_PEOPLE {
            self.after_ms(500, 3000, Happening::Act { person });
        }
        self.after_ms(500, 4000, Happening::Chaos);
        self.after_ms(100, 101, Happening::Inspect);
        self.after_ms(250, 251, Happening::OfficeTick);
        while let Some(Reverse(Entry(at, _, happening))) = self.queue.pop() {
            if END_AT < at || self.story.violations.len() > 3 {
                break;
            }
            self.now = at;
            self.happen(happening);
        }
        self.look_back();
    }

    // Time and lines.

    fn at(&mut self, at: Micros, happening: Happening) {
        self.n_queued += 1;
        self.queue.push(Reverse(Entry(at.max(self.now), self.n_queued, happening)));
    }

    fn after_ms(&mut self, from: u64, below: u64, happening: Happening) {
        let wait = Micros::from_millis(self.rng.u64(from..below));
        self.at(self.now + wait, happening);
    }

    /// So long a message takes.
    fn delay(&mut self) -> Micros {
        Micros(if self.rng.u8(..) < 8 { self.rng.u64(50_000..900_000) } else { self.rng.u64(500..40_000) })
    }

    /// When what is sent now on the line of a console arrives, behind what was sent before.
    fn arrival(&mut self, blocked_until: Micros, behind: Micros) -> Micros {
        let delay = self.delay();
        (self.now.max(blocked_until) + delay).max(behind + Micros(1))
    }

    fn is_calm(&self) -> bool {
        CALM_AT <= self.now
    }

    // What happens.

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Chaos => self.chaos(),
            Happening::Inspect => self.inspect(),
            Happening::OfficeTick => {
                if self.office.is_up {
                    self.office.tick(self.now);
                    self.follow_office();
                }
                self.after_ms(250, 251, Happening::OfficeTick);
            }
            Happening::OfficeBack => {
                self.office.come_back(self.now);
                for console in 0..N_CONSOLES {
                    self.try_link(console);
                }
            }
            Happening::Process { console, generation, at } => {
                if self.process_due[console] == at {
                    self.process_due[console] = Micros(u64::MAX);
                    self.with_process(console, generation, console::Process::pass_time);
                }
            }
            Happening::ProcessBack { console } => {
                if self.consoles[console].process.is_none() {
                    self.start_agent(console);
                }
            }
            Happening::Displays { console, generation } => self.make_pictures(console, generation),
            Happening::Call { console, generation } => {
                let call = self.consoles[console].hardware.with(|device| device.call);
                if self.plant != Some(Plant::CallUnnoticed) || call == CallObservation::Idle {
                    self.with_process(console, generation, |process, now, said| {
                        process.take(Input::Call(call), now, said);
                    });
                }
            }
            Happening::LinkTry { console, generation } => {
                if self.consoles[console].generation == generation {
                    self.connect_link(console);
                }
            }
            Happening::LinkUp { console, generation, link } => self.link_up(console, generation, link),
            Happening::LinkLost { console, link, at_agent } => self.link_lost(console, link, at_agent),
            Happening::ToAgent { console, link, message } => self.tell_agent(console, link, message),
            Happening::FromAgent { console, link, message } => {
                if self.office.is_up && self.wires[console].is_up && self.wires[console].number == link {
                    self.office.take_message(console, message, self.now);
                    self.follow_office();
                }
            }
            Happening::Act { person } => self.act(person),
            Happening::Timer { person, at } => {
                if self.person_due[person] == at {
                    self.person_due[person] = Micros(u64::MAX);
                    self.with_person(person, |person, now, _, does| person.pass_time(now, does));
                }
            }
            Happening::Request { request } => {
                if self.office.is_up {
                    self.office.take_request(request, self.now);
                    self.follow_office();
                }
            }
            Happening::Answer { person, attempt, answer } => self.with_person(person, |person, now, rng, does| {
                person.take_answer(attempt, answer, now, rng, does);
            }),
            Happening::Came { socket, of_agent } => self.came(socket, of_agent),
            Happening::Bytes { socket, to_agent, bytes } => self.carry(socket, to_agent, bytes),
            Happening::Gone { socket, at_agent } => self.gone(socket, at_agent),
        }
    }

    fn with_process(
        &mut self,
        console: usize,
        generation: u32,
        act: impl FnOnce(&mut console::Process, Micros, &mut Vec<Said>),
    ) {
        let mut said = Vec::new();
        let now = self.now;
        if self.consoles[console].generation != generation {
            return;
        }
        let Some(process) = &mut self.consoles[console].process else { return };
        act(process, now, &mut said);
        let due = process.next_due();
        let has_stopped = process.has_stopped();
        self.hear(console, generation, said);
        let deeds = self.consoles[console].hardware.with(|device| std::mem::take(&mut device.deeds));
        for deed in deeds {
            self.judge(console, deed);
        }
        if has_stopped && self.consoles[console].generation == generation {
            self.kill_agent(console, 500, 15_000);
        } else {
            // What was due before and is not any more comes to nothing.
            let at = due.max(self.now + Micros(1));
            if self.process_due[console] != at {
                self.process_due[console] = at;
                self.at(at, Happening::Process { console, generation, at });
            }
        }
        self.watch_displays(console, generation);
    }

    fn watch_displays(&mut self, console: usize, generation: u32) {
        let is_watched = self.consoles[console].hardware.with(|device| !device.watchers.is_empty());
        if is_watched && !self.displays_are_scheduled[console] {
            self.displays_are_scheduled[console] = true;
            self.after_ms(20, 200, Happening::Displays { console, generation });
        }
    }

    fn with_person(
        &mut self,
        number: usize,
        act: impl FnOnce(&mut Person, Micros, &mut fastrand::Rng, &mut Vec<Does>),
    ) {
        let mut does = Vec::new();
        act(&mut self.people[number], self.now, &mut self.rng, &mut does);
        let blocked = self.people_blocked[number];
        for deed in does {
            match deed {
                Does::Ask { console, resumes } => {
                    let (attempt, key) = (self.people[number].attempt, self.people[number].key().public_key());
                    let request = Request { person: number, attempt, console, key, resumes };
                    let at = self.arrival(blocked, Micros::ZERO);
                    self.at(at, Happening::Request { request });
                }
                Does::Send { socket, bytes } => self.send(socket, true, bytes),
                Does::Open { socket } => {
                    let at = self.arrival(blocked, Micros::ZERO);
                    self.at(at, Happening::Came { socket, of_agent: false });
                }
                Does::Close { socket } => self.close(socket, true),
            }
        }
        if let Some(due) = self.people[number].next_due() {
            let at = due.max(self.now + Micros(1));
            if self.person_due[number] != at {
                self.person_due[number] = at;
                self.at(at, Happening::Timer { person: number, at });
            }
        }
    }

    fn act(&mut self, person: usize) {
        if self.is_calm() {
            return self.with_person(person, |person, now, _, does| person.leave(now, does));
        }
        self.with_person(person, |person, now, rng, does| person.act(N_CONSOLES, now, rng, does));
        self.after_ms(50, 900, Happening::Act { person });
    }

    // The server.

    fn follow_office(&mut self) {
        for act in std::mem::take(&mut self.office.acts) {
            match act {
                Act::Tell { console, message } => {
                    let wire = &self.wires[console];
                    if wire.is_up {
                        let (link, behind) = (wire.number, wire.to_agent_at);
                        let at = self.arrival(self.links_blocked[console], behind);
                        self.wires[console].to_agent_at = at;
                        self.at(at, Happening::ToAgent { console, link, message });
                    }
                }
                Act::Answer { person, attempt, answer } => {
                    let at = self.arrival(self.people_blocked[person], Micros::ZERO);
                    self.at(at, Happening::Answer { person, attempt, answer: answer.ok() });
                }
                Act::Expect { socket, session, console, person } => {
                    let splice = Splice {
                        session,
                        console,
                        person,
                        generation: self.consoles[console].generation,
                        agent_came: false,
                        viewer_came: false,
                        waiting: Vec::new(),
                        is_closed: false,
                        to_agent_at: self.now,
                        to_viewer_at: self.now,
                        corrupts: false,
                    };
                    self.splices.insert(socket, splice);
                }
                Act::Close { session } => {
                    let of_session =
                        |(socket, splice): (&usize, &Splice)| (splice.session == session).then_some(*socket);
                    let sockets: Vec<usize> = self.splices.iter().filter_map(of_session).collect();
                    // The console may say good-bye first.
                    for socket in sockets {
                        self.after_ms(1000, 1001, Happening::Gone { socket, at_agent: true });
                        self.after_ms(1000, 1001, Happening::Gone { socket, at_agent: false });
                    }
                }
            }
        }
        self.story.n_sessions = self.office.records.len();
    }

    // The displays.

    fn make_pictures(&mut self, console: usize, generation: u32) {
        if self.consoles[console].generation != generation || self.consoles[console].process.is_none() {
            return;
        }
        self.displays_are_scheduled[console] = false;
        let captured_at = self.base + Duration::from_micros(self.now.0);
        let goes_on = self.plant == Some(Plant::CaptureGoesOn);
        let n_captured = self.consoles[console].hardware.with(|device| {
            device.watchers.retain(|watcher| goes_on || watcher.credit.is_open());
            let mut n_captured = 0;
            for watcher in &mut device.watchers {
                if watcher.credit.take() || goes_on {
                    n_captured += 1;
                    let config =
                        (!std::mem::replace(&mut watcher.is_configured, true)).then(|| config(watcher.display));
                    let picture = Picture { config, captured_at, encoded_at: captured_at, units: vec![unit()] };
                    // A viewer that takes nothing has no credit, either.
                    _ = watcher.outputs.try_send(Output::Picture(picture));
                }
            }
            n_captured
        });
        if 0 < n_captured {
            self.judge_capture(console);
        }
        let base = self.base;
        self.with_process(console, generation, |process, now, said| process.take_pictures(base, now, said));
    }
}

fn config(display: protocol::ids::DisplayId) -> StreamConfig {
    let size = PixelSize::new(640, 480);
    let codec = Codec::H264 { profile: 66, constraints: 192, level: 30 };
    let rect = PixelRect { x: 0, y: 0, width: 640, height: 480 };
    StreamConfig { display, epoch: 1, size, regions: List::fitted(vec![Region { rect, codec }]) }
}

fn unit() -> AccessUnit {
    let data = Blob::new(vec![1; 32]).unwrap_or_else(|_| unreachable!("32 bytes fit"));
    AccessUnit { region: 0, kind: FrameKind::Key, data }
}
