//! A console: its device, and the agent's process on it with the agent's own code.

use std::sync::{Arc, Mutex, PoisonError};

use agent::clock::Moment;
use agent::driver::exchange::{ConnectionEvent, ConnectionId, Exchange, Order};
use agent::driver::{Core, CoreParts, Input, NewSocket, Outside, ShortcutDone, Sockets, Timing};
use agent::hands::{Hands, HandsWorker};
use agent::identity::{Enrolled, Identity};
use agent::platform::{Power, Rights, RoomName};
use agent::record::{Circumstances, Record};
use agent::state_dir::StateDir;
use protocol::access::Access;
use protocol::link::FromAgent;
use protocol::secure::{
    ConsoleSigner, EnrolmentString, GrantKey, PublicKey, Receipt, Secret, SecretKey, SignedReceipt,
};
use protocol::time::Micros;
use protocol::wire::Text;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;

use super::hardware::Hardware;
use super::office::{console_id, room, socket_of, tenant};
use super::plant::Plant;

/// The wall clock at the simulation's beginning.
const UNIX_S: u64 = 1_800_000_000;
/// Each start of the agent has a clock of its own.
const CLOCK_AHEAD: Micros = Micros::from_secs(1000);

/// What the agent's process says to the world.
pub(super) enum Said {
    /// On its link.
    Link(FromAgent),
    /// Its socket with this number is being opened.
    Opens {
        socket: usize,
    },
    Bytes {
        socket: usize,
        bytes: Vec<u8>,
    },
    Closes {
        socket: usize,
    },
    /// A picture of this socket's session was given to it.
    Picture {
        socket: usize,
    },
    /// The viewer of this socket's session was there.
    Open {
        socket: usize,
    },
}

/// One console.
pub(super) struct Console {
    pub(super) number: usize,
    pub(super) hardware: Hardware,
    dir: StateDir,
    /// Starts of the device.
    n_boots: u32,
    /// Starts of the agent; what is under way to an earlier one is lost.
    pub(super) generation: u32,
    pub(super) process: Option<Process>,
    grant_key: GrantKey,
    plant: Option<Plant>,
}

/// The agent's process.
pub(super) struct Process {
    core: Core,
    started_at: Micros,
    worker: HandsWorker,
    link: mpsc::Receiver<FromAgent>,
    shortcuts_done: mpsc::Receiver<ShortcutDone>,
    new_sockets: NewSockets,
    connections: Vec<Connection>,
    plant: Option<Plant>,
    /// It was asked to end.
    pub(super) is_stopping: bool,
}

struct Connection {
    socket: usize,
    exchange: Exchange,
    orders: mpsc::Receiver<Order>,
    /// Its last words are said.
    is_closed: bool,
}

#[derive(Clone, Default)]
struct NewSockets(Arc<Mutex<Vec<NewSocket>>>);

impl Sockets for NewSockets {
    fn open(&mut self, socket: NewSocket) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(socket);
    }
}

pub(super) fn key_of(console: usize) -> SecretKey {
    Secret::new([console as u8 + 101; 32])
}

fn signing_key_of(console: usize) -> Secret<32> {
    Secret::new([console as u8 + 151; 32])
}

/// The receipt in what a console says, when it is one and the console's own.
pub(super) fn receipt_of(console: usize, message: &FromAgent) -> Option<Receipt> {
    let FromAgent::Ended { receipt } = message else { return None };
    let key = ConsoleSigner::new(&signing_key_of(console)).public_key();
    SignedReceipt::from_untrusted(receipt.clone().into_vec()).verify(&key).ok()
}

impl Console {
    pub(super) fn new(number: usize, grant_key: GrantKey, plant: Option<Plant>) -> Self {
        let hardware = Hardware::new(plant);
        let dir = StateDir::in_memory();
        Self { number, hardware, dir, n_boots: 1, generation: 0, process: None, grant_key, plant }
    }

    /// Starts the agent.
    pub(super) fn start(&mut self, now: Micros) {
        self.generation += 1;
        if self.plant == Some(Plant::RecordForgotten) {
            self.dir = StateDir::in_memory();
        }
        let boot = format!("boot {}", self.n_boots);
        let unix_s = UNIX_S + now.0 / 1_000_000;
        let identity = self.identity();
        let circumstances = Circumstances {
            identity: &identity,
            boot: &boot,
            now_unix_s: unix_s,
            can_restart: Power::can_restart(&self.hardware),
        };
        let (record, resumable) =
            Record::load(self.dir.clone(), &circumstances).unwrap_or_else(|_| unreachable!("in memory"));
        let (hands, worker) = Hands::new(Box::new(self.hardware.clone()));
        let (link_sender, link) = mpsc::channel(256);
        let (done, shortcuts_done) = mpsc::channel(64);
        let new_sockets = NewSockets::default();
        let hardware = || Box::new(self.hardware.clone());
        let outside = Outside {
            displays: Arc::new(self.hardware.clone()),
            pictures: hardware(),
            hands,
            ring: hardware(),
            key_sign: hardware(),
            power: hardware(),
            sockets: Box::new(new_sockets.clone()),
            link: link_sender,
            shortcuts_done: done,
            random: if self.plant == Some(Plant::NonceRepeats) { same_nonce } else { fresh_nonce },
        };
        let parts = CoreParts {
            dir: self.dir.clone(),
            identity: &identity,
            record,
            resumable,
            timing: Timing::default(),
            platform_name: "simulated",
            operating_system: "Simulation 1".to_owned(),
            room_name: RoomName::default(),
            rights: Rights::default(),
            highest_access: Access::Modify,
            outside,
        };
        let call = self.hardware.with(|device| device.call);
        let core = Core::new(parts, call, moment(now, now));
        self.process = Some(Process {
            core,
            started_at: now,
            worker,
            link,
            shortcuts_done,
            new_sockets,
            connections: Vec::new(),
            plant: self.plant,
            is_stopping: false,
        });
    }

    fn identity(&self) -> Identity {
        let string = EnrolmentString {
            url: Text::fitted("https://relay.example"),
            server_key: PublicKey([1; 32]),
            tenant: tenant(),
            room: room(self.number),
            secret: Secret::new([2; 32]),
        };
        let dir = StateDir::in_memory();
        let mut identity = Identity::load(&dir, Some(&string)).unwrap_or_else(|_| unreachable!("in memory"));
        identity.key = key_of(self.number);
        identity.signing_key = signing_key_of(self.number);
        identity.enrolled = Some(self.enrolled());
        identity
    }

    pub(super) fn enrolled(&self) -> Enrolled {
        Enrolled { console: console_id(self.number), grant_key: self.grant_key.clone() }
    }

    /// The process is gone without a last word.
    pub(super) fn kill(&mut self) {
        self.process = None;
        self.hardware.process_gone();
    }

    /// The device goes down.
    pub(super) fn power_off(&mut self) {
        self.kill();
        self.n_boots += 1;
        self.hardware.with(|device| {
            device.keys.clear();
            device.buttons.clear();
        });
    }
}

fn fresh_nonce() -> Option<[u8; 32]> {
    agent::random::bytes().ok()
}

#[expect(clippy::unnecessary_wraps, reason = "a fault in the place of a function that has nothing to answer at times")]
fn same_nonce() -> Option<[u8; 32]> {
    Some([5; 32])
}

fn moment(now: Micros, started_at: Micros) -> Moment {
    Moment { at: now.since(started_at) + CLOCK_AHEAD, unix_s: UNIX_S + now.0 / 1_000_000 }
}

impl Process {
    fn moment(&self, now: Micros) -> Moment {
        moment(now, self.started_at)
    }

    /// When time has to be looked at.
    pub(super) fn next_due(&self) -> Micros {
        let notices_silence = self.plant != Some(Plant::SilenceUnnoticed);
        let timeouts = self.connections.iter().filter(|_| notices_silence);
        let timeouts = timeouts.filter_map(|connection| connection.exchange.next_timeout());
        let next = timeouts.chain([self.core.next_due()]).min().unwrap_or(CLOCK_AHEAD);
        next.since(CLOCK_AHEAD) + self.started_at
    }

    pub(super) fn take(&mut self, input: Input, now: Micros, said: &mut Vec<Said>) {
        self.core.take(input, self.moment(now));
        self.settle(now, said);
    }

    pub(super) fn pass_time(&mut self, now: Micros, said: &mut Vec<Said>) {
        let moment = self.moment(now);
        let notices_silence = self.plant != Some(Plant::SilenceUnnoticed);
        if self.core.next_due() <= moment.at {
            self.core.take(Input::Tick, moment);
        }
        for connection in &mut self.connections {
            let is_due = connection.exchange.next_timeout().is_some_and(|at| at <= moment.at);
            if is_due && notices_silence {
                connection.exchange.handle_timeout(moment.at);
            }
        }
        self.settle(now, said);
    }

    /// As on SIGTERM.
    pub(super) fn begin_stop(&mut self, now: Micros, said: &mut Vec<Said>) {
        self.is_stopping = true;
        self.core.begin_stop(protocol::reason::EndReason::AgentStopped, self.moment(now));
        self.settle(now, said);
    }

    pub(super) fn has_stopped(&self) -> bool {
        self.is_stopping && !self.core.is_ending()
    }

    pub(super) fn receive(&mut self, socket: usize, bytes: &[u8], now: Micros, said: &mut Vec<Said>) {
        let at = self.moment(now).at;
        if let Some(connection) = self.connections.iter_mut().find(|connection| connection.socket == socket) {
            connection.exchange.receive(bytes, at);
        }
        self.settle(now, said);
    }

    pub(super) fn socket_broken(&mut self, socket: usize, now: Micros, said: &mut Vec<Said>) {
        if let Some(connection) = self.connections.iter_mut().find(|connection| connection.socket == socket) {
            connection.exchange.break_off();
        }
        self.settle(now, said);
    }

    /// Takes the pictures that the displays have made.
    pub(super) fn take_pictures(&mut self, base: std::time::Instant, now: Micros, said: &mut Vec<Said>) {
        let at = self.moment(now).at;
        for connection in &mut self.connections {
            while let Some(output) = connection.exchange.watch.as_mut().and_then(|watch| watch.outputs.try_recv().ok())
            {
                connection.exchange.take_output(output, |instant| on_clock(instant, base), at);
                said.push(Said::Picture { socket: connection.socket });
            }
        }
        self.settle(now, said);
    }

    /// Lets everything happen that follows from what has happened.
    pub(super) fn settle(&mut self, now: Micros, said: &mut Vec<Said>) {
        let moment = self.moment(now);
        loop {
            self.worker.catch_up();
            let mut is_quiet = true;
            while let Ok(done) = self.shortcuts_done.try_recv() {
                self.core.take(Input::ShortcutDone(done), moment);
                is_quiet = false;
            }
            let new = std::mem::take(&mut *self.new_sockets.0.lock().unwrap_or_else(PoisonError::into_inner));
            for NewSocket { ticket, exchange, orders, .. } in new {
                let socket = socket_of(&ticket);
                self.connections.push(Connection { socket, exchange, orders, is_closed: false });
                said.push(Said::Opens { socket });
                is_quiet = false;
            }
            let mut events = Vec::new();
            for connection in &mut self.connections {
                is_quiet &= connection.follow(moment.at, said, &mut events);
            }
            self.connections.retain(|connection| !connection.is_closed);
            for (id, event) in events {
                self.core.take(Input::Connection(id, event), moment);
            }
            while let Ok(message) = self.link.try_recv() {
                said.push(Said::Link(message));
            }
            if is_quiet {
                return;
            }
        }
    }
}

impl Connection {
    /// False when something happened.
    fn follow(&mut self, at: Micros, said: &mut Vec<Said>, events: &mut Vec<(ConnectionId, ConnectionEvent)>) -> bool {
        let mut is_quiet = true;
        let id = self.exchange.id();
        loop {
            match self.orders.try_recv() {
                Ok(order) => self.exchange.take_order(order),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    if self.exchange.over().is_none() {
                        self.exchange.break_off();
                    }
                    break;
                }
            }
            is_quiet = false;
        }
        let over = self.exchange.over();
        if over.is_some() {
            self.exchange.finish();
        }
        while let Some(event) = self.exchange.poll_event() {
            is_quiet = false;
            match (&event, over) {
                (ConnectionEvent::Input(_), _) | (_, None) => {
                    if matches!(event, ConnectionEvent::Open { .. }) {
                        said.push(Said::Open { socket: self.socket });
                    }
                    events.push((id, event));
                }
                _ => {}
            }
        }
        while let Some(bytes) = self.exchange.poll_transmit() {
            is_quiet = false;
            said.push(Said::Bytes { socket: self.socket, bytes });
        }
        self.exchange.give_credit(at);
        if let Some(over) = self.exchange.over().filter(|_| over.is_some()) {
            is_quiet = false;
            self.is_closed = true;
            events.push((id, ConnectionEvent::Over { over, shown: self.exchange.shown() }));
            said.push(Said::Closes { socket: self.socket });
        } else if self.exchange.over().is_some() {
            // It ended by what it was just polled for: the next round says its last words.
            is_quiet = false;
        }
        is_quiet
    }
}

fn on_clock(instant: std::time::Instant, base: std::time::Instant) -> Micros {
    Micros(instant.saturating_duration_since(base).as_micros() as u64)
}
