//! What is known about one room, kept fresh by live events.

use std::time::Duration;

use leptos::prelude::*;
use protocol::access::Permission;
use protocol::api::{GateChecklist, LiveEvent, ProblemCode, RoomDetail, RoomSummary};
use protocol::ids::RoomId;

use crate::api::{self, ApiError};
use crate::browser::task;
use crate::state::live::Live;
use crate::state::login::Login;

/// Several events of one change are answered together.
const SETTLE: Duration = Duration::from_millis(250);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    Loading,
    Ready,
    /// No such room, or not for this person.
    Missing,
    Failed(ApiError),
}

/// The room of the page.
#[derive(Clone, Copy)]
pub(super) struct Loaded {
    pub(super) id: StoredValue<RoomId>,
    pub(super) phase: RwSignal<Phase>,
    pub(super) detail: RwSignal<Option<RoomDetail>>,
    /// The gate for the person who is signed in; `None` until it is known.
    pub(super) gate: RwSignal<Option<Result<GateChecklist, ApiError>>>,
    refresh_due: StoredValue<bool>,
    login: Login,
}

impl Loaded {
    /// Loads the room and follows it.
    pub(super) fn follow(id: RoomId) -> Self {
        let loaded = Self {
            id: StoredValue::new(id),
            phase: RwSignal::new(Phase::Loading),
            detail: RwSignal::new(None),
            gate: RwSignal::new(None),
            refresh_due: StoredValue::new(false),
            login: expect_context(),
        };
        loaded.refresh();
        expect_context::<Live>().on_event(move |event| loaded.take(event));
        loaded
    }

    /// Whether the person may do this in this room.
    pub(super) fn may(self, permission: Permission) -> bool {
        self.detail.with(|detail| detail.as_ref().is_some_and(|detail| detail.permissions.contains(&permission)))
    }

    pub(super) fn retry(self) {
        self.phase.set(Phase::Loading);
        self.refresh();
    }

    /// Asks the server for everything again.
    pub(super) fn refresh(self) {
        let id = self.id.get_value();
        task::spawn(async move {
            let detail = self.login.noticing(api::room(&id).await);
            self.show(detail);
        });
        self.refresh_gate();
    }

    /// Asks the server for the gate again.
    pub(super) fn refresh_gate(self) {
        let id = self.id.get_value();
        task::spawn(async move {
            let gate = self.login.noticing(api::gate(&id).await);
            // A gate that is known is better than an error while the network is away.
            self.gate.try_update(|present| {
                if gate.is_ok() || present.is_none() {
                    *present = Some(gate);
                }
            });
        });
    }

    fn show(self, detail: Result<RoomDetail, ApiError>) {
        let phase = match detail {
            Ok(detail) => {
                self.detail.try_set(Some(detail));
                Phase::Ready
            }
            Err(error) if error.is(ProblemCode::NotFound) => Phase::Missing,
            Err(_) if self.detail.try_with_untracked(Option::is_some) == Some(true) => return,
            Err(error) => Phase::Failed(error),
        };
        self.phase.try_set(phase);
    }

    fn take(self, event: LiveEvent) {
        match event {
            LiveEvent::Room { room, .. } if self.is(&room.id) => self.change(room),
            LiveEvent::RoomRemoved { room, .. } if self.is(&room) => self.phase.set(Phase::Missing),
            LiveEvent::Reload | LiveEvent::SettingsChanged | LiveEvent::SessionEnded { .. } => self.refresh_soon(),
            _ => {}
        }
    }

    fn is(self, id: &RoomId) -> bool {
        self.id.with_value(|own| own == id)
    }

    /// The summary is shown at once; what it does not hold is asked for.
    fn change(self, room: RoomSummary) {
        self.detail.update(|detail| {
            if let Some(detail) = detail {
                detail.summary = room;
            }
        });
        self.refresh_soon();
    }

    fn refresh_soon(self) {
        if self.refresh_due.get_value() {
            return;
        }
        self.refresh_due.set_value(true);
        set_timeout(
            move || {
                if self.refresh_due.try_update_value(|due| *due = false).is_some() {
                    self.refresh();
                }
            },
            SETTLE,
        );
    }
}
