//! On a console's link, with the server's own key: it passes on what server and agent say, and says what it wants besides.

use std::net::SocketAddr;

use agent::driver::Timing;
use agent::socket::Tls;
use futures_util::FutureExt as _;
use protocol::access::Access;
use protocol::ids::{ConsoleId, RoomId, SessionId, TenantId};
use protocol::link::{FromAgent, Opening, ToAgent};
use protocol::secure::noise::{Handshake, Transport};
use protocol::secure::{
    ConsoleSigningKey, EnrolmentString, Grant, Limits, PublicKey, Receipt, SignedGrant, SignedReceipt,
};
use protocol::terms::{ShortcutPolicy, Terms};
use protocol::time::Micros;
use protocol::wire::{Blob, Decode as _, Encode as _, Text};
use tokio::net::TcpListener;
use tokio_tungstenite::{MaybeTlsStream, accept_async};

use super::World;
use super::console::Console;
use super::socket::Socket;

/// Its own questions have numbers from here on; the server counts from nothing.
const FIRST_REQUEST: u32 = 1 << 31;

/// One end of a link.
struct Line {
    socket: Socket,
    transport: Transport,
}

impl Line {
    async fn send(&mut self, message: &impl protocol::wire::Encode) {
        let sealed = self.transport.seal(&message.to_bytes()).expect("short enough");
        assert!(self.socket.send(sealed).await, "the link is up");
    }

    async fn receive(&mut self) -> Vec<u8> {
        self.transport.open(&self.socket.message().await).expect("in order")
    }
}

/// An offer as the server made it.
#[derive(Debug, Clone)]
pub struct Offer {
    pub request: u32,
    pub signed: SignedGrant,
    pub ticket: [u8; 32],
    pub relay_url: String,
}

pub struct Middle {
    pub console: Console,
    pub room: RoomId,
    pub console_id: ConsoleId,
    tenant: TenantId,
    agent: Line,
    server: Line,
    listener: TcpListener,
    n_requests: u32,
    /// What the agent's receipts are signed with.
    signing_key: Option<ConsoleSigningKey>,
}

impl Middle {
    /// Enrols a new console in `room`, and stays between it and the server.
    pub async fn between(world: &World, room: &RoomId, tls: &Tls, timing: Timing) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let string = world.enrolment(room).await;
        let here = format!("http://{}", listener.local_addr().expect("bound"));
        let console = Console::start(&EnrolmentString { url: Text::fitted(&here), ..string.clone() }, tls, timing);
        let link = world.socket_url("/ws/link");
        let (mut agent, mut server) = tokio::join!(accept(world, &listener, &string), enrol(&link, &string, &console));
        let welcome = ToAgent::from_bytes(&server.receive().await).expect("understood");
        let ToAgent::Welcome { console: console_id, tenant, .. } = &welcome else {
            panic!("a welcome, not {welcome:?}")
        };
        let (console_id, tenant) = (*console_id, tenant.clone());
        agent.send(&welcome).await;
        let mut middle = Self {
            console,
            room: room.clone(),
            console_id,
            tenant,
            agent,
            server,
            listener,
            n_requests: FIRST_REQUEST,
            signing_key: None,
        };
        loop {
            let message = middle.hear_agent().await;
            middle.tell_server(&message).await;
            if let FromAgent::Hello { signing_key, .. } = message {
                middle.signing_key = Some(signing_key);
                break;
            }
        }
        // The server answers with the leases when it has taken the console in.
        let leases = ToAgent::from_bytes(&middle.server.receive().await).expect("understood");
        assert!(matches!(leases, ToAgent::Leases { .. }), "{leases:?}");
        middle
    }

    pub async fn tell_agent(&mut self, message: &ToAgent) {
        self.agent.send(message).await;
    }

    pub async fn tell_server(&mut self, message: &FromAgent) {
        self.server.send(message).await;
    }

    async fn hear_agent(&mut self) -> FromAgent {
        FromAgent::from_bytes(&self.agent.receive().await).expect("understood")
    }

    /// What the agent says next about sessions.
    pub async fn from_agent(&mut self) -> FromAgent {
        loop {
            match self.hear_agent().await {
                FromAgent::Hello { .. }
                | FromAgent::Pulse { .. }
                | FromAgent::CallChanged { .. }
                | FromAgent::Signals { .. } => {}
                message => return message,
            }
        }
    }

    /// What the server says next, besides renewing leases and taking receipts.
    pub async fn from_server(&mut self) -> ToAgent {
        loop {
            match ToAgent::from_bytes(&self.server.receive().await).expect("understood") {
                ToAgent::Leases { .. } => {}
                taken @ ToAgent::ReceiptTaken { .. } => self.tell_agent(&taken).await,
                message => return message,
            }
        }
    }

    /// Passes on what it takes to get the server's offer of a session that somebody asks for, and keeps the offer.
    pub async fn offer_of_server(&mut self) -> Offer {
        let question = self.from_server().await;
        assert!(matches!(question, ToAgent::NonceRequest { .. }), "{question:?}");
        self.tell_agent(&question).await;
        let answer = self.from_agent().await;
        self.tell_server(&answer).await;
        let offer = self.from_server().await;
        let ToAgent::Offer { request, grant, ticket, relay_url } = offer else { panic!("an offer, not {offer:?}") };
        let signed = SignedGrant::from_untrusted(grant.into_vec());
        Offer { request, signed, ticket, relay_url: relay_url.as_str().to_owned() }
    }

    /// Passes on an offer, and the agent's answer.
    pub async fn pass_on(&mut self, offer: &Offer) -> FromAgent {
        self.offer(offer).await;
        let answer = self.from_agent().await;
        self.tell_server(&answer).await;
        answer
    }

    /// Has the agent make a nonce.
    pub async fn nonce(&mut self) -> [u8; 32] {
        let request = self.next_request();
        self.tell_agent(&ToAgent::NonceRequest { request }).await;
        match self.from_agent().await {
            FromAgent::Nonce { request: answered, nonce, .. } if answered == request => nonce,
            other => panic!("a nonce, not {other:?}"),
        }
    }

    pub fn next_request(&mut self) -> u32 {
        self.n_requests += 1;
        self.n_requests
    }

    /// Makes the agent an offer.
    pub async fn offer(&mut self, offer: &Offer) {
        let grant = Blob::new(offer.signed.as_bytes().to_vec()).expect("short enough");
        let relay_url = Text::fitted(&offer.relay_url);
        let message = ToAgent::Offer { request: offer.request, grant, ticket: offer.ticket, relay_url };
        self.tell_agent(&message).await;
    }

    /// A grant as the server would make it.
    pub fn grant(&self, session: SessionId, viewer_key: PublicKey, nonce: [u8; 32]) -> Grant {
        Grant {
            version: protocol::VERSION,
            tenant: self.tenant.clone(),
            room: self.room.clone(),
            console: self.console_id,
            session,
            agent_key: self.console.key.public_key(),
            viewer_key,
            nonce,
            access: Access::Modify,
            limits: Limits { idle: Micros::from_secs(900), maximum: Micros::from_secs(14_400) },
            terms: Terms { view_shortcuts: ShortcutPolicy::All, ..Terms::default() },
            restart_on_end: false,
            elapsed: Micros::ZERO,
            user_name: Text::fitted("Tina Technician"),
            audit_position: 7,
        }
    }

    /// Where nobody is expected: a socket that is opened there was opened for a forgery.
    pub fn trap_url(&self) -> String {
        format!("ws://{}/ws/agent", self.trap())
    }

    fn trap(&self) -> SocketAddr {
        self.listener.local_addr().expect("bound")
    }

    /// Nobody has come into the trap.
    pub fn trap_is_empty(&self) -> bool {
        self.listener.accept().now_or_never().is_none()
    }

    /// The receipt in a message of the agent, when it is one.
    pub fn receipt(&self, message: &FromAgent) -> Option<Receipt> {
        let FromAgent::Ended { receipt } = message else { return None };
        let key = self.signing_key.as_ref().expect("it has said hello");
        Some(SignedReceipt::from_untrusted(receipt.clone().into_vec()).verify(key).expect("the console's signature"))
    }

    /// What the agent says up to a session's end, which is the last of it.
    pub async fn until_ended(&mut self, session: SessionId) -> Vec<FromAgent> {
        let mut messages = Vec::new();
        loop {
            let message = self.from_agent().await;
            let is_end = self.receipt(&message).is_some_and(|receipt| receipt.session == session);
            messages.push(message);
            if is_end {
                return messages;
            }
        }
    }
}

/// Is the server of the agent that links to `listener`.
async fn accept(world: &World, listener: &TcpListener, string: &EnrolmentString) -> Line {
    let (stream, _) =
        tokio::time::timeout(super::PATIENCE, listener.accept()).await.expect("in time").expect("it comes");
    let stream = accept_async(MaybeTlsStream::Plain(stream)).await.expect("a WebSocket");
    let mut socket = Socket::accepted(stream);
    let opening = Opening::from_bytes(&socket.message().await).expect("an opening");
    assert!(matches!(opening, Opening::Enrol { .. }), "{opening:?}");
    let mut handshake = Handshake::enrolment_server(world.core.keys.control(), &string.secret).expect("keys");
    handshake.read(&socket.message().await).expect("the agent knows the server's key");
    socket.send(handshake.write().expect("second")).await;
    handshake.read(&socket.message().await).expect("the agent knows the secret");
    Line { socket, transport: handshake.into_transport().expect("finished") }
}

/// Is the console to the server.
async fn enrol(url: &str, string: &EnrolmentString, console: &Console) -> Line {
    let mut socket = Socket::open(url, None).await;
    let (tenant, room) = (string.tenant.clone(), string.room.clone());
    socket.send(Opening::Enrol { version: protocol::VERSION, tenant, room }.to_bytes()).await;
    let mut handshake = Handshake::enrolment_agent(&console.key, &string.server_key, &string.secret).expect("keys");
    socket.send(handshake.write().expect("first")).await;
    handshake.read(&socket.message().await).expect("second");
    socket.send(handshake.write().expect("third")).await;
    Line { socket, transport: handshake.into_transport().expect("finished") }
}
