//! The task of one connection of a session: its socket, and [`Exchange`] on it.

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use protocol::link::SocketOpening;
use protocol::secure::noise::MESSAGE_MAX_BYTES;
use protocol::video::Thumbnail;
use protocol::wire::Encode as _;
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Error as WebSocketError, Message};

use super::exchange::{ConnectionEvent, ConnectionId, Exchange, Order, Over, Shown};
use super::{NewSocket, Sockets};
use crate::clock::Clock;
use crate::pipeline::watch::Output;
use crate::socket::{self, ConnectError, Socket, Tls};

/// Sealed messages that wait for the socket: enough to fill it while the next is sealed.
const WRITES_MAX: usize = 8;
/// Longest time for the last messages to leave.
const LINGER: Duration = Duration::from_secs(2);

type Events = mpsc::Sender<(ConnectionId, ConnectionEvent)>;

/// A task for each socket.
#[derive(Clone)]
pub(super) struct SocketTasks {
    pub(super) clock: Clock,
    pub(super) tls: Tls,
    pub(super) events: Events,
}

impl Sockets for SocketTasks {
    fn open(&mut self, socket: NewSocket) {
        tokio::spawn(run(socket, self.clone()));
    }
}

/// Runs a connection until it is over. Ends without a word when the orders' other end is dropped.
async fn run(new: NewSocket, tasks: SocketTasks) {
    let (id, events) = (new.exchange.id(), tasks.events.clone());
    let (over, shown) = match open(&new, &tasks.tls).await {
        Ok(socket) => Connection::new(new, tasks, socket).run().await,
        Err(error) => {
            tracing::warn!(session.id = %id.session, %error, "no session socket");
            (Over::Broken, None)
        }
    };
    tracing::debug!(session.id = %id.session, ?over, "a connection is over");
    _ = events.send((id, ConnectionEvent::Over { over, shown })).await;
}

async fn open(new: &NewSocket, tls: &Tls) -> Result<Socket, ConnectError> {
    let mut socket = socket::connect(&new.relay_url, tls, MESSAGE_MAX_BYTES).await?;
    let session = new.exchange.id().session;
    let opening = SocketOpening { version: protocol::VERSION, session, ticket: new.ticket };
    socket.send(Message::binary(opening.to_bytes())).await?;
    Ok(socket)
}

struct Connection {
    exchange: Exchange,
    clock: Clock,
    events: Events,
    orders: mpsc::Receiver<Order>,
    stream: SplitStream<Socket>,
    writes: mpsc::Sender<Vec<u8>>,
    writer: tokio::task::JoinHandle<()>,
    /// Sealed, and waiting for the socket.
    pending: Option<Vec<u8>>,
}

/// What a connection waits for.
enum Input {
    /// The socket takes the pending message.
    Writable,
    Message(Option<Result<Message, WebSocketError>>),
    Order(Option<Order>),
    Output(Option<Output>),
    Thumbnail(Option<Thumbnail>),
    Timeout,
}

impl Connection {
    fn new(new: NewSocket, tasks: SocketTasks, socket: Socket) -> Self {
        let (sink, stream) = socket.split();
        let (writes, to_write) = mpsc::channel(WRITES_MAX);
        Self {
            exchange: new.exchange,
            clock: tasks.clock,
            events: tasks.events,
            orders: new.orders,
            stream,
            writes,
            writer: tokio::spawn(write(sink, to_write)),
            pending: None,
        }
    }

    async fn run(mut self) -> (Over, Option<Shown>) {
        loop {
            self.drain().await;
            if let Some(over) = self.exchange.over() {
                let shown = self.exchange.shown();
                self.finish().await;
                return (over, shown);
            }
            let input = self.next_input().await;
            self.take(input);
        }
    }

    async fn drain(&mut self) {
        while let Some(event) = self.exchange.poll_event() {
            _ = self.events.send((self.exchange.id(), event)).await;
        }
        if self.pending.is_none() {
            self.pending = self.exchange.poll_transmit();
        }
        self.exchange.give_credit(self.clock.now());
    }

    async fn next_input(&mut self) -> Input {
        let timeout = self.exchange.next_timeout().map(|at| Instant::from_std(self.clock.instant(at)));
        let takes_thumbnails = self.exchange.wants_picture(self.clock.now());
        let Exchange { watch, thumbnails, .. } = &mut self.exchange;
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
            output = next_of(watch.as_mut().map(|watch| &mut watch.outputs)) => Input::Output(output),
            thumbnail = next_of(thumbnails.as_mut()), if takes_thumbnails => Input::Thumbnail(thumbnail),
            () = sleep_until(timeout.unwrap_or_else(Instant::now)), if timeout.is_some() => Input::Timeout,
        }
    }

    fn take(&mut self, input: Input) {
        let now = self.clock.now();
        match input {
            Input::Writable => self.check_writer(),
            Input::Message(message) => self.take_message(message),
            Input::Order(Some(order)) => self.exchange.take_order(order),
            Input::Order(None) => self.exchange.break_off(),
            Input::Output(Some(output)) => self.exchange.take_output(output, |at| self.clock.micros(at), now),
            Input::Output(None) => self.exchange.watch = None,
            Input::Thumbnail(Some(thumbnail)) => self.exchange.take_thumbnail(thumbnail),
            Input::Thumbnail(None) => self.exchange.thumbnails = None,
            Input::Timeout => self.exchange.handle_timeout(now),
        }
    }

    fn check_writer(&mut self) {
        if self.writes.is_closed() {
            self.exchange.break_off();
        }
    }

    fn take_message(&mut self, message: Option<Result<Message, WebSocketError>>) {
        let session = self.exchange.id().session;
        match message {
            Some(Ok(Message::Binary(bytes))) => self.exchange.receive(&bytes, self.clock.now()),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(message)) => {
                tracing::debug!(session.id = %session, ?message, "the relay closes the socket");
                self.exchange.break_off();
            }
            Some(Err(error)) => {
                tracing::debug!(session.id = %session, %error, "the session socket broke");
                self.exchange.break_off();
            }
            None => self.exchange.break_off(),
        }
    }

    /// Sends what is left, ends the socket, and stops the pictures. What was held was released before.
    async fn finish(mut self) {
        self.exchange.finish();
        while let Some(event) = self.exchange.poll_event() {
            if matches!(event, ConnectionEvent::Input(_)) {
                _ = self.events.send((self.exchange.id(), event)).await;
            }
        }
        let last_words = async {
            while let Some(message) = self.pending.take().or_else(|| self.exchange.poll_transmit()) {
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
