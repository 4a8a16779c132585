//! One agent's link after its handshake: one loop that reads, writes and watches the time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use protocol::api::ConsoleSignals;
use protocol::link::{FromAgent, LINK_MESSAGE_MAX_BYTES, LinkClose, ToAgent, close};
use protocol::secure::noise::Transport;
use protocol::secure::{ConsoleSigningKey, Fingerprint};
use protocol::signals::Signals;
use protocol::wire::{Decode as _, Encode as _};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{self, Bytes, Message};

use super::pace::Pace;
use super::questions::{Answer, AskError, Questions};
use super::receipts::Receipts;
use super::registry::{Hello, Registry, Report, Reports, Seat};
use super::statement::{are_plausible, is_plausible};
use super::welcome::welcome;
use crate::audit::{Actor, Client, Event};
use crate::relay::socket::{Carrier, CloseCode, end};
use crate::storage::consoles::StoredConsoleInfo;
use crate::storage::{Console, TenantScope};

/// The way to one agent. Clones lead to the same one.
#[derive(Debug, Clone)]
pub struct LinkHandle {
    outgoing: mpsc::Sender<ToAgent>,
    closing: watch::Sender<Option<LinkClose>>,
    questions: Arc<Mutex<Questions>>,
}

impl LinkHandle {
    /// Queues a message. A link whose queue is full is closed: its agent does not read.
    pub(super) fn send(&self, message: ToAgent) -> bool {
        let queued = self.outgoing.try_send(message).is_ok();
        if !queued {
            self.close(LinkClose::ProtocolError);
        }
        queued
    }

    /// Closes the link; the first reason counts.
    pub(super) fn close(&self, reason: LinkClose) {
        self.closing.send_if_modified(|closing| closing.is_none() && closing.replace(reason).is_none());
    }

    pub(super) async fn ask(&self, make: impl FnOnce(u32) -> ToAgent, within: Duration) -> Result<Answer, AskError> {
        let (number, answer) = self.questions.lock().unwrap_or_else(PoisonError::into_inner).ask()?;
        if !self.send(make(number)) {
            return Err(AskError::LinkLost);
        }
        match timeout(within, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(AskError::LinkLost),
            Err(_) => Err(AskError::TimedOut),
        }
    }
}

/// A console that proved its key and has said nothing yet.
#[derive(Debug)]
pub struct Newcomer {
    pub scope: TenantScope,
    pub console: Console,
    pub client: Client,
}

/// One link: the socket and what belongs to it.
pub struct Link<'a, S> {
    socket: WebSocketStream<S>,
    transport: Transport,
    registry: &'a Registry,
    reports: &'a dyn Reports,
    handle: LinkHandle,
    outgoing: mpsc::Receiver<ToAgent>,
    closing: watch::Receiver<Option<LinkClose>>,
    /// From the agent's greeting on.
    seat: Option<Seat>,
    receipts: Option<Receipts>,
}

/// How often an agent may say what is written to the database.
struct Paces {
    greetings: Pace,
    signals: Pace,
}

/// Why a link ends.
pub(super) enum Stop {
    /// The agent left or cannot be reached.
    Gone,
    /// This side closes.
    Close(LinkClose),
    /// The agent broke the rules below the protocol of messages.
    Broke(CloseCode),
}

impl<'a, S: Carrier> Link<'a, S> {
    /// A link over `socket`, whose handshake ended in `transport`.
    pub fn new(
        socket: WebSocketStream<S>,
        transport: Transport,
        registry: &'a Registry,
        reports: &'a dyn Reports,
    ) -> Self {
        let limits = registry.limits();
        let (outgoing_sender, outgoing) = mpsc::channel(limits.outgoing_max);
        let (closing_sender, closing) = watch::channel(None);
        let questions = Arc::new(Mutex::new(Questions::new(limits.questions_max)));
        let handle = LinkHandle { outgoing: outgoing_sender, closing: closing_sender, questions };
        Self { socket, transport, registry, reports, handle, outgoing, closing, seat: None, receipts: None }
    }

    /// Says `bye` at once and closes.
    pub async fn refuse(mut self, bye: LinkClose) {
        let within = self.registry.limits().close_within;
        let code = self.close(Stop::Close(bye)).await;
        end(self.socket, code, within).await;
    }

    /// Greets with `welcome` and serves the link until it ends.
    pub async fn run(mut self, welcome: ToAgent, newcomer: &Newcomer) {
        let within = self.registry.limits().close_within;
        let stop = match self.write(&welcome).await {
            Ok(()) => self.serve(newcomer).await,
            Err(stop) => stop,
        };
        self.leave(newcomer).await;
        let code = self.close(stop).await;
        end(self.socket, code, within).await;
    }

    async fn serve(&mut self, newcomer: &Newcomer) -> Stop {
        let limits = self.registry.limits();
        let clock = self.registry.core.clock.clone();
        let mut messages = Pace::new(limits.messages_burst, limits.message_every, clock.monotonic());
        let mut paces = Paces {
            greetings: Pace::new(limits.greetings_burst, limits.greeting_every, clock.monotonic()),
            signals: Pace::new(limits.signals_burst, limits.signals_every, clock.monotonic()),
        };
        let mut ping = interval_at(Instant::now() + limits.ping_every, limits.ping_every);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut silent_at = Instant::now() + limits.handshake_within;
        loop {
            let done = tokio::select! {
                biased;
                reason = asked_to_close(&mut self.closing) => Err(Stop::Close(reason)),
                Some(message) = self.outgoing.recv() => self.write(&message).await,
                frame = self.socket.next() => {
                    let done = match sealed(frame) {
                        Ok(Some(_)) if !messages.allows(clock.monotonic()) => Err(Stop::Broke(CloseCode(close::OVERLOADED))),
                        Ok(Some(sealed)) => self.receive(&sealed, newcomer, &mut paces).await,
                        Ok(None) => Ok(()),
                        Err(stop) => Err(stop),
                    };
                    if self.seat.is_some() {
                        silent_at = Instant::now() + limits.silent_after;
                    }
                    done
                }
                _ = ping.tick() => {
                    if let Some(seat) = &self.seat {
                        self.registry.check_pulse(seat);
                    }
                    self.send(Message::Ping(Bytes::new())).await
                }
                () = sleep_until(silent_at) => Err(Stop::Gone),
            };
            if let Err(stop) = done {
                return stop;
            }
        }
    }

    /// Opens one message and acts on it. Whatever does not belong here ends the link.
    async fn receive(&mut self, sealed: &[u8], newcomer: &Newcomer, paces: &mut Paces) -> Result<(), Stop> {
        let wrong = || Stop::Close(LinkClose::ProtocolError);
        let opened = self.transport.open(sealed).map_err(|_| wrong())?;
        let message = FromAgent::from_bytes(&opened).map_err(|_| wrong())?;
        let console = newcomer.console.id;
        if let FromAgent::Hello { info, call, signing_key } = message {
            if !is_plausible(&info) || !paces.greetings.allows(self.registry.core.clock.monotonic()) {
                return Err(wrong());
            }
            return self.hello(newcomer, Hello { info, call }, signing_key).await;
        }
        let seat = self.seat.as_ref().ok_or_else(wrong)?;
        match message {
            FromAgent::Hello { .. } => return Err(wrong()),
            FromAgent::Pulse { sent_at } => self.registry.pulse(seat, sent_at),
            FromAgent::CallChanged { call, sent_at } => self.registry.call_changed(seat, call, sent_at),
            FromAgent::Nonce { request, nonce, call } => self.answer(request, Answer::Nonce { nonce, call }),
            FromAgent::Refused { request, code } => self.answer(request, Answer::Refused { code }),
            FromAgent::Accepted { request, session } => self.answer(request, Answer::Accepted { session }),
            FromAgent::Event { session, event } => self.reports.report(console, Report::Event { session, event }),
            FromAgent::Ended { receipt } => {
                let receipts = self.receipts.as_mut().ok_or_else(wrong)?;
                let number = receipts.take(self.registry, self.reports, newcomer, receipt.into_vec()).await?;
                self.handle.send(ToAgent::ReceiptTaken { number });
            }
            FromAgent::Signals { signals } => {
                if !are_plausible(&signals) || !paces.signals.allows(self.registry.core.clock.monotonic()) {
                    return Err(wrong());
                }
                keep_signals(self.registry, newcomer, &signals).await;
            }
        }
        Ok(())
    }

    /// The first greeting takes the console's place in the registry; later ones bring news of its machine.
    async fn hello(&mut self, newcomer: &Newcomer, hello: Hello, signing_key: ConsoleSigningKey) -> Result<(), Stop> {
        match &self.receipts {
            Some(receipts) if receipts.key == signing_key => {}
            Some(_) => return Err(Stop::Close(LinkClose::ProtocolError)),
            None => self.receipts = Some(Receipts::open(self.registry, newcomer, signing_key).await?),
        }
        let (scope, console) = (&newcomer.scope, &newcomer.console);
        let core = &self.registry.core;
        let stored = core.storage.set_console_info(scope, &console.id, &StoredConsoleInfo::from(&hello.info)).await;
        log_failure(stored.err(), newcomer);
        if let Some(seat) = &self.seat {
            self.registry.greet(seat, hello);
            return Ok(());
        }
        let arrival = self.registry.arrive(scope, &console.room, console.id, self.handle.clone(), hello);
        let arrival = arrival.ok_or(Stop::Close(LinkClose::Stopping))?;
        self.seat = Some(arrival.seat);
        self.reports.report(console.id, Report::Up);
        tracing::info!(console.id = %console.id, "a console connected");
        let event = Event::ConsoleConnected { room: console.room.clone(), console: console.id };
        note(self.registry, newcomer, event).await;
        if arrival.suspicious {
            set_aside(self.registry, newcomer).await;
        }
        self.look_again(newcomer).await
    }

    /// Since its handshake the console may have been approved, revoked or set aside: from here on it is in the registry, and
    /// whoever does that finds it there.
    async fn look_again(&mut self, newcomer: &Newcomer) -> Result<(), Stop> {
        let (core, scope) = (&self.registry.core, &newcomer.scope);
        let present = match core.storage.console_by_key(&newcomer.console.key).await {
            Ok(present) => present.map(|(_, console)| console).filter(|console| console.id == newcomer.console.id),
            Err(error) => {
                log_failure(Some(error), newcomer);
                return Err(Stop::Close(LinkClose::Stopping));
            }
        };
        let Some(present) = present else { return Err(Stop::Close(LinkClose::Revoked)) };
        if present.status() == newcomer.console.status() {
            return Ok(());
        }
        let welcome = welcome(core, scope, &present).await.map_err(|error| {
            log_failure(Some(error), newcomer);
            Stop::Close(LinkClose::Stopping)
        })?;
        // In its turn; a queue that is full closes the link by itself.
        self.handle.send(welcome);
        Ok(())
    }

    /// Gives the place up, unless another link has it by now.
    async fn leave(&mut self, newcomer: &Newcomer) {
        // Whoever waits for an answer learns that there will be none.
        *self.handle.questions.lock().unwrap_or_else(PoisonError::into_inner) = Questions::new(0);
        let Some(seat) = self.seat.take() else { return };
        let console = &newcomer.console;
        if self.registry.leave(&seat) {
            self.reports.report(console.id, Report::Down);
            tracing::info!(console.id = %console.id, "a console disconnected");
            let event = Event::ConsoleDisconnected { room: console.room.clone(), console: console.id };
            note(self.registry, newcomer, event).await;
        }
    }

    fn answer(&self, request: u32, answer: Answer) {
        self.handle.questions.lock().unwrap_or_else(PoisonError::into_inner).answer(request, answer);
    }

    async fn write(&mut self, message: &ToAgent) -> Result<(), Stop> {
        let bytes = message.to_bytes();
        debug_assert!(bytes.len() <= LINK_MESSAGE_MAX_BYTES, "a link message of {} bytes", bytes.len());
        let sealed = self.transport.seal(&bytes).map_err(|_| Stop::Gone)?;
        self.send(Message::Binary(sealed.into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Stop> {
        match timeout(self.registry.limits().write_within, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Stop::Gone),
        }
    }

    /// Says what can still be said, and names the code to close with.
    async fn close(&mut self, stop: Stop) -> CloseCode {
        match stop {
            Stop::Gone => CloseCode(close::PEER_GONE),
            Stop::Broke(code) => code,
            Stop::Close(reason) => {
                // Fails when the agent is gone or does not read; then there is nobody to tell.
                let _ = timeout(self.registry.limits().close_within, self.farewell(reason)).await;
                let is_broken = reason == LinkClose::ProtocolError;
                CloseCode(if is_broken { close::BAD_MESSAGE } else { close::SESSION_ENDED })
            }
        }
    }

    async fn farewell(&mut self, reason: LinkClose) -> Result<(), Stop> {
        // What is still queued was meant to arrive before the end: the ends of sessions among it.
        while let Ok(message) = self.outgoing.try_recv() {
            self.write(&message).await?;
        }
        self.write(&ToAgent::Bye { reason }).await
    }
}

/// The sealed message in a frame, `None` for one that only shows life.
fn sealed(frame: Option<Result<Message, tungstenite::Error>>) -> Result<Option<Bytes>, Stop> {
    match frame {
        Some(Ok(Message::Binary(sealed))) => Ok(Some(sealed)),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Ok(Message::Text(_) | Message::Frame(_))) => Err(Stop::Close(LinkClose::ProtocolError)),
        Some(Err(tungstenite::Error::Capacity(_))) => Err(Stop::Broke(CloseCode(close::TOO_LARGE))),
        Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Stop::Gone),
    }
}

/// Waits until somebody closes the link.
async fn asked_to_close(closing: &mut watch::Receiver<Option<LinkClose>>) -> LinkClose {
    let reason = closing.wait_for(Option::is_some).await;
    reason.ok().and_then(|reason| *reason).unwrap_or(LinkClose::Stopping)
}

/// Keeps what the agent says about its devices, for whoever looks now or when the console is gone.
async fn keep_signals(registry: &Registry, newcomer: &Newcomer, signals: &Signals) {
    let (core, scope, console) = (&registry.core, &newcomer.scope, &newcomer.console);
    let signals = ConsoleSignals::new(signals, core.clock.now());
    let stored = core.storage.set_console_signals(scope, &console.id, &signals).await;
    log_failure(stored.err(), newcomer);
    core.live.room_changed(scope, &console.room);
}

/// The console's key seems to be in two places: nobody gets a session with either until an administrator decides.
async fn set_aside(registry: &Registry, newcomer: &Newcomer) {
    let (core, scope, console) = (&registry.core, &newcomer.scope, &newcomer.console);
    let event = Event::CloneSuspected {
        room: console.room.clone(),
        console: console.id,
        fingerprint: Fingerprint::of(&console.key).to_string(),
    };
    let event = core.auditor.event(&Actor::Server, newcomer.client, &event);
    match core.storage.quarantine_console(scope, &console.id, core.clock.now(), event).await {
        Ok(true) => {
            tracing::warn!(console.id = %console.id, "a console's key seems to be in two places; it was set aside");
            core.live.room_changed(scope, &console.room);
        }
        Ok(false) => {}
        Err(error) => log_failure(Some(error), newcomer),
    }
}

/// Writes down that the console came or went, and when it was seen.
async fn note(registry: &Registry, newcomer: &Newcomer, event: Event) {
    let (core, scope, console) = (&registry.core, &newcomer.scope, newcomer.console.id);
    let recorded = core.auditor.record(scope, &Actor::Console { id: console }, newcomer.client, &event).await;
    log_failure(recorded.err(), newcomer);
    log_failure(core.storage.console_seen(scope, &console, core.clock.now()).await.err(), newcomer);
}

pub(super) fn log_failure(error: Option<crate::storage::StorageError>, newcomer: &Newcomer) {
    if let Some(error) = error {
        tracing::error!(console.id = %newcomer.console.id, %error, "what a console did could not be stored");
    }
}
