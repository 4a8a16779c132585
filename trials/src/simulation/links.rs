//! Agents that start and die, their links, and what they say.

use agent::driver::Input;
use agent::link::{LinkEvent, Welcome};
use protocol::link::{Enrolment, FromAgent, SessionEvent, ToAgent};
use protocol::reason::EndReason;
use protocol::secure::{Receipt, SignedGrant};
use protocol::time::Micros;

use super::console::{Process, Said, receipt_of};
use super::plant::Plant;
use super::relay::Splice;
use super::rules::Rule;
use super::{Happening, Known, World};

/// The link of a console.
#[derive(Default)]
pub(super) struct Wire {
    /// Which link; messages of an earlier one are lost.
    pub(super) number: u32,
    pub(super) is_up: bool,
    pub(super) is_known_to_agent: bool,
    pub(super) to_agent_at: Micros,
    pub(super) from_agent_at: Micros,
}

impl World {
    pub(super) fn start_agent(&mut self, console: usize) {
        tracing::info!(at_ms = self.now.as_millis(), console, "an agent starts");
        self.consoles[console].start(self.now);
        self.process_due[console] = Micros(u64::MAX);
        let generation = self.consoles[console].generation;
        self.displays_are_scheduled[console] = false;
        self.with_process(console, generation, Process::settle);
        self.try_link(console);
    }

    pub(super) fn kill_agent(&mut self, console: usize, from_ms: u64, below_ms: u64) {
        self.story.n_deaths += 1;
        self.note_crash(console);
        self.consoles[console].kill();
        self.process_gone(console);
        self.after_ms(from_ms, below_ms, Happening::ProcessBack { console });
    }

    pub(super) fn process_gone(&mut self, console: usize) {
        let of_console = |(socket, splice): (&usize, &Splice)| (splice.console == console).then_some(*socket);
        let sockets: Vec<usize> = self.splices.iter().filter_map(of_console).collect();
        for socket in sockets {
            self.close(socket, false);
        }
        self.cut_link(console);
    }

    pub(super) fn try_link(&mut self, console: usize) {
        let generation = self.consoles[console].generation;
        self.after_ms(20, 1500, Happening::LinkTry { console, generation });
    }

    pub(super) fn connect_link(&mut self, console: usize) {
        if self.consoles[console].process.is_none() || self.wires[console].is_up {
            return;
        }
        if !self.office.is_up || self.now < self.links_blocked[console] {
            return self.try_link(console);
        }
        if std::mem::take(&mut self.wires[console].is_known_to_agent) {
            // The agent finds the old line broken before it has a new one.
            self.agent_loses_link(console);
        }
        let wire = &mut self.wires[console];
        wire.number += 1;
        wire.is_up = true;
        (wire.to_agent_at, wire.from_agent_at) = (self.now, self.now);
        let link = wire.number;
        self.office.link_up(console);
        let generation = self.consoles[console].generation;
        let at = self.arrival(Micros::ZERO, self.now);
        self.wires[console].to_agent_at = at;
        self.at(at, Happening::LinkUp { console, generation, link });
        self.follow_office();
    }

    pub(super) fn link_up(&mut self, console: usize, generation: u32, link: u32) {
        if self.wires[console].number != link || !self.wires[console].is_up {
            return;
        }
        self.wires[console].is_known_to_agent = true;
        let enrolled = self.consoles[console].enrolled();
        let welcome = Welcome { enrolled, room_name: "Aurora".to_owned(), status: Enrolment::Approved };
        self.with_process(console, generation, |process, now, said| {
            process.take(Input::Link(LinkEvent::Up(welcome)), now, said);
        });
    }

    /// The line breaks; each end notices in its own time.
    pub(super) fn cut_link(&mut self, console: usize) {
        let wire = &mut self.wires[console];
        if !wire.is_up {
            return;
        }
        wire.is_up = false;
        let link = wire.number;
        self.unsound_until[console] = self.now;
        self.after_ms(1, 1500, Happening::LinkLost { console, link, at_agent: false });
        self.after_ms(1, 1500, Happening::LinkLost { console, link, at_agent: true });
    }

    pub(super) fn link_lost(&mut self, console: usize, link: u32, at_agent: bool) {
        if self.wires[console].number != link {
            return;
        }
        if !at_agent {
            self.office.link_down(console, self.now);
            return self.follow_office();
        }
        if std::mem::take(&mut self.wires[console].is_known_to_agent) {
            self.agent_loses_link(console);
        }
        self.try_link(console);
    }

    fn agent_loses_link(&mut self, console: usize) {
        let generation = self.consoles[console].generation;
        self.with_process(console, generation, |process, now, said| {
            process.take(Input::Link(LinkEvent::Down { unsent: Vec::new() }), now, said);
        });
    }

    pub(super) fn tell_agent(&mut self, console: usize, link: u32, message: ToAgent) {
        if !self.wires[console].is_up || self.wires[console].number != link {
            return;
        }
        match &message {
            ToAgent::Leases { sessions } => {
                for session in sessions.iter() {
                    if let Some(known) = self.known.get_mut(session) {
                        known.leased_until = self.now + Micros::from_secs(15);
                    }
                }
            }
            ToAgent::Offer { request, grant, .. } => {
                let signed = SignedGrant::from_untrusted(grant.clone().into_vec());
                if let Ok(grant) = signed.read_unverified() {
                    self.offers_under_way.insert((console, *request), (grant.nonce, grant.session));
                    self.known.entry(grant.session).or_insert(Known {
                        leased_until: self.now,
                        restart_on_end: grant.restart_on_end,
                        was_open: false,
                        console,
                    });
                }
            }
            _ => {}
        }
        let generation = self.consoles[console].generation;
        self.with_process(console, generation, |process, now, said| {
            process.take(Input::Link(LinkEvent::Message(message)), now, said);
        });
    }

    /// What the agent said.
    pub(super) fn hear(&mut self, console: usize, generation: u32, said: Vec<Said>) {
        for word in said {
            match word {
                Said::Link(message) => {
                    self.note_message(console, &message);
                    self.forget_what_was_said(console, &message);
                    let wire = &self.wires[console];
                    if wire.is_up && wire.is_known_to_agent {
                        let (link, behind) = (wire.number, wire.from_agent_at);
                        let at = self.arrival(self.links_blocked[console], behind);
                        self.wires[console].from_agent_at = at;
                        self.at(at, Happening::FromAgent { console, link, message });
                    }
                }
                Said::Opens { socket } => {
                    if let Some(splice) = self.splices.get_mut(&socket) {
                        splice.generation = generation;
                    }
                    let at = self.arrival(self.consoles_blocked[console], Micros::ZERO);
                    self.at(at, Happening::Came { socket, of_agent: true });
                }
                Said::Bytes { socket, bytes } => self.send(socket, false, bytes),
                Said::Closes { socket } => self.close(socket, false),
                Said::Picture { socket } => self.judge_picture(console, socket),
                Said::Open { socket } => {
                    if let Some(splice) = self.splices.get(&socket) {
                        self.opened_since_restart[console] = true;
                        self.owes_restart[console] = false;
                        if let Some(known) = self.known.get_mut(&splice.session) {
                            known.was_open = true;
                        }
                    }
                }
            }
        }
    }

    pub(super) fn note_message(&mut self, console: usize, message: &FromAgent) {
        tracing::debug!(at_ms = self.now.as_millis(), console, ?message, "an agent says");
        match message {
            FromAgent::Accepted { request, session } => {
                let Some((nonce, _)) = self.offers_under_way.remove(&(console, *request)) else { return };
                if self.accepted.contains(&nonce) {
                    self.broken(Rule::GrantOnce, format!("{session} by a grant that was spent"));
                }
                self.accepted.push(nonce);
                self.served.insert(*session);
                if let Some(known) = self.known.get_mut(session) {
                    known.leased_until = self.now + Micros::from_secs(15);
                }
            }
            FromAgent::Event { session, event: SessionEvent::RestartOnEndSet { on } } => {
                if let Some(known) = self.known.get_mut(session) {
                    known.restart_on_end = *on;
                }
            }
            FromAgent::Ended { .. } => {
                let Some(receipt) = receipt_of(console, message) else { return };
                if let Some(known) = self.known.remove(&receipt.session)
                    && known.was_open
                    && known.restart_on_end
                    && receipt.reason != EndReason::RestartTimedOut
                {
                    self.owes_restart[console] = true;
                }
            }
            _ => {}
        }
    }

    /// A fault: the console takes it for granted that what it said was heard.
    fn forget_what_was_said(&mut self, console: usize, message: &FromAgent) {
        let said = receipt_of(console, message).filter(|_| self.plant == Some(Plant::ReceiptSaidOnce));
        if let Some(Receipt { number, .. }) = said {
            let link = self.wires[console].number;
            self.at(self.now, Happening::ToAgent { console, link, message: ToAgent::ReceiptTaken { number } });
        }
    }

    /// The sessions of an agent that dies want what they wanted.
    pub(super) fn note_crash(&mut self, console: usize) {
        let wants = self.known.values().any(|known| known.console == console && known.was_open && known.restart_on_end);
        self.owes_restart[console] |= wants;
    }
}
