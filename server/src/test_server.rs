//! The harness of the tests: a whole router over a real database in a folder of its own, a clock moved by hand,
//! consoles that appear when told to, and named users.

#![expect(clippy::missing_panics_doc, reason = "a harness of tests fails by panicking")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::Request;
use http_body_util::BodyExt as _;
use protocol::api::{CSRF_HEADER, CallStatus, SessionSummary, UnixMillis};
use protocol::ids::{ConsoleId, RoomId, TenantId};
use protocol::reason::EndReason;
use protocol::secure::PublicKey;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::audit::{Actor, Client, Event};
use crate::bootstrap;
use crate::clock::Clock;
use crate::config::{Config, PublicUrl};
use crate::enrolment_offer::{self, BOOTSTRAP_LIFETIME, Terms};
use crate::http;
use crate::http::assets::Assets;
use crate::keys::ServerKeys;
use crate::logins::{NewLogin, Proof, cookie, password};
use crate::random;
use crate::setup_link;
use crate::state::{AppState, ConsoleDirectory, Core, Presence, SessionsOf};
use crate::storage::sqlite::Sqlite3;
use crate::storage::{EventFilter, NewConsole, Store, TenantScope};

/// The password of every named user.
pub const PASSWORD: &str = "correct horse battery";
/// When every test begins: 2026-01-01.
pub const START: UnixMillis = 1_767_225_600_000;
const ORIGIN: &str = "http://localhost:8080";

/// A server in this process.
pub struct TestServer {
    pub core: Arc<Core>,
    pub clock: Clock,
    pub state: AppState,
    /// The consoles that handlers see.
    pub consoles: Arc<ScriptedConsoles>,
    router: Router,
    _folder: TempDir,
}

impl TestServer {
    /// A server without a tenant.
    pub async fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::manual(START);
        let url = PublicUrl::parse(ORIGIN).expect("a URL");
        let database: Store = Arc::new(Sqlite3::open(folder.path()).await.expect("a database"));
        let keys = ServerKeys::open(folder.path()).expect("keys");
        let config = Config::for_tools(folder.path().to_owned(), url);
        let core = Arc::new(Core::new(config, clock.clone(), database, keys));
        let consoles = Arc::new(ScriptedConsoles::default());
        let assets = Assets::embedded(&core.config.public_url);
        let state = AppState {
            consoles: Arc::clone(&consoles) as Arc<dyn ConsoleDirectory>,
            ..AppState::new(Arc::clone(&core), assets)
        };
        let router = http::router(state.clone());
        Self { core, clock, state, consoles, router, _folder: folder }
    }

    /// A server with two tenants: contoso with three rooms and people of each kind, and fabrikam.
    pub async fn start() -> Self {
        let server = Self::empty().await;
        server.bootstrap(&world()).await;
        server
    }

    /// Applies a bootstrap file, as the command does beside a running server.
    pub async fn bootstrap(&self, text: &str) -> bootstrap::Report {
        let file = toml::from_str(text).expect("a bootstrap file");
        bootstrap::apply(&self.core, &file).await.expect("applied")
    }

    pub async fn scope(&self, tenant: &str) -> TenantScope {
        let id = TenantId::new(tenant).expect("a slug");
        self.core.storage.tenant(&id).await.expect("read").expect("a tenant").0
    }

    /// Gives a room of contoso an approved console.
    pub async fn enrol(&self, room: &str) -> ConsoleId {
        self.enrol_with(room, true).await
    }

    /// Gives a room of contoso a console that waits for approval.
    pub async fn enrol_pending(&self, room: &str) -> ConsoleId {
        self.enrol_with(room, false).await
    }

    async fn enrol_with(&self, room: &str, pre_approved: bool) -> ConsoleId {
        let scope = self.scope("contoso").await;
        let room = RoomId::new(room).expect("a slug");
        let terms = Terms { pre_approved, lifetime: BOOTSTRAP_LIFETIME };
        let (actor, client) = (Actor::Operator, Client::default());
        let secret = enrolment_offer::offer(&self.core, &scope, &room, terms, &actor, client).await.expect("stored");
        let console = NewConsole {
            id: ConsoleId(random::bytes()),
            room: room.clone(),
            key: PublicKey(random::bytes()),
            enrolled_at: self.clock.now(),
        };
        let event = Event::ConsoleEnrolled { room, console: console.id, fingerprint: String::new(), pre_approved };
        let event = self.core.auditor.event(&actor, client, &event);
        let now = self.clock.now();
        let enrolled = self.core.storage.enrol_console(&scope, &secret.id, &console, now, event).await.expect("stored");
        enrolled.expect("the secret is good").id
    }

    /// Signed in: administers contoso.
    pub async fn administrator(&self) -> Browser<'_> {
        self.sign_in_as("admin@example.com").await
    }

    pub async fn administrator_of(&self, tenant: &str) -> Browser<'_> {
        self.sign_in_as(&format!("admin@{tenant}.example")).await
    }

    /// Signed in: may view this room's console and nothing else.
    pub async fn viewer_of(&self, room: &str) -> Browser<'_> {
        self.sign_in_as(&format!("viewer-of-{room}@example.com")).await
    }

    /// Signed in: may modify this room's console and nothing else.
    pub async fn modifier_of(&self, room: &str) -> Browser<'_> {
        self.sign_in_as(&format!("modifier-of-{room}@example.com")).await
    }

    /// Signed in: without any role.
    pub async fn stranger(&self) -> Browser<'_> {
        self.sign_in_as("stranger@example.com").await
    }

    /// Signed in with this account.
    pub async fn sign_in_as(&self, email: &str) -> Browser<'_> {
        let login = self.log_in(email).await;
        self.browser_with(&cookie::pair(&self.core.config.public_url, &login.cookie))
    }

    /// Signed in with this account; the person has just confirmed that it is they.
    pub async fn sign_in_confirmed_as(&self, email: &str) -> Browser<'_> {
        let login = self.log_in(email).await;
        let url = &self.core.config.public_url;
        let confirmation = cookie::set_confirmation(url, &login.confirmation.expect("a person without a passkey"));
        let confirmation = confirmation.to_str().expect("text").split(';').next().expect("a pair");
        self.browser_with(&format!("{}; {confirmation}", cookie::pair(url, &login.cookie)))
    }

    async fn log_in(&self, email: &str) -> NewLogin {
        let (scope, user) = self.core.storage.user_by_email(email).await.expect("read").expect("an account");
        self.state.logins.open(scope, user, Proof::Password, Client::default()).await.expect("a login")
    }

    /// Nobody is signed in.
    pub fn browser(&self) -> Browser<'_> {
        self.browser_with("")
    }

    pub fn browser_with(&self, cookies: &str) -> Browser<'_> {
        let cookies = cookies.split("; ").filter_map(|pair| pair.split_once('='));
        let cookies = cookies.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Browser { server: self, cookies: Mutex::new(cookies) }
    }

    /// Asks without a browser.
    pub async fn get(&self, path: &str) -> Answer {
        self.raw("GET", path, &[], String::new()).await
    }

    /// Asks with exactly these headers.
    pub async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        self.answer(request(method, path, headers, body)).await
    }

    /// Asks with exactly these headers from another machine.
    pub async fn raw_from(
        &self,
        address: [u8; 4],
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        self.answer_to(address, request(method, path, headers, body)).await
    }

    async fn answer(&self, request: Request<Body>) -> Answer {
        self.answer_to([127, 0, 0, 1], request).await
    }

    async fn answer_to(&self, address: [u8; 4], mut request: Request<Body>) -> Answer {
        let peer: std::net::SocketAddr = (address, 40_000).into();
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        // A stream of events has no end.
        let is_stream = parts.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let body = if is_stream { Bytes::new() } else { body.collect().await.expect("a body").to_bytes() };
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// The bodies of contoso's (or, without it, the first tenant's) audit events of a kind.
    pub async fn events(&self, kind: &str) -> Vec<Value> {
        let scope = self.scope("contoso").await;
        let events = self.core.storage.events(&scope, EventFilter::default(), 100_000).await.expect("read");
        let wanted = events.into_iter().filter(|event| event.kind == kind);
        wanted.map(|event| serde_json::from_str(&event.body).expect("JSON")).collect()
    }

    pub async fn make_setup_link(&self) -> Option<String> {
        setup_link::make(&self.core.storage, &self.core.config.public_url, self.clock.now()).await.expect("stored")
    }

    /// The token of a new set-up link.
    pub async fn setup_token(&self) -> String {
        let link = self.make_setup_link().await.expect("not set up yet");
        link.split_once('#').expect("a fragment").1.to_owned()
    }

    /// As when the disk is gone.
    pub async fn close_storage(&self) {
        self.core.storage.close().await;
    }
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !body.is_empty() {
        request = request.header("content-length", body.len());
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body)).expect("a request")
}

/// A browser at the portal: keeps cookies, and sends what the portal's page would send.
pub struct Browser<'a> {
    server: &'a TestServer,
    cookies: Mutex<HashMap<String, String>>,
}

impl Browser<'_> {
    /// `name=value; name=value`
    pub fn cookies(&self) -> String {
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, Value::Null).await
    }

    /// `Value::Null` sends no body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, body).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, Value::Null).await
    }

    pub async fn send(&self, method: &str, path: &str, body: Value) -> Answer {
        let answer = self.server.answer(self.request(method, path, body)).await;
        self.keep_cookies(&answer);
        answer
    }

    fn request(&self, method: &str, path: &str, body: Value) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path).header("sec-fetch-site", "same-origin");
        let cookies = self.cookies();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        if method != "GET" {
            request = request.header(CSRF_HEADER, "1").header("origin", ORIGIN);
        }
        if body.is_null() {
            return request.body(Body::empty()).expect("a request");
        }
        request.header("content-type", "application/json").body(Body::from(body.to_string())).expect("a request")
    }

    fn keep_cookies(&self, answer: &Answer) {
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        for line in answer.headers.get_all("set-cookie") {
            let pair = line.to_str().expect("text").split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a pair");
            if value.is_empty() {
                cookies.remove(name)
            } else {
                cookies.insert(name.to_owned(), value.to_owned())
            };
        }
    }

    /// Opens the stream of live events.
    pub async fn open_events(&self) -> EventReader {
        let request = self.request("GET", "/api/v1/events", Value::Null);
        let response = self.server.router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(response.status(), 200);
        EventReader { body: response.into_body(), buffered: String::new() }
    }
}

/// The events of a stream, one by one.
pub struct EventReader {
    body: Body,
    buffered: String,
}

impl EventReader {
    /// The next event; `None` when the stream has ended.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            while let Some((message, rest)) = self.buffered.split_once("\n\n") {
                let data = message.strip_prefix("data: ").map(str::to_owned);
                let rest = rest.to_owned();
                self.buffered = rest;
                if let Some(data) = data {
                    return Some(serde_json::from_str(&data).expect("JSON"));
                }
            }
            let frame = self.body.frame().await?.expect("a frame");
            let bytes = frame.into_data().expect("data");
            self.buffered.push_str(std::str::from_utf8(&bytes).expect("text"));
        }
    }
}

/// What the server answered.
pub struct Answer {
    pub status: u16,
    pub headers: axum::http::HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).expect("text")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The code of the problem that was answered with `status`.
    pub fn problem_code(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        self.json()["code"].as_str().expect("a code").to_owned()
    }
}

/// Consoles of contoso that are connected because a test says so.
#[derive(Default)]
pub struct ScriptedConsoles {
    present: Mutex<HashMap<RoomId, CallStatus>>,
    ended: Mutex<Vec<EndReason>>,
    n_rechecks: Mutex<usize>,
}

impl ScriptedConsoles {
    /// The room's console connects; it is not in a call.
    pub fn appear(&self, room: &str) {
        self.set_call(room, CallStatus::Idle);
    }

    pub fn set_call(&self, room: &str, call: CallStatus) {
        let room = RoomId::new(room).expect("a slug");
        self.present.lock().unwrap_or_else(PoisonError::into_inner).insert(room, call);
    }

    /// How often live sessions were to be checked against what people may do.
    pub fn n_rechecks(&self) -> usize {
        *self.n_rechecks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why sessions were ended, in order.
    pub fn ended(&self) -> Vec<EndReason> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl ConsoleDirectory for ScriptedConsoles {
    fn presence(&self, _scope: &TenantScope, room: &RoomId) -> Presence {
        let present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        match present.get(room) {
            Some(call) => Presence { monitored: true, call: *call, ..Presence::ABSENT },
            None => Presence::ABSENT,
        }
    }

    fn sessions(&self, _scope: &TenantScope, _room: &RoomId) -> Vec<SessionSummary> {
        Vec::new()
    }

    async fn recheck(&self, _scope: &TenantScope) {
        *self.n_rechecks.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    async fn end_sessions(&self, _scope: &TenantScope, _of: SessionsOf, reason: EndReason) {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).push(reason);
    }
}

/// The bootstrap file of [`TestServer::start`].
pub fn world() -> String {
    let administrator = "\"Global Administrator\"";
    format!(
        r#"
        [[tenant]]
        id = "contoso"
        name = "Contoso"
        remote_access = {{ enabled = true, acknowledged_by = "admin@example.com" }}
        {admin}{viewer}{modifier}{stranger}
        [[tenant.role]]
        name = "Viewers"
        permissions = ["room.view", "remote_access.view"]
        [[tenant.role]]
        name = "Console technicians"
        permissions = ["room.view", "remote_access.modify"]
        [[tenant.room]]
        id = "aurora"
        name = "Aurora"
        place = "Germany/Berlin/HQ/Floor 2"
        [[tenant.room]]
        id = "borealis"
        name = "Borealis"
        place = "Germany/Berlin/HQ/Floor 3"
        [[tenant.room]]
        id = "cumulus"
        name = "Cumulus"
        place = "Norway/Oslo"
        [[tenant.assignment]]
        role = "Viewers"
        members = ["viewer-of-aurora@example.com"]
        rooms = ["aurora"]
        [[tenant.assignment]]
        role = "Console technicians"
        members = ["modifier-of-aurora@example.com"]
        places = ["Berlin/HQ/Floor 2"]
        [[tenant]]
        id = "fabrikam"
        name = "Fabrikam"
        {other_admin}
        [[tenant.room]]
        id = "fabric"
        name = "Fabric"
        "#,
        admin = user("admin@example.com", "Ada Admin", administrator),
        viewer = user("viewer-of-aurora@example.com", "Vera Viewer", ""),
        modifier = user("modifier-of-aurora@example.com", "Tina Technician", ""),
        stranger = user("stranger@example.com", "Sam Stranger", ""),
        other_admin = user("admin@fabrikam.example", "Fay Fabric", administrator),
    )
}

/// The lines of a bootstrap file for somebody with the password of all; `roles` are quoted and separated by commas.
pub fn user(email: &str, name: &str, roles: &str) -> String {
    /// Hashing is slow on purpose: once for all tests of a process.
    static HASH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let hash = HASH.get_or_init(|| password::hash(PASSWORD).expect("hashed"));
    format!("[[tenant.user]]\nemail = \"{email}\"\nname = \"{name}\"\npassword_hash = \"{hash}\"\nroles = [{roles}]\n")
}
