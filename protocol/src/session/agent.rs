use std::collections::VecDeque;

use super::channel::{Channel, PICTURE_MESSAGE_MAX_BYTES, Padding, Reassembly, seal};
use super::{InputLedger, LOST_AFTER, RELEASE_AFTER, SILENT_AFTER, SendWindow, SessionError};
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
use crate::video::{AccessUnit, Frame, FrameId, Picture, Presented, StreamConfig, Thumbnail};
use crate::wire::{Decode as _, Encode, List};

/// What an agent is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentEvent {
    /// The viewer has proved who it is and asks for a display: pictures may be sent. Its screen shows the same code.
    Open {
        display: DisplayId,
        code: SessionCode,
    },
    Command(Command),
    /// A real change, to be applied as it is; releases after silence and at the end are among them.
    Input(InputEvent),
    /// A picture is on the viewer's screen, so long after it was sent.
    Presented {
        frame: FrameId,
        in_flight: Micros,
    },
    /// No heartbeat for 5 s: stop capturing.
    Silent,
    /// Heartbeats again.
    Heard,
    /// A View session received input of this kind; `Ended` follows.
    PolicyViolation {
        kind: &'static str,
    },
    /// The last event.
    Ended(EndReason),
}

/// The agent's side of one connection of a session.
#[derive(Debug)]
pub struct Agent {
    phase: Phase,
    access: Access,
    viewer_key: PublicKey,
    reassembly: Reassembly,
    ledger: InputLedger,
    window: SendWindow,
    last_frame: FrameId,
    n_regions: usize,
    inputs_applied: u32,
    heard_at: Micros,
    is_silent: bool,
    transmit: VecDeque<Vec<u8>>,
    events: VecDeque<AgentEvent>,
}

#[derive(Debug)]
enum Phase {
    Handshake(Box<Handshake>),
    /// The handshake is done, but only the viewer's first message proves that it is not a repetition.
    Unconfirmed(Box<Transport>, SessionCode),
    Open(Box<Transport>),
    Over,
}

impl Agent {
    /// Waits for the viewer whose key is in the grant.
    ///
    /// # Errors
    /// When the handshake cannot be set up.
    pub fn new(
        key: &SecretKey,
        viewer_key: PublicKey,
        prologue: &SessionPrologue<'_>,
        access: Access,
        now: Micros,
    ) -> Result<Self, SessionError> {
        Ok(Self {
            phase: Phase::Handshake(Box::new(Handshake::session_agent(key, prologue)?)),
            access,
            viewer_key,
            reassembly: Reassembly::default(),
            ledger: InputLedger::default(),
            window: SendWindow::default(),
            last_frame: FrameId(0),
            n_regions: 0,
            inputs_applied: 0,
            heard_at: now,
            is_silent: false,
            transmit: VecDeque::new(),
            events: VecDeque::new(),
        })
    }

    /// Takes one WebSocket message.
    ///
    /// # Errors
    /// The connection is over: the message was not the viewer's, or broke the rules. What was held is released
    /// (drain the events).
    pub fn receive(&mut self, message: &[u8], now: Micros) -> Result<(), SessionError> {
        let result = self.receive_inner(message, now);
        match &result {
            Ok(()) | Err(SessionError::Over) => {}
            Err(SessionError::Noise(_) | SessionError::WrongKey) => self.end(EndReason::KeyMismatch),
            Err(_) => self.end(EndReason::ProtocolError),
        }
        result
    }

    fn receive_inner(&mut self, message: &[u8], now: Micros) -> Result<(), SessionError> {
        let (plaintext, code) = match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Over => return Err(SessionError::Over),
            Phase::Handshake(handshake) => return self.take_handshake(*handshake, message, now),
            Phase::Unconfirmed(mut transport, code) => {
                let plaintext = transport.open(message)?;
                self.phase = Phase::Open(transport);
                (plaintext, Some(code))
            }
            Phase::Open(mut transport) => {
                let opened = transport.open(message);
                self.phase = Phase::Open(transport);
                (opened?, None)
            }
        };
        let message = self.reassembly.take(plaintext)?;
        if let Some(code) = code {
            return self.take_opening(message, code, now);
        }
        match message {
            None => Ok(()),
            Some((Channel::Control, message)) => self.take_command(&message),
            Some((Channel::Input, message)) => self.take_input(&message, now),
            Some((Channel::Picture, message)) => self.take_presented(&message, now),
            Some((Channel::Heartbeat, message)) => self.take_heartbeat(&message, now),
            Some((Channel::Cursor, _)) => Err(SessionError::OutOfOrder { what: "a cursor from the viewer" }),
        }
    }

    /// The next WebSocket message to send.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.transmit.pop_front()
    }

    pub fn poll_event(&mut self) -> Option<AgentEvent> {
        self.events.pop_front()
    }

    /// When to call [`Agent::handle_timeout`] again.
    pub fn next_timeout(&self) -> Option<Micros> {
        if matches!(self.phase, Phase::Over) {
            return None;
        }
        let after = if !self.ledger.is_empty() {
            RELEASE_AFTER
        } else if self.is_silent || !self.is_open() {
            LOST_AFTER
        } else {
            SILENT_AFTER
        };
        Some(self.heard_at + after)
    }

    pub fn handle_timeout(&mut self, now: Micros) {
        if matches!(self.phase, Phase::Over) {
            return;
        }
        let silence = now.since(self.heard_at);
        if RELEASE_AFTER <= silence {
            self.release_all();
        }
        if LOST_AFTER <= silence {
            let reason = if self.is_open() { EndReason::ViewerLost } else { EndReason::NeverConnected };
            self.close(reason);
        } else if SILENT_AFTER <= silence && !self.is_silent && self.is_open() {
            self.is_silent = true;
            self.events.push_back(AgentEvent::Silent);
        }
    }

    /// The viewer is confirmed and the connection is not over.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open(_))
    }

    /// Another picture may be encoded: somebody watches, and what is under way leaves room.
    pub fn wants_picture(&self, _now: Micros) -> bool {
        self.is_open() && !self.is_silent && self.window.has_room()
    }

    pub fn bytes_in_flight(&self) -> usize {
        self.window.bytes_in_flight()
    }

    pub fn notice(&mut self, notice: &Notice) {
        self.send(Channel::Control, &notice.to_bytes());
    }

    pub fn cursor(&mut self, update: &CursorUpdate) {
        self.send(Channel::Cursor, &update.to_bytes());
    }

    /// Announces the picture of a display. Frames that follow name its regions.
    pub fn config(&mut self, config: StreamConfig) {
        self.n_regions = config.regions.len();
        self.send(Channel::Picture, &Picture::Config { config }.to_bytes());
    }

    /// Sends one picture. Units of regions that the configuration does not have are left out.
    pub fn frame(
        &mut self,
        captured_at: Micros,
        encoded_at: Micros,
        mut units: Vec<AccessUnit>,
        now: Micros,
    ) -> FrameId {
        units.retain(|unit| usize::from(unit.region) < self.n_regions);
        let id = FrameId(self.last_frame.0 + 1);
        let frame = Frame { id, captured_at, encoded_at, units: List::fitted(units) };
        let message = Picture::Frame { frame }.to_bytes();
        if PICTURE_MESSAGE_MAX_BYTES < message.len() {
            self.close(EndReason::ProtocolError);
        } else if self.is_open() {
            self.last_frame = id;
            self.window.sent(id, message.len(), now);
            self.send(Channel::Picture, &message);
        }
        id
    }

    pub fn thumbnail(&mut self, thumbnail: Thumbnail) {
        self.send(Channel::Picture, &Picture::Thumbnail { thumbnail }.to_bytes());
    }

    /// Releases everything that is held, as `Input` events.
    pub fn release_all(&mut self) {
        let releases = self.ledger.release_all();
        self.events.extend(releases.into_iter().map(AgentEvent::Input));
    }

    /// Ends the connection: releases what is held and queues the last message.
    pub fn close(&mut self, reason: EndReason) {
        if matches!(self.phase, Phase::Over) {
            return;
        }
        self.notice(&Notice::Bye { reason });
        self.end(reason);
    }

    fn take_handshake(&mut self, mut handshake: Handshake, message: &[u8], now: Micros) -> Result<(), SessionError> {
        handshake.read(message)?;
        if handshake.remote_key() != Some(self.viewer_key) {
            return Err(SessionError::WrongKey);
        }
        self.transmit.push_back(handshake.write()?);
        let code = SessionCode::of(&handshake.hash());
        self.phase = Phase::Unconfirmed(Box::new(handshake.into_transport()?), code);
        self.heard_at = now;
        Ok(())
    }

    fn take_opening(
        &mut self,
        message: Option<(Channel, Vec<u8>)>,
        code: SessionCode,
        now: Micros,
    ) -> Result<(), SessionError> {
        let Some((Channel::Control, message)) = message else {
            return Err(SessionError::OutOfOrder { what: "something before the opening" });
        };
        let Command::Open { display } = Command::from_bytes(&message)? else {
            return Err(SessionError::OutOfOrder { what: "a command before the opening" });
        };
        self.heard(now);
        self.events.push_back(AgentEvent::Open { display, code });
        Ok(())
    }

    fn take_command(&mut self, message: &[u8]) -> Result<(), SessionError> {
        match Command::from_bytes(message)? {
            Command::Open { .. } => Err(SessionError::OutOfOrder { what: "a second opening" }),
            command => {
                self.events.push_back(AgentEvent::Command(command));
                Ok(())
            }
        }
    }

    fn take_input(&mut self, message: &[u8], now: Micros) -> Result<(), SessionError> {
        let event = InputEvent::from_bytes(message)?;
        if self.access != Access::Modify {
            self.events.push_back(AgentEvent::PolicyViolation { kind: event.kind() });
            self.close(EndReason::PolicyViolation);
            return Ok(());
        }
        self.heard(now);
        self.inputs_applied = self.inputs_applied.wrapping_add(1);
        if event == InputEvent::ReleaseAll {
            self.release_all();
        } else if self.ledger.apply(&event) {
            self.events.push_back(AgentEvent::Input(event));
        }
        Ok(())
    }

    fn take_presented(&mut self, message: &[u8], now: Micros) -> Result<(), SessionError> {
        let presented = Presented::from_bytes(message)?;
        if self.last_frame < presented.frame {
            return Err(SessionError::OutOfOrder { what: "an acknowledgement of a frame that was not sent" });
        }
        if let Some(in_flight) = self.window.acknowledged(presented.frame, now) {
            self.events.push_back(AgentEvent::Presented { frame: presented.frame, in_flight });
        }
        Ok(())
    }

    fn take_heartbeat(&mut self, message: &[u8], now: Micros) -> Result<(), SessionError> {
        let heartbeat = Heartbeat::from_bytes(message)?;
        self.heard(now);
        let releases = self.ledger.release_absent(&heartbeat.held);
        self.events.extend(releases.into_iter().map(AgentEvent::Input));
        let reply = HeartbeatReply {
            sequence: heartbeat.sequence,
            sent_at: heartbeat.sent_at,
            agent_at: now,
            inputs_applied: self.inputs_applied,
        };
        self.send(Channel::Heartbeat, &reply.to_bytes());
        Ok(())
    }

    /// Only heartbeats and input count: acknowledgements would keep a session alive whose keyboard is dead.
    fn heard(&mut self, now: Micros) {
        self.heard_at = now;
        if std::mem::take(&mut self.is_silent) {
            self.events.push_back(AgentEvent::Heard);
        }
    }

    /// Seals and queues a message; nothing happens before the viewer is confirmed and after the end.
    fn send(&mut self, channel: Channel, message: &[u8]) {
        let Phase::Open(transport) = &mut self.phase else { return };
        let queue = &mut self.transmit;
        if seal(transport, channel, message, Padding::None, |sealed| queue.push_back(sealed)).is_err() {
            self.end(EndReason::ProtocolError);
        }
    }

    fn end(&mut self, reason: EndReason) {
        self.phase = Phase::Over;
        self.release_all();
        self.events.push_back(AgentEvent::Ended(reason));
    }
}
