//! Which room of the code may import which. The table is the rule: a new arrow is a new entry here, argued in the
//! change that needs it.

mod source;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A folder or file of sources (without `.rs`) and everything below it that is not a room of its own.
struct Room {
    path: &'static str,
    /// The rooms it may name besides itself.
    uses: Uses,
    /// Everybody in the same crate may name it.
    common: bool,
}

enum Uses {
    /// Wires the others together.
    Everything,
    Only(&'static [&'static str]),
}

const fn room(path: &'static str, uses: &'static [&'static str]) -> Room {
    Room { path, uses: Uses::Only(uses), common: false }
}

const fn common(path: &'static str, uses: &'static [&'static str]) -> Room {
    Room { path, uses: Uses::Only(uses), common: true }
}

/// The files directly in a crate's `src`: they wire the rooms together. A new folder beside them wants a row.
const fn root(path: &'static str) -> Room {
    Room { path, uses: Uses::Everything, common: false }
}

/// A room that wires others together.
const fn wiring(path: &'static str) -> Room {
    root(path)
}

const PROTOCOL: &str = "protocol/src";
const API: &str = "protocol/src/api";

const ROOMS: &[Room] = &[
    room(PROTOCOL, &[]),
    room(API, &[PROTOCOL]),
    room("protocol/src/testing", &[PROTOCOL]),
    // The portal.
    root("app/src"),
    room("app/src/api", &["app/src/browser", PROTOCOL, API]),
    room("app/src/state", &["app/src/api", "app/src/browser", PROTOCOL, API]),
    room(
        "app/src/pages",
        &["app/src/components", "app/src/api", "app/src/state", "app/src/session", "app/src/browser", PROTOCOL, API],
    ),
    // Dialogs and drop-downs move the focus; they know nothing of rooms, logins or the server.
    room("app/src/components", &["app/src/browser"]),
    room(
        "app/src/session",
        &["app/src/components", "app/src/browser", "app/src/state", "app/src/api", PROTOCOL, API, "viewer/src/ui"],
    ),
    room("app/src/browser", &[PROTOCOL, "viewer/src/ui"]),
    // The session engine.
    root("viewer/src"),
    room("viewer/src/ui", &[PROTOCOL]),
    wiring("viewer/src/pump"),
    room("viewer/src/browser", &["viewer/src/ui", PROTOCOL]),
    // The server.
    root("server/src"),
    wiring("server/src/audit_export"),
    wiring("server/src/bootstrap"),
    common("server/src/clock", &[PROTOCOL, API]),
    common("server/src/config", &[PROTOCOL]),
    common("server/src/naming", &[PROTOCOL, API]),
    common("server/src/metrics", &[]),
    common("server/src/random", &[PROTOCOL]),
    // What every room gets handed (`Core`), and where `run` wires them all.
    Room { path: "server/src/state", uses: Uses::Everything, common: true },
    room("server/src/access", &[PROTOCOL, API]),
    // What administrators change: between the API and what is remembered.
    room(
        "server/src/admin",
        &[
            "server/src",
            "server/src/access",
            "server/src/audit",
            "server/src/logins",
            "server/src/storage",
            PROTOCOL,
            API,
        ],
    ),
    room("server/src/audit", &["server/src/audit/entry", "server/src/storage", PROTOCOL, API]),
    // What is hashed of an event: the storage hashes as it appends.
    room("server/src/audit/entry", &[PROTOCOL, API]),
    // Its tests let a whole server run for three years.
    wiring("server/src/audit/retention"),
    room("server/src/consoles", &["server/src/storage", "server/src/audit", "server/src/relay/socket", PROTOCOL, API]),
    room(
        "server/src/http",
        &[
            "server/src",
            "server/src/access",
            "server/src/admin",
            "server/src/audit",
            "server/src/audit_export",
            "server/src/consoles",
            "server/src/logins",
            "server/src/relay",
            "server/src/relay/socket",
            "server/src/sessions",
            "server/src/storage",
            PROTOCOL,
            API,
        ],
    ),
    room("server/src/logins", &["server/src/storage", "server/src/audit", "server/src/relay/socket", PROTOCOL, API]),
    room("server/src/relay", &["server/src/relay/socket", PROTOCOL]),
    // What a WebSocket is to the server: also the link of an agent is one.
    room("server/src/relay/socket", &[PROTOCOL]),
    room(
        "server/src/sessions",
        &[
            "server/src/access",
            "server/src/consoles",
            "server/src/relay",
            "server/src/relay/socket",
            "server/src/audit",
            "server/src/storage",
            PROTOCOL,
            API,
        ],
    ),
    room("server/src/storage", &["server/src/access", PROTOCOL, API]),
    room(
        "server/src/storage/sqlite",
        &["server/src/storage", "server/src/access", "server/src/audit/entry", PROTOCOL, API],
    ),
    // The agent.
    root("agent/src"),
    wiring("agent/src/driver"),
    room("agent/src/pipeline", &["agent/src/platform", PROTOCOL]),
    room("agent/src/platform", &["agent/src/platform/x11", "agent/src/platform/simulated", PROTOCOL]),
    room("agent/src/platform/x11", &["agent/src/platform", PROTOCOL]),
    room("agent/src/platform/simulated", &["agent/src/platform", PROTOCOL]),
];

/// What the wiring of a crate may name of the other crates.
const OTHER_CRATES: &[(&str, &[&str])] = &[
    ("app", &[PROTOCOL, API, "viewer/src/ui"]),
    ("viewer", &[PROTOCOL]),
    ("server", &[PROTOCOL, API]),
    ("agent", &[PROTOCOL]),
];

/// Crates and parts of the standard library that belong into some rooms only.
struct Outside {
    names: &'static [&'static str],
    only: &'static [&'static str],
    never: &'static [&'static str],
}

const OUTSIDE: &[Outside] = &[
    Outside {
        names: &["web_sys", "js_sys", "wasm_bindgen", "wasm_bindgen_futures"],
        only: &["app/src/browser", "viewer/src/browser"],
        never: &[],
    },
    Outside { names: &["leptos", "leptos_router"], only: &["app/src"], never: &["app/src/browser"] },
    Outside { names: &["gloo_net"], only: &["app/src/api", "app/src/state"], never: &[] },
    Outside { names: &["sqlx", "rusqlite"], only: &["server/src/storage"], never: &[] },
    Outside { names: &["axum", "tower_http"], only: &["server/src/http", "server/src"], never: &["server/src/relay"] },
    Outside { names: &["x11rb"], only: &["agent/src/platform/x11"], never: &[] },
    Outside { names: &["windows", "windows_sys"], only: &["agent/src/platform/windows"], never: &[] },
    Outside { names: &["openh264"], only: &["agent/src/pipeline"], never: &[] },
    Outside { names: &["landlock"], only: &["agent/src/platform"], never: &[] },
    Outside { names: &["openidconnect"], only: &["server/src/logins", "server/src/config"], never: &[] },
    Outside { names: &["webauthn_rs", "webauthn_rs_proto"], only: &["server/src/logins"], never: &[] },
    Outside { names: &["snow"], only: &["protocol/src/secure"], never: &[] },
    Outside {
        names: &["tokio", "tokio_tungstenite", "hyper"],
        only: &["server/src", "agent/src"],
        never: &["server/src/access"],
    },
    Outside {
        names: &[
            "std::fs",
            "std::net",
            "std::thread",
            "std::process",
            "std::env",
            "std::time::Instant",
            "std::time::SystemTime",
        ],
        only: &["app/src", "viewer/src", "server/src", "agent/src"],
        never: &["server/src/access"],
    },
];

/// An arrow that the table does not have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Forbidden {
    file: PathBuf,
    line: usize,
    what: String,
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.what)
    }
}

/// Reads all sources below `workspace` and answers the forbidden arrows.
pub(crate) fn check(workspace: &Path) -> Result<Vec<Forbidden>> {
    let mut broken = Vec::new();
    for krate in ["protocol", "app", "viewer", "server", "agent"] {
        for file in rust_files(&workspace.join(krate).join("src"))? {
            let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let inside = file.strip_prefix(workspace).unwrap_or(&file);
            broken.extend(forbidden_in(inside, &text));
        }
    }
    Ok(broken)
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn forbidden_in(file: &Path, text: &str) -> Vec<Forbidden> {
    let module = module_of(file);
    let here = place(&module);
    let Some(from) = room_of(&here) else { return Vec::new() };
    let at = |line, what| Forbidden { file: file.to_path_buf(), line, what };
    if from.path.ends_with("/src") && matches!(from.uses, Uses::Everything) && 2 < module.len() {
        return vec![at(1, format!("this folder has no row in the table of rooms ({})", from.path))];
    }
    let judge = |path: &[String]| forbidden_room(from, path).or_else(|| forbidden_outside(&here, path));
    let mut broken: Vec<Forbidden> = Vec::new();
    for mention in source::mentions(text, &module) {
        // The first place of an arrow is enough.
        if let Some(what) = judge(&mention.path).filter(|what| broken.iter().all(|known| known.what != *what)) {
            broken.push(at(mention.line, what));
        }
    }
    broken
}

fn forbidden_room(from: &Room, path: &[String]) -> Option<String> {
    let to = room_of(&place(path))?;
    let crate_of = |room: &Room| room.path.split('/').next().unwrap_or_default();
    let from_crate = crate_of(from);
    let same_crate = from_crate == crate_of(to);
    let allowed = std::ptr::eq(from, to)
        || to.common && same_crate
        || match from.uses {
            Uses::Everything => {
                same_crate || OTHER_CRATES.iter().any(|(krate, rooms)| krate == &from_crate && rooms.contains(&to.path))
            }
            Uses::Only(rooms) => rooms.contains(&to.path),
        };
    (!allowed).then(|| format!("{} may not use {}", from.path, to.path))
}

fn forbidden_outside(here: &str, path: &[String]) -> Option<String> {
    let path = path.join("::");
    let outside = OUTSIDE.iter().find(|outside| outside.names.iter().any(|name| begins(&path, name, "::")))?;
    let within = |rooms: &[&str]| rooms.iter().any(|room| begins(here, room, "/"));
    let allowed = within(outside.only) && !within(outside.never);
    (!allowed).then(|| format!("`{path}` belongs into {}", outside.only.join(", ")))
}

/// `text` is `start`, or goes on after it with `separator`.
fn begins(text: &str, start: &str, separator: &str) -> bool {
    text.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(separator))
}

/// `app/src/pages/mod.rs` is `["app", "pages"]`.
fn module_of(file: &Path) -> Vec<String> {
    let stem = file.with_extension("");
    let mut parts: Vec<String> = stem.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.len() > 1 {
        parts.remove(1);
    }
    if parts.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
        parts.pop();
    }
    parts
}

/// `["app", "pages"]` is in `app/src/pages`.
fn place(path: &[String]) -> String {
    let Some((first, rest)) = path.split_first() else { return String::new() };
    [&[first.clone(), "src".to_owned()], rest].concat().join("/")
}

fn room_of(place: &str) -> Option<&'static Room> {
    ROOMS.iter().filter(|room| begins(place, room.path, "/")).max_by_key(|room| room.path.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_file(file: &str, text: &str, n_forbidden: usize) {
        let found = forbidden_in(Path::new(file), text);
        assert_eq!(found.len(), n_forbidden, "{file}: {text}: {found:?}");
    }

    #[test]
    fn a_forbidden_arrow_is_found() {
        check_file("app/src/components/table.rs", "use crate::api::rooms;", 1);
        check_file("app/src/browser/listener.rs", "use crate::pages::rooms;", 1);
        check_file("server/src/relay/pipe.rs", "fn f(e: crate::audit::Event) {}", 1);
        check_file("server/src/access/decide.rs", "use crate::storage::Rooms;", 1);
        check_file("server/src/sessions/manager.rs", "use crate::storage::sqlite::Store;", 1);
        check_file("agent/src/platform/x11/ring.rs", "use crate::driver::Driver;", 1);
        check_file("agent/src/link.rs", "use server::state::State;", 1);
        check_file("app/src/session/engine.rs", "use viewer::pump::Pump;", 1);
        check_file("viewer/src/pump.rs", "use protocol::api::Me;", 1);
    }

    #[test]
    fn an_outside_crate_in_the_wrong_room_is_found() {
        check_file("app/src/pages/rooms.rs", "fn f(w: web_sys::Window) {}", 1);
        check_file("app/src/browser/clock.rs", "use leptos::prelude::*;", 1);
        check_file("protocol/src/time.rs", "use std::time::{Duration, Instant};", 1);
        check_file("agent/src/driver.rs", "use x11rb::connection::Connection;", 1);
        check_file("server/src/http/router.rs", "use sqlx::query;", 1);
    }

    #[test]
    fn the_arrows_of_the_table_are_allowed() {
        check_file("app/src/pages/rooms.rs", "use crate::{api, components::Table, state::Login};", 0);
        check_file("app/src/session/engine.rs", "use viewer::ui::ToEngine; use protocol::ids::RoomId;", 0);
        check_file("app/src/browser/clock.rs", "use web_sys::Performance;", 0);
        check_file("server/src/sessions/manager.rs", "use crate::{clock::Clock, relay::Pipe};", 0);
        check_file("agent/src/platform/x11/ring.rs", "use super::super::Ring; use x11rb::protocol::shape;", 0);
        check_file("server/src/lib.rs", "use crate::storage::sqlite;", 0);
    }

    #[test]
    fn a_folder_without_a_row_is_found() {
        check_file("server/src/utils/text.rs", "", 1);
        check_file("server/src/config.rs", "", 0);
    }

    #[test]
    fn the_sources_keep_to_the_table() {
        let broken = check(crate::workspace::root()).expect("the sources can be read");
        let lines: Vec<String> = broken.iter().map(ToString::to_string).collect();
        assert!(broken.is_empty(), "\n{}", lines.join("\n"));
    }
}
