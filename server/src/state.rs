//! What handlers share: cheap handles, made once by `run`.

use std::sync::Arc;

use async_trait::async_trait;
use protocol::api::{CallStatus, SessionSummary, UnixMillis};
use protocol::ids::{RoomId, UserId};
use protocol::reason::EndReason;
use tokio::sync::Mutex;

use crate::audit::Auditor;
use crate::clock::Clock;
use crate::config::Config;
use crate::http::assets::Assets;
use crate::keys::ServerKeys;
use crate::live::Live;
use crate::logins::LoginDesk;
use crate::logins::oidc::OidcDesk;
use crate::logins::passkeys::PasskeyDesk;
use crate::metrics::Metrics;
use crate::room_index::RoomIndex;
use crate::sessions::{Limits, SessionManager};
use crate::storage::{LoginKey, Store, TenantScope};

/// What every part of the server needs.
pub struct Core {
    pub config: Config,
    pub clock: Clock,
    pub storage: Store,
    pub keys: ServerKeys,
    pub auditor: Auditor,
    pub live: Live,
    pub metrics: Metrics,
}

impl Core {
    pub fn new(config: Config, clock: Clock, storage: Store, keys: ServerKeys) -> Self {
        let auditor = Auditor::new(clock.clone(), storage.clone());
        Self { config, clock, storage, keys, auditor, live: Live::default(), metrics: Metrics::default() }
    }
}

/// How a room's console is at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// The agent is connected and its pulse is fresh.
    pub monitored: bool,
    /// `Unknown` while not monitored.
    pub call: CallStatus,
    /// Live remote sessions.
    pub n_sessions: u32,
    /// When the agent was last heard, since the server started.
    pub last_seen_at: Option<UnixMillis>,
}

impl Presence {
    /// Of a console that is not connected.
    pub const ABSENT: Self = Self { monitored: false, call: CallStatus::Unknown, n_sessions: 0, last_seen_at: None };
}

/// Whose sessions are to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionsOf {
    Tenant,
    User(UserId),
    Login(LoginKey),
}

/// What pages and policy ask about consoles and sessions that are alive. Changes are told through [`Live`].
#[async_trait]
pub trait ConsoleDirectory: Send + Sync + 'static {
    fn presence(&self, scope: &TenantScope, room: &RoomId) -> Presence;

    /// Live sessions of a room, oldest first.
    fn sessions(&self, scope: &TenantScope, room: &RoomId) -> Vec<SessionSummary>;

    /// Ends live sessions of the tenant; returns when their ends are recorded.
    async fn end_sessions(&self, scope: &TenantScope, of: SessionsOf, reason: EndReason);

    /// Checks the tenant's live sessions against what people may do now, and ends those that may no longer be; returns
    /// when the ends are recorded.
    async fn recheck(&self, scope: &TenantScope);
}

/// The state of the router.
#[derive(Clone)]
pub struct AppState {
    pub core: Arc<Core>,
    pub sessions: Arc<SessionManager>,
    /// What is alive, as policy and pages ask for it: `sessions`, except in tests.
    pub consoles: Arc<dyn ConsoleDirectory>,
    pub logins: Arc<LoginDesk>,
    /// Signs people in whom an identity provider knows.
    pub oidc: Arc<OidcDesk>,
    pub passkeys: Arc<PasskeyDesk>,
    pub rooms: Arc<RoomIndex>,
    pub assets: Arc<Assets>,
    /// Held from the check to the commit of a change of who may do what: two changes that are each allowed must not add up
    /// to one that is not.
    pub administering: Arc<Mutex<()>>,
}

impl AppState {
    /// Puts the parts together.
    pub fn new(core: Arc<Core>, assets: Assets) -> Self {
        Self::with_limits(core, assets, Limits::default())
    }

    /// Puts the parts together, with bounds other than the usual ones.
    pub fn with_limits(core: Arc<Core>, assets: Assets, limits: Limits) -> Self {
        let logins = Arc::new(LoginDesk::new(Arc::clone(&core)));
        let sessions = SessionManager::new(Arc::clone(&core), limits);
        Self {
            consoles: Arc::clone(&sessions) as Arc<dyn ConsoleDirectory>,
            sessions,
            passkeys: Arc::new(PasskeyDesk::new(Arc::clone(&core), Arc::clone(&logins))),
            logins,
            oidc: Arc::new(OidcDesk::new(&core)),
            rooms: Arc::new(RoomIndex::new(Arc::clone(&core))),
            assets: Arc::new(assets),
            administering: Arc::default(),
            core,
        }
    }

    /// Lets a change of who may do what take effect: sessions that are not allowed any more end, and open pages load
    /// again what the person may do. Returns when the ends are recorded.
    pub async fn access_changed(&self, scope: &TenantScope) {
        self.consoles.recheck(scope).await;
        self.core.live.settings_changed(scope);
    }
}
