//! The running agent: everything that happens to it, one after the other, into the [`Core`].

use std::sync::Arc;

use protocol::reason::EndReason;
use protocol::signals::Signals;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Duration, Instant, sleep_until, timeout};

use super::connection::SocketTasks;
use super::exchange::{ConnectionEvent, ConnectionId, ORDERS_MAX};
use super::{Core, CoreParts, Input, Outside, ShortcutDone, Timing};
use crate::clock::Clock;
use crate::config::Config;
use crate::hands::Hands;
use crate::identity::Identity;
use crate::link::{Link, LinkEvent, LinkFailure};
use crate::pipeline::Pictures;
use crate::platform::{CallObservation, Displays, Platform, RingButton};
use crate::random;
use crate::record::{Record, Resumable};
use crate::socket::Tls;
use crate::state_dir::StateDir;

/// Events of all connections that wait for the core; more wait at their connections.
const CONNECTION_EVENTS_MAX: usize = 256;
/// Presses of the ring's buttons that wait.
const PRESSES_MAX: usize = 8;
/// Messages to the server that wait for the link's task; more wait at the core.
const OUTGOING_MAX: usize = 256;
/// Sessions end within this when the agent stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(4);

/// What the agent is put together from.
pub struct Parts {
    pub config: Config,
    pub dir: StateDir,
    pub identity: Identity,
    pub platform: Platform,
    pub record: Record,
    /// Sessions that wait for their viewers after a restart of the device.
    pub resumable: Vec<Resumable>,
    pub clock: Clock,
    pub tls: Tls,
    pub timing: Timing,
}

/// The running agent.
pub struct Driver {
    core: Core,
    clock: Clock,
    link: Link,
    calls: watch::Receiver<CallObservation>,
    signals: watch::Receiver<Signals>,
    displays_changed: Arc<Notify>,
    connection_events: mpsc::Receiver<(ConnectionId, ConnectionEvent)>,
    shortcuts_done: mpsc::Receiver<ShortcutDone>,
    presses: mpsc::Receiver<RingButton>,
}

impl Driver {
    /// Puts the parts together and begins to connect.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(parts: Parts) -> std::io::Result<Self> {
        let Parts { config, dir, identity, platform, record, resumable, clock, tls, timing } = parts;
        let displays: Arc<dyn Displays> = Arc::from(platform.displays);
        let displays_changed = Arc::new(Notify::new());
        let notify = Arc::clone(&displays_changed);
        displays.on_change(Box::new(move || notify.notify_one()));
        let (press, presses) = mpsc::channel(PRESSES_MAX);
        let mut ring = platform.ring;
        // Whoever presses so often has been heard.
        ring.on_press(Box::new(move |button| _ = press.try_send(button)));
        let (events, connection_events) = mpsc::channel(CONNECTION_EVENTS_MAX);
        let (done, shortcuts_done) = mpsc::channel(ORDERS_MAX);
        let (outgoing, to_send) = mpsc::channel(OUTGOING_MAX);
        let mut calls = crate::calls::start(platform.call_state)?;
        let signals = crate::signals::start(platform.signals, timing.signals)?;
        let outside = Outside {
            pictures: Box::new(Pictures::new(Arc::clone(&displays))),
            displays,
            hands: Hands::start(platform.injector)?,
            ring,
            key_sign: platform.key_sign,
            power: platform.power,
            sockets: Box::new(SocketTasks { clock, tls: tls.clone(), events }),
            link: outgoing,
            shortcuts_done: done,
            random: fresh_nonce,
        };
        let parts = CoreParts {
            dir: dir.clone(),
            identity: &identity,
            record,
            resumable,
            timing,
            platform_name: platform.name,
            operating_system: platform.operating_system,
            room_name: config.platform.room_name,
            rights: config.platform.rights,
            highest_access: config.highest_access,
            outside,
        };
        let first_look = *calls.borrow_and_update();
        let core = Core::new(parts, first_look, clock.moment());
        let link = Link::start(identity, dir, config.server, clock, tls, to_send);
        Ok(Self { core, clock, link, calls, signals, displays_changed, connection_events, shortcuts_done, presses })
    }

    /// Runs until `stop` completes or the server wants this console no more, and leaves the console as it should be.
    ///
    /// # Errors
    /// Why there will be no link any more.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), LinkFailure> {
        tokio::pin!(stop);
        loop {
            let input = tokio::select! {
                () = &mut stop => None,
                input = self.next_input() => input,
            };
            let Some(input) = input else {
                self.stop(EndReason::AgentStopped).await;
                return Ok(());
            };
            let failure = match &input {
                Input::Link(LinkEvent::Failed(failure)) => Some(*failure),
                _ => None,
            };
            self.core.take(input, self.clock.moment());
            if let Some(failure) = failure {
                self.stop(EndReason::ConsoleRemoved).await;
                return Err(failure);
            }
        }
    }

    /// `None` when the link's task has ended without a reason.
    async fn next_input(&mut self) -> Option<Input> {
        let tick_at = Instant::from_std(self.clock.instant(self.core.next_due()));
        let input = tokio::select! {
            Some((id, event)) = self.connection_events.recv() => Input::Connection(id, event),
            event = self.link.events.recv() => Input::Link(event?),
            Some(done) = self.shortcuts_done.recv() => Input::ShortcutDone(done),
            Some(button) = self.presses.recv() => Input::Press(button),
            () = self.displays_changed.notified() => Input::DisplaysChanged,
            Ok(()) = self.signals.changed() => Input::Signals(self.signals.borrow_and_update().clone()),
            Ok(()) = self.calls.changed() => Input::Call(*self.calls.borrow_and_update()),
            () = sleep_until(tick_at) => Input::Tick,
        };
        Some(input)
    }

    /// Ends every session, tells the server, and lets go of the console.
    async fn stop(mut self, reason: EndReason) {
        tracing::info!("the agent stops");
        self.core.begin_stop(reason, self.clock.moment());
        let ended = async {
            while self.core.is_ending()
                && let Some(input) = self.next_input().await
            {
                self.core.take(input, self.clock.moment());
            }
        };
        if timeout(STOP_TIMEOUT, ended).await.is_err() {
            tracing::warn!("a session's last messages did not leave in time");
        }
        let Self { core, link: Link { mut events, task }, .. } = self;
        // The ring goes, the pictures stop, and with the core's end of the link the link says what is left.
        tokio::task::block_in_place(|| drop(core));
        let drained = async {
            while events.recv().await.is_some() {}
            task.await
        };
        if timeout(STOP_TIMEOUT, drained).await.is_err() {
            tracing::warn!("the server did not take the last messages in time");
        }
    }
}

fn fresh_nonce() -> Option<[u8; 32]> {
    random::bytes().map_err(|error| tracing::error!(%error, "no random bytes for a nonce")).ok()
}
