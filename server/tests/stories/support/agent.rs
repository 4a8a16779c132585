//! A console written by hand, from the protocol alone. It answers as it is told, truthfully or not.

use protocol::access::Access;
use protocol::geometry::PixelSize;
use protocol::ids::{ConsoleId, DisplayId, DisplayInfo, RoomId, SessionId, TenantId};
use protocol::link::{CallState, ConsoleInfo, Enrolment, FromAgent, Opening, SessionEvent, SocketOpening, ToAgent};
use protocol::reason::EndReason;
use protocol::refusal::RefusalCode;
use protocol::secure::noise::{Handshake, SessionPrologue, Transport};
use protocol::secure::{
    ConsoleSigner, EndFound, EnrolmentString, Grant, GrantKey, PublicKey, Receipt, Secret, SecretKey, SignedGrant,
};
use protocol::time::Micros;
use protocol::wire::{Blob, Decode as _, Encode as _, List, Text};

use super::socket::{Heard, Socket};

/// What the server said in its welcome.
#[derive(Debug, Clone)]
pub(crate) struct Welcome {
    pub(crate) console: ConsoleId,
    pub(crate) tenant: TenantId,
    pub(crate) room: RoomId,
    pub(crate) grant_key: GrantKey,
    pub(crate) status: Enrolment,
}

/// An offer, as the console received it.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) request: u32,
    pub(crate) signed: SignedGrant,
    pub(crate) grant: Grant,
    pub(crate) ticket: [u8; 32],
    pub(crate) relay_url: String,
}

/// A console with its link up.
pub(crate) struct TestAgent {
    pub(crate) key: SecretKey,
    pub(crate) welcome: Welcome,
    pub(crate) socket: Socket,
    pub(crate) transport: Transport,
    /// Made of the key.
    pub(crate) signer: ConsoleSigner,
    pub(crate) n_receipts: u64,
}

pub(crate) fn key(number: u8) -> SecretKey {
    Secret::new([number; 32])
}

pub(crate) fn info() -> ConsoleInfo {
    ConsoleInfo {
        agent_version: Text::fitted("0.0.0"),
        platform: Text::fitted("simulated"),
        host_name: Text::fitted("aurora-console"),
        operating_system: Text::fitted("Test"),
        displays: List::fitted(vec![DisplayInfo { id: DisplayId::Console, size: PixelSize::new(1280, 800) }]),
        highest_access: Access::Modify,
        can_restart: true,
    }
}

/// Speaks an enrolment up to its last handshake message; the server's answer is still to come.
pub(crate) async fn begin_enrolment(url: &str, enrolment: &EnrolmentString, key: &SecretKey) -> (Socket, Transport) {
    let mut socket = Socket::open(url, None).await;
    let opening =
        Opening::Enrol { version: protocol::VERSION, tenant: enrolment.tenant.clone(), room: enrolment.room.clone() };
    socket.send(opening.to_bytes()).await;
    let mut handshake = Handshake::enrolment_agent(key, &enrolment.server_key, &enrolment.secret).expect("keys");
    socket.send(handshake.write().expect("first")).await;
    handshake.read(&socket.message().await).expect("second");
    socket.send(handshake.write().expect("third")).await;
    (socket, handshake.into_transport().expect("finished"))
}

/// Speaks the handshake of an enrolled console.
pub(crate) async fn begin_connection(url: &str, server: &PublicKey, key: &SecretKey) -> (Socket, Transport) {
    let mut socket = Socket::open(url, None).await;
    socket.send(Opening::Connect { version: protocol::VERSION }.to_bytes()).await;
    let mut handshake = Handshake::link_agent(key, server).expect("keys");
    socket.send(handshake.write().expect("first")).await;
    handshake.read(&socket.message().await).expect("second");
    (socket, handshake.into_transport().expect("finished"))
}

impl TestAgent {
    /// Enrols with `enrolment` at the link `url`, up to the welcome.
    pub(crate) async fn enrol(url: &str, enrolment: &EnrolmentString, key: SecretKey) -> Self {
        let (socket, transport) = begin_enrolment(url, enrolment, &key).await;
        Self::welcomed(socket, transport, key).await
    }

    /// Connects with a key that was enrolled, up to the welcome.
    pub(crate) async fn connect(url: &str, server: &PublicKey, key: SecretKey) -> Self {
        let (socket, transport) = begin_connection(url, server, &key).await;
        Self::welcomed(socket, transport, key).await
    }

    async fn welcomed(mut socket: Socket, mut transport: Transport, key: SecretKey) -> Self {
        let message = transport.open(&socket.message().await).expect("sealed for us");
        let Ok(ToAgent::Welcome { console, tenant, room, grant_key, status, .. }) = ToAgent::from_bytes(&message)
        else {
            panic!("the first message is a welcome");
        };
        let grant_key = GrantKey::from_bytes(&grant_key).expect("a key");
        let welcome = Welcome { console, tenant, room, grant_key, status };
        let signer = ConsoleSigner::new(&key);
        Self { key, welcome, socket, transport, signer, n_receipts: 0 }
    }

    /// Says hello, in no call, and waits until the server has taken it in.
    pub(crate) async fn hello(mut self) -> Self {
        self.say_hello(CallState::Idle).await;
        self
    }

    pub(crate) fn greeting(&self, info: ConsoleInfo, call: CallState) -> FromAgent {
        FromAgent::Hello { info, call, signing_key: self.signer.public_key() }
    }

    pub(crate) async fn say_hello(&mut self, call: CallState) {
        self.send(&self.greeting(info(), call)).await;
        let leases = self.receive().await;
        assert!(matches!(leases, ToAgent::Leases { .. }), "a hello is answered with the leases, not {leases:?}");
    }

    /// Waits until the server says anew how far it trusts the console.
    pub(crate) async fn told(&mut self) -> Enrolment {
        let order = self.receive_order().await;
        let ToAgent::Welcome { console, status, .. } = order else { panic!("a welcome, not {order:?}") };
        assert_eq!(console, self.welcome.console);
        status
    }

    /// Says hello once more; only the first hello is answered.
    pub(crate) async fn say_hello_again(&mut self) {
        self.send(&self.greeting(info(), CallState::Idle)).await;
    }

    pub(crate) async fn send(&mut self, message: &FromAgent) {
        self.send_sealed(&message.to_bytes()).await;
    }

    pub(crate) async fn send_sealed(&mut self, plaintext: &[u8]) {
        let sealed = self.transport.seal(plaintext).expect("short enough");
        self.socket.send(sealed).await;
    }

    pub(crate) async fn receive(&mut self) -> ToAgent {
        let message = self.transport.open(&self.socket.message().await).expect("sealed for us");
        ToAgent::from_bytes(&message).expect("a message for agents")
    }

    /// The next message that is neither a renewal of leases nor an answer to a receipt.
    pub(crate) async fn receive_order(&mut self) -> ToAgent {
        loop {
            match self.receive().await {
                ToAgent::Leases { .. } | ToAgent::ReceiptTaken { .. } => {}
                message => return message,
            }
        }
    }

    /// Messages up to the end of the link; the code of the end.
    pub(crate) async fn closed(&mut self) -> (Vec<ToAgent>, u16) {
        let mut messages = Vec::new();
        loop {
            match self.socket.hear().await {
                Heard::Message(sealed) => {
                    let message = self.transport.open(&sealed).expect("sealed for us");
                    messages.push(ToAgent::from_bytes(&message).expect("a message for agents"));
                }
                Heard::Closed(code) => return (messages, code),
                Heard::Broken => panic!("the link broke without a code"),
            }
        }
    }

    /// Answers the server's request for a nonce.
    pub(crate) async fn give_nonce(&mut self, nonce: [u8; 32], call: CallState) {
        let ToAgent::NonceRequest { request } = self.receive_order().await else { panic!("a request for a nonce") };
        self.send(&FromAgent::Nonce { request, nonce, call }).await;
    }

    /// Takes the server's offer and checks it as a console does.
    pub(crate) async fn take_offer(&mut self) -> Offer {
        let order = self.receive_order().await;
        let ToAgent::Offer { request, grant, ticket, relay_url } = order else { panic!("an offer, not {order:?}") };
        let signed = SignedGrant::from_untrusted(grant.into_vec());
        let grant = signed.verify(&self.welcome.grant_key).expect("the server's signature");
        assert_eq!((grant.console, &grant.tenant), (self.welcome.console, &self.welcome.tenant));
        assert_eq!(grant.agent_key, self.key.public_key());
        Offer { request, signed, grant, ticket, relay_url: relay_url.as_str().to_owned() }
    }

    /// Gives a nonce, takes the offer and agrees: what a console does for a session to start.
    pub(crate) async fn agree(&mut self) -> Offer {
        let nonce = [0x4e; 32];
        self.give_nonce(nonce, CallState::Idle).await;
        let offer = self.take_offer().await;
        assert_eq!(offer.grant.nonce, nonce);
        self.send(&FromAgent::Accepted { request: offer.request, session: offer.grant.session }).await;
        offer
    }

    /// Gives a nonce, takes the offer and refuses it.
    pub(crate) async fn refuse(&mut self, code: RefusalCode) -> Offer {
        self.give_nonce([0x4e; 32], CallState::Idle).await;
        let offer = self.take_offer().await;
        self.send(&FromAgent::Refused { request: offer.request, code }).await;
        offer
    }

    pub(crate) async fn report(&mut self, session: SessionId, event: SessionEvent) {
        self.send(&FromAgent::Event { session, event }).await;
    }

    pub(crate) async fn ended(&mut self, session: SessionId, reason: EndReason, restarts: bool) {
        let receipt = self.receipt(session, reason, restarts);
        self.say(&receipt).await;
    }

    /// The console's next receipt.
    pub(crate) fn receipt(&mut self, session: SessionId, reason: EndReason, restarts: bool) -> Receipt {
        self.n_receipts += 1;
        Receipt {
            tenant: self.welcome.tenant.clone(),
            console: self.welcome.console,
            session,
            number: self.n_receipts,
            reason,
            restarts,
            viewer_came: true,
            shown_ms: Some(1500),
            found: EndFound::Clean,
        }
    }

    /// Signs and sends a receipt.
    pub(crate) async fn say(&mut self, receipt: &Receipt) {
        self.send_receipt(self.signer.sign_receipt(receipt).into_bytes()).await;
    }

    pub(crate) async fn send_receipt(&mut self, bytes: Vec<u8>) {
        self.send(&FromAgent::Ended { receipt: Blob::new(bytes).expect("short enough") }).await;
    }

    /// The number of the next receipt that the server has taken.
    pub(crate) async fn taken(&mut self) -> u64 {
        loop {
            if let ToAgent::ReceiptTaken { number } = self.receive().await {
                return number;
            }
        }
    }

    pub(crate) async fn pulse(&mut self, sent_at: Micros) {
        self.send(&FromAgent::Pulse { sent_at }).await;
    }

    /// Opens the console's socket of the offered session.
    pub(crate) async fn open_socket(&self, offer: &Offer) -> Socket {
        let mut socket = Socket::open(&offer.relay_url, None).await;
        let opening = SocketOpening { version: protocol::VERSION, session: offer.grant.session, ticket: offer.ticket };
        socket.send(opening.to_bytes()).await;
        socket
    }

    /// The console's side of the session's handshake, over a socket that is paired or soon will be.
    pub(crate) async fn shake_hands(&self, offer: &Offer, socket: &mut Socket) -> Transport {
        let prologue = SessionPrologue {
            tenant: &offer.grant.tenant,
            console: offer.grant.console,
            session: offer.grant.session,
            grant_hash: offer.signed.hash(),
        };
        let mut handshake = Handshake::session_agent(&self.key, &prologue).expect("keys");
        handshake.read(&socket.message().await).expect("the viewer of the grant");
        assert_eq!(handshake.remote_key(), Some(offer.grant.viewer_key), "the viewer whose key is granted");
        socket.send(handshake.write().expect("second")).await;
        handshake.into_transport().expect("finished")
    }
}
