//! The task of one connection of a session: its socket, [`protocol::session::Agent`], and the pictures for it.

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use protocol::control::{Command, Notice, PictureState};
use protocol::cursor::CursorUpdate;
use protocol::ids::{DisplayId, SessionId};
use protocol::input::InputEvent;
use protocol::link::SocketOpening;
use protocol::reason::EndReason;
use protocol::secure::SessionCode;
use protocol::secure::noise::MESSAGE_MAX_BYTES;
use protocol::session::{Agent, AgentEvent};
use protocol::time::Micros;
use protocol::video::Thumbnail;
use protocol::wire::Encode as _;
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::clock::Clock;
use crate::pipeline::watch::{Output, Picture, Watch};
use crate::socket::{self, ConnectError, Socket, Tls};

/// Orders that wait for a connection; one that does not take them is given up.
pub(super) const ORDERS_MAX: usize = 64;
/// Sealed messages that wait for the socket: enough to fill it while the next is sealed.
const WRITES_MAX: usize = 8;
/// Longest time for the last messages to leave.
const LINGER: Duration = Duration::from_secs(2);

/// What a connection begins with.
pub(super) struct Start {
    pub(super) id: ConnectionId,
    pub(super) relay_url: String,
    pub(super) ticket: [u8; 32],
    pub(super) machine: Agent,
    pub(super) clock: Clock,
    pub(super) tls: Tls,
    pub(super) events: mpsc::Sender<(ConnectionId, ConnectionEvent)>,
}

/// One connection of one session; a session that is resumed gets another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ConnectionId {
    pub(super) session: SessionId,
    pub(super) number: u32,
}

/// From the driver.
pub(super) enum Order {
    Notice(Notice),
    Cursor(CursorUpdate),
    /// What to show; `None` rests.
    Watch(Option<Watch>),
    Thumbnails(Option<mpsc::Receiver<Thumbnail>>),
    RefreshPicture,
    ReleaseAll,
    /// Say good-bye and end.
    Close(EndReason),
}

/// To the driver.
#[derive(Debug)]
pub(super) enum ConnectionEvent {
    Open {
        display: DisplayId,
        code: SessionCode,
    },
    Command(Command),
    Input(InputEvent),
    PolicyViolation {
        kind: &'static str,
    },
    /// The viewer is silent: nothing is to be captured for it.
    Silent,
    Heard,
    /// The picture that the viewer watches is on its way.
    PictureLive,
    /// The last event.
    Over(Over),
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// And with it the session.
    Ended(EndReason),
    /// The line broke: the viewer may come back.
    Broken,
}

/// Runs a connection until it is over. Ends without a word when the orders' other end is dropped.
pub(super) async fn run(start: Start, orders: mpsc::Receiver<Order>) {
    let (id, events) = (start.id, start.events.clone());
    let over = match open(&start).await {
        Ok(socket) => Connection::new(start, socket, orders).run().await,
        Err(error) => {
            tracing::warn!(session.id = %id.session, %error, "no session socket");
            Over::Broken
        }
    };
    tracing::debug!(session.id = %id.session, ?over, "a connection is over");
    _ = events.send((id, ConnectionEvent::Over(over))).await;
}

async fn open(start: &Start) -> Result<Socket, ConnectError> {
    let mut socket = socket::connect(&start.relay_url, &start.tls, MESSAGE_MAX_BYTES).await?;
    let opening = SocketOpening { version: protocol::VERSION, session: start.id.session, ticket: start.ticket };
    socket.send(Message::binary(opening.to_bytes())).await?;
    Ok(socket)
}

struct Connection {
    id: ConnectionId,
    machine: Agent,
    clock: Clock,
    events: mpsc::Sender<(ConnectionId, ConnectionEvent)>,
    orders: mpsc::Receiver<Order>,
    stream: SplitStream<Socket>,
    writes: mpsc::Sender<Vec<u8>>,
    writer: tokio::task::JoinHandle<()>,
    watch: Option<Watch>,
    thumbnails: Option<mpsc::Receiver<Thumbnail>>,
    /// Sealed, and waiting for the socket.
    pending: Option<Vec<u8>>,
    over: Option<Over>,
}

/// What a connection waits for.
enum Input {
    /// The socket takes the pending message.
    Writable,
    Message(Option<Result<Message, tokio_tungstenite::tungstenite::Error>>),
    Order(Option<Order>),
    Output(Option<Output>),
    Thumbnail(Option<Thumbnail>),
    Timeout,
}

impl Connection {
    fn new(start: Start, socket: Socket, orders: mpsc::Receiver<Order>) -> Self {
        let (sink, stream) = socket.split();
        let (writes, to_write) = mpsc::channel(WRITES_MAX);
        Self {
            id: start.id,
            machine: start.machine,
            clock: start.clock,
            events: start.events,
            orders,
            stream,
            writes,
            writer: tokio::spawn(write(sink, to_write)),
            watch: None,
            thumbnails: None,
            pending: None,
            over: None,
        }
    }

    async fn run(mut self) -> Over {
        loop {
            self.drain().await;
            if let Some(over) = self.over {
                return self.finish(over).await;
            }
            let input = self.next_input().await;
            self.take(input);
        }
    }

    fn now(&self) -> Micros {
        self.clock.now()
    }

    async fn drain(&mut self) {
        while let Some(event) = self.machine.poll_event() {
            if let Some(event) = self.translate(event) {
                _ = self.events.send((self.id, event)).await;
            }
        }
        if self.pending.is_none() {
            self.pending = self.machine.poll_transmit();
        }
        let wants_picture = self.machine.wants_picture(self.now());
        if let Some(watch) = &self.watch {
            if wants_picture { watch.credit.give() } else { watch.credit.withdraw() }
        }
    }

    async fn next_input(&mut self) -> Input {
        let timeout = self.machine.next_timeout().map(|at| Instant::from_std(self.clock.instant(at)));
        let takes_thumbnails = self.machine.wants_picture(self.now());
        tokio::select! {
            // Orders first: a viewer that talks without pause cannot put its end off. Then input, which must not wait
            // for pictures.
            biased;
            order = self.orders.recv() => Input::Order(order),
            message = self.stream.next() => Input::Message(message),
            permit = self.writes.reserve(), if self.pending.is_some() => {
                if let (Ok(permit), Some(message)) = (permit, self.pending.take()) {
                    permit.send(message);
                }
                Input::Writable
            }
            output = next_of(self.watch.as_mut().map(|watch| &mut watch.outputs)) => Input::Output(output),
            thumbnail = next_of(self.thumbnails.as_mut()), if takes_thumbnails => Input::Thumbnail(thumbnail),
            () = sleep_until(timeout.unwrap_or_else(Instant::now)), if timeout.is_some() => Input::Timeout,
        }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Writable => self.check_writer(),
            Input::Message(message) => self.take_message(message),
            Input::Order(order) => self.take_order(order),
            Input::Output(Some(output)) => self.take_output(output),
            Input::Output(None) => self.watch = None,
            Input::Thumbnail(Some(thumbnail)) => self.machine.thumbnail(thumbnail),
            Input::Thumbnail(None) => self.thumbnails = None,
            Input::Timeout => self.machine.handle_timeout(self.now()),
        }
    }

    fn check_writer(&mut self) {
        if self.writes.is_closed() {
            self.over.get_or_insert(Over::Broken);
        }
    }

    fn take_message(&mut self, message: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>) {
        match message {
            Some(Ok(Message::Binary(bytes))) => {
                if let Err(error) = self.machine.receive(&bytes, self.now()) {
                    tracing::warn!(session.id = %self.id.session, %error, "a message was refused");
                }
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(message)) => {
                tracing::debug!(session.id = %self.id.session, ?message, "the relay closes the socket");
                self.over.get_or_insert(Over::Broken);
            }
            Some(Err(error)) => {
                tracing::debug!(session.id = %self.id.session, %error, "the session socket broke");
                self.over.get_or_insert(Over::Broken);
            }
            None => _ = self.over.get_or_insert(Over::Broken),
        }
    }

    fn take_order(&mut self, order: Option<Order>) {
        match order {
            Some(Order::Notice(notice)) => self.machine.notice(&notice),
            Some(Order::Cursor(update)) => self.machine.cursor(&update),
            Some(Order::Watch(watch)) => self.watch = watch,
            Some(Order::Thumbnails(thumbnails)) => self.thumbnails = thumbnails,
            Some(Order::RefreshPicture) => self.refresh(),
            Some(Order::ReleaseAll) => self.machine.release_all(),
            Some(Order::Close(reason)) => self.machine.close(reason),
            None => _ = self.over.get_or_insert(Over::Broken),
        }
    }

    fn refresh(&self) {
        if let Some(watch) = &self.watch {
            watch.credit.request_keys();
        }
    }

    fn take_output(&mut self, output: Output) {
        match output {
            Output::Picture(picture) => self.take_picture(picture),
            Output::Cursor(update) => self.machine.cursor(&update),
            Output::State(state) => self.machine.notice(&Notice::Picture { state }),
        }
    }

    fn take_picture(&mut self, picture: Picture) {
        if let Some(config) = picture.config {
            self.machine.notice(&Notice::Picture { state: PictureState::Live });
            self.machine.config(config);
            // A full queue only delays what the room page says about a restart.
            _ = self.events.try_send((self.id, ConnectionEvent::PictureLive));
        }
        let (captured_at, encoded_at) = (self.clock.micros(picture.captured_at), self.clock.micros(picture.encoded_at));
        let now = self.now();
        let frame = self.machine.frame(captured_at, encoded_at, picture.units, now);
        tracing::trace!(
            frame.id = frame.0,
            encode_us = encoded_at.since(captured_at).0,
            handed_over_us = now.since(encoded_at).0,
            in_flight_bytes = self.machine.bytes_in_flight(),
            "a picture is sent"
        );
        if let Some(watch) = &self.watch {
            watch.credit.settle();
        }
    }

    fn translate(&mut self, event: AgentEvent) -> Option<ConnectionEvent> {
        match event {
            AgentEvent::Open { display, code } => Some(ConnectionEvent::Open { display, code }),
            AgentEvent::Command(Command::RequestKeyframe) => {
                self.refresh();
                None
            }
            AgentEvent::Command(command) => Some(ConnectionEvent::Command(command)),
            AgentEvent::Input(event) => Some(ConnectionEvent::Input(event)),
            AgentEvent::Presented { frame, in_flight } => {
                tracing::trace!(frame.id = frame.0, in_flight_us = in_flight.0, "a picture is on the screen");
                None
            }
            AgentEvent::Silent => Some(ConnectionEvent::Silent),
            AgentEvent::Heard => Some(ConnectionEvent::Heard),
            AgentEvent::PolicyViolation { kind } => Some(ConnectionEvent::PolicyViolation { kind }),
            AgentEvent::Ended(reason) => {
                self.over = Some(Over::Ended(reason));
                None
            }
        }
    }

    /// Sends what is left, ends the socket, and stops the pictures. What was held was released before.
    async fn finish(mut self, over: Over) -> Over {
        self.watch = None;
        self.thumbnails = None;
        self.machine.release_all();
        while let Some(event) = self.machine.poll_event() {
            if let AgentEvent::Input(event) = event {
                _ = self.events.send((self.id, ConnectionEvent::Input(event))).await;
            }
        }
        let last_words = async {
            while let Some(message) = self.pending.take().or_else(|| self.machine.poll_transmit()) {
                if self.writes.send(message).await.is_err() {
                    break;
                }
            }
            drop(self.writes);
            _ = (&mut self.writer).await;
        };
        if timeout(LINGER, last_words).await.is_err() {
            self.writer.abort();
        }
        over
    }
}

/// The next value; never, when there is nobody to send one.
async fn next_of<T>(receiver: Option<&mut mpsc::Receiver<T>>) -> Option<T> {
    match receiver {
        Some(receiver) => receiver.recv().await,
        None => std::future::pending().await,
    }
}

/// Writes what comes, together what comes together, and closes the socket at the end.
async fn write(mut sink: SplitSink<Socket, Message>, mut messages: mpsc::Receiver<Vec<u8>>) {
    while let Some(message) = messages.recv().await {
        let mut written = sink.feed(Message::binary(message)).await;
        while written.is_ok()
            && let Ok(message) = messages.try_recv()
        {
            written = sink.feed(Message::binary(message)).await;
        }
        if written.is_err() || sink.flush().await.is_err() {
            return;
        }
    }
    _ = sink.close().await;
}
