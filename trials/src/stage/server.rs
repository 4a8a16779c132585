use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use protocol::ids::{AssignmentId, RoomId, SessionId, TenantId};
use serde_json::Value;
use server::audit::{Actor, Client};
use server::bootstrap;
use server::clock::Clock;
use server::config::{Config, PublicUrl};
use server::enrolment_offer::{self, BOOTSTRAP_LIFETIME, Terms};
use server::logins::{LoginDesk, Proof, cookie};
use server::opt_in;
use server::run;
use server::state::Core;
use server::storage::{AssignmentsOf, EventFilter, RemoteAccessSettings, StoredEvent, TenantScope};
use server::test_server;
use tokio::net::TcpStream;

use super::{Browser, Folder, Program, until};
use crate::http::Login;

const TENANT: &str = "contoso";

/// The server's program, and its data folder as an operator's commands reach it.
pub struct Server {
    running: Option<Program>,
    core: Arc<Core>,
    logins: LoginDesk,
    address: SocketAddr,
    log: PathBuf,
    /// The position in the audit log from which on it is read.
    page_from: AtomicU64,
}

impl Server {
    /// A running server with the tenants and people of the test server.
    pub async fn start(folder: &Folder) -> Self {
        let address = free_address();
        let url = PublicUrl::parse(&format!("http://{address}")).expect("a URL");
        let config = Config::for_tools(folder.path().join("server"), url);
        let core = run::open(config, Clock::system()).await.expect("a data folder");
        let logins = LoginDesk::new(Arc::clone(&core));
        let log = folder.path().join("server.log");
        let mut server = Self { running: None, core, logins, address, log, page_from: AtomicU64::new(0) };
        server.bootstrap(&test_server::world()).await;
        server.start_again().await;
        server
    }

    /// Returns when it answers.
    pub async fn start_again(&mut self) {
        let (data, address) = (self.core.config.data_dir.clone(), self.address);
        self.running = Some(Program::start("redring-server", &self.log, |command| {
            command.arg("run").arg("--data-dir").arg(data);
            command.args(["--listen", &address.to_string(), "--public-url", &format!("http://{address}")]);
        }));
        until("the server", async || TcpStream::connect(address).await.ok()).await;
    }

    /// As by `kill -9`.
    pub fn kill(&mut self) {
        self.running.take().expect("it runs").kill();
    }

    /// As a service manager stops it; [`Server::is_running`] is false then.
    pub fn terminate(&mut self) -> Program {
        let running = self.running.take().expect("it runs");
        running.terminate();
        running
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Changes the installation as the command line does beside a running server.
    pub async fn bootstrap(&self, text: &str) {
        bootstrap::apply(&self.core, &toml::from_str(text).expect("a file")).await.expect("applied");
    }

    async fn scope(&self) -> TenantScope {
        let id = TenantId::new(TENANT).expect("a slug");
        self.core.storage.tenant(&id).await.expect("read").expect("a tenant").0
    }

    /// A string that enrols a console, approved.
    pub async fn enrolment(&self, room: &str) -> String {
        let (scope, room) = (self.scope().await, RoomId::new(room).expect("a slug"));
        let terms = Terms { pre_approved: true, lifetime: BOOTSTRAP_LIFETIME };
        let (actor, client) = (Actor::Operator, Client::default());
        let offered = enrolment_offer::offer(&self.core, &scope, &room, terms, &actor, client).await;
        enrolment_offer::string(&self.core, &scope, &offered.expect("stored"))
    }

    /// Somebody who has just signed in.
    pub async fn sign_in(&self, email: &str) -> Browser {
        let (scope, user) = self.core.storage.user_by_email(email).await.expect("read").expect("an account");
        let login = self.logins.open(scope, user, Proof::Password, Client::default()).await.expect("a login");
        let url = &self.core.config.public_url;
        let (origin, cookie) = (url.origin().to_owned(), cookie::pair(url, &login.cookie));
        Browser(Login { address: self.address, origin, cookie })
    }

    /// Changes the policies, also to what nobody may choose in the portal: limits of seconds.
    pub async fn set_policies(&self, change: impl FnOnce(&mut RemoteAccessSettings)) {
        let scope = self.scope().await;
        let before = self.core.storage.remote_access(&scope).await.expect("read");
        let mut after = before.clone();
        change(&mut after);
        let (actor, client) = (Actor::Operator, Client::default());
        opt_in::save(&self.core, &scope, &before, &after, &actor, client).await.expect("stored");
    }

    /// What lets people into exactly this room.
    pub async fn assignment_of(&self, room: &str) -> AssignmentId {
        let assignments = self.core.storage.assignments(&self.scope().await, AssignmentsOf::Tenant).await;
        let rooms = [RoomId::new(room).expect("a slug")];
        let of_room = assignments.expect("read").into_iter().find(|assignment| assignment.scope.rooms == rooms);
        of_room.expect("an assignment").id
    }

    /// From here on, only what is recorded after this moment is looked at: the log grows long.
    pub async fn turn_page(&self) {
        let last = self.events().await.last().map(|event| event.seq);
        if let Some(last) = last {
            self.page_from.store(last + 1, Ordering::SeqCst);
        }
    }

    /// The reasons of the ends of a session that are on record.
    pub async fn ends(&self, session: SessionId) -> Vec<String> {
        self.reasons("session.end", session).await
    }

    /// The reasons in the console's receipts for a session.
    pub async fn receipts(&self, session: SessionId) -> Vec<String> {
        self.reasons("session.end.confirmed", session).await
    }

    async fn reasons(&self, kind: &str, session: SessionId) -> Vec<String> {
        let id = session.to_string();
        let ends = self.events().await.into_iter().filter(|event| event.kind == kind);
        let bodies = ends.filter(|event| event.body.contains(&id)).map(|event| serde_json::from_str(&event.body));
        let reason = |body: Value| body["end_reason"].as_str().expect("a reason").to_owned();
        bodies.map(|body| reason(body.expect("JSON"))).collect()
    }

    async fn events(&self) -> Vec<StoredEvent> {
        let filter = EventFilter { from_seq: self.page_from.load(Ordering::SeqCst), ..EventFilter::default() };
        self.core.storage.events(&self.scope().await, filter, u32::MAX).await.expect("read")
    }
}

/// Below the ports that the system gives to those who ask for none, so that it is still free when the server comes
/// again.
fn free_address() -> SocketAddr {
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let port = std::iter::repeat_with(|| fastrand::u16(20_000..32_000)).find(is_free).expect("one of many");
    SocketAddr::from(([127, 0, 0, 1], port))
}
