//! How a console signs in: with a one-time secret the first time, with its key from then on.

use std::time::Duration;

use futures_util::SinkExt as _;
use protocol::ids::{ConsoleId, RoomId, TenantId};
use protocol::link::{Opening, close};
use protocol::secure::noise::{Handshake, NoiseError, Transport};
use protocol::secure::{Fingerprint, PublicKey};
use protocol::wire::Decode as _;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::audit::{Actor, Client, Event};
use crate::random;
use crate::relay::socket::{Carrier, CloseCode, receive};
use crate::state::Core;
use crate::storage::{Console, EnrolmentSecret, NewConsole, StorageError, TenantScope};

/// Who is at the other end of a link.
#[derive(Debug)]
pub struct Caller {
    pub transport: Transport,
    /// The console whose key the caller claims; `None` when no console has that key (any more).
    ///
    /// A first message that was recorded and played back comes as far as this: nothing may follow from it before the
    /// caller's first sealed message was opened.
    pub console: Option<(TenantScope, Console)>,
}

/// Why there is no handshake.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolmentError {
    #[error(transparent)]
    Socket(#[from] CloseCode),
    /// Unknown room, spent or expired secret.
    #[error("the enrolment secret is good for nothing")]
    BadSecret,
    /// The room expects a console, but the caller does not know the secret. The caller is told the same.
    #[error("the enrolment secret is wrong")]
    WrongSecret { scope: TenantScope, room: RoomId },
    #[error("the handshake failed")]
    Handshake(#[from] NoiseError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl EnrolmentError {
    /// What the caller is told.
    pub fn close_code(&self) -> CloseCode {
        match self {
            Self::Socket(code) => *code,
            Self::BadSecret | Self::WrongSecret { .. } => CloseCode(close::BAD_TICKET),
            Self::Handshake(_) => CloseCode(close::BAD_MESSAGE),
            Self::Storage(_) => CloseCode(close::OVERLOADED),
        }
    }
}

/// Answers the opening and the handshake of a link; each message may take `within`.
///
/// # Errors
/// When the caller cannot prove what it has to.
pub async fn greet<S: Carrier>(
    socket: &mut WebSocketStream<S>,
    core: &Core,
    client: Client,
    within: Duration,
) -> Result<Caller, EnrolmentError> {
    let opening = receive(socket, within).await?;
    let mut line = Line { socket, within };
    match Opening::from_bytes(&opening) {
        Ok(Opening::Connect { version }) if version == protocol::VERSION => connect(&mut line, core).await,
        Ok(Opening::Enrol { version, tenant, room }) if version == protocol::VERSION => {
            enrol(&mut line, core, client, &tenant, &room).await
        }
        _ => Err(CloseCode(close::BAD_MESSAGE).into()),
    }
}

/// A socket on which a handshake is spoken.
struct Line<'a, S> {
    socket: &'a mut WebSocketStream<S>,
    within: Duration,
}

impl<S: Carrier> Line<'_, S> {
    async fn read(&mut self, handshake: &mut Handshake) -> Result<(), EnrolmentError> {
        let message = receive(self.socket, self.within).await?;
        Ok(handshake.read(&message)?)
    }

    async fn write(&mut self, handshake: &mut Handshake) -> Result<(), EnrolmentError> {
        let message = Message::Binary(handshake.write()?.into());
        match timeout(self.within, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(CloseCode(close::PEER_GONE).into()),
        }
    }
}

async fn connect<S: Carrier>(line: &mut Line<'_, S>, core: &Core) -> Result<Caller, EnrolmentError> {
    let mut handshake = Handshake::link_server(core.keys.control())?;
    line.read(&mut handshake).await?;
    line.write(&mut handshake).await?;
    let key = handshake.remote_key().ok_or(NoiseError::Refused)?;
    let transport = handshake.into_transport()?;
    Ok(Caller { transport, console: core.storage.console_by_key(&key).await? })
}

async fn enrol<S: Carrier>(
    line: &mut Line<'_, S>,
    core: &Core,
    client: Client,
    tenant: &TenantId,
    room: &RoomId,
) -> Result<Caller, EnrolmentError> {
    let offered = offered(core, tenant, room).await?;
    // A room that does not exist or expects no console is played along with, to its same end.
    let secret = match &offered {
        Some((_, offer)) => core.keys.enrolment_secret(tenant, room, &offer.id),
        None => random::secret(),
    };
    let mut handshake = Handshake::enrolment_server(core.keys.control(), &secret)?;
    line.read(&mut handshake).await?;
    line.write(&mut handshake).await?;
    let proven = line.read(&mut handshake).await;
    let (scope, offer) = offered.ok_or(EnrolmentError::BadSecret)?;
    match proven {
        Ok(()) => {}
        Err(EnrolmentError::Handshake(_)) => return Err(EnrolmentError::WrongSecret { scope, room: room.clone() }),
        Err(error) => return Err(error),
    }
    let key = handshake.remote_key().ok_or(NoiseError::Refused)?;
    let transport = handshake.into_transport()?;
    let console = take(core, client, &scope, &offer, key).await?;
    tracing::info!(console.id = %console.id, "a console was enrolled");
    Ok(Caller { transport, console: Some((scope, console)) })
}

/// The room's open offer to enrol a console, if it has one.
async fn offered(
    core: &Core,
    tenant: &TenantId,
    room: &RoomId,
) -> Result<Option<(TenantScope, EnrolmentSecret)>, StorageError> {
    let Some((scope, _)) = core.storage.tenant(tenant).await? else { return Ok(None) };
    let secret = core.storage.enrolment_secret(&scope, room).await?;
    Ok(secret.filter(|secret| core.clock.now() < secret.expires_at).map(|secret| (scope, secret)))
}

/// Uses the offer up and makes the caller the room's console; of many that try at once, one succeeds.
async fn take(
    core: &Core,
    client: Client,
    scope: &TenantScope,
    offer: &EnrolmentSecret,
    key: PublicKey,
) -> Result<Console, EnrolmentError> {
    let now = core.clock.now();
    let console = NewConsole { id: ConsoleId(random::bytes()), room: offer.room.clone(), key, enrolled_at: now };
    let event = Event::ConsoleEnrolled {
        room: offer.room.clone(),
        console: console.id,
        fingerprint: Fingerprint::of(&key).to_string(),
        pre_approved: offer.pre_approved,
    };
    let event = core.auditor.event(&Actor::Console { id: console.id }, client, &event);
    match core.storage.enrol_console(scope, &offer.id, &console, now, event).await {
        Ok(Some(console)) => {
            core.metrics.enrolments.increment();
            core.live.room_changed(scope, &offer.room);
            Ok(console)
        }
        // Spent meanwhile, or the key is another room's console.
        Ok(None) => Err(EnrolmentError::BadSecret),
        Err(error) if error.is_conflict() => Err(EnrolmentError::BadSecret),
        Err(error) => Err(error.into()),
    }
}
