//! A relay that changes, drops, repeats, mixes and makes up messages: no key reaches the console that was not pressed, or
//! out of its order; no picture reaches the viewer that was not sent; the session ends, and the log says why.
//!
//! And a server that sits in between with every key that it has: the four words tell.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use agent::clock::Clock;
use agent::platform::simulated::TraceEvent;
use agent::socket::Tls;
use fastrand::Rng;
use protocol::access::Access;
use protocol::api::StartedSession;
use protocol::control::Command;
use protocol::ids::{DisplayId, RoomId, SessionId};
use protocol::input::InputEvent;
use protocol::keycode::KeyCode;
use protocol::link::FromAgent;
use protocol::reason::EndReason;
use protocol::secure::noise::SessionPrologue;
use protocol::secure::{Secret, SessionCode};
use protocol::session::{Agent, AgentEvent, ViewerEvent};
use server::relay::Side;
use trials::effort::Effort;
use trials::world::browser::Browser;
use trials::world::console::{Console, without_leases};
use trials::world::middle::{Middle, Offer};
use trials::world::relay::{HostileRelay, Mischief, Plot, Way};
use trials::world::viewer::{Gone, Invitation, Viewer};
use trials::world::{Plan, World, room, until_so};

const KEYS: [KeyCode; 6] = [KeyCode::KeyA, KeyCode::KeyB, KeyCode::KeyC, KeyCode::KeyX, KeyCode::KeyY, KeyCode::KeyZ];
/// Keys that are pressed in a session whose relay has not done its worst yet.
const KEYS_MAX: usize = 40;

struct Victim {
    world: Arc<World>,
    relay: HostileRelay,
    room: RoomId,
    console: Console,
    technician: Browser,
    outcomes: BTreeMap<(Mischief, &'static str), u64>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_relay_does_to_a_session_it_only_ends_it() {
    let effort = Effort::or(12);
    let began = Instant::now();
    let (relay, listener) = HostileRelay::listen().await;
    let n_consoles = (effort.times / 3).clamp(2, 6);
    let plan = Plan { public_url: Some(relay.url()), ..Plan::new(n_consoles as usize) };
    let world = Arc::new(World::start(plan).await);
    relay.run(listener, world.address);
    let tls = Tls::new().expect("ciphers");
    let mut victims = Vec::new();
    for number in 0..n_consoles {
        let room = room(number as usize);
        let console = Console::start(&world.enrolment(&room).await, &tls, without_leases());
        let mut victim = Victim {
            technician: world.sign_in("technician").await,
            world: Arc::clone(&world),
            relay: relay.clone(),
            room,
            console,
            outcomes: BTreeMap::new(),
        };
        let seeds: Vec<u64> = effort.seeds().filter(|seed| seed % n_consoles == number).collect();
        victims.push(tokio::spawn(async move {
            victim.world.until_monitored(&victim.room).await;
            for seed in seeds {
                victim.session(seed).await;
            }
            victim
        }));
    }
    let mut outcomes = BTreeMap::<_, u64>::new();
    for victim in victims {
        for (outcome, count) in victim.await.expect("every session keeps its promises").outcomes {
            *outcomes.entry(outcome).or_default() += count;
        }
    }
    println!("{} sessions in {:?}: {outcomes:?}", effort.times, began.elapsed());
    assert_eq!(outcomes.values().sum::<u64>(), effort.times);
}

impl Victim {
    /// A technician types while the relay does one thing to one message.
    async fn session(&mut self, seed: u64) {
        let mut dice = Rng::with_seed(seed);
        let plot = plot(seed, &mut dice);
        let key = Secret::new(std::array::from_fn(|_| dice.u8(..)));
        let started: StartedSession = self.technician.start(&self.room, &key).await.json(201);
        let session = started.session;
        self.relay.plot(session, plot);
        let n_before = self.console.room.trace().len();
        let invitation = Invitation::from(&started);
        let mut viewer = Viewer::connect(&invitation, &key, &self.world.origin).await;
        let mut sent = Vec::new();
        let gone = self.type_until_harmed(&mut viewer, session, &mut sent).await;
        let was_harmed = self.is_harmed(session, plot);
        let context = format!("TRIALS_SEED={seed}: {plot:?}, {gone:?}, refused {:?}", viewer.refused);
        let gone = if let Some(gone) = gone {
            gone
        } else {
            viewer.command(Command::End).await;
            viewer.end().await
        };
        if gone == Gone::Ended(EndReason::KeyMismatch) {
            // As the portal does. The console may have been faster.
            self.technician.delete(&format!("/sessions/{session}?reason=key_mismatch")).await;
        }
        let reason = self.end_of(session, &context).await;
        let outcome = if was_harmed {
            let expected: &[&str] =
                if self.relay.was_struck(session) { &["key_mismatch", "ended_by_viewer"] } else { &["key_mismatch"] };
            assert!(expected.contains(&&*reason), "{reason}: {context}");
            "ended"
        } else if self.is_harmed(session, plot) {
            assert!(["key_mismatch", "ended_by_viewer"].contains(&&*reason), "{reason}: {context}");
            "ended at its end"
        } else {
            // The server may close the sockets before the console's last word has passed.
            let is_good = matches!(gone, Gone::Ended(EndReason::EndedByViewer) | Gone::Closed(_));
            assert!(reason == "ended_by_viewer" && is_good, "{reason}, {gone:?}: {context}");
            assert!(viewer.is_open() && 0 < viewer.n_pictures, "{context}");
            "went on"
        };
        self.assert_nothing_was_made_up(n_before, &sent, &viewer, outcome, &context).await;
        *self.outcomes.entry((plot.mischief, outcome)).or_default() += 1;
    }

    /// Types until the end or until there is nothing more to type. `None` while the session goes on.
    async fn type_until_harmed(
        &self,
        viewer: &mut Viewer,
        session: SessionId,
        sent: &mut Vec<(KeyCode, bool)>,
    ) -> Option<Gone> {
        if let Err(gone) = viewer.picture().await {
            return Some(gone);
        }
        for n in 0..KEYS_MAX {
            let code = KEYS[n % KEYS.len()];
            for down in [true, false] {
                sent.push((code, down));
                viewer.input(InputEvent::Key { code, down }).await;
            }
            // What is typed shows: each turn of this loop is a few messages in both directions.
            let gone = if self.relay.was_done(session) && self.relay.plot_is_harmful(session) {
                Some(viewer.end().await)
            } else {
                viewer.glance().await.err()
            };
            if gone.is_some() {
                return gone;
            }
        }
        None
    }

    fn is_harmed(&self, session: SessionId, plot: Plot) -> bool {
        let is_harmful = plot.mischief != Mischief::Delay;
        (is_harmful && self.relay.was_done(session)) || self.relay.was_struck(session)
    }

    /// The one reason in the log.
    async fn end_of(&self, session: SessionId, context: &str) -> String {
        let reasons = self.world.ends_of(session, context).await;
        assert_eq!(reasons.len(), 1, "{context}");
        reasons[0].clone()
    }

    async fn assert_nothing_was_made_up(
        &self,
        n_before: usize,
        sent: &[(KeyCode, bool)],
        viewer: &Viewer,
        outcome: &str,
        context: &str,
    ) {
        until_so("the ring to go", || self.console.has_no_ring()).await;
        let trace = self.console.room.trace();
        let pressed: Vec<_> = trace[n_before..]
            .iter()
            .filter_map(|event| match event {
                TraceEvent::Key { code, down } => Some((*code, *down)),
                _ => None,
            })
            .collect();
        let n_same = pressed.iter().zip(sent).take_while(|(pressed, sent)| pressed == sent).count();
        let releases = &pressed[n_same..];
        assert!(releases.iter().all(|(_, down)| !down), "{pressed:?} of {sent:?}: {context}");
        assert!(releases.len() <= 1, "only what was held is released: {pressed:?} of {sent:?}: {context}");
        if outcome == "went on" {
            assert_eq!(pressed, sent, "{context}");
        }
        let n_down = pressed.iter().filter(|(_, down)| *down).count();
        assert_eq!(2 * n_down, pressed.len(), "nothing stays pressed: {context}");
        let in_order = viewer.frames.iter().zip(1..).all(|(frame, expected)| *frame == expected);
        assert!(in_order, "{:?}: {context}", viewer.frames);
    }
}

fn plot(seed: u64, dice: &mut Rng) -> Plot {
    let way = if dice.bool() { Way::ToAgent } else { Way::ToViewer };
    let mischief = Mischief::ALL[dice.usize(..Mischief::ALL.len())];
    // Without the handshake's messages nobody says anything more, and only time ends it.
    let first = usize::from(matches!(mischief, Mischief::Drop | Mischief::Reorder | Mischief::Astray));
    Plot { way, at: dice.usize(first..30), mischief, seed }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_in_between_cannot_make_the_words_agree() {
    // Two pictures each and no mischief: a few say as much as many.
    let effort = Effort::or(4);
    let effort = Effort { times: effort.times.min(20), ..effort };
    let world = World::start(Plan::new(1)).await;
    let tls = Tls::new().expect("ciphers");
    let mut middle = Box::pin(Middle::between(&world, &room(0), &tls, without_leases())).await;
    for seed in effort.seeds() {
        let mut dice = Rng::with_seed(seed);
        let (at_console, at_viewer) = in_between(&world, &mut middle, &mut dice).await;
        assert_ne!(at_console, at_viewer.to_string(), "TRIALS_SEED={seed}");
    }
}

/// The server answers a viewer with a key of its own, and reaches the console as a viewer of its own: both sessions open,
/// and each end shows its words.
async fn in_between(world: &World, middle: &mut Middle, dice: &mut Rng) -> (String, SessionCode) {
    let mut secret = || Secret::new(std::array::from_fn(|_| dice.u8(..)));
    let (viewer_key, own_viewer, own_agent) = (secret(), secret(), secret());
    let session = SessionId(std::array::from_fn(|_| dice.u8(..)));
    let clock = Clock::start();

    let nonce = middle.nonce().await;
    let grant = middle.grant(session, own_viewer.public_key(), nonce);
    let signed = world.core.keys.grant().sign(&grant);
    let (relay, now) = (world.sessions.relay(), world.core.clock.monotonic());
    drop(relay.expect(session));
    let (ticket, agent_ticket) = ([1; 32], [2; 32]);
    relay.issue(session, Side::Agent, &agent_ticket, now).expect("there is room");
    relay.issue(session, Side::Viewer, &ticket, now).expect("there is room");
    let request = middle.next_request();
    let relay_url = world.socket_url("/ws/agent");
    middle.offer(&Offer { request, signed: signed.clone(), ticket: agent_ticket, relay_url }).await;
    assert!(matches!(middle.from_agent().await, FromAgent::Accepted { .. }));
    let invitation = Invitation {
        tenant: grant.tenant.clone(),
        console: grant.console,
        session,
        agent_key: grant.agent_key,
        grant_hash: signed.hash(),
        access: Access::Modify,
        relay_url: world.socket_url("/ws/viewer"),
        ticket,
    };
    let mut own = Viewer::connect(&invitation, &own_viewer, &world.origin).await;
    own.picture().await.expect("a session");
    let at_console = middle.console.room.ring_state().expect("the ring is up")[0].code.clone().expect("words");
    assert_eq!(Some(at_console.clone()), own.code.map(|code| code.to_string()), "the two who are really connected");

    // The viewer believes the answer of the server.
    let lied = Invitation { agent_key: own_agent.public_key(), ..invitation };
    let mut viewer = lied.machine(&viewer_key, clock);
    let prologue =
        SessionPrologue { tenant: &grant.tenant, console: grant.console, session, grant_hash: signed.hash() };
    let mut agent =
        Agent::new(&own_agent, viewer_key.public_key(), &prologue, Access::Modify, clock.now()).expect("keys");
    agent.receive(&viewer.poll_transmit().expect("first"), clock.now()).expect("as the server arranged it");
    viewer.receive(&agent.poll_transmit().expect("second"), clock.now()).expect("as the server arranged it");
    agent.receive(&viewer.poll_transmit().expect("opening"), clock.now()).expect("as the server arranged it");
    let Some(ViewerEvent::Open { code }) = viewer.poll_event() else { panic!("the viewer is deceived") };
    let opened = agent.poll_event();
    assert_eq!(opened, Some(AgentEvent::Open { display: DisplayId::Console, code }));

    own.command(Command::End).await;
    own.end().await;
    middle.until_ended(session).await;
    (at_console, code)
}
