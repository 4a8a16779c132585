//! Handshakes that were changed, replayed, mixed or made by somebody else: the agent sends them no picture and never takes
//! the session for open, and the viewer takes no answer but the agent's own.
//!
//! Every socket goes through the server's relay. One session in twenty is asked for at the server's API, signed and
//! recorded as any other; the others are granted by the trial with the server's keys, because a record on the disk for
//! each would be all that is measured. One in fifty is genuine and has to get its picture.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use agent::clock::Clock;
use agent::socket::Tls;
use fastrand::Rng;
use protocol::access::Access;
use protocol::api::StartedSession;
use protocol::control::Command;
use protocol::ids::{ConsoleId, SessionId, TenantId};
use protocol::link::{FromAgent, SessionEvent};
use protocol::reason::EndReason;
use protocol::secure::{PublicKey, Secret, SecretKey};
use protocol::session::ViewerEvent;
use server::relay::Side;
use trials::effort::Effort;
use trials::forgery::{Change, low_order_points};
use trials::world::browser::Browser;
use trials::world::console::without_leases;
use trials::world::middle::{Middle, Offer};
use trials::world::socket::Socket;
use trials::world::viewer::{Gone, Invitation, Viewer};
use trials::world::{Plan, World, room, until};

/// Longest forgery in bytes; a first message has 96.
const MESSAGE_MAX_BYTES: usize = 65_535;
const WHOLE_WAY_EVERY: u64 = 20;
const GENUINE_EVERY: u64 = 50;

/// How a handshake is forged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Forgery {
    /// The viewer's message, on its way to the agent.
    First(Change),
    /// Genuine but for its ephemeral key, a point that makes every product known.
    LowOrder,
    /// By a viewer who believes to be in another session, tenant or console, or has another grant.
    OtherSession,
    OtherTenant,
    OtherConsole,
    OtherGrant,
    /// By somebody else than the viewer of the grant.
    OtherViewer,
    /// For another console.
    OtherAgent,
    /// The viewer's message of an earlier session with this console.
    Replayed,
    /// Genuine, and then the same again, or another genuine one, where the session would begin.
    Twice,
    TwiceAnew,
    /// Genuine, and then anything.
    ThenAnything,
    /// The agent's message, on its way to the viewer.
    Second(Change),
    /// The agent's message of an earlier session.
    SecondReplayed,
    /// The viewer's own message, sent back.
    Reflected,
}

fn forgeries() -> Vec<Forgery> {
    let mut all = vec![
        Forgery::LowOrder,
        Forgery::OtherSession,
        Forgery::OtherTenant,
        Forgery::OtherConsole,
        Forgery::OtherGrant,
        Forgery::OtherViewer,
        Forgery::OtherAgent,
        Forgery::Replayed,
        Forgery::Twice,
        Forgery::TwiceAnew,
        Forgery::ThenAnything,
        Forgery::SecondReplayed,
        Forgery::Reflected,
    ];
    all.extend(Change::ALL.map(Forgery::First));
    all.extend(Change::ALL.map(Forgery::Second));
    all
}

struct Forger {
    world: Arc<World>,
    middle: Middle,
    technician: Browser,
    dice: Rng,
    clock: Clock,
    forgeries: Vec<Forgery>,
    /// The messages of an earlier handshake that both sides took.
    earlier: Option<(Vec<u8>, Vec<u8>)>,
    n_refused: BTreeMap<Forgery, u64>,
    n_whole_way: u64,
    n_genuine: u64,
}

/// A session that the agent expects a viewer for.
struct Session {
    invitation: Invitation,
    key: SecretKey,
    /// It is in the server's records.
    is_whole_way: bool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_forged_handshake_opens_a_session() {
    let effort = Effort::or(160);
    let began = Instant::now();
    let n_consoles = (effort.times / 16).clamp(2, 12);
    let world = Arc::new(World::start(Plan::new(n_consoles as usize)).await);
    let tls = Tls::new().expect("ciphers");
    let mut forgers = Vec::new();
    for number in 0..n_consoles {
        let mut forger = Forger {
            world: Arc::clone(&world),
            middle: Box::pin(Middle::between(&world, &room(number as usize), &tls, without_leases())).await,
            technician: world.sign_in("technician").await,
            dice: Rng::with_seed(effort.seed.wrapping_mul(1_000_033).wrapping_add(number)),
            clock: Clock::start(),
            forgeries: forgeries(),
            earlier: None,
            n_refused: BTreeMap::new(),
            n_whole_way: 0,
            n_genuine: 0,
        };
        let n_forgeries = effort.times / n_consoles + u64::from(number < effort.times % n_consoles);
        forgers.push(tokio::spawn(async move {
            Box::pin(forger.run(n_forgeries, number)).await;
            forger
        }));
    }
    let mut n_refused = BTreeMap::<Forgery, u64>::new();
    let (mut n_whole_way, mut n_genuine) = (0, 0);
    for forger in forgers {
        let forger = forger.await.unwrap_or_else(|error| panic!("TRIALS_SEED={}: {error}", effort.seed));
        for (forgery, count) in forger.n_refused {
            *n_refused.entry(forgery).or_default() += count;
        }
        n_whole_way += forger.n_whole_way;
        n_genuine += forger.n_genuine;
    }
    let n_forged: u64 = n_refused.values().sum();
    println!(
        "{n_forged} forged handshakes refused ({n_whole_way} of sessions on record), {n_genuine} genuine ones had their picture, in {:?}",
        began.elapsed()
    );
    println!("{n_refused:?}");
    assert_eq!(n_forged, effort.times);
    assert!(n_consoles <= n_genuine && 0 < n_whole_way);
    let n_mismatches = async || {
        let ends = world.events("session.end").await;
        ends.iter().filter(|end| end["end_reason"] == "key_mismatch").count() as u64
    };
    until("every forgery is in the log for what it is", async || n_whole_way <= n_mismatches().await).await;
    assert_eq!(n_mismatches().await, n_whole_way, "and nothing else is");
}

impl Forger {
    async fn run(&mut self, n_forgeries: u64, number: u64) {
        self.genuine().await;
        for n in 0..n_forgeries {
            if n % GENUINE_EVERY == GENUINE_EVERY - 1 {
                self.genuine().await;
            }
            // Consoles take turns, so that a short trial has some of each.
            let forgery = self.forgeries[self.dice.usize(..self.forgeries.len())];
            let session = if (n + number).is_multiple_of(WHOLE_WAY_EVERY) {
                self.on_record().await
            } else {
                self.granted().await
            };
            self.refuses(forgery, &session).await;
            *self.n_refused.entry(forgery).or_default() += 1;
            self.n_whole_way += u64::from(session.is_whole_way);
        }
    }

    /// A session that a technician asks the server for.
    async fn on_record(&mut self) -> Session {
        let key = self.key();
        let (technician, room) = (self.technician.clone(), self.middle.room.clone());
        let starting = tokio::spawn({
            let key = key.clone();
            async move { technician.start(&room, &key).await }
        });
        let offer = self.middle.offer_of_server().await;
        let answer = self.middle.pass_on(&offer).await;
        assert!(matches!(answer, FromAgent::Accepted { .. }), "{answer:?}");
        let started: StartedSession = starting.await.expect("asked").json(201);
        Session { invitation: (&started).into(), key, is_whole_way: true }
    }

    /// A session that the console knows, and the relay, and nobody else.
    async fn granted(&mut self) -> Session {
        let key = self.key();
        let session = SessionId(self.bytes());
        let nonce = self.middle.nonce().await;
        let grant = self.middle.grant(session, key.public_key(), nonce);
        let signed = self.world.core.keys.grant().sign(&grant);
        let tickets: [[u8; 32]; 2] = [self.bytes(), self.bytes()];
        let (relay, now) = (self.world.sessions.relay(), self.world.core.clock.monotonic());
        drop(relay.expect(session));
        relay.issue(session, Side::Agent, &tickets[0], now).expect("there is room");
        relay.issue(session, Side::Viewer, &tickets[1], now).expect("there is room");
        let relay_url = self.world.socket_url("/ws/agent");
        let request = self.middle.next_request();
        self.middle.offer(&Offer { request, signed: signed.clone(), ticket: tickets[0], relay_url }).await;
        let answer = self.middle.from_agent().await;
        assert!(matches!(answer, FromAgent::Accepted { .. }), "{answer:?}");
        let invitation = Invitation {
            tenant: grant.tenant,
            console: grant.console,
            session,
            agent_key: grant.agent_key,
            grant_hash: signed.hash(),
            access: Access::Modify,
            relay_url: self.world.socket_url("/ws/viewer"),
            ticket: tickets[1],
        };
        Session { invitation, key, is_whole_way: false }
    }

    /// A handshake that nobody touches: the session opens and has a picture.
    async fn genuine(&mut self) {
        let session = if self.dice.bool() { self.on_record().await } else { self.granted().await };
        let mut machine = session.invitation.machine(&session.key, self.clock);
        let mut socket = session.invitation.open_socket(&self.world.origin).await;
        let first = machine.poll_transmit().expect("the first message");
        socket.send(first.clone()).await;
        let second = socket.message().await.to_vec();
        machine.receive(&second, self.clock.now()).expect("the agent's own");
        self.earlier = Some((first, second));
        let mut viewer = Viewer::new(machine, socket, self.clock);
        viewer.picture().await.expect("a session with a picture");
        viewer.command(Command::End).await;
        let gone = viewer.end().await;
        // On a busy machine the sockets may be closed before the console's last word has left.
        assert!(matches!(gone, Gone::Ended(EndReason::EndedByViewer) | Gone::Closed(_)), "{gone:?}");
        let told = self.told(&session).await;
        assert!(told.contains(&SessionEvent::ViewerConnected), "{told:?}");
        self.n_genuine += 1;
    }

    /// Neither side takes the forgery for a session.
    async fn refuses(&mut self, forgery: Forgery, session: &Session) {
        let mut socket = session.invitation.open_socket(&self.world.origin).await;
        let n_answers = match forgery {
            Forgery::Second(_) | Forgery::SecondReplayed | Forgery::Reflected => {
                self.misleads_viewer(forgery, session, &mut socket).await;
                0
            }
            Forgery::Twice | Forgery::TwiceAnew | Forgery::ThenAnything => {
                let first = session.invitation.first_message(&session.key, self.clock);
                socket.send(first.clone()).await;
                let then = match forgery {
                    Forgery::Twice => first,
                    Forgery::TwiceAnew => session.invitation.first_message(&session.key, self.clock),
                    _ => self.anything(),
                };
                socket.send(then).await;
                // The agent answers the first, from which nothing follows.
                1
            }
            _ => {
                let forged = self.first(forgery, session);
                socket.send(forged).await;
                0
            }
        };
        let rest = socket.rest().await;
        assert!(rest.len() <= n_answers, "{forgery:?}: the agent said {} messages", rest.len());
        let told = self.told(session).await;
        assert_eq!(told, [SessionEvent::IndicatorShown, SessionEvent::IndicatorHidden], "{forgery:?}");
        assert!(self.middle.console.has_no_ring(), "{forgery:?}");
    }

    /// The viewer gets another answer than the agent's; then the agent is sent away with anything.
    async fn misleads_viewer(&mut self, forgery: Forgery, session: &Session, socket: &mut Socket) {
        let mut machine = session.invitation.machine(&session.key, self.clock);
        let first = machine.poll_transmit().expect("the first message");
        socket.send(first.clone()).await;
        let second = socket.message().await.to_vec();
        let (earlier_first, earlier_second) = self.earlier.clone().expect("there was a genuine one");
        let forged = match forgery {
            Forgery::Second(change) => change.of(&second, &earlier_second, MESSAGE_MAX_BYTES, &mut self.dice),
            Forgery::SecondReplayed => earlier_second,
            _ if self.dice.bool() => first,
            _ => earlier_first,
        };
        assert!(machine.receive(&forged, self.clock.now()).is_err(), "{forgery:?}: {forged:?}");
        assert_eq!(machine.poll_event(), Some(ViewerEvent::Ended(EndReason::KeyMismatch)));
        assert_eq!((machine.poll_event(), machine.poll_transmit()), (None, None), "it says nothing more");
        assert!(machine.receive(&second, self.clock.now()).is_err(), "the agent's own comes too late");
        socket.send(self.anything()).await;
    }

    /// What comes to the agent instead of the viewer's first message.
    fn first(&mut self, forgery: Forgery, session: &Session) -> Vec<u8> {
        let (clock, mut other) = (self.clock, session.invitation.clone());
        let genuine = other.first_message(&session.key, clock);
        match forgery {
            Forgery::First(change) => {
                // The other one is as genuine: only the mixture is not.
                let another = other.first_message(&session.key, clock);
                return change.of(&genuine, &another, MESSAGE_MAX_BYTES, &mut self.dice);
            }
            Forgery::LowOrder => {
                let mut forged = genuine;
                let points = low_order_points();
                forged[..32].copy_from_slice(&points[self.dice.usize(..points.len())]);
                return forged;
            }
            Forgery::Replayed => return self.earlier.clone().expect("there was a genuine one").0,
            Forgery::OtherViewer => return other.first_message(&self.key(), clock),
            Forgery::OtherSession => other.session = SessionId(self.bytes()),
            Forgery::OtherTenant => other.tenant = TenantId::new("fabrikam").expect("a slug"),
            Forgery::OtherConsole => other.console = ConsoleId(self.bytes()),
            Forgery::OtherGrant => other.grant_hash = self.bytes(),
            Forgery::OtherAgent => other.agent_key = PublicKey(self.key().public_key().0),
            _ => unreachable!("{forgery:?} is made elsewhere"),
        }
        other.first_message(&session.key, clock)
    }

    /// What the agent reports of a session, which has ended then; the server hears it when it is one of its own.
    async fn told(&mut self, session: &Session) -> Vec<SessionEvent> {
        let mut events = Vec::new();
        for message in self.middle.until_ended(session.invitation.session).await {
            match &message {
                FromAgent::Event { event, .. } => events.push(event.clone()),
                FromAgent::Ended { .. } => {
                    let receipt = self.middle.receipt(&message).expect("a receipt");
                    let was_open = events.contains(&SessionEvent::ViewerConnected);
                    let expected = if was_open { EndReason::EndedByViewer } else { EndReason::KeyMismatch };
                    assert_eq!((receipt.reason, receipt.viewer_came), (expected, was_open), "{events:?}");
                }
                other => panic!("{other:?} of a session"),
            }
            if session.is_whole_way {
                self.middle.tell_server(&message).await;
            }
        }
        events
    }

    fn anything(&mut self) -> Vec<u8> {
        let n_bytes = self.dice.usize(..300);
        (0..n_bytes).map(|_| self.dice.u8(..)).collect()
    }

    fn key(&mut self) -> SecretKey {
        Secret::new(self.bytes())
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.dice.u8(..))
    }
}
