//! What viewers ask for: commands of the toolbar, and input.

use protocol::access::Access;
use protocol::control::{Command, CommandKind, CommandRefusal, Notice, RestartPhase, Shortcut};
use protocol::cursor::CursorUpdate;
use protocol::geometry::{PixelPoint, PixelSize};
use protocol::ids::{DisplayId, DisplayInfo, SessionId};
use protocol::input::{InputEvent, PointerPosition};
use protocol::link::SessionEvent;
use protocol::reason::EndReason;
use tokio::task::block_in_place;

use super::exchange::Order;
use super::session::Session;
use super::{Core, Restart};
use crate::hands::Action;

impl Core {
    pub(super) fn take_command(&mut self, id: SessionId, command: Command) {
        let now = self.now.at;
        if let Some(session) = self.sessions.get_mut(&id).filter(|_| command.is_activity()) {
            session.be_active(now);
        }
        match command {
            Command::SelectDisplay { display } => self.select_display(id, display),
            Command::RestartDevice => self.restart_device(id),
            Command::SetRestartOnEnd { on } => self.set_restart_on_end(id, on),
            Command::Shortcut { shortcut } => self.perform_shortcut(id, shortcut),
            Command::TakeInput => self.give_input_to(id),
            Command::WatchThumbnails { on } => {
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.wants_thumbnails = on;
                }
                self.update_thumbnails(id);
            }
            Command::End => self.end_session(id, EndReason::EndedByViewer),
            Command::SignOutAndRestart => self.sign_out_and_restart(id),
            // The session's machine and the connection take the first two themselves; to be activity is all that the third
            // is for.
            Command::Open { .. } | Command::RequestKeyframe | Command::StayConnected => {}
        }
    }

    pub(super) fn refuse_command(&self, id: SessionId, command: CommandKind, refusal: CommandRefusal) {
        if let Some(session) = self.sessions.get(&id) {
            session.notice(Notice::Refused { command, refusal });
        }
    }

    fn select_display(&mut self, id: SessionId, display: DisplayId) {
        let (displays, _) = self.displays.list();
        if !displays.iter().any(|other| other.id == display) {
            return self.refuse_command(id, CommandKind::SelectDisplay, CommandRefusal::Unsupported);
        }
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.display = Some(display);
        self.send_displays(id);
        self.update_watch(id);
        self.event(id, SessionEvent::DisplaySelected { display });
    }

    fn set_restart_on_end(&mut self, id: SessionId, on: bool) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.restart_on_end = on;
        // What the viewer is told holds, also if the agent is killed right after.
        self.record.set_restart_on_end(id, on);
        session.notice(Notice::RestartOnEnd { on });
        self.event(id, SessionEvent::RestartOnEndSet { on });
    }

    /// Restarts the device now. Every session outlives it: the record says so before anything goes down.
    fn restart_device(&mut self, id: SessionId) {
        let refusal = match () {
            () if !self.call.is_idle() => Some(CommandRefusal::InCall),
            () if !self.power.can_restart() => Some(CommandRefusal::Unsupported),
            () => None,
        };
        if let Some(refusal) = refusal {
            return self.refuse_command(id, CommandKind::RestartDevice, refusal);
        }
        self.release_input();
        self.record.set_restarting(Some(self.now.unix_s));
        self.restart = Some(Restart { since: self.now.at, went_down: false });
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            if let Some(session) = self.sessions.get_mut(&id) {
                session.restarting = true;
                session.notice(Notice::Restart { phase: RestartPhase::GoingDown });
            }
            // For every session: each is kept alive by the server for as long as a restart takes.
            self.event(id, SessionEvent::RestartRequested);
        }
        let power = &mut self.power;
        if let Err(error) = block_in_place(|| power.restart()) {
            tracing::error!(%error, "the device cannot be restarted");
            self.end_restart();
            self.refuse_command(id, CommandKind::RestartDevice, CommandRefusal::Failed);
        }
    }

    fn perform_shortcut(&mut self, id: SessionId, shortcut: Shortcut) {
        let Some(session) = self.sessions.get(&id) else { return };
        if !session.terms.view_shortcuts.allows(session.access, shortcut) {
            tracing::warn!(session.id = %id, ?shortcut, "a session asked for a shortcut that the policy does not allow");
            return self.refuse_command(id, CommandKind::Shortcut, CommandRefusal::NotAllowed);
        }
        if self.is_paused(session) {
            return self.refuse_command(id, CommandKind::Shortcut, CommandRefusal::InCall);
        }
        if shortcut == Shortcut::RefreshPicture {
            session.order(Order::RefreshPicture);
            return self.take_shortcut_done(id, shortcut, true);
        }
        let done = self.shortcuts_done.clone();
        // A full queue only costs the notice.
        let done = Box::new(move |worked| _ = done.try_send((id, shortcut, worked)));
        self.hands.act(Action::Shortcut { shortcut, done });
    }

    pub(super) fn take_shortcut_done(&mut self, id: SessionId, shortcut: Shortcut, worked: bool) {
        if !worked {
            return self.refuse_command(id, CommandKind::Shortcut, CommandRefusal::Failed);
        }
        if let Some(session) = self.sessions.get(&id) {
            session.notice(Notice::ShortcutDone { shortcut });
        }
        self.event(id, SessionEvent::ShortcutUsed { shortcut });
    }

    /// Takes the keyboard and pointer from whoever has them; what that person held is released first.
    fn give_input_to(&mut self, id: SessionId) {
        if self.sessions.get(&id).is_none_or(|session| session.access != Access::Modify) {
            return self.refuse_command(id, CommandKind::TakeInput, CommandRefusal::NotAllowed);
        }
        if self.input_holder != Some(id) {
            self.release_input();
            self.input_holder = Some(id);
            self.event(id, SessionEvent::InputTaken);
        }
        self.send_people();
    }

    /// Sees to it that somebody holds the input, if somebody may: the first who came.
    pub(super) fn choose_input_holder(&mut self) {
        let may_hold = |session: &Session| session.is_open() && session.access == Access::Modify;
        if self.input_holder.is_some_and(|id| self.sessions.get(&id).is_some_and(may_hold)) {
            return;
        }
        let candidates = self.sessions.iter().filter(|(_, session)| may_hold(session));
        self.input_holder = candidates.min_by_key(|(_, session)| session.began_at).map(|(id, _)| *id);
    }

    /// Lets go of everything, and has the holder's session know that nothing is held any more.
    pub(super) fn release_input(&mut self) {
        self.hands.act(Action::LetGo);
        if let Some(session) = self.input_holder.and_then(|id| self.sessions.get(&id)) {
            session.order(Order::ReleaseAll);
        }
    }

    pub(super) fn take_input(&mut self, id: SessionId, event: InputEvent) {
        let now = self.now.at;
        if let Some(session) = self.sessions.get_mut(&id).filter(|_| event.is_activity()) {
            session.be_active(now);
        }
        let Some(session) = self.sessions.get(&id) else { return };
        let may_act = session.access == Access::Modify && self.input_holder == Some(id) && !self.is_paused(session);
        if may_act {
            self.apply(id, event);
        }
    }

    fn apply(&mut self, id: SessionId, event: InputEvent) {
        match event {
            InputEvent::Key { code, down } => self.hands.act(Action::Key { code, down }),
            InputEvent::PointerMove { position } => _ = self.move_pointer(id, position),
            InputEvent::Button { button, down, position } => {
                let point = self.move_pointer(id, position);
                // What the ring offers is for people in the room: no technician presses it for them.
                let is_for_room = |point| down && self.ring.0.button_at(position.display, point).is_some();
                // A button goes up wherever the pointer is, even on a display that is gone.
                if point.map_or(!down, |point| !is_for_room(point)) {
                    self.hands.act(Action::Button { button, down });
                }
            }
            InputEvent::Wheel { horizontal, vertical, position } => {
                if self.move_pointer(id, position).is_some() {
                    self.hands.act(Action::Wheel { horizontal, vertical });
                }
            }
            InputEvent::Text { text } => self.hands.act(Action::Text(text.as_str().to_owned())),
            InputEvent::Locks { locks } => self.hands.act(Action::Locks(locks)),
            InputEvent::ReleaseAll => self.hands.act(Action::ReleaseAll),
        }
    }

    /// Moves the pointer, and shows the others where it is. `None` when the position is of another arrangement of displays
    /// than the present one.
    fn move_pointer(&mut self, id: SessionId, position: PointerPosition) -> Option<PixelPoint> {
        let (displays, epoch) = self.displays.list();
        let point = pixel(&displays, epoch, position)?;
        self.hands.act(Action::Move { display: position.display, point });
        let PointerPosition { display, x, y, .. } = position;
        for (_, session) in self.sessions.iter().filter(|(other, session)| **other != id && session.is_open()) {
            session.order(Order::Cursor(CursorUpdate::Moved { display, x, y }));
        }
        Some(point)
    }
}

/// The pixel at a position; `None` when the viewer saw another arrangement of displays.
fn pixel(displays: &[DisplayInfo], epoch: u32, position: PointerPosition) -> Option<PixelPoint> {
    let display = displays.iter().find(|display| display.id == position.display)?;
    let PixelSize { width, height } = display.size;
    let is_current = epoch == position.epoch && 0 < width && 0 < height;
    is_current.then(|| PixelPoint { x: scale(position.x, width), y: scale(position.y, height) })
}

/// 0 is the first of `n_pixels`, 65535 the last.
fn scale(position: u16, n_pixels: u16) -> u16 {
    let last = u32::from(n_pixels - 1);
    ((u32::from(position) * last + u32::from(u16::MAX) / 2) / u32::from(u16::MAX)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: PixelSize = PixelSize::new(1920, 1080);

    fn at(epoch: u32, x: u16, y: u16) -> PointerPosition {
        PointerPosition { display: DisplayId::Console, epoch, x, y }
    }

    #[test]
    fn the_ends_of_the_range_are_the_first_and_last_pixel() {
        let displays = [DisplayInfo { id: DisplayId::Console, size: SIZE }];
        let cases = [((0, 0), (0, 0)), ((u16::MAX, u16::MAX), (1919, 1079)), ((32_768, 32_768), (960, 540))];
        for ((x, y), (px, py)) in cases {
            assert_eq!(pixel(&displays, 3, at(3, x, y)), Some(PixelPoint { x: px, y: py }));
        }
    }

    #[test]
    fn every_pixel_is_reached_by_its_own_position() {
        for n_pixels in [1, 2, 1080, 1920, 8192] {
            for pixel in 0..n_pixels {
                let last = u32::from(n_pixels.max(2) - 1);
                let position = (u32::from(pixel) * 65_535 + last / 2) / last;
                assert_eq!(scale(position as u16, n_pixels), pixel, "of {n_pixels}");
            }
        }
    }

    #[test]
    fn a_position_of_another_arrangement_is_none() {
        let displays = [DisplayInfo { id: DisplayId::FrontOfRoom1, size: SIZE }];
        assert_eq!(pixel(&displays, 3, at(3, 0, 0)), None, "the display is gone");
        let displays = [DisplayInfo { id: DisplayId::Console, size: SIZE }];
        assert_eq!(pixel(&displays, 4, at(3, 0, 0)), None, "the arrangement is newer");
        let displays = [DisplayInfo { id: DisplayId::Console, size: PixelSize::new(0, 0) }];
        assert_eq!(pixel(&displays, 3, at(3, 0, 0)), None, "the display has no pixels");
    }
}
