//! What the portal and the engine say to each other: bytes of [`protocol::wire`] in a `Uint8Array`, beside them at most
//! one object that is handed over (the canvas to the engine, a thumbnail's bitmap to the portal).

use protocol::access::Access;
use protocol::control::{Command, Notice};
use protocol::cursor::CursorUpdate;
use protocol::geometry::PixelSize;
use protocol::ids::{ConsoleId, DisplayId, SessionId, TenantId};
use protocol::input::InputEvent;
use protocol::link::{GRANT_MAX_BYTES, URL_MAX_BYTES};
use protocol::reason::EndReason;
use protocol::secure::{PublicKey, SessionCode};
use protocol::time::Micros;
use protocol::video::Codec;
use protocol::wire::{Blob, Text};
use protocol::{record, tagged};

/// What the engine needs to connect: the server's answer to the start of a session, and the display to begin with.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    pub relay_url: Text<URL_MAX_BYTES>,
    pub tenant: TenantId,
    pub session: SessionId,
    pub console: ConsoleId,
    pub agent_key: PublicKey,
    pub access: Access,
    pub display: DisplayId,
    pub ticket: [u8; 32],
    pub grant: Blob<GRANT_MAX_BYTES>,
}

record!(Connection { relay_url, tenant, session, console, agent_key, access, display, ticket, grant });

/// Never shows the ticket.
impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("session", &self.session).finish_non_exhaustive()
    }
}

/// From the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToEngine {
    /// The canvas to draw on comes beside this message, once in the life of an engine.
    Canvas,
    /// Make the key of the next connection; answered by [`FromEngine::PublicKey`].
    MakeKey,
    /// Connect with the key that was made last. A connection that is there is dropped.
    Connect {
        connection: Connection,
    },
    Command {
        command: Command,
    },
    Input {
        event: InputEvent,
    },
    /// Release everything that is held.
    ReleaseAll,
    /// Close the connection; nothing more is reported of it.
    Disconnect,
}

tagged!(ToEngine {
    0 => Canvas,
    1 => MakeKey,
    2 => Connect { connection },
    3 => Command { command },
    4 => Input { event },
    5 => ReleaseAll,
    6 => Disconnect,
});

/// Figures of the last interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// From the pixels' reading on the console to their drawing here, the median. `None` without a new picture.
    pub glass_to_glass: Option<Micros>,
    /// From the last byte's arrival to the drawing, the median.
    pub decode: Option<Micros>,
    /// To the agent and back, the quickest of the last heartbeats.
    pub round_trip: Option<Micros>,
    /// Pictures in a second, times ten.
    pub decifps: u32,
    pub bits_per_second: u32,
    /// Pictures of this connection.
    pub n_frames: u32,
    /// Pictures of this connection that could not be shown.
    pub n_dropped: u32,
    /// How often the decoders had to begin anew.
    pub n_recoveries: u32,
    pub codec: Option<Codec>,
    pub size: PixelSize,
    /// Video streams that the picture consists of.
    pub n_regions: u16,
}

record!(Statistics {
    glass_to_glass,
    decode,
    round_trip,
    decifps,
    bits_per_second,
    n_frames,
    n_dropped,
    n_recoveries,
    codec,
    size,
    n_regions,
});

/// What the engine cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The browser has no `VideoDecoder`.
    VideoDecoder,
    /// The browser cannot draw outside the page.
    OffscreenCanvas,
    /// The server's answer does not describe a connection.
    Connection,
}

tagged!(Missing { 0 => VideoDecoder, 1 => OffscreenCanvas, 2 => Connection });

/// From the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromEngine {
    /// The first message: from now on messages are heard. A worker's earlier ones are lost while its module loads.
    Ready,
    PublicKey {
        key: PublicKey,
    },
    /// The agent has proved who it is; the console shows the same code.
    Open {
        code: SessionCode,
    },
    Notice {
        notice: Notice,
    },
    /// A picture of this size follows.
    PictureSize {
        display: DisplayId,
        epoch: u32,
        size: PixelSize,
    },
    /// The first picture of that size is on the canvas.
    FirstPicture {
        display: DisplayId,
    },
    Cursor {
        update: CursorUpdate,
    },
    /// An `ImageBitmap` comes beside this message.
    Thumbnail {
        display: DisplayId,
        size: PixelSize,
    },
    Statistics {
        statistics: Statistics,
    },
    /// Nothing was heard for a while.
    Silent,
    /// Something was heard again.
    Heard,
    /// The socket is gone, with this close code; the session may be resumed.
    Lost {
        close_code: u16,
    },
    /// The session is over.
    Ended {
        reason: EndReason,
    },
    /// The engine cannot work.
    Unable {
        missing: Missing,
    },
}

tagged!(FromEngine {
    0 => Ready,
    1 => PublicKey { key },
    2 => Open { code },
    3 => Notice { notice },
    4 => PictureSize { display, epoch, size },
    5 => FirstPicture { display },
    6 => Cursor { update },
    7 => Thumbnail { display, size },
    8 => Statistics { statistics },
    9 => Silent,
    10 => Heard,
    11 => Lost { close_code },
    12 => Ended { reason },
    13 => Unable { missing },
});

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::wire::{Decode as _, Encode as _};

    #[test]
    fn messages_are_read_back() {
        let connection = Connection {
            relay_url: Text::fitted("wss://example.com/ws/viewer"),
            tenant: TenantId::new("contoso").expect("a slug"),
            session: SessionId([1; 16]),
            console: ConsoleId([2; 16]),
            agent_key: PublicKey([3; 32]),
            access: Access::Modify,
            display: DisplayId::FrontOfRoom1,
            ticket: [4; 32],
            grant: Blob::new(vec![5; 100]).expect("short enough"),
        };
        let message = ToEngine::Connect { connection };
        assert_eq!(ToEngine::from_bytes(&message.to_bytes()), Ok(message));

        let statistics = Statistics { glass_to_glass: Some(Micros(4_000)), decifps: 600, ..Statistics::default() };
        let message = FromEngine::Statistics { statistics };
        assert_eq!(FromEngine::from_bytes(&message.to_bytes()), Ok(message));
    }

    #[test]
    fn debug_hides_the_ticket_and_what_is_typed() {
        let message = ToEngine::Input { event: InputEvent::Text { text: Text::fitted("hunter2") } };
        assert!(!format!("{message:?}").contains("hunter2"));
    }
}
