//! What the running agent says about itself, for `redring-agent status`.

use std::fmt::Write as _;

use protocol::signals::{Signal, SignalState, SystemUser};
use serde::{Deserialize, Serialize};

use crate::clock::unix_seconds;
use crate::identity::{Identity, IdentityError};
use crate::state_dir::StateDir;

const FILE: &str = "status.json";
/// How often a running agent writes.
pub const INTERVAL_S: u64 = 5;
/// Older than this, the agent does not run any more.
const STALE_AFTER_S: u64 = 15;

/// The file's form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub process: u32,
    pub written_unix_s: u64,
    pub platform: String,
    /// What the process may do.
    #[serde(default)]
    pub rights: String,
    /// `Console 1920x1080`
    pub displays: Vec<String>,
    pub room: String,
    /// `up`, `down`, or what keeps the console from being used.
    pub link: String,
    /// `idle`, `in a call`, `unknown`
    pub call: String,
    /// Names of who is connected, with their access.
    pub people: Vec<String>,
    /// Who is signed in at the console.
    #[serde(default)]
    pub system_user: String,
    /// `Camera: ok, Wide-angle camera`
    #[serde(default)]
    pub signals: Vec<String>,
}

pub fn user_words(user: &SystemUser) -> String {
    match user {
        SystemUser::Unknown => "unknown".to_owned(),
        SystemUser::Nobody => "nobody".to_owned(),
        SystemUser::SignedIn { name } => name.to_string(),
    }
}

pub fn signal_words(signal: &Signal) -> String {
    let state = match signal.state {
        SignalState::Ok => "ok",
        SignalState::Missing => "missing",
        SignalState::Failing => "failing",
        SignalState::Unknown => "unknown",
    };
    let comma = if signal.detail.as_str().is_empty() { "" } else { ", " };
    format!("{}: {state}{comma}{}", signal.kind.name(), signal.detail)
}

impl Status {
    /// Replaces what was said before. It is only information: a failure is logged.
    pub fn write(&self, dir: &StateDir) {
        let json = serde_json::to_vec(self).unwrap_or_default();
        if let Err(error) = dir.write_soon(FILE, &json) {
            tracing::warn!(%error, "the status could not be written");
        }
    }
}

/// The text of `redring-agent status`.
///
/// # Errors
/// When the state folder holds no enrolled console or cannot be read.
pub fn report(dir: &StateDir) -> Result<String, IdentityError> {
    Ok(text(&lines(dir)?))
}

/// Each line's name with what is said beside it.
///
/// # Errors
/// When the state folder holds no enrolled console or cannot be read.
pub fn lines(dir: &StateDir) -> Result<Vec<(&'static str, String)>, IdentityError> {
    let identity = Identity::stored(dir)?.ok_or(IdentityError::NotEnrolled)?;
    let status = dir.read(FILE)?.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    Ok(lines_of(&identity, status.as_ref(), unix_seconds()))
}

fn text(lines: &[(&str, String)]) -> String {
    let mut text = String::new();
    for (name, said) in lines {
        _ = writeln!(text, "{name:<16} {said}");
    }
    text
}

fn lines_of(identity: &Identity, status: Option<&Status>, now_unix_s: u64) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    let mut line = |name, said: &str| lines.push((name, said.to_owned()));
    line("key fingerprint", &identity.fingerprint().to_string());
    line("server", &identity.server_url);
    line("tenant", identity.tenant.as_str());
    line("room", &room(identity, status));
    let console = identity.enrolled.as_ref().map(|enrolled| enrolled.console.to_string());
    line("console", console.as_deref().unwrap_or("not confirmed by the server yet"));
    let Some(status) = status else {
        line("agent", "has not run yet");
        return lines;
    };
    let age_s = now_unix_s.saturating_sub(status.written_unix_s);
    if STALE_AFTER_S < age_s {
        line("agent", &format!("does not run; what follows is stale ({age_s} s old)"));
    } else {
        line("agent", &format!("runs (process {})", status.process));
    }
    line("platform", &status.platform);
    line("rights", &status.rights);
    line("displays", &status.displays.join(", "));
    line("link", &status.link);
    line("call", &status.call);
    line("system user", &status.system_user);
    for (i, signal) in status.signals.iter().enumerate() {
        line(if i == 0 { "signals" } else { "" }, signal);
    }
    line("connected", &if status.people.is_empty() { "nobody".to_owned() } else { status.people.join(", ") });
    lines
}

fn room(identity: &Identity, status: Option<&Status>) -> String {
    match status.map(|status| status.room.as_str()).filter(|name| !name.is_empty()) {
        Some(name) => format!("{name} ({})", identity.room),
        None => identity.room.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ids::{RoomId, TenantId};
    use protocol::secure::{EnrolmentString, PublicKey, Secret};
    use protocol::signals::SignalKind;
    use protocol::wire::Text;

    #[test]
    fn a_status_that_is_not_renewed_is_called_stale() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = StateDir::open(folder.path()).expect("ours");
        let string = EnrolmentString {
            url: Text::fitted("https://rooms.example.com"),
            server_key: PublicKey([1; 32]),
            tenant: TenantId::new("contoso").expect("a slug"),
            room: RoomId::new("aurora").expect("a slug"),
            secret: Secret::new([2; 32]),
        };
        let identity = Identity::load(&dir, Some(&string)).expect("a new one");
        let status = Status {
            process: 42,
            written_unix_s: 1000,
            room: "Aurora".to_owned(),
            link: "up".to_owned(),
            call: "idle".to_owned(),
            displays: vec!["Console 1280x800".to_owned()],
            system_user: user_words(&SystemUser::SignedIn { name: Text::fitted("room") }),
            signals: [(SignalKind::Camera, SignalState::Ok, "Huddle"), (SignalKind::Speaker, SignalState::Missing, "")]
                .map(|(kind, state, detail)| signal_words(&Signal { kind, state, detail: Text::fitted(detail) }))
                .to_vec(),
            ..Status::default()
        };
        let told = |status, now_unix_s| text(&lines_of(&identity, status, now_unix_s));
        let fresh = told(Some(&status), 1005);
        for part in ["Aurora (aurora)", "runs (process 42)", "Console 1280x800", &identity.fingerprint().to_string()] {
            assert!(fresh.contains(part), "{part} in:\n{fresh}");
        }
        for line in
            ["system user      room\n", "signals          Camera: ok, Huddle\n                 Speaker: missing\n"]
        {
            assert!(fresh.contains(line), "{line} in:\n{fresh}");
        }
        assert!(!fresh.contains("stale"));
        assert!(told(Some(&status), 1016).contains("stale (16 s old)"));
        assert!(told(None, 1016).contains("has not run yet"));
    }
}
