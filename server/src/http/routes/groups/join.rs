use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::Problem;

use super::OfMember;
use crate::admin::groups;
use crate::http::error::ApiResult;
use crate::http::extract::{ApiPath, Everywhere, needs};
use crate::http::routes::to_end;
use crate::http::step_up::StepUp;
use crate::state::AppState;

/// Make somebody a member of a group
///
/// Somebody who is one already stays one. Nobody but a Global Administrator can give themselves remote access by it.
#[utoipa::path(
    put, path = "/groups/{group}/members/{user}", tag = "users", security(("login" = [])), params(OfMember),
    extensions(("x-needs" = json!("everywhere:role.modify")), ("x-step-up" = json!("setting"))), responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(super) async fn join(
    State(state): State<AppState>,
    permitted: Everywhere<needs::RoleModify>,
    _: StepUp,
    ApiPath(OfMember { group, user }): ApiPath<OfMember>,
) -> ApiResult<StatusCode> {
    to_end(async move {
        let change = permitted.signed_in.change(&state).await?;
        groups::join(change, &group, &user).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::test_server::{Answer, Browser, TestServer, user};

    /// Two administrators of different might, and groups that reach a console, administer, and do nothing.
    async fn server() -> TestServer {
        let server = TestServer::start().await;
        server
            .bootstrap(&format!(
                r#"
                [[tenant]]
                id = "contoso"
                name = "Contoso"
                {manager}
                [[tenant.group]]
                name = "Operators"
                members = ["stranger@example.com"]
                [[tenant.group]]
                name = "Owners"
                [[tenant.group]]
                name = "Quiet"
                [[tenant.assignment]]
                role = "Console technicians"
                member_groups = ["Operators"]
                rooms = ["borealis"]
                "#,
                manager = user("manager@example.com", "Mia Manager", "\"Rooms Manager\""),
            ))
            .await;
        let administrator = server.administrator().await;
        let roles = administrator.get("/api/v1/roles").await.json();
        assert_eq!(roles["roles"][0]["name"], "Global Administrator");
        let owners = id(&administrator, "groups", "groups", "owners").await;
        let path = format!("/api/v1/roles/{}/assignments", roles["roles"][0]["id"].as_str().expect("an id"));
        let assignment = json!({"name": "Owners", "groups": [owners], "everywhere": true});
        assert_eq!(administrator.post(&path, assignment).await.status, 201);
        drop(administrator);
        server
    }

    async fn id(browser: &Browser<'_>, list: &str, kind: &str, q: &str) -> String {
        let found = browser.get(&format!("/api/v1/{list}?q={q}")).await.json();
        found[kind][0]["id"].as_str().unwrap_or_else(|| panic!("no {q}: {found}")).to_owned()
    }

    async fn member(browser: &Browser<'_>, group: &str, who: &str) -> String {
        let (group, user) = (id(browser, "groups", "groups", group).await, id(browser, "users", "users", who).await);
        format!("/api/v1/groups/{group}/members/{user}")
    }

    async fn join(browser: &Browser<'_>, group: &str, who: &str) -> Answer {
        browser.put(&member(browser, group, who).await, Value::Null).await
    }

    fn names(list: &Value) -> Vec<&str> {
        list["users"].as_array().expect("a list").iter().filter_map(|user| user["name"].as_str()).collect()
    }

    #[tokio::test]
    async fn joining_and_leaving_twice_is_once() {
        let server = server().await;
        let administrator = server.administrator().await;
        let path = member(&administrator, "quiet", "vera").await;
        let before = server.consoles.n_rechecks();
        for _ in 0..2 {
            assert_eq!(administrator.put(&path, Value::Null).await.status, 204);
        }
        let joined = server.events("group.joined").await;
        let last = joined.last().expect("an event");
        assert_eq!((joined.len(), &last["name"]), (2, &json!("Quiet")), "the first is the file's");
        let members = path.rsplit_once('/').expect("a path").0;
        let listed = administrator.get(members).await.json();
        assert_eq!((names(&listed), &listed["n_all"]), (vec!["Vera Viewer"], &json!(1)));
        for _ in 0..2 {
            assert_eq!(administrator.delete(&path).await.status, 204);
        }
        assert_eq!(server.events("group.left").await.len(), 1);
        assert_eq!(administrator.get(members).await.json()["n_all"], 0);
        assert_eq!(server.consoles.n_rechecks(), before + 2, "one for each change");
    }

    #[tokio::test]
    async fn nobody_but_a_global_administrator_joins_to_reach_a_console() {
        let server = server().await;
        let (manager, administrator) = (server.sign_in_as("manager@example.com").await, server.administrator().await);
        let refused = join(&manager, "operators", "manager@").await;
        assert_eq!(refused.problem_code(403), "forbidden");
        assert!(refused.text().contains("give themselves remote access"), "{}", refused.text());
        assert_eq!(join(&manager, "operators", "vera").await.status, 204, "others they may");
        assert_eq!(join(&administrator, "operators", "admin@").await.status, 204);
        let joined = server.events("group.joined").await;
        let flags: Vec<_> = joined.iter().map(|event| event["gives_self_access"].as_bool()).collect();
        assert_eq!(flags, [Some(false), Some(false), Some(true)]);
        let again = server.sign_in_as("admin@example.com").await;
        assert!(again.get("/api/v1/me").await.json()["permissions"].to_string().contains("remote_access.modify"));
    }

    #[tokio::test]
    async fn a_group_of_administrators_is_for_administrators_to_change() {
        let server = server().await;
        let (manager, administrator) = (server.sign_in_as("manager@example.com").await, server.administrator().await);
        assert_eq!(join(&manager, "owners", "manager@").await.problem_code(403), "forbidden");
        assert_eq!(join(&administrator, "owners", "vera").await.status, 204);
        let path = member(&manager, "owners", "vera").await;
        let group = path.split("/members").next().expect("a path").to_owned();
        for answer in [manager.delete(&path).await, manager.delete(&group).await] {
            assert_eq!(answer.problem_code(403), "forbidden");
        }
        // Once she is the only one, the group stays.
        let ada = id(&administrator, "users", "users", "admin@").await;
        let roles = administrator.get("/api/v1/roles").await.json();
        let role = roles["roles"][0]["id"].as_str().expect("an id").to_owned();
        let detail = administrator.get(&format!("/api/v1/roles/{role}")).await.json();
        let own = detail["assignments"].as_array().expect("a list").iter();
        let mut own = own.filter(|assignment| assignment["members"]["users"][0]["id"] == ada.as_str());
        let own = own.next().expect("hers")["id"].as_str().expect("an id").to_owned();
        let vera = server.sign_in_as("viewer-of-aurora@example.com").await;
        assert_eq!(vera.delete(&format!("/api/v1/assignments/{own}")).await.status, 204);
        for answer in [vera.delete(&path).await, vera.delete(&group).await] {
            assert_eq!(answer.problem_code(409), "conflict");
        }
        assert_eq!(server.events("group.deleted").await.len(), 0);
    }

    #[tokio::test]
    async fn groups_are_made_changed_and_removed() {
        let server = server().await;
        let administrator = server.administrator().await;
        let vera = id(&administrator, "users", "users", "vera").await;
        let body = json!({"name": " Night shift ", "description": "They stay.", "members": [vera, vera]});
        let created = administrator.post("/api/v1/groups", body.clone()).await;
        assert_eq!(created.status, 201, "{}", created.text());
        let created = created.json();
        assert_eq!((&created["group"]["name"], &created["group"]["n_members"]), (&json!("Night shift"), &json!(1)));
        let taken = administrator.post("/api/v1/groups", json!({"name": "NIGHT SHIFT"})).await;
        assert_eq!(taken.problem_code(409), "conflict");
        for (body, field) in [
            (json!({"name": ""}), "name"),
            (json!({"name": "a;b"}), "name"),
            (json!({"name": "x", "description": "x".repeat(501)}), "description"),
            (json!({"name": "x", "members": ["0".repeat(32)]}), "members"),
            (json!({"name": "x", "colour": "red"}), "colour"),
        ] {
            let answer = administrator.post("/api/v1/groups", body).await;
            assert_eq!(answer.problem_code(400), "bad_request", "{field}");
            assert!(answer.text().contains(field), "{}", answer.text());
        }
        let path = format!("/api/v1/groups/{}", created["group"]["id"].as_str().expect("an id"));
        let edit = json!({"name": "Late shift", "description": "They stay.", "version": 1});
        assert_eq!(administrator.put(&path, edit.clone()).await.json()["version"], 2);
        assert_eq!(administrator.put(&path, edit).await.problem_code(409), "conflict");
        let event = server.events("group.changed").await.pop().expect("an event");
        assert_eq!(event["changes"], json!([{"field": "name", "before": "Night shift", "after": "Late shift"}]));
        let list = administrator.get("/api/v1/groups?limit=1").await.json();
        assert_eq!((&list["groups"][0]["name"], &list["n_all"]), (&json!("Late shift"), &json!(4)));
        let next = list["next_cursor"].as_str().expect("more");
        let next = administrator.get(&format!("/api/v1/groups?limit=1&cursor={next}")).await.json();
        assert_eq!(next["groups"][0]["name"], "Operators");
        let operators = format!("/api/v1/groups/{}", next["groups"][0]["id"].as_str().expect("an id"));
        let detail = administrator.get(&operators).await.json();
        assert_eq!(detail["assignments"][0]["role"]["name"], "Console technicians");

        let foreign = server.administrator_of("fabrikam").await;
        let absent = foreign.get(&format!("/api/v1/groups/{}", "0".repeat(32))).await;
        assert_eq!(absent.problem_code(404), "not_found");
        let edit = json!({"name": "Mine", "description": "", "version": 2});
        let own = id(&foreign, "users", "users", "fay").await;
        for answer in [
            foreign.get(&path).await,
            foreign.put(&path, edit).await,
            foreign.delete(&path).await,
            foreign.get(&format!("{path}/members")).await,
            foreign.put(&format!("{path}/members/{own}"), Value::Null).await,
            foreign.delete(&format!("{path}/members/{own}")).await,
        ] {
            assert_eq!((answer.status, answer.text()), (404, absent.text()));
        }
        let stranger = administrator.put(&format!("{path}/members/{own}"), Value::Null).await;
        assert_eq!(stranger.text(), absent.text(), "a person of another organisation");
        assert_eq!(administrator.delete(&path).await.status, 204);
        assert_eq!(administrator.get(&path).await.text(), absent.text());
        let viewer = server.viewer_of("aurora").await;
        assert_eq!(viewer.get("/api/v1/groups").await.problem_code(403), "forbidden");
        assert_eq!(viewer.post("/api/v1/groups", body).await.problem_code(403), "forbidden");
    }
}
