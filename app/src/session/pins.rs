//! The key that each room's console had when this browser first reached it. A key that changed without a new enrolment
//! belongs to somebody else: then nothing is sent, not even a handshake. Pure, but for what the browser remembers.

use protocol::api::StartedSession;
use protocol::ids::{ConsoleId, RoomId, TenantId};
use protocol::secure::PublicKey;

use crate::browser::storage;

/// What this browser knows of a console that is to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// The first time: its key is remembered from now on.
    First,
    /// The same console with the same key.
    Same,
    /// The room has another console than the one that is remembered: it was enrolled anew, which an administrator does.
    EnrolledAnew,
    /// The same console with another key, which no enrolment gives it.
    KeyChanged,
}

/// Compares the console of `started` with the one that is remembered, and remembers it unless its key has changed.
pub fn look(room: &RoomId, started: &StartedSession) -> Known {
    let name = name(&started.tenant, room);
    let known = known(storage::read(&name).as_deref(), started.console, &started.agent_key);
    if matches!(known, Known::First | Known::EnrolledAnew) {
        storage::write(&name, &written(started.console, &started.agent_key));
    }
    known
}

/// One entry for each room: two names of an address, with what no name contains between them.
fn name(tenant: &TenantId, room: &RoomId) -> String {
    format!("redring.console/{tenant}/{room}")
}

fn written(console: ConsoleId, key: &PublicKey) -> String {
    format!("{console} {key}")
}

fn known(remembered: Option<&str>, console: ConsoleId, key: &PublicKey) -> Known {
    let Some((known_console, known_key)) = remembered.and_then(|text| text.split_once(' ')) else {
        return Known::First;
    };
    match (known_console == console.to_string(), known_key == key.to_string()) {
        (true, true) => Known::Same,
        (true, false) => Known::KeyChanged,
        (false, _) => Known::EnrolledAnew,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONSOLE: ConsoleId = ConsoleId([1; 16]);
    const OTHER: ConsoleId = ConsoleId([2; 16]);

    #[test]
    fn a_console_is_known_by_its_enrolment_and_its_key() {
        let (key, other_key) = (PublicKey([3; 32]), PublicKey([4; 32]));
        let remembered = written(CONSOLE, &key);
        let look = |console, key| known(Some(&remembered), console, key);
        assert_eq!(known(None, CONSOLE, &key), Known::First);
        assert_eq!(look(CONSOLE, &key), Known::Same);
        assert_eq!(look(CONSOLE, &other_key), Known::KeyChanged);
        assert_eq!(look(OTHER, &other_key), Known::EnrolledAnew);
        assert_eq!(look(OTHER, &key), Known::EnrolledAnew, "an agent that kept its key");
        assert_eq!(known(Some("damaged"), CONSOLE, &key), Known::First);
    }

    #[test]
    fn every_room_has_an_entry_of_its_own() {
        let name = |tenant, room| name(&TenantId::new(tenant).expect("a slug"), &RoomId::new(room).expect("a slug"));
        assert_ne!(name("contoso", "aurora"), name("contoso", "borealis"));
        assert_ne!(name("contoso", "aurora"), name("fabrikam", "aurora"));
    }
}
