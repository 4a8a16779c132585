use axum::Json;
use axum::extract::State;
use protocol::api::{ImportReport, ImportUsers, Problem};

use crate::admin::import::{self, TABLE_MAX_BYTES};
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::{ApiJson, Everywhere, needs};
use crate::http::routes::to_end;
use crate::http::step_up::StepUp;
use crate::state::AppState;

/// Largest body in bytes: the table, and what JSON adds to its line ends and quotes.
pub(super) const BODY_MAX_BYTES: usize = 2 * TABLE_MAX_BYTES;

/// Accounts and groups from a table
///
/// Without `apply` it only tells what would change. Everything is applied or, with a single problem, nothing. What is
/// refused one by one is refused here, too.
#[utoipa::path(
    post, path = "/users/import", tag = "users", security(("login" = [])), request_body = ImportUsers,
    extensions(("x-needs" = json!("everywhere:role.modify")), ("x-step-up" = json!("setting"))), responses(
        (status = 200, body = ImportReport), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem, description = "changed meanwhile"),
        (status = 413, body = Problem),
    ),
)]
pub(super) async fn import(
    State(state): State<AppState>,
    permitted: Everywhere<needs::RoleModify>,
    _: StepUp,
    ApiJson(wanted): ApiJson<ImportUsers>,
) -> ApiResult<Json<ImportReport>> {
    if TABLE_MAX_BYTES < wanted.csv.len() {
        return Err(ApiError::TooLarge);
    }
    let imported = to_end(async move {
        let change = permitted.signed_in.change(&state).await?;
        Ok(import::import(change, wanted).await?)
    });
    imported.await.map(Json)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::test_server::{Browser, TestServer, user};

    const PATH: &str = "/api/v1/users/import";

    async fn import(browser: &Browser<'_>, csv: &str, apply: bool) -> Value {
        let answer = browser.post(PATH, json!({"csv": csv, "apply": apply})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    async fn export(browser: &Browser<'_>) -> String {
        let answer = browser.get("/api/v1/users/export.csv").await;
        assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
        answer.text()
    }

    /// How many events there are of anything.
    async fn n_events(server: &TestServer) -> usize {
        let scope = server.scope("contoso").await;
        let events = server.core.storage.events(&scope, crate::storage::EventFilter::default(), 100_000).await;
        events.expect("read").len()
    }

    #[tokio::test]
    async fn a_dry_run_tells_what_applying_then_does() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let table = "email,name,groups,disabled\r\nnora@example.com,Nora New,Night; All,\r\n\
                     stranger@example.com,Sam Renamed,all,true\r\nadmin@example.com,Ada Admin,,\r\n\
                     off@example.com,Olaf Off,,yes\r\n";
        let before = (export(&administrator).await, n_events(&server).await);
        let mut told = import(&administrator, table, false).await;
        assert_eq!((export(&administrator).await, n_events(&server).await), before, "nothing was changed");
        let changes = json!([
            {"line": 2, "email": "nora@example.com", "created": true, "name": "Nora New", "disabled": null,
             "joins": ["Night", "All"], "leaves": []},
            {"line": 3, "email": "stranger@example.com", "created": false, "name": "Sam Renamed", "disabled": true,
             "joins": ["All"], "leaves": []},
            {"line": 5, "email": "off@example.com", "created": true, "name": "Olaf Off", "disabled": true,
             "joins": [], "leaves": []},
        ]);
        assert_eq!((&told["changes"], &told["n_unchanged"], &told["problems"]), (&changes, &json!(1), &json!([])));

        let stranger = server.stranger().await;
        let done = import(&administrator, table, true).await;
        told["applied"] = true.into();
        assert_eq!(done, told);
        assert_eq!(stranger.get("/api/v1/me").await.status, 401);
        let after = export(&administrator).await;
        for line in [
            "nora@example.com,Nora New,All;Night,false\r\n",
            "off@example.com,Olaf Off,,true\r\n",
            "stranger@example.com,Sam Renamed,All,true\r\n",
        ] {
            assert!(after.contains(line), "{after}");
        }
        let kinds = ["user.created", "group.created", "group.joined", "user.renamed", "user.disabled"];
        for (kind, n) in kinds.into_iter().zip([6, 2, 3, 1, 2]) {
            assert_eq!(server.events(kind).await.len(), n, "{kind}");
        }
        let again = import(&administrator, table, true).await;
        assert_eq!((&again["changes"], &again["n_unchanged"]), (&json!([]), &json!(4)));
    }

    #[tokio::test]
    async fn an_export_can_be_imported_and_changes_nothing() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let table = "email,name,groups\n'+x@example.com,'=1+1,'@all;b\n\"q\"\"@example.com\",\"Q, \"\"uote\"\"\",\n\
                     y@example.com,''-y,\n";
        let made = import(&administrator, table, true).await;
        assert_eq!((&made["applied"], made["changes"].as_array().map(Vec::len)), (&json!(true), Some(3)), "{made}");
        let list = administrator.get("/api/v1/users?q=%2Bx").await.json();
        assert_eq!((&list["users"][0]["email"], &list["users"][0]["name"]), (&json!("+x@example.com"), &json!("=1+1")));
        let exported = export(&administrator).await;
        for cell in exported.split(['\n', ',']) {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t']), "{cell}");
        }
        let again = import(&administrator, &exported, true).await;
        assert_eq!((&again["changes"], &again["problems"], &again["n_unchanged"]), (&json!([]), &json!([]), &json!(7)));
    }

    #[tokio::test]
    async fn one_problem_keeps_everything_as_it_is() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let before = (export(&administrator).await, n_events(&server).await);
        for (rows, line, part) in [
            ("bad,Bob", 3, "email"),
            ("nora@example.com,Twice", 3, "line 2"),
            ("admin@fabrikam.example,Fay", 3, "cannot be used here"),
            ("admin@example.com,Ada Admin,,true", 3, "your own account"),
        ] {
            let table = format!("email,name,groups,disabled\nnora@example.com,Nora\n{rows}\n");
            let report = import(&administrator, &table, true).await;
            let problem = &report["problems"][0];
            assert_eq!((&report["applied"], &problem["line"]), (&json!(false), &json!(line)), "{rows}");
            assert!(problem["problem"].as_str().expect("a sentence").contains(part), "{report}");
        }
        assert_eq!((export(&administrator).await, n_events(&server).await), before);
        for (path, body) in [(PATH, json!({"csv": "email,name\n"})), (PATH, json!({"csv": 7, "apply": true}))] {
            assert_eq!(administrator.post(path, body).await.problem_code(400), "bad_request");
        }
        let large = json!({"csv": "x".repeat((2 << 20) + 1), "apply": false});
        assert_eq!(administrator.post(PATH, large).await.problem_code(413), "too_large");
        let elsewhere = json!({"email": "x".repeat(70_000), "name": "X"});
        assert_eq!(administrator.post("/api/v1/users", elsewhere).await.problem_code(413), "too_large");
    }

    #[tokio::test]
    async fn a_table_does_nothing_that_is_refused_one_by_one() {
        let server = TestServer::start().await;
        server
            .bootstrap(&format!(
                "[[tenant]]\nid=\"contoso\"\nname=\"Contoso\"\n{}[[tenant.group]]\nname=\"Operators\"\n\
                 members=[\"stranger@example.com\"]\n[[tenant.assignment]]\nrole=\"Console technicians\"\n\
                 member_groups=[\"Operators\"]\nrooms=[\"aurora\"]",
                user("manager@example.com", "Mia Manager", "\"Rooms Manager\""),
            ))
            .await;
        let manager = server.sign_in_as("manager@example.com").await;
        for (row, part) in [
            ("admin@example.com,Ada Admin,,true", "Ada Admin may do more"),
            ("viewer-of-aurora@example.com,Vera Renamed,,", "Vera Viewer may do more"),
            ("stranger@example.com,Sam Stranger,,true", "Sam Stranger may do more"),
            ("manager@example.com,Mia Manager,Operators,", "give themselves remote access"),
        ] {
            let report = import(&manager, &format!("email,name,groups,disabled\n{row}\n"), true).await;
            assert!(report["problems"][0]["problem"].as_str().is_some_and(|text| text.contains(part)), "{report}");
        }
        let others =
            import(&manager, "email,name,groups\nviewer-of-aurora@example.com,Vera Viewer,operators", true).await;
        assert_eq!(others["changes"][0]["joins"], json!(["Operators"]), "{others}");
        let left = import(&manager, "email,name,groups\nviewer-of-aurora@example.com,Vera Viewer,Other", true).await;
        assert_eq!(left["changes"][0]["leaves"], json!(["Operators"]), "{left}");

        let administrator = server.administrator().await;
        let own = import(&administrator, "email,name,groups\nadmin@example.com,Ada Admin,Operators", true).await;
        assert_eq!(own["applied"], true, "{own}");
        let last = server.events("group.joined").await.pop().expect("an event");
        assert_eq!((&last["name"], &last["gives_self_access"]), (&json!("Operators"), &json!(true)), "{last}");
    }

    #[tokio::test]
    async fn the_last_administrator_stays() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        import(&administrator, "email,name,groups\nstranger@example.com,Sam Stranger,Owners", true).await;
        let groups = administrator.get("/api/v1/groups").await.json();
        let roles = administrator.get("/api/v1/roles").await.json();
        let role = format!("/api/v1/roles/{}", roles["roles"][0]["id"].as_str().expect("an id"));
        let of_file = administrator.get(&role).await.json()["assignments"][0]["id"].clone();
        let assignment = json!({"name": "Owners", "groups": [groups["groups"][0]["id"]], "everywhere": true});
        assert_eq!(administrator.post(&format!("{role}/assignments"), assignment).await.status, 201);
        let sam = server.stranger().await;
        let of_file = format!("/api/v1/assignments/{}", of_file.as_str().expect("an id"));
        assert_eq!(sam.delete(&of_file).await.status, 204);
        let both = "email,name,groups\nadmin@example.com,Ada Admin,Owners\nstranger@example.com,Sam Stranger,Other\n";
        let none = "email,name,groups\nstranger@example.com,Sam Stranger,Other\n";
        let report = import(&sam, none, true).await;
        assert_eq!((&report["applied"], &report["problems"][0]["line"]), (&json!(false), &json!(2)), "{report}");
        assert_eq!(import(&sam, both, true).await["applied"], true);
    }

    #[tokio::test]
    async fn ten_thousand_people_come_at_once() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let rows = (0..9_996).map(|n| format!("u{n}@example.com,User {n},Everybody;Part {}\n", n % 7));
        let table: String = std::iter::once("email,name,groups\n".to_owned()).chain(rows).collect();
        let report = import(&administrator, &table, true).await;
        assert_eq!((&report["applied"], report["changes"].as_array().map(Vec::len)), (&json!(true), Some(9_996)));
        let list = administrator.get("/api/v1/users?q=user%209995").await.json();
        assert_eq!((&list["n_matching"], &list["n_all"]), (&json!(1), &json!(10_000)));
        let again = import(&administrator, &export(&administrator).await, false).await;
        assert_eq!((&again["changes"], &again["problems"]), (&json!([]), &json!([])));
    }
}
