//! What the server and the status file are told.

use protocol::ids::{DisplayInfo, SessionId};
use protocol::link::{CallState, ConsoleInfo, Enrolment, FromAgent, SessionEvent};
use protocol::time::Micros;
use protocol::wire::{List, Text};
use tokio::sync::mpsc::error::TrySendError;

use super::session::Session;
use super::{Core, LinkState};
use crate::status::{self, Status};

/// What the server is to hear when the link is back; the oldest events of sessions go first.
const BACKLOG_MAX: usize = 256;

impl Core {
    pub(super) fn hello(&mut self) {
        let (displays, _) = self.displays.list();
        let info = ConsoleInfo {
            agent_version: Text::fitted(env!("CARGO_PKG_VERSION")),
            platform: Text::fitted(self.platform_name),
            host_name: Text::fitted(&host_name()),
            operating_system: Text::fitted(&self.operating_system),
            displays: List::fitted(displays),
            highest_access: self.highest_access,
            can_restart: self.power.can_restart(),
        };
        if matches!(self.link_state, LinkState::Up(_)) {
            let signing_key = self.record.signing_key();
            self.send(FromAgent::Hello { info, call: self.call, signing_key });
        }
    }

    pub(super) fn event(&mut self, session: SessionId, event: SessionEvent) {
        self.send(FromAgent::Event { session, event });
    }

    /// Sends a message, or keeps it until the link is back.
    pub(super) fn send(&mut self, message: FromAgent) {
        let is_up = matches!(self.link_state, LinkState::Up(_));
        let unsent =
            if is_up { self.link.try_send(message).err().map(TrySendError::into_inner) } else { Some(message) };
        if let Some(message) = unsent.filter(is_worth_keeping) {
            self.backlog.push_back(message);
            self.trim_backlog();
        }
    }

    /// Tells the server of the ends that it has not taken, in the order of their receipts, each once on a link.
    pub(super) fn say_receipts(&mut self) {
        if !matches!(self.link_state, LinkState::Up(_)) {
            return;
        }
        while let Some((number, receipt)) = self.record.receipt_after(self.receipts_said) {
            // When the link is full, the next tick goes on: none overtakes an earlier one.
            if self.link.try_send(FromAgent::Ended { receipt }).is_err() {
                return;
            }
            self.receipts_said = number;
        }
    }

    fn trim_backlog(&mut self) {
        while BACKLOG_MAX < self.backlog.len() {
            self.backlog.pop_front();
        }
    }

    pub(super) fn write_status(&mut self) {
        let (displays, _) = self.displays.list();
        let name =
            |display: &DisplayInfo| format!("{} {}x{}", display.id.name(), display.size.width, display.size.height);
        let person = |session: &Session| format!("{} ({})", session.user_name, session.access.name());
        let signals = &self.signals.last;
        let status = Status {
            process: std::process::id(),
            written_unix_s: self.now.unix_s,
            platform: self.platform_name.to_owned(),
            rights: self.rights.words().to_owned(),
            displays: displays.iter().map(name).collect(),
            room: self.room_name.get(),
            link: self.link_state.describe(),
            call: call_name(self.call).to_owned(),
            system_user: status::user_words(&signals.user),
            signals: signals.list.iter().map(status::signal_words).collect(),
            people: self.sessions.values().map(person).collect(),
        };
        status.write(&self.dir);
        self.status_due_at = self.now.at + Micros::from_secs(status::INTERVAL_S);
    }

    /// What the link could not send waits for the next one.
    pub(super) fn take_back(&mut self, unsent: Vec<FromAgent>) {
        for message in unsent.into_iter().rev().filter(is_worth_keeping) {
            self.backlog.push_front(message);
        }
        self.trim_backlog();
        self.receipts_said = 0;
    }
}

impl LinkState {
    fn describe(self) -> String {
        match self {
            Self::Down => "down".to_owned(),
            Self::Up(Enrolment::Approved) => "up".to_owned(),
            Self::Up(Enrolment::Pending) => {
                "waiting for approval: an administrator compares the key fingerprint with the room's page in the portal"
                    .to_owned()
            }
            Self::Up(Enrolment::Quarantined) => {
                "set aside: another machine seems to have this console's key; the room's page in the portal says what to do"
                    .to_owned()
            }
            Self::Failed(failure) => failure.to_string(),
        }
    }
}

const fn call_name(call: CallState) -> &'static str {
    match call {
        CallState::Idle => "idle",
        CallState::InCall { .. } => "in a call",
        CallState::Unknown => "unknown",
    }
}

/// What happened in a session is of interest later; answers and states are not. Receipts are on the record.
fn is_worth_keeping(message: &FromAgent) -> bool {
    matches!(message, FromAgent::Event { .. })
}

#[cfg(unix)]
fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}
