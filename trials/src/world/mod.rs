//! A real server on a loopback port and real agents of simulated consoles, with sockets between them.
//!
//! Reading order: this file (the server and its people), [`browser`], [`console`], [`viewer`], then [`middle`]: what
//! somebody can do who has the server's key and sits on a console's link, and [`relay`]: what a relay can.

#![expect(clippy::missing_panics_doc, reason = "a harness of trials fails by panicking")]

pub mod browser;
pub mod cable;
pub mod console;
pub mod middle;
pub mod relay;
pub mod socket;
pub mod viewer;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use protocol::api::{CallStatus, UnixMillis};
use protocol::ids::{RoomId, SessionId, TenantId};
use protocol::secure::EnrolmentString;
use protocol::time::Micros;
use serde_json::Value;
use server::audit::{Actor, Client};
use server::bootstrap;
use server::clock::Clock;
use server::config::{Config, PublicUrl};
use server::enrolment_offer::{self, BOOTSTRAP_LIFETIME, Terms};
use server::http::accept::{AcceptLimits, serve};
use server::http::assets::Assets;
use server::keys::ServerKeys;
use server::logins::{Proof, cookie};
use server::sessions::{Limits, SessionManager};
use server::state::{AppState, Core};
use server::storage::sqlite::Sqlite3;
use server::storage::{EventFilter, TenantScope};
use server::test_server;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::browser::Browser;

/// Nothing takes so long; a trial that waits for more fails instead of hanging.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// Who looks for an event that has just happened looks no further back: a long trial has many.
const RECENT_MS: UnixMillis = 30_000;

/// The one organisation.
pub const TENANT: &str = "contoso";

/// A server with rooms `room-0`, `room-1` …, an administrator, and a technician for all of them.
pub struct World {
    pub core: Arc<Core>,
    pub sessions: Arc<SessionManager>,
    pub address: SocketAddr,
    /// What pages of the portal have as their origin.
    pub origin: String,
    pub folder: TempDir,
    state: AppState,
    server: JoinHandle<()>,
}

/// What a world is made with.
pub struct Plan {
    pub n_rooms: usize,
    pub limits: Limits,
    /// Where people and consoles find the server, when something lies before it.
    pub public_url: Option<String>,
    /// More of the organisation, as a bootstrap file has it.
    pub additions: String,
}

impl Plan {
    pub fn new(n_rooms: usize) -> Self {
        Self { n_rooms, limits: patient(), public_url: None, additions: String::new() }
    }

    fn bootstrap(&self) -> String {
        let mut text = format!(
            r#"
            [[tenant]]
            id = "{TENANT}"
            name = "Contoso"
            remote_access = {{ enabled = true, acknowledged_by = "admin@example.com" }}
            {admin}{technician}{additions}
            [[tenant.role]]
            name = "Console technicians"
            permissions = ["room.view", "remote_access.modify"]
            [[tenant.assignment]]
            role = "Console technicians"
            members = ["technician@example.com"]
            places = ["Hall"]
            "#,
            admin = test_server::user("admin@example.com", "Ada Admin", "\"Global Administrator\""),
            technician = test_server::user("technician@example.com", "Tina Technician", ""),
            additions = self.additions,
        );
        for number in 0..self.n_rooms {
            let id = room(number);
            let _ = writeln!(text, "[[tenant.room]]\nid = \"{id}\"\nname = \"Room {number}\"\nplace = \"Hall\"");
        }
        text
    }
}

/// A trial does in minutes what a console does in a year: no limit of a link's or a person's is the question. What must
/// happen anyway is not waited for.
pub fn patient() -> Limits {
    let mut limits = Limits::default();
    limits.session.farewell = Duration::from_millis(500);
    limits.session.per_user_max = 100_000;
    limits.session.connect_within = Micros::from_secs(3600);
    limits.relay.close_within = Duration::from_millis(500);
    limits.relay.opening_within = PATIENCE;
    limits.link.close_within = Duration::from_millis(500);
    limits.link.handshake_within = PATIENCE;
    limits.link.nonce_within = PATIENCE;
    limits.link.offer_within = PATIENCE;
    limits.link.messages_burst = 1_000_000;
    limits.link.pulse_within = Micros::from_secs(36_000);
    limits.link.silent_after = Duration::from_hours(10);
    limits.link.swaps_max = 1_000_000;
    limits
}

pub fn room(number: usize) -> RoomId {
    RoomId::new(format!("room-{number}")).expect("a slug")
}

impl World {
    pub async fn start(plan: Plan) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        let here = format!("http://127.0.0.1:{}", address.port());
        let url = PublicUrl::parse(plan.public_url.as_deref().unwrap_or(&here)).expect("a URL");
        let origin = url.origin().to_owned();
        let storage = Arc::new(Sqlite3::open(folder.path()).await.expect("a database"));
        let keys = ServerKeys::open(folder.path()).expect("keys");
        let config = Config::for_tools(folder.path().to_owned(), url);
        let core = Arc::new(Core::new(config, Clock::system(), storage, keys));
        let file = toml::from_str(&plan.bootstrap()).expect("a bootstrap file");
        bootstrap::apply(&core, &file).await.expect("applied");
        let assets = Assets::embedded(&core.config.public_url);
        let state = AppState::with_limits(Arc::clone(&core), assets, plan.limits);
        let sessions = Arc::clone(&state.sessions);
        let router = server::http::router(state.clone());
        tokio::spawn(Arc::clone(&sessions).keep_time());
        let server = tokio::spawn(serve(
            listener,
            router,
            AcceptLimits::default(),
            Arc::new(|_| true),
            std::future::pending::<()>(),
        ));
        Self { core, sessions, address, origin, folder, state, server }
    }

    pub fn socket_url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }

    pub async fn scope(&self) -> TenantScope {
        let tenant = TenantId::new(TENANT).expect("a slug");
        self.core.storage.tenant(&tenant).await.expect("read").expect("a tenant").0
    }

    /// A new enrolment string for a room, which leads straight to this server.
    pub async fn enrolment(&self, room: &RoomId) -> EnrolmentString {
        let scope = self.scope().await;
        let terms = Terms { pre_approved: true, lifetime: BOOTSTRAP_LIFETIME };
        let (actor, client) = (Actor::Operator, Client::default());
        let secret = enrolment_offer::offer(&self.core, &scope, room, terms, &actor, client).await.expect("stored");
        let string = enrolment_offer::string(&self.core, &scope, &secret);
        let string: EnrolmentString = string.parse().expect("an enrolment string");
        EnrolmentString { url: protocol::wire::Text::fitted(&format!("http://{}", self.address)), ..string }
    }

    /// Signed in; `who` is the name before the `@`.
    pub async fn sign_in(&self, who: &str) -> Browser {
        let email = format!("{who}@example.com");
        let found = self.core.storage.user_by_email(&email).await.expect("read");
        let (scope, user) = found.expect("an account");
        let login = self.state.logins.open(scope, user, Proof::Password, Client::default()).await.expect("a login");
        let cookie = cookie::pair(&self.core.config.public_url, &login.cookie);
        Browser::new(self.address, &self.origin, &cookie)
    }

    /// The bodies of the audit events of a kind.
    pub async fn events(&self, kind: &str) -> Vec<Value> {
        self.events_from(kind, None).await
    }

    async fn events_from(&self, kind: &str, from: Option<UnixMillis>) -> Vec<Value> {
        let scope = self.scope().await;
        let filter = EventFilter { from, ..EventFilter::default() };
        let events = self.core.storage.events(&scope, filter, 1_000_000).await.expect("read");
        let wanted = events.into_iter().filter(|event| event.kind == kind);
        wanted.map(|event| serde_json::from_str(&event.body).expect("JSON")).collect()
    }

    /// Waits until the room's console is connected and nobody talks there.
    pub async fn until_monitored(&self, room: &RoomId) {
        let scope = self.scope().await;
        until_so("a console", || {
            let presence = self.sessions.registry().presence(&scope, room);
            presence.is_some_and(|presence| presence.monitored && presence.call == CallStatus::Idle)
        })
        .await;
    }

    /// Waits until a session is over on record, and answers with the reasons of its ends in the log.
    pub async fn ends_of(&self, session: SessionId, context: &str) -> Vec<String> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while self.is_on_record(session).await {
            assert!(tokio::time::Instant::now() < deadline, "no end of the session in the log: {context}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let id = session.to_string();
        let ends = self.events_from("session.end", Some(self.core.clock.now() - RECENT_MS)).await;
        let of_it = ends.iter().filter(|end| end["session"] == *id);
        of_it.filter_map(|end| end["end_reason"].as_str().map(str::to_owned)).collect()
    }

    async fn is_on_record(&self, session: SessionId) -> bool {
        let open = self.core.storage.open_sessions().await.expect("read");
        open.iter().any(|(_, record)| record.id == session)
    }

    /// How many session sockets are open at the relay.
    pub fn n_relay_sockets(&self) -> u64 {
        self.core.metrics.relay_sockets.get()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Asks again and again until `holds`, which other tasks will make true.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The same for what is known at once.
pub async fn until_so(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !holds() {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
