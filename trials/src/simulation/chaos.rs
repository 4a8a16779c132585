//! What happens to the world, until it is left in peace.

use agent::driver::Input;
use agent::platform::{CallObservation, RingButton};
use protocol::access::Access;
use protocol::time::Micros;

use super::console::Process;
use super::{Happening, N_CONSOLES, N_PEOPLE, World, office};

impl World {
    pub(super) fn chaos(&mut self) {
        if self.is_calm() {
            return self.calm_down();
        }
        let console = self.rng.usize(..N_CONSOLES);
        let person = self.rng.usize(..N_PEOPLE);
        let what = self.rng.u8(..20);
        tracing::info!(at_ms = self.now.as_millis(), what, console, person, "something happens");
        match what {
            0 | 1 => {
                let until = self.now + Micros::from_millis(self.rng.u64(100..40_000));
                self.links_blocked[console] = until;
                self.unsound_until[console] = until;
                if what == 0 {
                    self.consoles_blocked[console] = until;
                }
            }
            2 | 3 => self.people_blocked[person] = self.now + Micros::from_millis(self.rng.u64(100..40_000)),
            4 => self.cut_link(console),
            5 => {
                if let Some(socket) = self.people[person].socket() {
                    self.at(self.now, Happening::Gone { socket, at_agent: true });
                    self.after_ms(1, 2000, Happening::Gone { socket, at_agent: false });
                }
            }
            6 | 7 if self.consoles[console].process.is_some() => self.kill_agent(console, 300, 20_000),
            8 => {
                let generation = self.consoles[console].generation;
                self.with_process(console, generation, Process::begin_stop);
            }
            9 if self.office.is_up => {
                self.office.crash();
                for console in 0..N_CONSOLES {
                    self.cut_link(console);
                }
                let sockets: Vec<usize> = self.splices.keys().copied().collect();
                for socket in sockets {
                    self.after_ms(1, 500, Happening::Gone { socket, at_agent: true });
                    self.after_ms(1, 500, Happening::Gone { socket, at_agent: false });
                }
                self.after_ms(500, 20_000, Happening::OfficeBack);
            }
            10 | 11 => self.toggle_call(console),
            12 => self.change_access(person),
            13 => {
                self.office.is_enabled = !self.office.is_enabled;
                self.disabled_since = (!self.office.is_enabled).then_some(self.now);
                self.office.access_changed(self.now);
                self.follow_office();
            }
            14 => {
                let fails = self.rng.u8(..) < 80;
                self.consoles[console].hardware.with(|device| device.ring_fails = fails);
            }
            15 => {
                let button = if self.rng.bool() { RingButton::End } else { RingButton::Decline };
                let generation = self.consoles[console].generation;
                self.with_process(console, generation, |process, now, said| {
                    process.take(Input::Press(button), now, said);
                });
            }
            16 => self.replay_offer(),
            17 => {
                if let Some(splice) = self.people[person].socket().and_then(|socket| self.splices.get_mut(&socket)) {
                    splice.corrupts = true;
                }
            }
            18 => {
                self.note_power_cut(console);
            }
            _ => {
                let n_displays = self.rng.usize(1..4);
                self.consoles[console].hardware.plug(n_displays);
                let generation = self.consoles[console].generation;
                self.with_process(console, generation, |process, now, said| {
                    process.take(Input::DisplaysChanged, now, said);
                });
            }
        }
        self.after_ms(300, 6000, Happening::Chaos);
    }

    fn note_power_cut(&mut self, console: usize) {
        if self.consoles[console].process.is_some() {
            self.story.n_deaths += 1;
            self.power_off(console, false);
        }
    }

    fn toggle_call(&mut self, console: usize) {
        let starts = self.in_call_since[console].is_none();
        self.set_call(console, if starts { CallObservation::InCall } else { CallObservation::Idle });
    }

    fn set_call(&mut self, console: usize, call: CallObservation) {
        self.in_call_since[console] = (call != CallObservation::Idle).then_some(self.now);
        self.consoles[console].hardware.with(|device| device.call = call);
        let generation = self.consoles[console].generation;
        self.after_ms(1, 600, Happening::Call { console, generation });
    }

    fn change_access(&mut self, person: usize) {
        let full = if person == 2 { Access::View } else { Access::Modify };
        let has = self.office.permissions[person].is_some();
        self.office.permissions[person] = (!has).then_some(full);
        self.forbidden_since[person] = has.then_some(self.now);
        self.office.access_changed(self.now);
        self.follow_office();
    }

    /// Somebody has got hold of a grant that was used.
    fn replay_offer(&mut self) {
        if self.office.offers.is_empty() || self.office.n_sockets() == 0 {
            return;
        }
        let (console, signed, ticket) = self.office.offers[self.rng.usize(..self.office.offers.len())].clone();
        self.n_injected_requests += 1;
        let link = self.wires[console].number;
        let message = office::offer(self.n_injected_requests, &signed, ticket);
        self.tell_agent(console, link, message);
    }

    /// From here on nothing stands in anybody's way, and everybody leaves.
    fn calm_down(&mut self) {
        self.links_blocked = [self.now; N_CONSOLES];
        self.consoles_blocked = [self.now; N_CONSOLES];
        self.people_blocked = [self.now; N_PEOPLE];
        for console in 0..N_CONSOLES {
            self.consoles[console].hardware.with(|device| device.ring_fails = false);
            self.set_call(console, CallObservation::Idle);
        }
        if self.disabled_since.take().is_some() {
            self.office.is_enabled = true;
        }
        for person in 0..N_PEOPLE {
            self.people[person].frozen_until = self.now;
            self.with_person(person, |person, now, _, does| person.pass_time(now, does));
            self.with_person(person, |person, now, _, does| person.leave(now, does));
        }
    }
}
