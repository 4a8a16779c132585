use axum::Json;
use axum::extract::State;
use protocol::api::{Problem, RoomCounters, RoomList, RoomState};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Viewpoint;
use crate::http::cursor::{self, Cursor};
use crate::http::error::ApiResult;
use crate::http::extract::{ApiQuery, SignedIn};
use crate::room_index::{IndexedRoom, count};
use crate::state::AppState;

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 500;

/// What part of the list is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Words that must all be in the name, id or place, in any case
    #[serde(default)]
    q: String,
    /// Only rooms in this state
    state: Option<RoomState>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
    /// At most so many rooms, up to 500
    limit: Option<usize>,
}

/// Rooms that the signed-in user may see
#[utoipa::path(
    get, path = "/rooms", tag = "rooms", security(("login" = [])), params(Filter),
    extensions(("x-needs" = json!("login"))), responses((status = 200, body = RoomList), (status = 400, body = Problem), (status = 401, body = Problem)),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    signed_in: SignedIn,
    ApiQuery(filter): ApiQuery<Filter>,
) -> ApiResult<Json<RoomList>> {
    let words = cursor::words(&filter.q)?;
    let after = filter.cursor.as_deref().map(Cursor::decode).transpose()?;
    let viewpoint = Viewpoint::of(&state, &signed_in.scope, &signed_in.effective).await?;
    Ok(Json(page(&viewpoint, &filter, &words, after.as_ref())))
}

fn page(viewpoint: &Viewpoint<'_>, filter: &Filter, words: &[String], after: Option<&Cursor>) -> RoomList {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let limit = filter.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX);
    let mut counters = RoomCounters::default();
    let mut n_matching = 0;
    let mut shown: Vec<&IndexedRoom> = Vec::new();
    let mut has_more = false;
    for room in viewpoint.visible() {
        let state = viewpoint.state(&room.facts);
        count(&mut counters, state);
        if filter.state.is_some_and(|wanted| wanted != state) || !room.matches(&words) {
            continue;
        }
        n_matching += 1;
        if after.is_none_or(|after| after.is_before(room)) {
            if shown.len() < limit {
                shown.push(room);
            } else {
                has_more = true;
            }
        }
    }
    RoomList {
        next_cursor: shown.last().filter(|_| has_more).map(|last| Cursor::at(last).encode()),
        rooms: shown.into_iter().map(|room| viewpoint.summary(&room.facts)).collect(),
        counters,
        n_matching,
    }
}

impl Cursor {
    fn at(room: &IndexedRoom) -> Self {
        let (sort_key, id) = room.position();
        Self { sort_key: sort_key.to_owned(), id: id.to_owned() }
    }

    fn is_before(&self, room: &IndexedRoom) -> bool {
        (self.sort_key.as_str(), self.id.as_str()) < room.position()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::test_server::TestServer;

    fn names(list: &Value) -> Vec<&str> {
        list["rooms"].as_array().expect("a list").iter().filter_map(|room| room["name"].as_str()).collect()
    }

    #[tokio::test]
    async fn people_see_the_rooms_of_their_assignments_and_no_others() {
        let server = TestServer::start().await;
        let all = server.administrator().await.get("/api/v1/rooms").await.json();
        assert_eq!(names(&all), ["Aurora", "Borealis", "Cumulus"]);
        let one = server.viewer_of("aurora").await.get("/api/v1/rooms").await.json();
        assert_eq!(names(&one), ["Aurora"]);
        assert_eq!(one["rooms"][0]["access"], "view");
        assert_eq!(all["rooms"][0]["access"], Value::Null);
        let none = server.stranger().await.get("/api/v1/rooms").await.json();
        assert!(names(&none).is_empty());
        assert_eq!(none["counters"]["not_enrolled"], 0);
        assert_eq!(server.get("/api/v1/rooms").await.problem_code(401), "not_signed_in");
    }

    #[tokio::test]
    async fn another_tenants_rooms_are_not_there() {
        let server = TestServer::start().await;
        let other = server.administrator_of("fabrikam").await;
        assert_eq!(names(&other.get("/api/v1/rooms").await.json()), ["Fabric"]);
        let foreign = other.get("/api/v1/rooms/aurora").await;
        let absent = other.get("/api/v1/rooms/nowhere").await;
        assert_eq!(foreign.problem_code(404), "not_found");
        assert_eq!(foreign.text(), absent.text());
    }

    #[tokio::test]
    async fn search_and_state_narrow_the_list_but_not_the_counters() {
        let server = TestServer::start().await;
        server.enrol("aurora").await;
        server.enrol("borealis").await;
        server.consoles.appear("aurora");
        let administrator = server.administrator().await;
        for (query, expected) in [
            ("", &["Aurora", "Borealis", "Cumulus"][..]),
            ("?q=BER%20bor", &["Borealis"]),
            ("?q=nothing", &[]),
            ("?state=healthy", &["Aurora"]),
            ("?state=disconnected", &["Borealis"]),
            ("?state=not_enrolled", &["Cumulus"]),
            ("?state=unhealthy", &[]),
        ] {
            let list = administrator.get(&format!("/api/v1/rooms{query}")).await.json();
            assert_eq!(names(&list), expected, "{query}");
            assert_eq!(list["n_matching"], expected.len(), "{query}");
            let counters = &list["counters"];
            assert_eq!((&counters["healthy"], &counters["disconnected"]), (&1.into(), &1.into()), "{query}");
        }
        for query in ["?state=broken", "?cursor=%21", "?limit=x", "?colour=red"] {
            let answer = administrator.get(&format!("/api/v1/rooms{query}")).await;
            assert_eq!(answer.problem_code(400), "bad_request", "{query}");
        }
    }

    #[tokio::test]
    async fn pages_follow_one_another_without_gaps_or_repeats() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let mut seen = Vec::new();
        let mut path = "/api/v1/rooms?limit=2".to_owned();
        loop {
            let page = administrator.get(&path).await.json();
            seen.extend(names(&page).into_iter().map(str::to_owned));
            match page["next_cursor"].as_str() {
                Some(cursor) => path = format!("/api/v1/rooms?limit=2&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(seen, ["Aurora", "Borealis", "Cumulus"]);
    }

    #[tokio::test]
    async fn a_change_by_another_process_is_seen() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        assert_eq!(names(&administrator.get("/api/v1/rooms").await.json()).len(), 3);
        server
            .bootstrap("[[tenant]]\nid=\"contoso\"\nname=\"Contoso\"\n[[tenant.room]]\nid=\"delta\"\nname=\"delta\"")
            .await;
        let list = administrator.get("/api/v1/rooms").await.json();
        assert_eq!(names(&list), ["Aurora", "Borealis", "Cumulus", "delta"]);
    }
}
