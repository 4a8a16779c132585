//! A server on a port of its own, with two tenants, and the shortest ways to what a story needs.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use protocol::api::{StartSession, StartedSession};
use protocol::ids::{RoomId, SessionId, TenantId};
use protocol::secure::noise::Transport;
use protocol::secure::{EnrolmentString, SecretKey};
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
use server::storage::sqlite::{self, Sqlite3};
use server::storage::{EventFilter, TenantScope};
use server::test_server;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::agent::{Offer, TestAgent, key};
use super::http::{Answer, Browser};
use super::socket::{PATIENCE, Socket};
use super::viewer;

/// A server with the tenants and people of the test server and a few more. Consoles can enrol in aurora and borealis at
/// contoso, where borealis wants approval, and in fabric at fabrikam.
pub(crate) struct World {
    pub(crate) core: Arc<Core>,
    pub(crate) sessions: Arc<SessionManager>,
    pub(crate) address: SocketAddr,
    pub(crate) origin: String,
    state: AppState,
    enrolments: HashMap<RoomId, EnrolmentString>,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
    folder: TempDir,
}

/// A session with both ends connected and their handshake done.
pub(crate) struct Session {
    pub(crate) browser: Browser,
    pub(crate) agent: TestAgent,
    pub(crate) started: StartedSession,
    pub(crate) offer: Offer,
    pub(crate) viewer_socket: Socket,
    pub(crate) agent_socket: Socket,
    pub(crate) viewer_transport: Transport,
    pub(crate) agent_transport: Transport,
}

pub(crate) fn room(id: &str) -> RoomId {
    RoomId::new(id).unwrap()
}

/// Waits as little as the machine allows for what must happen anyway, so that no test waits for time.
pub(crate) fn quick() -> Limits {
    let mut limits = Limits::default();
    limits.session.farewell = Duration::from_millis(50);
    limits.relay.close_within = Duration::from_millis(500);
    limits.link.close_within = Duration::from_millis(500);
    limits
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(quick(), Clock::system()).await
    }

    pub(crate) async fn with(limits: Limits, clock: Clock) -> Self {
        Self::configured(limits, clock, |_| ()).await
    }

    /// With options other than the usual ones.
    pub(crate) async fn configured(limits: Limits, clock: Clock, configure: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = PublicUrl::parse(&format!("http://127.0.0.1:{}", address.port())).unwrap();
        let origin = url.origin().to_owned();
        let storage = Arc::new(Sqlite3::open(folder.path()).await.unwrap());
        let keys = ServerKeys::open(folder.path()).unwrap();
        let mut config = Config::for_tools(folder.path().to_owned(), url);
        configure(&mut config);
        let core = Arc::new(Core::new(config, clock, storage, keys));
        for file in [test_server::world(), additions()] {
            bootstrap::apply(&core, &toml::from_str(&file).unwrap()).await.unwrap();
        }
        let assets = Assets::embedded(&core.config.public_url);
        let state = AppState::with_limits(Arc::clone(&core), assets, limits);
        let sessions = Arc::clone(&state.sessions);
        let (stop, stopped) = oneshot::channel::<()>();
        let router = server::http::router(state.clone());
        let keeping_time = tokio::spawn(Arc::clone(&sessions).keep_time());
        let server = tokio::spawn({
            let sessions = Arc::clone(&sessions);
            async move {
                let shutdown = async {
                    drop(stopped.await);
                    sessions.stop().await;
                };
                serve(listener, router, AcceptLimits::default(), Arc::new(|_| false), shutdown).await;
                keeping_time.abort();
            }
        });
        let enrolments = HashMap::new();
        let mut world =
            Self { core, sessions, address, origin, state, enrolments, stop: Some(stop), server: Some(server), folder };
        for (tenant, room, pre_approved) in
            [("contoso", "aurora", true), ("contoso", "borealis", false), ("fabrikam", "fabric", true)]
        {
            let string = world.offer_enrolment(tenant, room, pre_approved).await;
            world.enrolments.insert(string.room.clone(), string);
        }
        world
    }

    /// Stops the server as an operator does.
    pub(crate) async fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(server) = self.server.take() {
            tokio::time::timeout(PATIENCE, server).await.expect("stopped in time").expect("without a panic");
        }
    }

    pub(crate) fn socket_url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }

    pub(crate) fn link_url(&self) -> String {
        self.socket_url("/ws/link")
    }

    pub(crate) fn enrolment(&self, room: &str) -> EnrolmentString {
        self.enrolments[&self::room(room)].clone()
    }

    /// A new enrolment string for a room; the last one stops working.
    pub(crate) async fn offer_enrolment(&self, tenant: &str, room: &str, pre_approved: bool) -> EnrolmentString {
        let scope = self.scope(tenant).await;
        let terms = Terms { pre_approved, lifetime: BOOTSTRAP_LIFETIME };
        let (actor, client) = (Actor::Operator, Client::default());
        let secret =
            enrolment_offer::offer(&self.core, &scope, &self::room(room), terms, &actor, client).await.unwrap();
        enrolment_offer::string(&self.core, &scope, &secret).parse().unwrap()
    }

    pub(crate) async fn scope(&self, tenant: &str) -> TenantScope {
        self.core.storage.tenant(&TenantId::new(tenant).unwrap()).await.unwrap().unwrap().0
    }

    /// Changes the installation as the command line does beside a running server.
    pub(crate) async fn bootstrap(&self, text: &str) {
        bootstrap::apply(&self.core, &toml::from_str(text).unwrap()).await.unwrap();
    }

    /// The room's console, enrolled with `number` as its key and not greeted yet.
    pub(crate) async fn enrol(&self, room: &str, number: u8) -> TestAgent {
        TestAgent::enrol(&self.link_url(), &self.enrolment(room), key(number)).await
    }

    /// The room's console, enrolled and idle.
    pub(crate) async fn console(&self, room: &str, number: u8) -> TestAgent {
        self.enrol(room, number).await.hello().await
    }

    /// The link of an enrolled console, once more.
    pub(crate) async fn reconnect(&self, room: &str, key: SecretKey) -> TestAgent {
        TestAgent::connect(&self.link_url(), &self.enrolment(room).server_key, key).await
    }

    /// Changes the database beside the server, as another program can.
    pub(crate) async fn execute(&self, statements: &'static str) {
        let options = SqliteConnectOptions::new().filename(self.folder.path().join(sqlite::FILE));
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// How many people are signed in.
    pub(crate) async fn n_logins(&self) -> i64 {
        let options = SqliteConnectOptions::new().filename(self.folder.path().join(sqlite::FILE)).read_only(true);
        let mut connection = options.connect().await.unwrap();
        let n = sqlx::query_scalar("SELECT count(*) FROM login").fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        n
    }

    /// Signed in: may modify this room's console and nothing else.
    pub(crate) async fn modifier_of(&self, room: &str) -> Browser {
        self.sign_in(&format!("modifier-of-{room}")).await
    }

    /// Signed in: may view this room's console and nothing else.
    pub(crate) async fn viewer_of(&self, room: &str) -> Browser {
        self.sign_in(&format!("viewer-of-{room}")).await
    }

    /// Somebody signed in; `who` is the name before the `@` of an account of contoso.
    pub(crate) async fn sign_in(&self, who: &str) -> Browser {
        self.sign_in_as(&format!("{who}@example.com")).await
    }

    pub(crate) async fn sign_in_as(&self, email: &str) -> Browser {
        let (scope, user) = self.core.storage.user_by_email(email).await.unwrap().expect("an account");
        let login = self.state.logins.open(scope, user, Proof::Password, Client::default()).await.unwrap();
        Browser::new(self.address, &self.origin).with_cookie(&cookie::pair(&self.core.config.public_url, &login.cookie))
    }

    /// Nobody is signed in.
    pub(crate) fn nobody(&self) -> Browser {
        Browser::new(self.address, &self.origin)
    }

    /// Asks for a session while the console of the room does its part.
    pub(crate) async fn ask<T>(&self, browser: &Browser, room: &str, console: impl Future<Output = T>) -> (Answer, T) {
        let body = serde_json::to_value(StartSession { viewer_key: viewer_key().public_key() }).unwrap();
        let path = format!("/rooms/{room}/sessions");
        tokio::join!(browser.post(&path, &body), console)
    }

    /// A session that the console has agreed to; nobody is connected yet.
    pub(crate) async fn agreed(&self, browser: &Browser, agent: &mut TestAgent) -> (StartedSession, Offer) {
        let room = agent.welcome.room.to_string();
        let (answer, offer) = self.ask(browser, &room, agent.agree()).await;
        (answer.json(201), offer)
    }

    /// A live session of the technician in aurora, with both ends connected.
    pub(crate) async fn session(&self) -> Session {
        let agent = self.console("aurora", 1).await;
        self.session_with(self.modifier_of("aurora").await, agent).await
    }

    pub(crate) async fn session_with(&self, browser: Browser, mut agent: TestAgent) -> Session {
        let (started, offer) = self.agreed(&browser, &mut agent).await;
        self.connected(browser, agent, started, offer).await
    }

    pub(crate) async fn connected(
        &self,
        browser: Browser,
        agent: TestAgent,
        started: StartedSession,
        offer: Offer,
    ) -> Session {
        let mut viewer_socket = viewer::open_socket(&started, &self.origin).await;
        let mut agent_socket = agent.open_socket(&offer).await;
        let key = viewer_key();
        let (viewer_transport, agent_transport) = tokio::join!(
            viewer::shake_hands(&started, &key, &mut viewer_socket),
            agent.shake_hands(&offer, &mut agent_socket),
        );
        Session { browser, agent, started, offer, viewer_socket, agent_socket, viewer_transport, agent_transport }
    }

    /// Resumes a session while its console agrees.
    pub(crate) async fn resume(
        &self,
        browser: &Browser,
        agent: &mut TestAgent,
        session: SessionId,
    ) -> (StartedSession, Offer) {
        let body = serde_json::to_value(StartSession { viewer_key: viewer_key().public_key() }).unwrap();
        let path = format!("/sessions/{session}/resume");
        let (answer, offer) = tokio::join!(browser.post(&path, &body), agent.agree());
        (answer.json(200), offer)
    }

    /// The bodies of a tenant's audit events of a kind.
    pub(crate) async fn events_of(&self, tenant: &str, kind: &str) -> Vec<Value> {
        let events =
            self.core.storage.events(&self.scope(tenant).await, EventFilter::default(), 100_000).await.unwrap();
        let wanted = events.into_iter().filter(|event| event.kind == kind);
        wanted.map(|event| serde_json::from_str(&event.body).unwrap()).collect()
    }

    pub(crate) async fn events(&self, kind: &str) -> Vec<Value> {
        self.events_of("contoso", kind).await
    }

    /// Waits until an event of a kind is in the log, and returns all of that kind.
    pub(crate) async fn await_events(&self, kind: &str) -> Vec<Value> {
        let mut events = Vec::new();
        until(kind, async || {
            events = self.events(kind).await;
            !events.is_empty()
        })
        .await;
        events
    }

    /// Waits for the one end of the one session, and returns its reason.
    pub(crate) async fn the_end(&self) -> String {
        let ends = self.await_events("session.end").await;
        assert_eq!((self.events("session.start").await.len(), ends.len()), (1, 1), "one start has one end");
        ends[0]["end_reason"].as_str().unwrap().to_owned()
    }

    /// How many sessions the room's page shows.
    pub(crate) async fn live_sessions(&self, room: &str) -> usize {
        self.state.consoles.sessions(&self.scope("contoso").await, &self::room(room)).len()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

/// The key of every viewer in these stories.
pub(crate) fn viewer_key() -> SecretKey {
    key(0x77)
}

/// Asks again and again until `holds`, which other tasks will make true.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

impl Session {
    /// Sends a sealed message each way and reads it at the other end.
    pub(crate) async fn exchange(&mut self, key_press: &[u8], picture: &[u8]) {
        self.viewer_socket.send(self.viewer_transport.seal(key_press).unwrap()).await;
        self.agent_socket.send(self.agent_transport.seal(picture).unwrap()).await;
        assert_eq!(self.agent_transport.open(&self.agent_socket.message().await).unwrap(), key_press);
        assert_eq!(self.viewer_transport.open(&self.viewer_socket.message().await).unwrap(), picture);
    }
}

/// What the stories add to the tenants of the test server.
fn additions() -> String {
    format!(
        r#"
        [[tenant]]
        id = "contoso"
        name = "Contoso"
        {colleague}{guest}
        [[tenant.role]]
        name = "Guests"
        permissions = ["room.view"]
        [[tenant.assignment]]
        role = "Console technicians"
        members = ["colleague@example.com"]
        rooms = ["aurora"]
        [[tenant.assignment]]
        role = "Guests"
        members = ["guest@example.com"]
        rooms = ["aurora"]
        "#,
        colleague = test_server::user("colleague@example.com", "Carl Colleague", ""),
        guest = test_server::user("guest@example.com", "Gus Guest", ""),
    )
}
