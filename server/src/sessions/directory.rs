use async_trait::async_trait;
use protocol::api::{CallStatus, SessionSummary};
use protocol::ids::RoomId;
use protocol::reason::EndReason;

use super::SessionManager;
use super::live::LiveSession;
use crate::audit::Actor;
use crate::state::{ConsoleDirectory, Presence, SessionsOf};
use crate::storage::TenantScope;

#[async_trait]
impl ConsoleDirectory for SessionManager {
    fn presence(&self, scope: &TenantScope, room: &RoomId) -> Presence {
        let presence = self.registry.presence(scope, room);
        let monitored = presence.as_ref().is_some_and(|presence| presence.monitored);
        Presence {
            monitored,
            call: presence.as_ref().filter(|_| monitored).map_or(CallStatus::Unknown, |presence| presence.call),
            n_sessions: self.sessions_where(|session| is_shown(session, scope, room)).len() as u32,
            last_seen_at: presence.map(|presence| presence.heard_at),
        }
    }

    fn sessions(&self, scope: &TenantScope, room: &RoomId) -> Vec<SessionSummary> {
        self.sessions_where(|session| is_shown(session, scope, room)).iter().map(|session| session.summary()).collect()
    }

    async fn end_sessions(&self, scope: &TenantScope, of: SessionsOf, reason: EndReason) {
        let wanted = |session: &LiveSession| {
            session.scope == *scope
                && match &of {
                    SessionsOf::Tenant => true,
                    SessionsOf::User(user) => session.facts.user == *user,
                    SessionsOf::Login(login) => session.login == *login,
                }
        };
        let sessions = self.sessions_where(wanted);
        for session in &sessions {
            session.end(reason, Actor::Server);
        }
        for session in sessions {
            session.ended().await;
        }
    }

    async fn recheck(&self, scope: &TenantScope) {
        self.end_unallowed(scope).await.ended().await;
    }
}

fn is_shown(session: &LiveSession, scope: &TenantScope, room: &RoomId) -> bool {
    session.scope == *scope && session.facts.room == *room && !session.is_ending()
}
