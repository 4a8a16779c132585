//! What each route says that it needs of whoever asks, in the description of the API (`x-needs`): a route that says
//! nothing keeps the server from starting, and the tests ask every route as every kind of person whether it is true.

use std::str::FromStr;

use protocol::access::Permission;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;

/// The name of the extension of an operation.
const EXTENSION: &str = "x-needs";

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Anybody, signed in or not (`nobody`).
    Nobody,
    /// Somebody who is signed in (`login`); what they get depends on who they are.
    Login,
    /// The permission for the room of the path (`room:…`). Without `room.view` there, the room does not exist.
    InRoom(Permission),
    /// The permission for something (`somewhere:…`); the body decides where.
    Somewhere(Permission),
    /// The permission for the whole organisation (`everywhere:…`).
    Everywhere(Permission),
    /// A Global Administrator or Rooms Manager of the whole organisation (`administrator`).
    Administrator,
}

/// What a route says that nobody understands.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a route needs {0:?}")]
pub struct UnknownNeed(String);

impl FromStr for Needs {
    type Err = UnknownNeed;

    fn from_str(text: &str) -> Result<Self, UnknownNeed> {
        let unknown = || UnknownNeed(text.to_owned());
        match text {
            "nobody" => return Ok(Self::Nobody),
            "login" => return Ok(Self::Login),
            "administrator" => return Ok(Self::Administrator),
            _ => {}
        }
        let (reach, permission) = text.split_once(':').ok_or_else(unknown)?;
        let permission = permission.parse().map_err(|_| unknown())?;
        match reach {
            "room" => Ok(Self::InRoom(permission)),
            "somewhere" => Ok(Self::Somewhere(permission)),
            "everywhere" => Ok(Self::Everywhere(permission)),
            _ => Err(unknown()),
        }
    }
}

/// Every operation of the API: its method in capitals, its path, and what it needs.
///
/// # Panics
/// When a route does not say what it needs: a mistake in this program that is found before anything is served.
pub fn of_routes(description: &OpenApi) -> Vec<(&'static str, String, Needs)> {
    let mut routes = Vec::new();
    for (path, item) in &description.paths.paths {
        let operations = [
            ("GET", &item.get),
            ("PUT", &item.put),
            ("POST", &item.post),
            ("DELETE", &item.delete),
            ("PATCH", &item.patch),
            ("HEAD", &item.head),
            ("OPTIONS", &item.options),
            ("TRACE", &item.trace),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            let needs = of(operation).unwrap_or_else(|| panic!("{method} {path} does not say what it needs"));
            routes.push((method, path.clone(), needs));
        }
    }
    routes
}

fn of(operation: &Operation) -> Option<Needs> {
    operation.extensions.as_ref()?.get(EXTENSION)?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use protocol::api::PREFIX;
    use serde_json::{Value, json};
    use utoipa::openapi::path::{HttpMethod, OperationBuilder};
    use utoipa::openapi::{OpenApiBuilder, PathItem, PathsBuilder};

    use super::*;
    use crate::http::router::description;
    use crate::test_server::{Answer, Browser, TestServer, user};

    #[test]
    fn needs_have_one_text_form() {
        for (text, needs) in [
            ("nobody", Ok(Needs::Nobody)),
            ("login", Ok(Needs::Login)),
            ("administrator", Ok(Needs::Administrator)),
            ("room:room.view", Ok(Needs::InRoom(Permission::RoomView))),
            ("somewhere:room.modify", Ok(Needs::Somewhere(Permission::RoomModify))),
            ("everywhere:role.view", Ok(Needs::Everywhere(Permission::RoleView))),
            ("", Err(UnknownNeed(String::new()))),
            ("room:", Err(UnknownNeed("room:".to_owned()))),
            ("room:rooms.view", Err(UnknownNeed("room:rooms.view".to_owned()))),
            ("planet:room.view", Err(UnknownNeed("planet:room.view".to_owned()))),
        ] {
            assert_eq!(text.parse(), needs);
        }
    }

    #[test]
    fn every_route_says_what_it_needs() {
        assert!(10 < of_routes(&description()).len());
    }

    #[test]
    fn every_route_describes_its_refusals() {
        let routes = description();
        let description = serde_json::to_value(&routes).expect("JSON");
        for (method, path, needs) in of_routes(&routes) {
            let operation = &description["paths"][&path][method.to_lowercase()];
            let describes = |status: &str| operation["responses"].get(status).is_some();
            let needs_login = needs != Needs::Nobody;
            assert_eq!(operation["security"] == json!([{"login": []}]), needs_login, "{method} {path}: security");
            assert!(!needs_login || describes("401"), "{method} {path}: 401");
            // What did not come from the portal may change nothing.
            assert!(method == "GET" || describes("403"), "{method} {path}: 403");
            let has_body = operation.get("requestBody").is_some();
            assert!(!has_body || describes("400") && describes("413"), "{method} {path}: 400, 413");
            assert!(!path.contains("{room}") || describes("404"), "{method} {path}: 404");
        }
    }

    #[test]
    #[should_panic(expected = "GET /rooms does not say what it needs")]
    fn a_route_that_says_nothing_is_found() {
        let operation = OperationBuilder::new().build();
        let paths = PathsBuilder::new().path("/rooms", PathItem::new(HttpMethod::Get, operation));
        of_routes(&OpenApiBuilder::new().paths(paths).build());
    }

    /// Eight kinds of people, with what they may do: for the whole organisation, and in the room aurora. Written from the
    /// matrix of roles, not from the code.
    const PRINCIPALS: [(&str, Option<&str>, &str, &str); 8] = [
        ("nobody", None, "", ""),
        ("stranger tenant", Some("admin@fabrikam.example"), MANAGER, ""),
        ("no role", Some("stranger@example.com"), "", ""),
        ("view", Some("viewer-of-aurora@example.com"), "", "room.view remote_access.view"),
        ("modify", Some("modifier-of-aurora@example.com"), "", "room.view remote_access.view remote_access.modify"),
        ("site lead", Some("lead@example.com"), LEAD, LEAD),
        ("manager", Some("manager@example.com"), MANAGER, MANAGER),
        ("global administrator", Some("admin@example.com"), MANAGER, MANAGER),
    ];
    const LEAD: &str = "room.view room.modify room.unenroll room_action.read room_action.write room_group.view \
        report.view ticket.view ticket.modify";
    const MANAGER: &str = "room.view room.modify room.unenroll room_action.read room_action.write room_group.view \
        room_group.modify update.view update.modify report.view ticket.view ticket.modify role.view role.modify \
        inventory.view inventory.modify service_settings.view service_settings.modify audit.view audit.export";
    const ADMINISTRATORS: [&str; 3] = ["stranger tenant", "manager", "global administrator"];

    /// What a route answers to somebody, as far as permissions go.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Expected {
        NotSignedIn,
        Forbidden,
        NotFound,
        /// Something else: the request is looked at.
        Looked,
    }

    fn expected(needs: Needs, principal: &(&str, Option<&str>, &str, &str)) -> Expected {
        let (name, email, everywhere, in_aurora) = *principal;
        let holds = |list: &str, permission: Permission| list.split(' ').any(|held| held == permission.id());
        let or_forbidden = |holds| if holds { Expected::Looked } else { Expected::Forbidden };
        match needs {
            Needs::Nobody => Expected::Looked,
            _ if email.is_none() => Expected::NotSignedIn,
            Needs::Login => Expected::Looked,
            Needs::InRoom(_) if !holds(in_aurora, Permission::RoomView) => Expected::NotFound,
            Needs::InRoom(permission) => or_forbidden(holds(in_aurora, permission)),
            Needs::Somewhere(permission) => or_forbidden(holds(everywhere, permission) || holds(in_aurora, permission)),
            Needs::Everywhere(permission) => or_forbidden(holds(everywhere, permission)),
            Needs::Administrator => or_forbidden(ADMINISTRATORS.contains(&name)),
        }
    }

    /// What stands in a path for its parameters: things of contoso, or things that nobody has.
    async fn parameters(server: &TestServer) -> (HashMap<&'static str, String>, HashMap<&'static str, String>) {
        let administrator = server.administrator().await;
        let made = json!({
            "name": "Tried", "permissions": ["room.view"],
            "assignment": {"name": "Tried", "users": [administrator.get("/api/v1/me").await.json()["user"]["id"]],
                "rooms": ["aurora"]},
        });
        let made = administrator.post("/api/v1/roles", made).await.json();
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        let (_, user) = server.core.storage.user_by_email("stranger@example.com").await.expect("read").expect("a user");
        let group = crate::storage::NewGroup {
            id: protocol::ids::GroupId([5; 16]),
            name: "Tried".to_owned(),
            description: String::new(),
            created_at: 0,
        };
        let scope = server.scope("contoso").await;
        server.core.storage.create_group(&scope, &group, &[user.id], Vec::new()).await.expect("stored");
        let there = HashMap::from([
            ("room", "aurora".to_owned()),
            ("session", "0".repeat(32)),
            ("role", text(&made["role"]["id"])),
            ("assignment", text(&made["assignments"][0]["id"])),
            ("user", user.id.to_string()),
            ("group", group.id.to_string()),
            // Everybody has their own.
            ("passkey", "0".repeat(32)),
            ("provider", "nobody".to_owned()),
        ]);
        let missing = there.keys().map(|name| match *name {
            "room" => (*name, "nowhere".to_owned()),
            // Identity providers are the installation's and nobody's secret.
            "provider" => (*name, "nobody".to_owned()),
            _ => (*name, "7".repeat(32)),
        });
        let missing = missing.collect();
        (there, missing)
    }

    fn filled(path: &str, parameters: &HashMap<&'static str, String>) -> String {
        let segments =
            path.split('/').map(|segment| match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
                Some(name) => {
                    parameters.get(name).unwrap_or_else(|| panic!("say what stands for {name} in {path}")).clone()
                }
                None => segment.to_owned(),
            });
        segments.collect::<Vec<_>>().join("/")
    }

    async fn ask(browser: &Browser<'_>, method: &str, path: &str) -> Answer {
        let body = if matches!(method, "GET" | "DELETE") { Value::Null } else { json!({}) };
        browser.send(method, path, body).await
    }

    fn answered(answer: &Answer) -> Expected {
        match answer.status {
            401 if answer.json()["code"] == "not_signed_in" => Expected::NotSignedIn,
            403 => Expected::Forbidden,
            404 => Expected::NotFound,
            _ => Expected::Looked,
        }
    }

    /// Everything that the routes could have changed.
    async fn state(server: &TestServer) -> Vec<String> {
        let scope = server.scope("contoso").await;
        let events = server.core.storage.events(&scope, crate::storage::EventFilter::default(), 100_000).await;
        // This test itself signs in.
        let n_events = events.expect("read").iter().filter(|event| !event.kind.starts_with("login.")).count();
        let mut state = vec![n_events.to_string()];
        let administrator = server.administrator().await;
        for path in ["roles", "rooms", "settings/remote-access", "rooms/aurora/reach"] {
            state.push(administrator.get(&format!("{PREFIX}/{path}")).await.text());
        }
        state
    }

    #[tokio::test]
    async fn every_route_answers_every_kind_of_person_as_it_says() {
        let server = TestServer::start().await;
        let people = [("lead", "Site Lead"), ("manager", "Rooms Manager")];
        let people = people.map(|(who, role)| user(&format!("{who}@example.com"), role, &format!("\"{role}\"")));
        server.bootstrap(&format!("[[tenant]]\nid = \"contoso\"\nname = \"Contoso\"\n{}", people.concat())).await;
        let (there, missing) = parameters(&server).await;
        let mut n_refused = 0;
        let mut n_foreign = 0;
        for principal in &PRINCIPALS {
            let (name, email, ..) = *principal;
            for (method, path, needs) in of_routes(&description()) {
                // Each with a login of their own: some routes end it.
                let browser = match email {
                    Some(email) => server.sign_in_confirmed_as(email).await,
                    None => server.browser(),
                };
                let expected = expected(needs, principal);
                let before = state(&server).await;
                let (real, absent) = (filled(&path, &there), filled(&path, &missing));
                // What may be removed is removed elsewhere; here it is enough that it would be looked for.
                let is_spared = method == "DELETE" && expected == Expected::Looked && name != "stranger tenant";
                let answer = ask(&browser, method, if is_spared { &absent } else { &real }).await;
                let is_foreign = name == "stranger tenant" && real != absent;
                if is_foreign && matches!(expected, Expected::Looked | Expected::NotFound) {
                    let absent = ask(&browser, method, &absent).await;
                    assert_eq!((answer.status, answer.text()), (absent.status, absent.text()), "{method} {path}");
                    // A body that says nothing is refused before anything is looked for.
                    let is_refused = answer.status == 400 && matches!(method, "PUT" | "POST");
                    assert!(answer.status == 404 || is_refused, "{name}: {method} {path}: {}", answer.text());
                    n_foreign += 1;
                } else if is_spared && real != absent {
                    assert_eq!(answer.status, 404, "{name}: {method} {path}: {}", answer.text());
                } else if expected == Expected::Looked {
                    let looked = answered(&answer) == Expected::Looked || path.contains("{session}");
                    assert!(looked, "{name}: {method} {path}: {}", answer.text());
                } else {
                    assert_eq!(answered(&answer), expected, "{name}: {method} {path}: {}", answer.text());
                    let after = state(&server).await;
                    assert_eq!(after, before, "{name}: {method} {path} had an effect");
                    n_refused += 1;
                }
            }
        }
        assert!(30 < n_refused && 5 < n_foreign, "{n_refused} {n_foreign}");
    }
}
