use futures_util::{SinkExt as _, StreamExt as _};
use protocol::access::Access;
use protocol::ids::{ConsoleId, RoomId, SessionId, TenantId};
use protocol::link::{ConsoleInfo, Enrolment, FromAgent, Opening, SessionEvent, SocketOpening, ToAgent};
use protocol::reason::EndReason;
use protocol::secure::noise::{Handshake, Transport};
use protocol::secure::{
    ConsoleSigningKey, EnrolmentString, Grant, GrantSigner, Limits, PublicKey, Receipt, Secret, SecretKey, SignedGrant,
    SignedReceipt,
};
use protocol::terms::{ShortcutPolicy, Terms};
use protocol::time::Micros;
use protocol::wire::{Blob, Decode as _, Encode as _, List, Text};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use super::PATIENCE;
use super::viewer::ViewerEnd;

pub(crate) type Socket = WebSocketStream<TcpStream>;

pub(crate) const CONSOLE: ConsoleId = ConsoleId([1; 16]);
const ENROLMENT_SECRET: [u8; 32] = [3; 32];
const TICKET: [u8; 32] = [4; 32];

pub(crate) fn tenant() -> TenantId {
    TenantId::new("contoso").expect("a slug")
}

fn room() -> RoomId {
    RoomId::new("aurora").expect("a slug")
}

/// The other end of everything that an agent connects to.
pub(crate) struct Server {
    address: String,
    pub(crate) grants: GrantSigner,
    links: mpsc::Receiver<(Socket, Option<PublicKey>)>,
    sockets: mpsc::Receiver<(SocketOpening, Socket)>,
    key: SecretKey,
    n_requests: u32,
    /// Of the grants that follow.
    pub(crate) terms: Terms,
    pub(crate) limits: Limits,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let (links_out, links) = mpsc::channel(8);
        let (sockets_out, sockets) = mpsc::channel(8);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(accept(stream, links_out.clone(), sockets_out.clone()));
            }
        });
        let key = Secret::new([2; 32]);
        let terms = Terms { view_shortcuts: ShortcutPolicy::All, ..Terms::default() };
        let limits = Limits { idle: Micros::from_secs(900), maximum: Micros::from_secs(14_400) };
        Self {
            address,
            grants: GrantSigner::new(&Secret::new([9; 32])),
            links,
            sockets,
            key,
            n_requests: 0,
            terms,
            limits,
        }
    }

    pub(crate) fn enrolment(&self) -> EnrolmentString {
        EnrolmentString {
            url: Text::fitted(&self.address),
            server_key: self.key.public_key(),
            tenant: tenant(),
            room: room(),
            secret: Secret::new(ENROLMENT_SECRET),
        }
    }

    /// The agent's next link, with its greeting exchanged.
    pub(crate) async fn link(&mut self) -> Link {
        self.link_with(|_| {}).await
    }

    /// The same, with a changed welcome.
    pub(crate) async fn link_with(&mut self, change: impl FnOnce(&mut ToAgent)) -> Link {
        let mut link = self.link_in_silence().await;
        let mut welcome = self.welcome();
        change(&mut welcome);
        link.send(&welcome).await;
        link
    }

    /// What an approved console is told.
    pub(crate) fn welcome(&self) -> ToAgent {
        ToAgent::Welcome {
            console: CONSOLE,
            tenant: tenant(),
            room: room(),
            room_name: Text::fitted("Aurora"),
            grant_key: self.grants.public_key().to_bytes(),
            status: Enrolment::Approved,
        }
    }

    /// The agent's next link, before anything is said.
    pub(crate) async fn link_in_silence(&mut self) -> Link {
        let (mut socket, _) = timeout(PATIENCE, self.links.recv()).await.expect("a link comes").expect("we accept");
        let opening = Opening::from_bytes(&next(&mut socket).await).expect("an opening");
        let (mut handshake, enrols) = match opening {
            Opening::Enrol { .. } => {
                (Handshake::enrolment_server(&self.key, &Secret::new(ENROLMENT_SECRET)).expect("keys"), true)
            }
            Opening::Connect { .. } => (Handshake::link_server(&self.key).expect("keys"), false),
        };
        handshake.read(&next(&mut socket).await).expect("the agent knows our key");
        let answer = handshake.write().expect("our turn");
        socket.send(Message::binary(answer)).await.expect("it listens");
        if enrols {
            handshake.read(&next(&mut socket).await).expect("the agent knows the secret");
        }
        let agent_key = handshake.remote_key().expect("it was read");
        let transport = handshake.into_transport().expect("finished");
        Link { socket, transport, agent_key, enrols, signing_key: None, takes_receipts: true }
    }

    /// Refuses the next link before its welcome, as for a spent secret or an unknown key.
    pub(crate) async fn refuse_link(&mut self) -> bool {
        let mut link = self.link_in_silence().await;
        link.socket.close(None).await.expect("open");
        link.enrols
    }

    /// Asks for a nonce and makes the grant of a session.
    pub(crate) async fn grant(
        &mut self,
        link: &mut Link,
        session: SessionId,
        viewer_key: PublicKey,
        access: Access,
    ) -> Grant {
        self.n_requests += 1;
        let request = self.n_requests;
        link.send(&ToAgent::NonceRequest { request }).await;
        let nonce = loop {
            if let FromAgent::Nonce { request: answered, nonce, .. } = link.receive().await {
                assert_eq!(answered, request);
                break nonce;
            }
        };
        Grant {
            version: protocol::VERSION,
            tenant: tenant(),
            room: room(),
            console: CONSOLE,
            session,
            agent_key: link.agent_key,
            viewer_key,
            nonce,
            access,
            limits: self.limits,
            terms: self.terms,
            restart_on_end: true,
            elapsed: Micros::ZERO,
            user_name: Text::fitted("Tina Technician"),
            audit_position: 7,
        }
    }

    /// A number for a question.
    pub(crate) fn next_request(&mut self) -> u32 {
        self.n_requests += 1;
        self.n_requests
    }

    /// Returns when the agent is done with whatever made it send its last message.
    pub(crate) async fn pass_a_turn(&mut self, link: &mut Link) {
        self.n_requests += 1;
        let expected = self.n_requests;
        link.send(&ToAgent::NonceRequest { request: expected }).await;
        let is_answer =
            |message: &FromAgent| matches!(message, FromAgent::Nonce { request, .. } if *request == expected);
        link.wait_for("a nonce", |message| is_answer(message).then_some(())).await;
    }

    /// Offers a session and answers with what the agent says to it.
    pub(crate) async fn offer(&mut self, link: &mut Link, signed: &SignedGrant) -> FromAgent {
        self.offer_in_silence(link, signed).await;
        self.answer(link).await
    }

    /// Offers a session; the answer may come much later.
    pub(crate) async fn offer_in_silence(&mut self, link: &mut Link, signed: &SignedGrant) {
        self.n_requests += 1;
        let grant = Blob::new(signed.as_bytes().to_vec()).expect("short enough");
        let relay_url = Text::fitted(&format!("{}/ws/agent", self.address));
        link.send(&ToAgent::Offer { request: self.n_requests, grant, ticket: TICKET, relay_url }).await;
    }

    /// What the agent says to the last offer.
    pub(crate) async fn answer(&mut self, link: &mut Link) -> FromAgent {
        loop {
            let answer = link.receive().await;
            if let FromAgent::Accepted { request, .. } | FromAgent::Refused { request, .. } = &answer {
                assert_eq!(*request, self.n_requests);
                return answer;
            }
        }
    }

    /// The agent's socket of a session.
    pub(crate) async fn session_socket(&mut self, session: SessionId) -> Socket {
        let (opening, socket) = timeout(PATIENCE, self.sockets.recv()).await.expect("it comes").expect("we accept");
        assert_eq!((opening.session, opening.ticket), (session, TICKET));
        socket
    }

    /// No socket was opened.
    pub(crate) fn has_no_socket(&mut self) -> bool {
        self.sockets.try_recv().is_err()
    }

    /// A session from the first request to an open viewer.
    pub(crate) async fn session(&mut self, link: &mut Link, session: SessionId, access: Access) -> ViewerEnd {
        let key = Secret::new([session.0[0]; 32]);
        let grant = self.grant(link, session, key.public_key(), access).await;
        self.open(link, grant, &key, access).await
    }

    /// Offers `grant` and connects a viewer that believes to have `access`.
    pub(crate) async fn open(&mut self, link: &mut Link, grant: Grant, key: &SecretKey, access: Access) -> ViewerEnd {
        let signed = self.grants.sign(&grant);
        let answer = self.offer(link, &signed).await;
        assert!(matches!(answer, FromAgent::Accepted { session, .. } if session == grant.session), "{answer:?}");
        let socket = self.session_socket(grant.session).await;
        ViewerEnd::open(socket, key, &grant, &signed, access).await
    }
}

/// One control link, as the server has it.
pub(crate) struct Link {
    socket: Socket,
    transport: Transport,
    pub(crate) agent_key: PublicKey,
    /// It began with an enrolment.
    pub(crate) enrols: bool,
    /// From the agent's greeting on.
    pub(crate) signing_key: Option<ConsoleSigningKey>,
    /// The agent is told that its receipts are taken.
    pub(crate) takes_receipts: bool,
}

impl Link {
    pub(crate) async fn send(&mut self, message: &ToAgent) {
        let sealed = self.transport.seal(&message.to_bytes()).expect("short enough");
        self.socket.send(Message::binary(sealed)).await.expect("the link is up");
    }

    pub(crate) async fn receive(&mut self) -> FromAgent {
        let sealed = timeout(PATIENCE, next(&mut self.socket)).await.expect("the agent says something");
        let message = FromAgent::from_bytes(&self.transport.open(&sealed).expect("in order")).expect("understood");
        match &message {
            FromAgent::Hello { signing_key, .. } => self.signing_key = Some(*signing_key),
            FromAgent::Ended { .. } if self.takes_receipts => {
                let number = self.receipt(&message).expect("a receipt").number;
                self.send(&ToAgent::ReceiptTaken { number }).await;
            }
            _ => {}
        }
        message
    }

    /// The receipt in a message, when it is one.
    pub(crate) fn receipt(&self, message: &FromAgent) -> Option<Receipt> {
        let FromAgent::Ended { receipt } = message else { return None };
        let key = self.signing_key.as_ref().expect("it has said hello");
        Some(SignedReceipt::from_untrusted(receipt.clone().into_vec()).verify(key).expect("the console's signature"))
    }

    /// The next receipt.
    pub(crate) async fn next_receipt(&mut self) -> Receipt {
        loop {
            let message = self.receive().await;
            if let Some(receipt) = self.receipt(&message) {
                return receipt;
            }
        }
    }

    /// The next message for which `pick` has an answer.
    pub(crate) async fn wait_for<T>(&mut self, what: &str, mut pick: impl FnMut(&FromAgent) -> Option<T>) -> T {
        let waiting = async {
            loop {
                let message = self.receive().await;
                if let Some(answer) = pick(&message) {
                    return answer;
                }
            }
        };
        timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("waited in vain: {what}"))
    }

    pub(crate) async fn hello(&mut self) -> ConsoleInfo {
        self.wait_for("a hello", |message| match message {
            FromAgent::Hello { info, .. } => Some(info.clone()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn ended(&mut self, expected: SessionId) -> (EndReason, bool) {
        let waiting = async {
            loop {
                let receipt = self.next_receipt().await;
                if receipt.session == expected {
                    return (receipt.reason, receipt.restarts);
                }
            }
        };
        timeout(PATIENCE, waiting).await.expect("an end")
    }

    pub(crate) async fn event(&mut self, expected: &SessionEvent) {
        self.wait_for(&format!("{expected:?}"), |message| match message {
            FromAgent::Event { event, .. } if event == expected => Some(()),
            _ => None,
        })
        .await;
    }

    pub(crate) async fn lease(&mut self, sessions: &[SessionId]) {
        self.send(&ToAgent::Leases { sessions: List::fitted(sessions.to_vec()) }).await;
    }
}

#[expect(clippy::result_large_err, reason = "the library's callback has this error")]
async fn accept(
    stream: TcpStream,
    links: mpsc::Sender<(Socket, Option<PublicKey>)>,
    sockets: mpsc::Sender<(SocketOpening, Socket)>,
) {
    let mut path = String::new();
    let read_path = |request: &Request, response: Response| {
        request.uri().path().clone_into(&mut path);
        assert!(!request.headers().contains_key("origin"), "an agent is no browser");
        Ok(response)
    };
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, read_path).await else { return };
    match path.as_str() {
        "/ws/link" => _ = links.send((socket, None)).await,
        "/ws/agent" => {
            let opening = SocketOpening::from_bytes(&next(&mut socket).await).expect("an opening");
            _ = sockets.send((opening, socket)).await;
        }
        path => panic!("the agent knows no {path}"),
    }
}

async fn next(socket: &mut Socket) -> Vec<u8> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Binary(bytes))) => return bytes.into(),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => panic!("instead of a message: {other:?}"),
        }
    }
}
