use std::collections::VecDeque;

use super::channel::{Channel, Padding, Reassembly, seal};
use super::{
    ClockSync, HEARTBEAT_INTERVAL, HEARTBEAT_INTERVAL_HELD, InputLedger, LOST_AFTER, SILENT_AFTER, SessionError,
};
use crate::access::Access;
use crate::control::{Command, Notice};
use crate::cursor::CursorUpdate;
use crate::heartbeat::{Heartbeat, HeartbeatReply};
use crate::ids::DisplayId;
use crate::input::InputEvent;
use crate::reason::EndReason;
use crate::secure::noise::{Handshake, SessionPrologue, Transport};
use crate::secure::{PublicKey, SecretKey, SessionCode};
use crate::time::Micros;
use crate::video::{DISPLAY_MAX_PX, FrameId, Picture, Presented, StreamConfig};
use crate::wire::{Decode as _, DecodeError, Encode};

/// What a viewer begins with.
#[derive(Debug)]
pub struct ViewerStart<'a> {
    /// Made for this connection alone.
    pub key: &'a SecretKey,
    pub agent_key: PublicKey,
    pub prologue: SessionPrologue<'a>,
    pub access: Access,
    /// The display to begin with.
    pub display: DisplayId,
}

/// What a viewer is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViewerEvent {
    /// The agent has proved who it is; pictures follow. The console shows the same code.
    Open {
        code: SessionCode,
    },
    Notice(Notice),
    Picture(Picture),
    Cursor(CursorUpdate),
    /// Nothing was heard for 5 s.
    Silent,
    /// Something was heard again.
    Heard,
    /// The last event.
    Ended(EndReason),
}

/// The viewer's side of one connection of a session.
#[derive(Debug)]
pub struct Viewer {
    phase: Phase,
    access: Access,
    display: DisplayId,
    reassembly: Reassembly,
    ledger: InputLedger,
    clock_sync: ClockSync,
    n_regions: Option<usize>,
    last_frame: Option<FrameId>,
    heard_at: Micros,
    is_silent: bool,
    heartbeat_at: Micros,
    heartbeat_sequence: u32,
    transmit: VecDeque<Vec<u8>>,
    events: VecDeque<ViewerEvent>,
}

#[derive(Debug)]
enum Phase {
    Handshake(Box<Handshake>),
    Open(Box<Transport>),
    Over,
}

impl Viewer {
    /// Begins a connection; the first message is ready to be sent.
    ///
    /// # Errors
    /// When the agent's key is no key.
    pub fn new(start: ViewerStart<'_>, now: Micros) -> Result<Self, SessionError> {
        let mut handshake = Handshake::session_viewer(start.key, &start.agent_key, &start.prologue)?;
        let transmit = VecDeque::from([handshake.write()?]);
        Ok(Self {
            phase: Phase::Handshake(Box::new(handshake)),
            access: start.access,
            display: start.display,
            reassembly: Reassembly::default(),
            ledger: InputLedger::default(),
            clock_sync: ClockSync::default(),
            n_regions: None,
            last_frame: None,
            heard_at: now,
            is_silent: false,
            heartbeat_at: now,
            heartbeat_sequence: 0,
            transmit,
            events: VecDeque::new(),
        })
    }

    /// Takes one WebSocket message.
    ///
    /// # Errors
    /// The connection is over: the message was not the agent's, or broke the rules.
    pub fn receive(&mut self, message: &[u8], now: Micros) -> Result<(), SessionError> {
        let result = self.receive_inner(message, now);
        match &result {
            Ok(()) | Err(SessionError::Over) => {}
            Err(SessionError::Noise(_)) => self.end(EndReason::KeyMismatch),
            Err(_) => self.end(EndReason::ProtocolError),
        }
        result
    }

    fn receive_inner(&mut self, message: &[u8], now: Micros) -> Result<(), SessionError> {
        let plaintext = match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Over => return Err(SessionError::Over),
            Phase::Handshake(mut handshake) => {
                handshake.read(message)?;
                let code = SessionCode::of(&handshake.hash());
                self.phase = Phase::Open(Box::new(handshake.into_transport()?));
                self.opened(code, now);
                return Ok(());
            }
            Phase::Open(mut transport) => {
                let opened = transport.open(message);
                self.phase = Phase::Open(transport);
                opened?
            }
        };
        self.heard(now);
        match self.reassembly.take(plaintext)? {
            None => Ok(()),
            Some((Channel::Control, message)) => self.take_notice(&message),
            Some((Channel::Picture, message)) => self.take_picture(&message),
            Some((Channel::Cursor, message)) => self.take_cursor(&message),
            Some((Channel::Heartbeat, message)) => self.take_heartbeat_reply(&message, now),
            Some((Channel::Input, _)) => Err(SessionError::OutOfOrder { what: "input from the agent" }),
        }
    }

    /// The next WebSocket message to send.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.transmit.pop_front()
    }

    pub fn poll_event(&mut self) -> Option<ViewerEvent> {
        self.events.pop_front()
    }

    /// When to call [`Viewer::handle_timeout`] again.
    pub fn next_timeout(&self) -> Option<Micros> {
        let lost_at = self.heard_at + if self.is_silent { LOST_AFTER } else { SILENT_AFTER };
        match self.phase {
            Phase::Over => None,
            Phase::Handshake(_) => Some(lost_at),
            Phase::Open(_) => Some(self.heartbeat_at.min(lost_at)),
        }
    }

    pub fn handle_timeout(&mut self, now: Micros) {
        if matches!(self.phase, Phase::Over) {
            return;
        }
        let silence = now.since(self.heard_at);
        if LOST_AFTER <= silence {
            self.end(EndReason::AgentLost);
            return;
        }
        if SILENT_AFTER <= silence && !self.is_silent {
            self.is_silent = true;
            self.events.push_back(ViewerEvent::Silent);
        }
        if matches!(self.phase, Phase::Open(_)) && self.heartbeat_at <= now {
            self.send_heartbeat(now);
        }
    }

    /// Sends a command of the toolbar.
    pub fn command(&mut self, command: Command, _now: Micros) {
        if let Command::SelectDisplay { display } = command {
            self.display = display;
        }
        self.send(Channel::Control, &command);
    }

    /// Sends keyboard or pointer input, when it changes something. In a View session nothing happens.
    pub fn input(&mut self, event: InputEvent, now: Micros) {
        if self.access != Access::Modify || !matches!(self.phase, Phase::Open(_)) {
            return;
        }
        if event == InputEvent::ReleaseAll {
            self.release_all(now);
        } else if self.ledger.apply(&event) {
            self.send(Channel::Input, &event);
            if !self.ledger.is_empty() {
                self.heartbeat_at = self.heartbeat_at.min(now + HEARTBEAT_INTERVAL_HELD);
            }
        }
    }

    /// Releases everything that is held.
    pub fn release_all(&mut self, _now: Micros) {
        for release in self.ledger.release_all() {
            self.send(Channel::Input, &release);
        }
    }

    /// Acknowledges a picture that is on the screen, and with it all before it.
    pub fn presented(&mut self, presented: Presented, _now: Micros) {
        self.send(Channel::Picture, &presented);
    }

    /// The shortest of the last round trips to the agent.
    pub fn round_trip(&self) -> Option<Micros> {
        self.clock_sync.round_trip()
    }

    /// A time of the agent's clock on the viewer's own.
    pub fn agent_time_to_viewer(&self, agent_at: Micros) -> Option<Micros> {
        self.clock_sync.to_viewer(agent_at)
    }

    fn opened(&mut self, code: SessionCode, now: Micros) {
        self.heard(now);
        self.events.push_back(ViewerEvent::Open { code });
        self.send(Channel::Control, &Command::Open { display: self.display });
        self.send_heartbeat(now);
    }

    fn heard(&mut self, now: Micros) {
        self.heard_at = now;
        if std::mem::take(&mut self.is_silent) {
            self.events.push_back(ViewerEvent::Heard);
        }
    }

    fn take_notice(&mut self, message: &[u8]) -> Result<(), SessionError> {
        match Notice::from_bytes(message)? {
            Notice::Bye { reason } => self.end(reason),
            notice => self.events.push_back(ViewerEvent::Notice(notice)),
        }
        Ok(())
    }

    fn take_picture(&mut self, message: &[u8]) -> Result<(), SessionError> {
        let picture = Picture::from_bytes(message)?;
        match &picture {
            Picture::Config { config } => {
                check_config(config)?;
                self.n_regions = Some(config.regions.len());
            }
            Picture::Frame { frame } => {
                let n_regions =
                    self.n_regions.ok_or(SessionError::OutOfOrder { what: "a frame before its configuration" })?;
                if frame.units.iter().any(|unit| n_regions <= usize::from(unit.region)) {
                    return Err(DecodeError::invalid("AccessUnit.region", "not in the configuration").into());
                }
                if self.last_frame.is_some_and(|last| frame.id <= last) {
                    return Err(SessionError::OutOfOrder { what: "an old frame" });
                }
                self.last_frame = Some(frame.id);
            }
            Picture::Thumbnail { .. } => {}
        }
        self.events.push_back(ViewerEvent::Picture(picture));
        Ok(())
    }

    fn take_cursor(&mut self, message: &[u8]) -> Result<(), SessionError> {
        let update = CursorUpdate::from_bytes(message)?;
        if let CursorUpdate::Shape { shape } = &update
            && !shape.is_consistent()
        {
            return Err(DecodeError::invalid("CursorShape", "size, hot spot and bytes do not fit").into());
        }
        self.events.push_back(ViewerEvent::Cursor(update));
        Ok(())
    }

    fn take_heartbeat_reply(&mut self, message: &[u8], now: Micros) -> Result<(), SessionError> {
        let reply = HeartbeatReply::from_bytes(message)?;
        self.clock_sync.add(reply.sent_at, reply.agent_at, now);
        Ok(())
    }

    fn send_heartbeat(&mut self, now: Micros) {
        let held = self.ledger.held();
        let interval = if held.is_empty() { HEARTBEAT_INTERVAL } else { HEARTBEAT_INTERVAL_HELD };
        self.heartbeat_sequence = self.heartbeat_sequence.wrapping_add(1);
        self.heartbeat_at = now + interval;
        self.send(Channel::Heartbeat, &Heartbeat { sequence: self.heartbeat_sequence, sent_at: now, held });
    }

    /// Seals and queues a message; nothing happens before the handshake and after the end.
    fn send(&mut self, channel: Channel, message: &impl Encode) {
        let Phase::Open(transport) = &mut self.phase else { return };
        let queue = &mut self.transmit;
        if seal(transport, channel, &message.to_bytes(), Padding::To64Bytes, |sealed| queue.push_back(sealed)).is_err()
        {
            self.end(EndReason::ProtocolError);
        }
    }

    fn end(&mut self, reason: EndReason) {
        self.phase = Phase::Over;
        self.events.push_back(ViewerEvent::Ended(reason));
    }
}

fn check_config(config: &StreamConfig) -> Result<(), DecodeError> {
    let side_fits = |px: u16| (1..=DISPLAY_MAX_PX).contains(&px);
    if !side_fits(config.size.width) || !side_fits(config.size.height) {
        return Err(DecodeError::invalid("StreamConfig.size", "not a display"));
    }
    let bounds = config.size.bounds();
    if config
        .regions
        .iter()
        .any(|region| region.rect.is_empty() || bounds.intersection(region.rect) != Some(region.rect))
    {
        return Err(DecodeError::invalid("StreamConfig.regions", "a region beyond the display"));
    }
    Ok(())
}
