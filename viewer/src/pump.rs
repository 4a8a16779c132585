//! Socket, session, decoders and surface: everything that happens goes through one queue into one match.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use protocol::control::Command;
use protocol::input::InputEvent;
use protocol::link::{SocketOpening, close};
use protocol::reason::EndReason;
use protocol::secure::noise::SessionPrologue;
use protocol::secure::{SecretKey, SignedGrant};
use protocol::session::{Viewer, ViewerEvent, ViewerStart};
use protocol::time::Micros;
use protocol::video::{self, Presented};
use protocol::wire::Encode as _;

use crate::browser::socket::{Socket, SocketEvent};
use crate::browser::surface::{Canvas, Surface};
use crate::browser::timer::Timer;
use crate::browser::video_decoder::{self, DecoderEvent};
use crate::browser::{clock, port, random};
use crate::picture::{Picture, RegionEvent, Settled};
use crate::statistics::{Gatherer, Present};
use crate::thumbnails::{ThumbnailEvent, Thumbnails};
use crate::ui::{Connection, FromEngine, Missing, ToEngine};

/// With more than this waiting to leave, pointer moves are passed over: the next one tells the same.
const CONGESTED_BYTES: u32 = 16 << 10;
/// With more than this waiting to leave, the connection is given up: what is typed must not arrive minutes later.
const HOPELESS_BYTES: u32 = 256 << 10;
/// A socket that is not open after so long is given up.
const OPEN_WITHIN: Micros = Micros::from_secs(10);

/// Everything that can happen to the engine.
enum Input {
    Portal(ToEngine, Option<Canvas>),
    Socket(SocketEvent),
    Region(RegionEvent),
    Thumbnail(ThumbnailEvent),
    Timer,
}

/// Starts the engine; it runs as long as its worker.
pub fn start() {
    let inputs = Rc::new(Inputs::default());
    let pump = Pump::new(&inputs);
    inputs.pump.replace(Some(pump));
    port::listen(move |message, canvas| inputs.put(Input::Portal(message, canvas)));
    port::post(&FromEngine::Ready);
    if !video_decoder::is_available() {
        port::post(&FromEngine::Unable { missing: Missing::VideoDecoder });
    }
}

/// Callbacks put inputs here; one that comes while another is handled waits for its turn.
#[derive(Default)]
struct Inputs {
    queue: RefCell<VecDeque<Input>>,
    pump: RefCell<Option<Pump>>,
}

impl Inputs {
    fn put(&self, input: Input) {
        self.queue.borrow_mut().push_back(input);
        let Ok(mut pump) = self.pump.try_borrow_mut() else { return };
        let Some(pump) = pump.as_mut() else { return };
        loop {
            let Some(input) = self.queue.borrow_mut().pop_front() else { return };
            pump.step(input);
        }
    }
}

struct Pump {
    report_socket: Rc<dyn Fn(SocketEvent)>,
    key: Option<SecretKey>,
    surface: Option<Surface>,
    link: Option<Link>,
    picture: Picture,
    thumbnails: Thumbnails,
    gatherer: Gatherer,
    timer: Timer,
}

/// One connection.
struct Link {
    socket: Socket,
    /// Until then the socket has to be open.
    open_before: Micros,
    start: Option<(Connection, SecretKey)>,
    machine: Option<Viewer>,
}

impl Pump {
    fn new(inputs: &Rc<Inputs>) -> Self {
        Self {
            report_socket: reporter(inputs, Input::Socket),
            key: None,
            surface: None,
            link: None,
            picture: Picture::new(reporter(inputs, Input::Region)),
            thumbnails: Thumbnails::new(reporter(inputs, Input::Thumbnail)),
            gatherer: Gatherer::default(),
            timer: Timer::new({
                let report = reporter(inputs, |()| Input::Timer);
                Rc::new(move || report(()))
            }),
        }
    }

    fn step(&mut self, input: Input) {
        let now = clock::now();
        match input {
            Input::Portal(ToEngine::Canvas, canvas) => self.take_canvas(canvas),
            Input::Portal(ToEngine::MakeKey, _) => self.make_key(),
            Input::Portal(ToEngine::Connect { connection }, _) => self.connect(connection, now),
            Input::Portal(ToEngine::Command { command }, _) => self.command(command, now),
            Input::Portal(ToEngine::Input { event }, _) => self.input(event, now),
            Input::Portal(ToEngine::ReleaseAll, _) => self.release_all(now),
            Input::Portal(ToEngine::Disconnect, _) => self.disconnect(),
            Input::Socket(SocketEvent::Open) => self.open(now),
            Input::Socket(SocketEvent::Message(message)) => self.receive(&message, now),
            Input::Socket(SocketEvent::Closed { code }) => self.lost(code),
            Input::Region(event) => self.region(event, now),
            Input::Thumbnail(event) => self.thumbnails.handle(event),
            Input::Timer => self.timeout(now),
        }
        self.drain(now);
    }

    fn take_canvas(&mut self, canvas: Option<Canvas>) {
        self.surface = canvas.and_then(|canvas| Surface::new(canvas).ok());
        if self.surface.is_none() {
            port::post(&FromEngine::Unable { missing: Missing::OffscreenCanvas });
        }
    }

    fn make_key(&mut self) {
        self.key = random::secret_key().ok();
        if let Some(key) = &self.key {
            port::post(&FromEngine::PublicKey { key: key.public_key() });
        }
    }

    fn connect(&mut self, connection: Connection, now: Micros) {
        self.disconnect();
        let socket = Socket::open(connection.relay_url.as_str(), self.report_socket.clone());
        let (Ok(socket), Some(key)) = (socket, self.key.take()) else {
            port::post(&FromEngine::Unable { missing: Missing::Connection });
            return;
        };
        self.link =
            Some(Link { socket, open_before: now + OPEN_WITHIN, start: Some((connection, key)), machine: None });
    }

    fn disconnect(&mut self) {
        self.link = None;
        self.picture.reset();
        self.thumbnails.clear();
    }

    /// The socket is open: the opening goes first and the handshake right behind it.
    fn open(&mut self, now: Micros) {
        let Some(link) = &mut self.link else { return };
        let Some((connection, key)) = link.start.take() else { return };
        let opening =
            SocketOpening { version: protocol::VERSION, session: connection.session, ticket: connection.ticket };
        link.socket.send(&opening.to_bytes());

        let prologue = SessionPrologue {
            tenant: &connection.tenant,
            console: connection.console,
            session: connection.session,
            grant_hash: SignedGrant::from_untrusted(connection.grant.to_vec()).hash(),
        };
        let Connection { agent_key, access, display, .. } = connection;
        self.gatherer = Gatherer::new(now);
        match Viewer::new(ViewerStart { key: &key, agent_key, prologue, access, display }, now) {
            Ok(machine) => link.machine = Some(machine),
            Err(_) => self.ended(EndReason::KeyMismatch),
        }
    }

    fn receive(&mut self, message: &[u8], now: Micros) {
        self.gatherer.received(message.len());
        if let Some(machine) = self.machine() {
            // An error is followed by the machine's own `Ended`.
            let _ = machine.receive(message, now);
        }
    }

    fn lost(&mut self, close_code: u16) {
        self.disconnect();
        port::post(&FromEngine::Lost { close_code });
    }

    fn ended(&mut self, reason: EndReason) {
        self.disconnect();
        port::post(&FromEngine::Ended { reason });
    }

    fn command(&mut self, command: Command, now: Micros) {
        if let Some(machine) = self.machine() {
            machine.command(command, now);
        }
        if command == (Command::WatchThumbnails { on: false }) {
            self.thumbnails.clear();
        }
    }

    fn input(&mut self, event: InputEvent, now: Micros) {
        let Some(link) = &mut self.link else { return };
        let is_move = matches!(event, InputEvent::PointerMove { .. });
        if is_move && CONGESTED_BYTES < link.socket.buffered_bytes() {
            return;
        }
        if let Some(machine) = &mut link.machine {
            machine.input(event, now);
        }
    }

    fn release_all(&mut self, now: Micros) {
        if let Some(machine) = self.machine() {
            machine.release_all(now);
        }
    }

    fn region(&mut self, event: RegionEvent, now: Micros) {
        if !self.picture.is_current(&event) {
            return;
        }
        match event.event {
            DecoderEvent::Decoded(frame) => self.picture.decoded(event.region, frame),
            DecoderEvent::Failed => self.fail_picture(now),
        }
    }

    fn fail_picture(&mut self, now: Micros) {
        self.gatherer.dropped(self.picture.n_waiting());
        let settled = self.picture.fail(now);
        self.settle(settled, now);
    }

    /// Acknowledges pictures that will not be shown, so that the agent's window opens again.
    fn settle(&mut self, settled: Option<Settled>, now: Micros) {
        if let (Some(Settled { id, received_at }), Some(machine)) = (settled, self.machine()) {
            machine.presented(Presented { frame: id, received_at, presented_at: now }, now);
        }
    }

    fn timeout(&mut self, now: Micros) {
        self.timer.rang();
        if let Some(machine) = self.machine()
            && machine.next_timeout().is_some_and(|at| at <= now)
        {
            machine.handle_timeout(now);
        }
        let Some(link) = &self.link else { return };
        if link.machine.is_none() && link.open_before <= now {
            self.lost(close::NO_PEER);
        } else if link.machine.is_some() && self.gatherer.due_at() <= now {
            self.post_statistics(now);
        }
    }

    fn post_statistics(&mut self, now: Micros) {
        let present = Present {
            round_trip: self.machine().and_then(|machine| machine.round_trip()),
            n_recoveries: self.picture.n_recoveries(),
            codec: self.picture.codec(),
            size: self.picture.size(),
            n_regions: self.picture.n_regions() as u16,
        };
        let statistics = self.gatherer.take(now, present);
        port::post(&FromEngine::Statistics { statistics });
    }

    /// Takes everything out of the machine and the decoders that what happened has put there.
    fn drain(&mut self, now: Micros) {
        while let Some(event) = self.machine().and_then(Viewer::poll_event) {
            self.event(event, now);
        }
        self.draw(now);
        if self.picture.is_stuck(now) {
            self.fail_picture(now);
        }
        if self.picture.take_keyframe_request(now) {
            self.command(Command::RequestKeyframe, now);
        }
        self.transmit();
        self.set_timer();
    }

    fn event(&mut self, event: ViewerEvent, now: Micros) {
        match event {
            ViewerEvent::Open { code } => port::post(&FromEngine::Open { code }),
            ViewerEvent::Notice(notice) => port::post(&FromEngine::Notice { notice }),
            ViewerEvent::Picture(video::Picture::Config { config }) => self.configure(config, now),
            ViewerEvent::Picture(video::Picture::Frame { frame }) => self.take_frame(frame, now),
            ViewerEvent::Picture(video::Picture::Thumbnail { thumbnail }) => self.thumbnails.take(&thumbnail),
            ViewerEvent::Cursor(update) => port::post(&FromEngine::Cursor { update }),
            ViewerEvent::Silent => port::post(&FromEngine::Silent),
            ViewerEvent::Heard => port::post(&FromEngine::Heard),
            ViewerEvent::Ended(reason) => {
                self.transmit();
                self.ended(reason);
            }
        }
    }

    fn configure(&mut self, config: video::StreamConfig, now: Micros) {
        let (display, epoch, size) = (config.display, config.epoch, config.size);
        let settled = self.picture.configure(config);
        self.settle(settled, now);
        if let Some(surface) = &self.surface {
            surface.resize(size);
        }
        port::post(&FromEngine::PictureSize { display, epoch, size });
    }

    fn take_frame(&mut self, frame: video::Frame, now: Micros) {
        if self.picture.take(frame, now).is_err() {
            self.fail_picture(now);
        }
    }

    /// Draws whole pictures as soon as their last region is decoded: the browser shows them with its next frame, so
    /// waiting for an animation frame here would only add to their age.
    fn draw(&mut self, now: Micros) {
        let Some(surface) = &self.surface else { return };
        while let Some(complete) = self.picture.draw_next(surface) {
            let (id, received_at) = (complete.id, complete.received_at);
            // The pixels go back to their decoders before anything else.
            drop(complete.parts);
            let drawn_at = clock::now();
            if let Some(machine) = self.link.as_mut().and_then(|link| link.machine.as_mut()) {
                let captured_at = machine.agent_time_to_viewer(complete.captured_at);
                self.gatherer.drawn(captured_at, received_at, drawn_at);
                machine.presented(Presented { frame: id, received_at, presented_at: drawn_at }, now);
            }
            if self.picture.take_first_shown() {
                port::post(&FromEngine::FirstPicture { display: self.picture.display() });
            }
        }
    }

    fn transmit(&mut self) {
        let Some(link) = &mut self.link else { return };
        let Some(machine) = &mut link.machine else { return };
        while let Some(message) = machine.poll_transmit() {
            link.socket.send(&message);
        }
        if HOPELESS_BYTES < link.socket.buffered_bytes() {
            self.lost(close::OVERLOADED);
        }
    }

    fn set_timer(&mut self) {
        let Some(link) = &self.link else { return };
        let Some(machine) = &link.machine else {
            self.timer.set(link.open_before);
            return;
        };
        let due = [machine.next_timeout(), self.picture.due_at(), Some(self.gatherer.due_at())];
        if let Some(at) = due.into_iter().flatten().min() {
            self.timer.set(at);
        }
    }

    fn machine(&mut self) -> Option<&mut Viewer> {
        self.link.as_mut()?.machine.as_mut()
    }
}

/// A callback that puts its argument into the queue.
fn reporter<T: 'static>(inputs: &Rc<Inputs>, wrap: impl Fn(T) -> Input + 'static) -> Rc<dyn Fn(T)> {
    let inputs = Rc::downgrade(inputs);
    Rc::new(move |value| {
        if let Some(inputs) = inputs.upgrade() {
            inputs.put(wrap(value));
        }
    })
}
