//! A viewer written by hand, from the protocol alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::api::StartedSession;
use protocol::link::SocketOpening;
use protocol::secure::noise::{Handshake, SessionPrologue, Transport};
use protocol::secure::{SecretKey, SignedGrant};
use protocol::wire::Encode as _;

use super::socket::Socket;

pub(crate) fn ticket_of(started: &StartedSession) -> [u8; 32] {
    URL_SAFE_NO_PAD.decode(&started.ticket).expect("base64").try_into().expect("32 bytes")
}

pub(crate) fn opening_of(started: &StartedSession) -> SocketOpening {
    SocketOpening { version: protocol::VERSION, session: started.session, ticket: ticket_of(started) }
}

/// Opens the viewer's socket of a session from a page at `origin`.
pub(crate) async fn open_socket(started: &StartedSession, origin: &str) -> Socket {
    let mut socket = Socket::open(&started.relay_url, Some(origin)).await;
    socket.send(opening_of(started).to_bytes()).await;
    socket
}

/// The viewer's side of the session's handshake.
pub(crate) async fn shake_hands(started: &StartedSession, key: &SecretKey, socket: &mut Socket) -> Transport {
    let grant = SignedGrant::from_untrusted(URL_SAFE_NO_PAD.decode(&started.grant).expect("base64"));
    let prologue = SessionPrologue {
        tenant: &started.tenant,
        console: started.console,
        session: started.session,
        grant_hash: grant.hash(),
    };
    let mut handshake = Handshake::session_viewer(key, &started.agent_key, &prologue).expect("keys");
    socket.send(handshake.write().expect("first")).await;
    handshake.read(&socket.message().await).expect("the console of the grant");
    handshake.into_transport().expect("finished")
}
