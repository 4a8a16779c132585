//! The list's own state: what is loaded, and how live events change it.

use std::time::Duration;

use leptos::prelude::*;
use protocol::api::{LiveEvent, RoomCounters, RoomList, RoomState, RoomSummary};
use protocol::ids::RoomId;

use crate::api::{self, ApiError, ListQuery};
use crate::browser::task;
use crate::components::effect;
use crate::state::login::Login;

/// Rooms of one page of the list.
const PAGE: u32 = 100;
/// The server hands out at most this many at once.
const MOST: u32 = 500;
/// Rooms that were added or changed their place are looked up together.
const SETTLE: Duration = Duration::from_millis(600);

/// What the person asked for; part of the address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Filter {
    pub(super) text: String,
    pub(super) state: Option<RoomState>,
}

impl Filter {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A row: the same signal as long as the room is in the list.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) id: RoomId,
    pub(super) room: ArcRwSignal<RoomSummary>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    Loading,
    Ready,
    Failed(ApiError),
}

#[derive(Clone, Copy)]
pub(super) struct List {
    pub(super) rows: RwSignal<Vec<Row>>,
    pub(super) counters: RwSignal<Option<RoomCounters>>,
    pub(super) n_matching: RwSignal<u32>,
    pub(super) phase: RwSignal<Phase>,
    /// The next page is on its way.
    pub(super) extending: RwSignal<bool>,
    next_cursor: RwSignal<Option<String>>,
    filter: Memo<Filter>,
    /// An answer to an older question is thrown away.
    question: StoredValue<u32>,
    refresh_due: StoredValue<bool>,
    login: Login,
}

impl List {
    /// Loads whatever `filter` asks for, now and whenever it changes.
    pub(super) fn follow(filter: Memo<Filter>) -> Self {
        let list = Self {
            rows: RwSignal::new(Vec::new()),
            counters: RwSignal::new(None),
            n_matching: RwSignal::new(0),
            phase: RwSignal::new(Phase::Loading),
            extending: RwSignal::new(false),
            next_cursor: RwSignal::new(None),
            filter,
            question: StoredValue::new(0),
            refresh_due: StoredValue::new(false),
            login: expect_context(),
        };
        effect(move || {
            filter.track();
            list.load(PAGE);
        });
        list
    }

    /// Loads from the start again, keeping what is there until the answer comes.
    pub(super) fn refresh(self) {
        let n_rows = self.rows.with_untracked(Vec::len) as u32;
        self.load(n_rows.clamp(PAGE, MOST));
    }

    pub(super) fn retry(self) {
        self.phase.set(Phase::Loading);
        self.load(PAGE);
    }

    pub(super) fn has_more(self) -> bool {
        self.next_cursor.with(Option::is_some)
    }

    /// Loads the next page.
    pub(super) fn extend(self) {
        let Some(cursor) = self.next_cursor.get_untracked() else { return };
        if self.extending.get_untracked() {
            return;
        }
        self.extending.set(true);
        let query = self.query(Some(cursor), PAGE);
        let question = self.question.get_value();
        task::spawn(async move {
            let answer = self.login.noticing(api::rooms(&query).await);
            self.extending.try_set(false);
            if self.question.try_get_value() == Some(question) {
                // After a failure the button to load more is still there.
                let _ = answer.map(|page| self.append(page));
            }
        });
    }

    /// Takes a live event.
    pub(super) fn take(self, event: LiveEvent) {
        match event {
            LiveEvent::Room { room, counters } => {
                self.counters.set(Some(counters));
                self.put(room);
            }
            LiveEvent::RoomRemoved { room, counters } => {
                self.counters.set(Some(counters));
                self.remove(&room);
            }
            LiveEvent::Reload => self.refresh(),
            LiveEvent::SessionEnded { .. } | LiveEvent::SettingsChanged => {}
        }
    }

    fn put(self, room: RoomSummary) {
        let row = self.rows.with_untracked(|rows| rows.iter().find(|row| row.id == room.id).cloned());
        let fits = self.filter.with_untracked(|filter| filter.state.is_none_or(|state| state == room.state));
        match row {
            Some(row) if fits => {
                let moved = row.room.with_untracked(|old| old.name != room.name);
                row.room.set(room);
                if moved {
                    self.refresh_soon();
                }
            }
            Some(row) => self.remove(&row.id),
            // Whether it belongs here, and where, the server knows.
            None if fits => self.refresh_soon(),
            None => {}
        }
    }

    fn remove(self, room: &RoomId) {
        let is_listed = self.rows.with_untracked(|rows| rows.iter().any(|row| row.id == *room));
        if is_listed {
            self.rows.update(|rows| rows.retain(|row| row.id != *room));
            self.n_matching.update(|n| *n = n.saturating_sub(1));
        }
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

    fn load(self, limit: u32) {
        let question = self.question.get_value() + 1;
        self.question.set_value(question);
        let query = self.query(None, limit);
        task::spawn(async move {
            let answer = self.login.noticing(api::rooms(&query).await);
            if self.question.try_get_value() != Some(question) {
                return;
            }
            match answer {
                Ok(list) => self.replace(list),
                Err(error) => self.phase.set(Phase::Failed(error)),
            }
        });
    }

    fn query(self, cursor: Option<String>, limit: u32) -> ListQuery {
        let Filter { text, state } = self.filter.get_untracked();
        ListQuery { text, state: state.map(api::state_id), more: Vec::new(), cursor, limit }
    }

    /// Rows that stay keep their signals, so that only what differs is drawn again.
    fn replace(self, list: RoomList) {
        let old = self.rows.get_untracked();
        let rows: Vec<Row> = list.rooms.into_iter().map(|room| kept_or_new(&old, room)).collect();
        let same = rows.iter().map(|row| &row.id).eq(old.iter().map(|row| &row.id));
        if !same {
            self.rows.set(rows);
        }
        self.counters.set(Some(list.counters));
        self.n_matching.set(list.n_matching);
        self.next_cursor.set(list.next_cursor);
        self.phase.set(Phase::Ready);
    }

    fn append(self, list: RoomList) {
        self.rows.update(|rows| {
            for room in list.rooms {
                if rows.iter().all(|row| row.id != room.id) {
                    rows.push(kept_or_new(&[], room));
                }
            }
        });
        self.n_matching.set(list.n_matching);
        self.next_cursor.set(list.next_cursor);
    }
}

fn kept_or_new(old: &[Row], room: RoomSummary) -> Row {
    match old.iter().find(|row| row.id == room.id) {
        Some(row) => {
            if row.room.with_untracked(|present| *present != room) {
                row.room.set(room);
            }
            row.clone()
        }
        None => Row { id: room.id.clone(), room: ArcRwSignal::new(room) },
    }
}
