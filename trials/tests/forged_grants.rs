//! Grants that were changed, copied, mixed or signed by somebody else: no console accepts one, opens a socket for it or
//! shows its ring.
//!
//! Each round is a session that a technician asks the real server for. Between server and console sits somebody who has
//! the server's link key, and offers the console forgeries of the grant before the grant itself. The grant is then
//! accepted, and the session runs through the relay: what refuses the forgeries is no console that refuses everything.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use agent::socket::Tls;
use ed25519_dalek::{Signer as _, SigningKey};
use fastrand::Rng;
use protocol::api::StartedSession;
use protocol::control::Command;
use protocol::ids::{ConsoleId, RoomId, SessionId, TenantId};
use protocol::link::{FromAgent, GRANT_MAX_BYTES};
use protocol::reason::EndReason;
use protocol::refusal::RefusalCode;
use protocol::secure::{Grant, GrantSigner, PublicKey, Secret, SignedGrant};
use protocol::wire::Encode as _;
use trials::effort::Effort;
use trials::forgery::Change;
use trials::world::browser::Browser;
use trials::world::console::without_leases;
use trials::world::middle::{Middle, Offer};
use trials::world::viewer::{Gone, Viewer};
use trials::world::{Plan, World, room, until};

/// Offers that wait for their answers: as many as an agent answers at once.
const AT_ONCE: usize = 20;
/// A console's nonce is good for a minute.
const NONCE_TOO_OLD: Duration = Duration::from_secs(61);
const SIGNATURE_BYTES: usize = 64;

/// How a grant is forged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Forgery {
    Changed(Change),
    /// The fields of one genuine grant under the signature of another.
    OtherSignature,
    /// A grant of this console that was accepted before.
    Spent,
    /// A genuine grant of another console.
    OfOther,
    /// The signature's other form, which checks that are not strict take for the same.
    Malleable,
    OtherSigner,
    // By the server's own key, which no forger has: each with a nonce that is good, unless it is the nonce that is wrong.
    OtherConsole,
    OtherTenant,
    OtherRoom,
    OtherAgentKey,
    UnknownNonce,
    SpentNonce,
    OldNonce,
    OtherVersion,
    NoTimeLeft,
    BytesBehind,
    BytesMissing,
    OtherDomain,
}

const FORGERIES: [Forgery; 25] = [
    Forgery::Changed(Change::BitFlips),
    Forgery::Changed(Change::OtherByte),
    Forgery::Changed(Change::SwappedRanges),
    Forgery::Changed(Change::Truncated),
    Forgery::Changed(Change::Extended),
    Forgery::Changed(Change::Spliced),
    Forgery::Changed(Change::Random),
    Forgery::Changed(Change::Empty),
    Forgery::OtherSignature,
    Forgery::Spent,
    Forgery::OfOther,
    Forgery::Malleable,
    Forgery::OtherSigner,
    Forgery::OtherConsole,
    Forgery::OtherTenant,
    Forgery::OtherRoom,
    Forgery::OtherAgentKey,
    Forgery::UnknownNonce,
    Forgery::SpentNonce,
    Forgery::OldNonce,
    Forgery::OtherVersion,
    Forgery::NoTimeLeft,
    Forgery::BytesBehind,
    Forgery::BytesMissing,
    Forgery::OtherDomain,
];

/// One console and the one on its link.
struct Forger {
    world: Arc<World>,
    middle: Middle,
    technician: Browser,
    dice: Rng,
    server: Arc<SigningKey>,
    /// The last genuine grant of every console.
    seen: Arc<Mutex<BTreeMap<ConsoleId, Vec<u8>>>>,
    /// The grant that was accepted last.
    spent: Vec<u8>,
    spent_nonce: [u8; 32],
    /// Good, and left so by what is refused before it is looked at: a console keeps 64 of them.
    unspent_nonce: [u8; 32],
    old_nonce: ([u8; 32], Instant),
    n_refused: BTreeMap<Forgery, u64>,
    n_accepted: u64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_console_accepts_a_forged_grant() {
    let effort = Effort::or(200);
    let began = Instant::now();
    let n_consoles = (effort.times / 25).clamp(2, 12);
    let world = Arc::new(World::start(Plan::new(n_consoles as usize)).await);
    let server = std::fs::read(world.folder.path().join("keys/grant.key")).expect("the server's key");
    let server = Arc::new(SigningKey::from_bytes(&server.try_into().expect("32 bytes")));
    let tls = Tls::new().expect("ciphers");
    let seen = Arc::default();
    let mut forgers = Vec::new();
    for number in 0..n_consoles {
        let middle = Box::pin(Middle::between(&world, &room(number as usize), &tls, without_leases())).await;
        let mut forger = Forger {
            world: Arc::clone(&world),
            technician: world.sign_in("technician").await,
            dice: Rng::with_seed(effort.seed.wrapping_mul(1_000_003).wrapping_add(number)),
            middle,
            server: Arc::clone(&server),
            seen: Arc::clone(&seen),
            spent: Vec::new(),
            spent_nonce: [0; 32],
            unspent_nonce: [0; 32],
            old_nonce: ([0; 32], Instant::now()),
            n_refused: BTreeMap::new(),
            n_accepted: 0,
        };
        let n_forgeries = effort.times / n_consoles + u64::from(number < effort.times % n_consoles);
        forgers.push(tokio::spawn(async move {
            forger.run(n_forgeries).await;
            forger
        }));
    }
    let mut n_refused = BTreeMap::<Forgery, u64>::new();
    let mut n_accepted = 0;
    for forger in forgers {
        let forger = forger.await.unwrap_or_else(|error| panic!("TRIALS_SEED={}: {error}", effort.seed));
        for (forgery, count) in forger.n_refused {
            *n_refused.entry(forgery).or_default() += count;
        }
        n_accepted += forger.n_accepted;
    }
    let n_forged: u64 = n_refused.values().sum();
    println!("{n_forged} forged grants refused, {n_accepted} genuine ones accepted, in {:?}", began.elapsed());
    println!("{n_refused:?}");
    assert_eq!(n_forged, effort.times);
    let n_connected = async || world.events("session.viewer_connected").await.len() as u64;
    until("each genuine one is in the log", async || n_accepted <= n_connected().await).await;
    assert_eq!(n_connected().await, n_accepted, "and no other");
}

impl Forger {
    async fn run(&mut self, n_forgeries: u64) {
        // The first session has nothing before it that could be replayed.
        self.round(0).await;
        self.old_nonce = (self.middle.nonce().await, Instant::now());
        let mut left = n_forgeries;
        while 0 < left {
            let now = left.min(self.dice.u64(40..200));
            self.round(now).await;
            left -= now;
        }
    }

    /// A session whose grant is offered in `n_forgeries` forged forms first.
    async fn round(&mut self, n_forgeries: u64) {
        let key = Secret::new(std::array::from_fn(|_| self.dice.u8(..)));
        let (technician, room) = (self.technician.clone(), self.middle.room.clone());
        let starting = tokio::spawn({
            let key = key.clone();
            async move { technician.start(&room, &key).await }
        });
        let offer = self.middle.offer_of_server().await;
        let genuine = offer.signed.as_bytes().to_vec();
        self.seen().insert(self.middle.console_id, genuine.clone());

        let mut left = n_forgeries as usize;
        self.unspent_nonce = self.middle.nonce().await;
        while 0 < left {
            let n_offers = left.min(AT_ONCE);
            self.refuses(n_offers, &offer).await;
            left -= n_offers;
        }

        let answer = self.middle.pass_on(&offer).await;
        assert!(matches!(answer, FromAgent::Accepted { .. }), "the genuine grant, not {answer:?}");
        let started: StartedSession = starting.await.expect("asked").json(201);
        let mut viewer = Viewer::connect(&(&started).into(), &key, &self.world.origin).await;
        viewer.picture().await.expect("a session with a picture");
        let ring = self.middle.console.room.ring_state().expect("the ring is up");
        assert_eq!(ring[0].code, viewer.code.map(|code| code.to_string()), "nobody sits in between");
        viewer.command(Command::End).await;
        let gone = viewer.end().await;
        // On a busy machine the sockets may be closed before the console's last word has left.
        assert!(matches!(gone, Gone::Ended(EndReason::EndedByViewer) | Gone::Closed(_)), "{gone:?}");
        for message in self.middle.until_ended(started.session).await {
            self.middle.tell_server(&message).await;
        }
        self.n_accepted += 1;
        self.spent_nonce = offer.signed.read_unverified().expect("fields").nonce;
        self.spent = genuine;
    }

    /// The console refuses so many forgeries, opens no socket and shows no ring.
    async fn refuses(&mut self, n_offers: usize, offer: &Offer) {
        let mut asked = BTreeMap::new();
        let mut forged = Vec::new();
        for _ in 0..n_offers {
            let forgery = FORGERIES[self.dice.usize(..FORGERIES.len())];
            let (forgery, bytes) = self.forge(forgery, offer).await;
            forged.push((forgery, bytes));
        }
        for (forgery, bytes) in forged {
            let request = self.middle.next_request();
            let signed = SignedGrant::from_untrusted(bytes);
            let relay_url = self.middle.trap_url();
            asked.insert(request, (forgery, signed.clone()));
            self.middle.offer(&Offer { request, signed, ticket: offer.ticket, relay_url }).await;
        }
        while !asked.is_empty() {
            let answer = self.middle.from_agent().await;
            let FromAgent::Refused { request, code } = answer else { panic!("{answer:?} to one of {asked:?}") };
            let (forgery, signed) = asked.remove(&request).expect("one that was asked");
            assert_eq!(code, RefusalCode::AgentRefused, "{forgery:?}: {:?}", signed.as_bytes());
            *self.n_refused.entry(forgery).or_default() += 1;
        }
        assert!(self.middle.console.has_no_ring(), "a forgery put the ring up");
        assert!(self.middle.trap_is_empty(), "a forgery opened a socket");
    }

    async fn forge(&mut self, forgery: Forgery, offer: &Offer) -> (Forgery, Vec<u8>) {
        let genuine = offer.signed.as_bytes();
        let (body, signature) = genuine.split_at(genuine.len() - SIGNATURE_BYTES);
        let forged = match forgery {
            Forgery::Changed(change) => change.of(genuine, &self.spent, GRANT_MAX_BYTES, &mut self.dice),
            Forgery::OtherSignature => [body, &self.spent[self.spent.len() - SIGNATURE_BYTES..]].concat(),
            Forgery::Spent => self.spent.clone(),
            Forgery::OfOther => match self.of_other() {
                Some(grant) => grant,
                None => return (Forgery::Spent, self.spent.clone()),
            },
            Forgery::Malleable => [body, &with_group_order(signature)].concat(),
            Forgery::OtherSigner => {
                let signer = GrantSigner::new(&Secret::new(std::array::from_fn(|_| self.dice.u8(..))));
                signer.sign(&offer.signed.read_unverified().expect("fields")).as_bytes().to_vec()
            }
            Forgery::OldNonce if self.old_nonce.1.elapsed() < NONCE_TOO_OLD => {
                return (Forgery::SpentNonce, self.signed_with(self.spent_nonce));
            }
            Forgery::OldNonce => {
                let (nonce, _) = std::mem::replace(&mut self.old_nonce, (self.middle.nonce().await, Instant::now()));
                self.signed_with(nonce)
            }
            Forgery::SpentNonce => self.signed_with(self.spent_nonce),
            Forgery::UnknownNonce => {
                let nonce = std::array::from_fn(|_| self.dice.u8(..));
                self.signed_with(nonce)
            }
            Forgery::OtherConsole => self.signed(|grant, forger| grant.console = ConsoleId(forger.id())).await,
            Forgery::OtherTenant => {
                self.signed(|grant, _| grant.tenant = TenantId::new("fabrikam").expect("a slug")).await
            }
            Forgery::OtherRoom => self.signed(|grant, _| grant.room = RoomId::new("room-x").expect("a slug")).await,
            Forgery::OtherAgentKey => {
                self.signed(|grant, forger| {
                    grant.agent_key = PublicKey(std::array::from_fn(|_| forger.dice.u8(..)));
                })
                .await
            }
            Forgery::OtherVersion => {
                let mut grant = self.grant(self.unspent_nonce);
                grant.version ^= self.dice.u16(1..);
                self.sign(&grant)
            }
            Forgery::NoTimeLeft => self.signed(|grant, _| grant.elapsed = grant.limits.maximum).await,
            Forgery::BytesBehind | Forgery::BytesMissing | Forgery::OtherDomain => self.malformed(forgery),
        };
        (forgery, forged)
    }

    /// A genuine grant of another console, when there is one.
    fn of_other(&mut self) -> Option<Vec<u8>> {
        let own = self.middle.console_id;
        let others: Vec<_> = self.seen().iter().filter(|(id, _)| **id != own).map(|(_, grant)| grant.clone()).collect();
        let index = self.dice.usize(..others.len().max(1));
        others.into_iter().nth(index)
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, BTreeMap<ConsoleId, Vec<u8>>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn id(&mut self) -> [u8; 16] {
        std::array::from_fn(|_| self.dice.u8(..))
    }

    /// What the server would sign for a nonce that is good, but for `change`. The console spends it.
    async fn signed(&mut self, change: impl FnOnce(&mut Grant, &mut Self)) -> Vec<u8> {
        let nonce = self.middle.nonce().await;
        let mut grant = self.grant(nonce);
        change(&mut grant, self);
        self.sign(&grant)
    }

    /// What the server would sign for this nonce.
    fn signed_with(&mut self, nonce: [u8; 32]) -> Vec<u8> {
        let grant = self.grant(nonce);
        self.sign(&grant)
    }

    fn sign(&self, grant: &Grant) -> Vec<u8> {
        self.world.core.keys.grant().sign(grant).as_bytes().to_vec()
    }

    fn grant(&mut self, nonce: [u8; 32]) -> Grant {
        let session = SessionId(self.id());
        let viewer_key = PublicKey(std::array::from_fn(|_| self.dice.u8(..)));
        self.middle.grant(session, viewer_key, nonce)
    }

    /// Signed by the server's key, but no grant. The console does not come to its nonce.
    fn malformed(&mut self, forgery: Forgery) -> Vec<u8> {
        let mut body = self.grant(self.unspent_nonce).to_bytes();
        let mut domain = b"redring grant 1".to_vec();
        match forgery {
            Forgery::BytesBehind => body.extend((0..self.dice.usize(1..32)).map(|_| self.dice.u8(..))),
            Forgery::BytesMissing => body.truncate(self.dice.usize(..body.len())),
            _ => domain = [&b""[..], b"redring grant 2", b"redring"][self.dice.usize(..3)].to_vec(),
        }
        let signature = self.server.sign(&[&domain[..], &body].concat());
        body.extend_from_slice(&signature.to_bytes());
        body
    }
}

/// The signature with the order of the group added to its second half: the same point, other bytes.
fn with_group_order(signature: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut changed = signature.to_vec();
    let mut carry = 0;
    for (byte, order) in changed[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    changed
}
