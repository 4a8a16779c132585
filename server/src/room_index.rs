//! The rooms of each tenant in memory, in the order of the list, so that searching and counting 50,000 of them takes
//! milliseconds. The database stays the truth: its version of a tenant's rooms is compared before every use.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use protocol::api::{RoomCounters, RoomState};
use protocol::ids::{RoomId, TenantId};

use crate::naming;
use crate::state::{Core, Presence};
use crate::storage::{ConsoleStatus, Result, RoomFacts, TenantScope};

/// A room with what the list sorts and searches by.
#[derive(Debug, Clone)]
pub struct IndexedRoom {
    pub facts: RoomFacts,
    /// The name in lower case.
    pub sort_key: String,
    /// Name, id and place in lower case, apart by line ends.
    search_key: String,
}

impl IndexedRoom {
    fn new(facts: RoomFacts) -> Self {
        let sort_key = facts.room.name.to_lowercase();
        let search_key = format!("{sort_key}\n{}\n{}", facts.room.id, facts.room.place.to_lowercase());
        Self { facts, sort_key, search_key }
    }

    /// Whether every one of `words` (in lower case) is in the name, the id or the place.
    pub fn matches(&self, words: &[&str]) -> bool {
        words.iter().all(|word| self.search_key.contains(word))
    }

    /// The place in the list.
    pub fn position(&self) -> (&str, &str) {
        (&self.sort_key, self.facts.room.id.as_str())
    }
}

/// The rooms of one tenant at one moment, in the order of the list.
#[derive(Debug, Default)]
pub struct TenantRooms {
    rooms: Vec<IndexedRoom>,
    by_id: HashMap<RoomId, usize>,
    counted: OnceLock<Counted>,
}

/// How many rooms there are in each room group, and at each place and below.
#[derive(Debug, Default)]
struct Counted {
    groups: BTreeMap<String, u32>,
    places: BTreeMap<String, u32>,
}

impl TenantRooms {
    fn new(facts: Vec<RoomFacts>) -> Self {
        let mut rooms: Vec<IndexedRoom> = facts.into_iter().map(IndexedRoom::new).collect();
        rooms.sort_unstable_by(|a, b| a.position().cmp(&b.position()));
        let by_id = rooms.iter().enumerate().map(|(index, room)| (room.facts.room.id.clone(), index)).collect();
        Self { rooms, by_id, counted: OnceLock::new() }
    }

    pub fn all(&self) -> &[IndexedRoom] {
        &self.rooms
    }

    pub fn get(&self, id: &RoomId) -> Option<&IndexedRoom> {
        self.by_id.get(id).and_then(|index| self.rooms.get(*index))
    }

    /// Names of room groups with the number of their rooms.
    pub fn groups(&self) -> &BTreeMap<String, u32> {
        &self.counted().groups
    }

    /// Every place and those above it, with the number of rooms there and below.
    pub fn places(&self) -> &BTreeMap<String, u32> {
        &self.counted().places
    }

    pub fn n_in_group(&self, name: &str) -> u32 {
        self.groups().get(name).copied().unwrap_or_default()
    }

    pub fn n_at_place(&self, path: &str) -> u32 {
        self.places().get(path).copied().unwrap_or_default()
    }

    fn counted(&self) -> &Counted {
        self.counted.get_or_init(|| {
            let mut counted = Counted::default();
            for IndexedRoom { facts, .. } in &self.rooms {
                for group in &facts.groups {
                    *counted.groups.entry(group.clone()).or_default() += 1;
                }
                for place in naming::ancestors(&facts.room.place) {
                    match counted.places.get_mut(place) {
                        Some(n_rooms) => *n_rooms += 1,
                        None => drop(counted.places.insert(place.to_owned(), 1)),
                    }
                }
            }
            counted
        })
    }
}

struct Cached {
    version: i64,
    rooms: Arc<TenantRooms>,
}

/// The rooms of every tenant that was asked for.
pub struct RoomIndex {
    core: Arc<Core>,
    cached: Mutex<HashMap<TenantId, Cached>>,
}

impl RoomIndex {
    pub fn new(core: Arc<Core>) -> Self {
        Self { core, cached: Mutex::default() }
    }

    /// The tenant's rooms as the database has them now.
    pub async fn rooms(&self, scope: &TenantScope) -> Result<Arc<TenantRooms>> {
        let version = self.core.storage.rooms_version(scope).await?;
        if let Some(rooms) = self.cached(scope, version) {
            return Ok(rooms);
        }
        let rooms = Arc::new(TenantRooms::new(self.core.storage.rooms(scope).await?));
        // Read before the rows: a change in between makes the next reader load again.
        let cached = Cached { version, rooms: Arc::clone(&rooms) };
        self.lock().insert(scope.tenant().clone(), cached);
        Ok(rooms)
    }

    fn cached(&self, scope: &TenantScope, version: i64) -> Option<Arc<TenantRooms>> {
        let cached = self.lock();
        let cached = cached.get(scope.tenant()).filter(|cached| cached.version == version)?;
        Some(Arc::clone(&cached.rooms))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, Cached>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a room is.
pub fn state_of(facts: &RoomFacts, presence: &Presence) -> RoomState {
    match facts.console {
        None => return RoomState::NotEnrolled,
        Some(ConsoleStatus::Pending) => return RoomState::Pending,
        Some(ConsoleStatus::Quarantined) => return RoomState::Unhealthy,
        Some(ConsoleStatus::Approved) => {}
    }
    if facts.room.suppressed_since.is_some() {
        RoomState::Suppressed
    } else if presence.monitored {
        RoomState::Healthy
    } else {
        RoomState::Disconnected
    }
}

/// Counts a room.
pub fn count(counters: &mut RoomCounters, state: RoomState) {
    let counter = match state {
        RoomState::Healthy => &mut counters.healthy,
        RoomState::Unhealthy => &mut counters.unhealthy,
        RoomState::Disconnected => &mut counters.disconnected,
        RoomState::Suppressed => &mut counters.suppressed,
        RoomState::Pending => &mut counters.pending,
        RoomState::NotEnrolled => &mut counters.not_enrolled,
    };
    *counter += 1;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Room;

    fn facts(id: &str, name: &str, place: &str) -> RoomFacts {
        RoomFacts {
            room: Room {
                id: RoomId::new(id).expect("a slug"),
                name: name.to_owned(),
                place: place.to_owned(),
                suppressed_since: None,
                created_at: 0,
            },
            groups: Vec::new(),
            console: Some(ConsoleStatus::Approved),
            last_seen_at: None,
        }
    }

    #[test]
    fn rooms_come_in_the_order_of_their_names_whatever_the_case() {
        let rooms = TenantRooms::new(vec![facts("c", "beta", ""), facts("b", "Alpha", ""), facts("a", "alpha", "")]);
        let ids: Vec<_> = rooms.all().iter().map(|room| room.facts.room.id.as_str()).collect();
        assert_eq!(ids, ["a", "b", "c"]);
        assert_eq!(rooms.get(&RoomId::new("c").expect("a slug")).map(|room| room.sort_key.as_str()), Some("beta"));
    }

    #[test]
    fn every_word_must_be_somewhere() {
        let room = IndexedRoom::new(facts("aurora", "Großer Saal", "Germany/Berlin"));
        for query in ["", "aur", "berlin großer", "germany/berlin"] {
            assert!(room.matches(&query.split(' ').collect::<Vec<_>>()), "{query}");
        }
        for query in ["berlin oslo", "saal\ngermany x"] {
            assert!(!room.matches(&query.split(' ').collect::<Vec<_>>()), "{query}");
        }
    }

    #[test]
    fn a_room_whose_console_is_not_trusted_says_so_whatever_else() {
        let here = Presence { monitored: true, ..Presence::ABSENT };
        let enrolled = facts("a", "a", "");
        for (console, state) in [
            (None, RoomState::NotEnrolled),
            (Some(ConsoleStatus::Pending), RoomState::Pending),
            (Some(ConsoleStatus::Quarantined), RoomState::Unhealthy),
        ] {
            assert_eq!(state_of(&RoomFacts { console, ..enrolled.clone() }, &here), state);
        }
        assert_eq!(state_of(&enrolled, &here), RoomState::Healthy);
        assert_eq!(state_of(&enrolled, &Presence::ABSENT), RoomState::Disconnected);
        let mut suppressed = enrolled;
        suppressed.room.suppressed_since = Some(1);
        assert_eq!(state_of(&suppressed, &here), RoomState::Suppressed);
    }
}
