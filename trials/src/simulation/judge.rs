//! Holds what happens against the rules.

use agent::driver::Input;
use agent::link::LinkEvent;
use protocol::access::Access;
use protocol::ids::SessionId;
use protocol::link::ToAgent;
use protocol::terms::CallPolicy;
use protocol::time::Micros;
use protocol::wire::List;

use super::hardware::Deed;
use super::plant::Plant;
use super::rules::{Rule, Violation};
use super::{Happening, N_CONSOLES, World};

/// A console notices a call within this, and stops its pictures.
const CALL_NOTICED_WITHIN: Micros = Micros::from_millis(1200);

impl World {
    pub(super) fn broken(&mut self, rule: Rule, what: String) {
        if self.story.violations.iter().all(|violation| violation.rule != rule) {
            self.story.violations.push(Violation { rule, at: self.now, what });
        }
    }

    pub(super) fn judge_capture(&mut self, console: usize) {
        let ring = self.consoles[console].hardware.with(|device| device.ring.clone());
        if ring.is_none_or(|line| !line.is_framed()) {
            self.broken(Rule::RingBeforePixels, format!("console {console} is captured without a ring"));
        }
        let is_late = self.in_call_since[console].is_some_and(|since| since + CALL_NOTICED_WITHIN < self.now);
        if is_late && self.office.terms.when_call_starts != CallPolicy::Continue {
            self.broken(Rule::NotInCall, format!("console {console} is captured in a call"));
        }
    }

    pub(super) fn judge_picture(&mut self, console: usize, socket: usize) {
        self.story.n_pictures += 1;
        let Some(splice) = self.splices.get(&socket) else { return };
        let (session, person) = (splice.session, splice.person);
        let Some(record) = self.office.records.get(&session) else {
            return self.broken(Rule::StartOnRecord, format!("a picture of {session}, which is not on record"));
        };
        let ended_at = record.ends.first().map(|(_, at)| *at);
        let is_sound = self.unsound_until[console] + Micros::from_secs(3) < self.now;
        let grace = if is_sound { Micros::from_secs(3) } else { Micros::from_secs(16) };
        let forbidden = [self.forbidden_since[person], self.disabled_since].into_iter().flatten().min();
        if forbidden.is_some_and(|since| since.max(self.unsound_until[console]) + grace < self.now) {
            self.broken(Rule::Revoked, format!("a picture for person {person}, who lost the access"));
        }
        if ended_at.is_some_and(|at| at + Micros::from_secs(16) < self.now) {
            self.broken(Rule::Leased, format!("a picture of {session}, which is over"));
        }
        let leased_until = self.known.get(&session).map_or(Micros::ZERO, |known| known.leased_until);
        if leased_until + Micros::from_millis(300) < self.now {
            self.broken(Rule::Leased, format!("a picture of {session} without a lease"));
        }
    }

    pub(super) fn judge(&mut self, console: usize, deed: Deed) {
        match deed {
            Deed::Injected => {
                self.story.n_injected += 1;
                let may = self.splices.values().any(|splice| {
                    let record = self.office.records.get(&splice.session);
                    splice.console == console && record.is_some_and(|record| record.access == Access::Modify)
                });
                if !may {
                    self.broken(Rule::ViewOnlyLooks, format!("input reached console {console} from a View session"));
                }
            }
            Deed::Restart => {
                tracing::info!(at_ms = self.now.as_millis(), console, "a device restarts");
                self.story.n_restarts += 1;
                if !std::mem::take(&mut self.opened_since_restart[console]) {
                    self.broken(Rule::NoRestartLoop, format!("console {console} restarts without a session before"));
                }
                self.power_off(console, true);
            }
        }
    }

    pub(super) fn power_off(&mut self, console: usize, is_restart: bool) {
        self.owes_restart[console] = false;
        self.opened_since_restart[console] = false;
        for known in self.known.values_mut().filter(|known| known.console == console) {
            known.was_open = false;
        }
        self.consoles[console].power_off();
        self.process_gone(console);
        self.after_ms(3000, 40_000, Happening::ProcessBack { console });
        if is_restart && self.plant == Some(Plant::RestartsTwice) {
            self.consoles[console].hardware.with(|device| device.deeds.push(Deed::Restart));
        }
    }

    pub(super) fn inspect(&mut self) {
        for console in 0..N_CONSOLES {
            let held = self.consoles[console].hardware.with(|device| device.keys.len() + device.buttons.len());
            let is_late = self.heard_at[console] + Micros::from_millis(1700) < self.now;
            if 0 < held && (is_late || self.consoles[console].process.is_none()) {
                self.broken(Rule::NothingHeld, format!("{held} keys or buttons are down on console {console}"));
            }
            if self.plant == Some(Plant::LeaseForgotten) {
                let sessions: Vec<SessionId> = self.known.keys().copied().collect();
                let generation = self.consoles[console].generation;
                let message = ToAgent::Leases { sessions: List::fitted(sessions) };
                self.with_process(console, generation, |process, now, said| {
                    process.take(Input::Link(LinkEvent::Message(message)), now, said);
                });
            }
        }
        let pause = if self.is_calm() { 1000 } else { 100 };
        self.after_ms(pause, pause + 1, Happening::Inspect);
    }

    pub(super) fn look_back(&mut self) {
        for console in 0..N_CONSOLES {
            let (ring, held) = self.consoles[console]
                .hardware
                .with(|device| (device.ring.take(), device.keys.len() + device.buttons.len()));
            if let Some(ring) = ring {
                self.broken(Rule::NoRingLeft, format!("console {console} still shows {ring:?}"));
            }
            if 0 < held {
                self.broken(Rule::NothingHeld, format!("{held} keys or buttons stay down on console {console}"));
            }
            if self.owes_restart[console] {
                self.broken(Rule::RestartAtEnd, format!("console {console} did not restart"));
            }
        }
        let wrong = self.office.records.iter().find(|(_, record)| record.ends.len() != 1);
        if let Some((session, record)) = wrong {
            let what = format!("{session} has {} ends", record.ends.len());
            self.broken(Rule::OneEnd, what);
        }
        let served = self.office.records.iter().filter(|(session, _)| self.served.contains(session));
        let wrong =
            served.map(|(session, record)| (session, &record.receipts)).find(|(_, receipts)| receipts.len() != 1);
        if let Some((session, receipts)) = wrong {
            let what = format!("{session} has the receipts {receipts:?}");
            self.broken(Rule::OneReceipt, what);
        }
    }
}
