use axum::Json;
use axum::extract::State;
use protocol::api::{AuditActor, AuditActorKind, AuditCategory, AuditEvent, AuditList, Problem, UnixMillis};
use protocol::ids::{RoomId, SessionId};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use crate::admin::shown::room_by_id;
use crate::audit::{Event, Outcome, words};
use crate::http::cursor::{self, Cursor};
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::{ApiQuery, Everywhere, needs};
use crate::room_index::TenantRooms;
use crate::state::AppState;
use crate::storage::{EventSearch, FoundEvent};

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 500;

/// What part of the log is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Words that must all be in the event: names, addresses, ids
    #[serde(default)]
    q: String,
    category: Option<AuditCategory>,
    /// Only what was tried and not done (`true`), or only what was done
    failed: Option<bool>,
    room: Option<RoomId>,
    session: Option<SessionId>,
    /// From this moment on, in Unix milliseconds
    from: Option<UnixMillis>,
    /// Before this moment, in Unix milliseconds
    to: Option<UnixMillis>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
    /// At most so many, up to 500
    limit: Option<usize>,
}

/// What happened in the organisation, newest first
#[utoipa::path(
    get, path = "/audit", tag = "audit", security(("login" = [])), params(Filter),
    extensions(("x-needs" = json!("everywhere:audit.view"))), responses(
        (status = 200, body = AuditList), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    permitted: Everywhere<needs::AuditView>,
    ApiQuery(filter): ApiQuery<Filter>,
) -> ApiResult<Json<AuditList>> {
    let scope = &permitted.signed_in.scope;
    let limit = filter.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX);
    // One more tells whether there is more.
    let mut found = state.core.storage.search_events(scope, &search(filter, limit as u32 + 1)?).await?;
    let has_more = limit < found.len();
    found.truncate(limit);
    let next = found.last().filter(|_| has_more).map(position);
    let rooms = state.rooms.rooms(scope).await?;
    let events = found.into_iter().map(|event| shown(event, &rooms)).collect::<ApiResult<_>>()?;
    Ok(Json(AuditList { events, next_cursor: next.map(|cursor| cursor.encode()) }))
}

fn search(filter: Filter, limit: u32) -> ApiResult<EventSearch> {
    let Filter { q, category, failed, room, session, from, to, cursor, .. } = filter;
    let before = cursor.as_deref().map(Cursor::decode).transpose()?.map(|cursor| before(&cursor)).transpose()?;
    let is_wanted = |(_, found_in, _, outcome): &(_, _, _, Outcome)| {
        category.is_none_or(|category| words::place(*found_in) == category)
            && failed.is_none_or(|failed| failed == (*outcome == Outcome::Failed))
    };
    let kinds = Event::all().iter().filter(|kind| is_wanted(kind)).map(|(name, ..)| *name);
    let kinds = (category.is_some() || failed.is_some()).then(|| kinds.collect());
    Ok(EventSearch { from, to, room, session, kinds, words: cursor::words(&q)?, before, limit })
}

fn position(event: &FoundEvent) -> Cursor {
    Cursor { sort_key: event.at.to_string(), id: event.seq.to_string() }
}

fn before(cursor: &Cursor) -> ApiResult<(UnixMillis, u64)> {
    let number = || Some((cursor.sort_key.parse().ok()?, cursor.id.parse().ok()?));
    number().ok_or_else(|| ApiError::bad_request("cursor: this is none of ours."))
}

fn shown(event: FoundEvent, rooms: &TenantRooms) -> ApiResult<AuditEvent> {
    let body: Value = serde_json::from_str(&event.body).map_err(|_| ApiError::Internal)?;
    let failed = Event::classify(&event.kind).is_some_and(|(.., outcome)| outcome == Outcome::Failed);
    Ok(AuditEvent {
        position: event.seq,
        at: event.at,
        title: words::title(&event.kind).to_owned(),
        event: event.kind,
        failed,
        actor: actor(&body["actor"]),
        room: event.room.map(|id| room_by_id(rooms, &id)),
        session: event.session,
        details: words::details(&body),
    })
}

fn actor(actor: &Value) -> AuditActor {
    let kind = match actor["type"].as_str() {
        Some("user") => AuditActorKind::User,
        Some("console") => AuditActorKind::Console,
        Some("operator") => AuditActorKind::Operator,
        Some("stranger") => AuditActorKind::Stranger,
        _ => AuditActorKind::Server,
    };
    let text = |field: &str| actor[field].as_str();
    let user = text("id").filter(|_| kind == AuditActorKind::User).and_then(|id| id.parse().ok());
    AuditActor { kind, name: text("name").map(str::to_owned), user }
}

#[cfg(test)]
mod tests {
    use protocol::api::{AuditCategory, AuditList};

    use crate::test_server::{Browser, TestServer};

    async fn list(browser: &Browser<'_>, query: &str) -> AuditList {
        serde_json::from_value(browser.get(&format!("/api/v1/audit{query}")).await.json()).expect("a list")
    }

    fn events(list: &AuditList) -> Vec<&str> {
        list.events.iter().map(|event| event.event.as_str()).collect()
    }

    #[tokio::test]
    async fn the_newest_event_is_first_and_says_who_and_what() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        server.clock.advance(std::time::Duration::from_secs(1));
        let made = administrator.post("/api/v1/groups", serde_json::json!({"name": "Night shift"})).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let list = list(&administrator, "").await;
        let newest = &list.events[0];
        assert_eq!((newest.event.as_str(), newest.title.as_str()), ("group.created", "Group added"));
        assert_eq!((newest.actor.name.as_deref(), newest.failed), (Some("Ada Admin"), false));
        assert_eq!(newest.at, server.clock.now());
        assert!(newest.details.iter().any(|detail| detail.name == "name" && detail.value == "Night shift"));
        assert!(list.events.is_sorted_by_key(|event| std::cmp::Reverse((event.at, event.position))));
    }

    #[tokio::test]
    async fn filters_narrow_the_list() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let wrong = serde_json::json!({"email": "admin@example.com", "password": "not this one"});
        assert_eq!(server.browser().post("/api/v1/login", wrong).await.status, 401);
        server.clock.advance(std::time::Duration::from_secs(10));
        let now = server.clock.now();
        assert_eq!(administrator.post("/api/v1/groups", serde_json::json!({"name": "Night shift"})).await.status, 201);
        for (query, expected) in [
            ("?category=sign_ins&failed=true".to_owned(), &["login.failed"][..]),
            ("?category=people&q=NIGHT".to_owned(), &["group.created"]),
            ("?q=night%20nobody".to_owned(), &[]),
            (format!("?from={now}"), &["group.created"]),
            (format!("?from={now}&to={now}"), &[]),
            ("?session=00000000000000000000000000000000".to_owned(), &[]),
            ("?room=nowhere".to_owned(), &[]),
        ] {
            assert_eq!(events(&list(&administrator, &query).await), expected, "{query}");
        }
        let of_room = list(&administrator, "?room=aurora").await;
        assert!(!of_room.events.is_empty());
        for event in &of_room.events {
            assert_eq!(event.room.as_ref().map(|room| room.name.as_str()), Some("Aurora"));
        }
        let rooms = list(&administrator, "?category=rooms").await;
        assert!(events(&rooms).iter().all(|event| event.starts_with("room.") || event.starts_with("console.")));
        for query in ["?category=weather", "?cursor=%21", "?limit=x", "?colour=red", "?room=%21", "?from=yesterday"] {
            let answer = administrator.get(&format!("/api/v1/audit{query}")).await;
            assert_eq!(answer.problem_code(400), "bad_request", "{query}");
        }
    }

    #[tokio::test]
    async fn pages_follow_one_another_without_gaps_or_repeats() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let all = list(&administrator, "?limit=500").await;
        assert_eq!(all.next_cursor, None);
        let mut seen = Vec::new();
        let mut query = "?limit=2".to_owned();
        loop {
            let page = list(&administrator, &query).await;
            seen.extend(page.events);
            let Some(cursor) = page.next_cursor else { break };
            query = format!("?limit=2&cursor={cursor}");
        }
        assert_eq!(seen, all.events);
        assert_eq!(all.events.len() as u64, all.events[0].position + 1, "everything is there");
    }

    #[tokio::test]
    async fn nobody_reads_the_log_who_may_not_or_of_another_tenant() {
        let server = TestServer::start().await;
        assert_eq!(server.viewer_of("aurora").await.get("/api/v1/audit").await.problem_code(403), "forbidden");
        assert_eq!(server.get("/api/v1/audit").await.problem_code(401), "not_signed_in");
        let foreign = server.administrator_of("fabrikam").await;
        assert!(list(&foreign, "?room=aurora").await.events.is_empty());
        assert!(list(&foreign, "?q=aurora").await.events.is_empty());
    }

    #[test]
    fn every_category_has_events() {
        for category in AuditCategory::ALL {
            let kinds = crate::audit::Event::all();
            assert!(kinds.iter().any(|(_, of, ..)| crate::audit::words::place(*of) == *category), "{category:?}");
        }
    }
}
