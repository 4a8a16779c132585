//! Leases: a console goes on with a session only as long as the server says so.

use std::collections::HashMap;
use std::sync::Arc;

use protocol::ids::{ConsoleId, SessionId};
use protocol::link::ToAgent;
use protocol::wire::List;
use tokio::time::{MissedTickBehavior, interval};

use super::SessionManager;
use super::live::LiveSession;
use crate::storage::TenantScope;

impl SessionManager {
    /// Renews leases and checks sessions against the policy, for as long as the server runs.
    pub async fn keep_time(self: Arc<Self>) {
        let mut lease = interval(self.limits.lease_every);
        let mut versions = HashMap::new();
        let mut recheck = interval(self.limits.recheck_every);
        let mut activity = interval(self.limits.activity_every);
        lease.set_missed_tick_behavior(MissedTickBehavior::Delay);
        recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
        activity.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = lease.tick() => self.renew_leases().await,
                _ = recheck.tick() => self.recheck_changed(&mut versions).await,
                _ = activity.tick() => self.keep_logins_active().await,
            }
        }
    }

    /// Checks the sessions of tenants in which somebody changed who may do what, on whatever way: another process beside
    /// this one writes to the same storage.
    async fn recheck_changed(&self, versions: &mut HashMap<TenantScope, i64>) {
        let present = match self.core.storage.access_versions().await {
            Ok(present) => present,
            Err(error) => return tracing::warn!(%error, "changes of access could not be read"),
        };
        for (scope, version) in present {
            if versions.get(&scope) != Some(&version) && self.end_unallowed(&scope).await.complete {
                versions.insert(scope, version);
            }
        }
    }

    /// Renews the leases of all live sessions, first in the storage: a server that cannot write lets its sessions end.
    async fn renew_leases(&self) {
        let seen: Vec<_> = self
            .sessions_where(|session| !session.is_ending())
            .iter()
            .map(|session| (session.scope.clone(), session.id()))
            .collect();
        if seen.is_empty() {
            return;
        }
        if let Err(error) = self.core.storage.sessions_seen(&seen, self.core.clock.now()).await {
            tracing::error!(%error, "leases could not be renewed");
            return;
        }
        // Under the lock: a list that misses a session must not reach the console after that session's offer.
        self.with_live(|live| {
            let mut by_console: HashMap<ConsoleId, Vec<SessionId>> = HashMap::new();
            for session in live {
                by_console.entry(session.facts.console).or_default().extend(lease(session));
            }
            for (console, sessions) in by_console {
                self.registry.send(console, ToAgent::Leases { sessions: List::fitted(sessions) });
            }
        });
    }

    /// Whoever has a live session is not idle, although the portal may send no request meanwhile.
    async fn keep_logins_active(&self) {
        let now = self.core.clock.now();
        for session in self.sessions_where(|session| !session.is_ending()) {
            if let Err(error) = self.core.storage.touch_login(&session.scope, &session.login, now).await {
                tracing::warn!(session.id = %session.id(), %error, "a login could not be kept active");
            }
        }
    }

    /// Tells a console that has just connected which of its sessions still live, if any.
    pub(super) fn renew_leases_of(&self, console: ConsoleId) {
        self.with_live(|live| {
            let sessions = live.filter(|session| session.facts.console == console).filter_map(lease).collect();
            self.registry.send(console, ToAgent::Leases { sessions: List::fitted(sessions) });
        });
    }
}

/// The session's lease, unless it is about to end.
fn lease(session: &Arc<LiveSession>) -> Option<SessionId> {
    (!session.is_ending()).then(|| session.id())
}
