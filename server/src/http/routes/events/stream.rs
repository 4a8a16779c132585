use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::Event;
use futures_util::{Stream, stream};
use protocol::api::LiveEvent;
use protocol::ids::RoomId;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::access::Effective;
use crate::http::extract::SignedIn;
use crate::http::routes::rooms::Viewpoint;
use crate::live::Change;
use crate::metrics::GaugeGuard;
use crate::state::AppState;
use crate::storage::Result;

/// Changes that come together are told together: one look at the counters for all of them.
const GATHER: Duration = Duration::from_millis(150);
/// With more rooms changed at once, loading the list again is less work for both sides.
const ROOMS_MAX: usize = 100;
/// How often a quiet stream looks whether its login still holds.
const LOGIN_CHECK: Duration = Duration::from_secs(15);

/// One person's live updates.
pub(super) struct LiveStream {
    state: AppState,
    signed_in: SignedIn,
    changes: Receiver<Change>,
    ready: VecDeque<LiveEvent>,
    _counted: GaugeGuard,
}

/// Changes that concern one reader, gathered for a moment.
#[derive(Default)]
struct Gathered {
    rooms: BTreeSet<RoomId>,
    events: Vec<LiveEvent>,
    settings: bool,
    lost: bool,
}

/// The stream is over: the login ended, or the server cannot say.
struct Over;

impl LiveStream {
    pub(super) fn new(state: AppState, signed_in: SignedIn) -> Self {
        let changes = state.core.live.subscribe();
        let counted = state.core.metrics.event_streams.hold();
        Self { state, signed_in, changes, ready: VecDeque::new(), _counted: counted }
    }

    pub(super) fn into_events(self) -> impl Stream<Item = std::result::Result<Event, Infallible>> + Send {
        stream::unfold(self, |mut this| async move {
            let event = this.next().await?;
            let json = serde_json::to_string(&event).expect("events are plain JSON");
            Some((Ok(Event::default().data(json)), this))
        })
    }

    /// The next event; `None` ends the stream.
    async fn next(&mut self) -> Option<LiveEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let gathered = self.gather().await.ok()?;
            match self.resolve(gathered).await {
                Ok(Some(events)) => self.ready.extend(events),
                Ok(None) => return None,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a stream of events ended");
                    return None;
                }
            }
        }
    }

    /// Waits for a change, then for those that come close behind it. Returns empty now and then.
    async fn gather(&mut self) -> std::result::Result<Gathered, Over> {
        let mut gathered = Gathered::default();
        let login_check = Instant::now() + LOGIN_CHECK;
        while gathered.is_empty() {
            tokio::select! {
                change = self.changes.recv() => self.take(change, &mut gathered)?,
                () = sleep_until(login_check) => return Ok(gathered),
            }
        }
        let until = Instant::now() + GATHER;
        while let Ok(change) = timeout_at(until, self.changes.recv()).await {
            self.take(change, &mut gathered)?;
        }
        Ok(gathered)
    }

    fn take(
        &self,
        change: std::result::Result<Change, RecvError>,
        gathered: &mut Gathered,
    ) -> std::result::Result<(), Over> {
        match change {
            Ok(Change::Stopping) | Err(RecvError::Closed) => return Err(Over),
            Ok(change) if change.tenant() != Some(self.signed_in.scope.tenant()) => {}
            Ok(Change::Room { room, .. }) => _ = gathered.rooms.insert(room),
            Ok(Change::SessionEnded { user, session, reason, .. }) => {
                if user == self.signed_in.user.id {
                    gathered.events.push(LiveEvent::SessionEnded { session, reason });
                }
            }
            Ok(Change::Settings { .. }) => gathered.settings = true,
            Ok(Change::LoginEnded { login, .. }) if login == self.signed_in.login => return Err(Over),
            Ok(Change::LoginEnded { .. }) => {}
            Err(RecvError::Lagged(_)) => gathered.lost = true,
        }
        Ok(())
    }

    /// Turns changes into what this person may know of them; `None` when the login no longer holds.
    async fn resolve(&self, gathered: Gathered) -> Result<Option<Vec<LiveEvent>>> {
        if !self.state.logins.holds(&self.signed_in.login).await? {
            return Ok(None);
        }
        if gathered.lost || ROOMS_MAX < gathered.rooms.len() {
            return Ok(Some(vec![LiveEvent::Reload]));
        }
        let mut events = gathered.events;
        events.extend(gathered.settings.then_some(LiveEvent::SettingsChanged));
        if !gathered.rooms.is_empty() {
            events.extend(self.room_events(&gathered.rooms).await?);
        }
        Ok(Some(events))
    }

    async fn room_events(&self, changed: &BTreeSet<RoomId>) -> Result<Vec<LiveEvent>> {
        let scope = &self.signed_in.scope;
        // Assignments may have changed since the stream began.
        let grants = self.state.core.storage.grants_of(scope, &self.signed_in.user.id).await?;
        let effective = Effective::new(grants);
        let viewpoint = Viewpoint::of(&self.state, scope, &effective).await?;
        let rooms = changed.iter().filter_map(|id| viewpoint.rooms.get(id)).filter(|room| viewpoint.sees(&room.facts));
        let rooms: Vec<_> = rooms.map(|room| viewpoint.summary(&room.facts)).collect();
        if rooms.is_empty() {
            return Ok(Vec::new());
        }
        let counters = viewpoint.counters();
        Ok(rooms.into_iter().map(|room| LiveEvent::Room { room, counters }).collect())
    }
}

impl Gathered {
    fn is_empty(&self) -> bool {
        self.rooms.is_empty() && self.events.is_empty() && !self.settings && !self.lost
    }
}
