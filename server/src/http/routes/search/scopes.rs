use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use protocol::api::{PlaceRef, Problem, RoomGroupRef, ScopeMatches};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::admin::shown;
use crate::http::cursor;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiQuery, Everywhere, needs};
use crate::room_index::TenantRooms;
use crate::state::AppState;

/// How many of each kind are offered.
const BEST: usize = 20;

/// What is looked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// Words that must all be in the name or the place, in any case
    #[serde(default)]
    pub(super) q: String,
}

/// Rooms, room groups and places that an assignment can cover
#[utoipa::path(
    get, path = "/search/scopes", tag = "roles", security(("login" = [])), params(Search),
    extensions(("x-needs" = json!("everywhere:role.view"))),
    responses(
        (status = 200, body = ScopeMatches), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(super) async fn scopes(
    State(state): State<AppState>,
    everywhere: Everywhere<needs::RoleView>,
    ApiQuery(search): ApiQuery<Search>,
) -> ApiResult<Json<ScopeMatches>> {
    let words = cursor::words(&search.q)?;
    let rooms = state.rooms.rooms(&everywhere.signed_in.scope).await?;
    Ok(Json(matches(&rooms, &words)))
}

fn matches(rooms: &TenantRooms, words: &[String]) -> ScopeMatches {
    let plain: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut found: Vec<_> = rooms.all().iter().filter(|room| room.matches(&plain)).collect();
    // The sort keeps the order of names among those that are equally good.
    found.sort_by_key(|room| !begins(&room.sort_key, words));
    let groups = best(rooms.groups(), words, |name| name);
    // A place is known by its last segment; the nearer to the root, the better.
    let places = best(rooms.places(), words, |path| path.rsplit('/').next().unwrap_or(path));
    ScopeMatches {
        rooms: found.into_iter().take(BEST).map(|room| shown::room_ref(&room.facts)).collect(),
        room_groups: groups.map(|(name, n_rooms)| RoomGroupRef { name: name.clone(), n_rooms }).collect(),
        places: places.map(|(path, n_rooms)| PlaceRef { path: path.clone(), n_rooms }).collect(),
    }
}

/// Those in which all words are: first those whose name begins with one of them, then those with fewer segments.
fn best<'a>(
    all: &'a BTreeMap<String, u32>,
    words: &[String],
    name: impl Fn(&str) -> &str,
) -> impl Iterator<Item = (&'a String, u32)> {
    let mut found: Vec<(bool, usize, &String, u32)> = Vec::new();
    for (text, n_rooms) in all {
        let lower = text.to_lowercase();
        if words.iter().all(|word| lower.contains(word.as_str())) {
            found.push((!begins(name(&lower), words), text.matches('/').count(), text, *n_rooms));
        }
    }
    found.sort();
    found.into_iter().take(BEST).map(|(_, _, text, n_rooms)| (text, n_rooms))
}

fn begins(name: &str, words: &[String]) -> bool {
    words.iter().any(|word| name.starts_with(word.as_str()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::test_server::TestServer;

    const ROOMS: &str = r#"
        [[tenant]]
        id = "contoso"
        name = "Contoso"
        [[tenant.room]]
        id = "delta"
        name = "Delta"
        place = "Germany/Munich/Aurora House"
        groups = ["Executive", "All of Munich"]
        [[tenant.room]]
        id = "echo"
        name = "Echo"
        place = "Germany/Munich/Aurora House/Floor 1"
        groups = ["Executive"]
    "#;

    fn names<'a>(matches: &'a Value, kind: &str, field: &str) -> Vec<(&'a str, u64)> {
        let list = matches[kind].as_array().expect("a list");
        list.iter().map(|part| (part[field].as_str().expect("text"), part["n_rooms"].as_u64().unwrap_or(0))).collect()
    }

    #[tokio::test]
    async fn words_find_rooms_room_groups_and_places() {
        let server = TestServer::start().await;
        server.bootstrap(ROOMS).await;
        let administrator = server.administrator().await;
        let search = async |query: &str| administrator.get(&format!("/api/v1/search/scopes?q={query}")).await.json();
        let aurora = search("aurora").await;
        // The room of that name before those at the house of that name.
        assert_eq!(names(&aurora, "rooms", "name"), [("Aurora", 0), ("Delta", 0), ("Echo", 0)]);
        let places = [("Germany/Munich/Aurora House", 2), ("Germany/Munich/Aurora House/Floor 1", 1)];
        assert_eq!(names(&aurora, "places", "path"), places);
        assert_eq!(names(&search("exec").await, "room_groups", "name"), [("Executive", 2)]);
        assert_eq!(names(&search("FLOOR%20berlin").await, "places", "path").len(), 2);
        assert_eq!(names(&search("munich").await, "places", "path")[0], ("Germany/Munich", 2));
        let nothing = json!({"rooms": [], "room_groups": [], "places": []});
        assert_eq!(search("nothing-like-it").await, nothing);
        let everything = search("").await;
        assert_eq!(names(&everything, "rooms", "name").len(), 5);
        assert_eq!(names(&everything, "places", "path")[0].0, "Germany");
    }

    #[tokio::test]
    async fn another_tenants_rooms_are_not_found() {
        let server = TestServer::start().await;
        server.bootstrap(ROOMS).await;
        let other = server.administrator_of("fabrikam").await;
        let found = other.get("/api/v1/search/scopes?q=").await.json();
        assert_eq!(names(&found, "rooms", "name"), [("Fabric", 0)]);
        assert_eq!((found["room_groups"].clone(), found["places"].clone()), (json!([]), json!([])));
        let long = format!("/api/v1/search/scopes?q={}", "x".repeat(201));
        assert_eq!(other.get(&long).await.problem_code(400), "bad_request");
    }
}
