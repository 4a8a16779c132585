use axum::extract::State;
use axum::response::Response;
use protocol::api::{Me, Problem, SetupRequest};
use protocol::ids::{TenantId, UserId};

use crate::audit::{Actor, Client, Event};
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::ApiJson;
use crate::http::routes::login::{fit_password, signed_in};
use crate::logins::{LoginError, Proof};
use crate::state::AppState;
use crate::storage::{NewUser, StorageError, Tenant};
use crate::{naming, random, setup_link};

/// Create the first tenant and its Global Administrator with a one-time link
#[utoipa::path(
    post, path = "/setup", tag = "setup", request_body = SetupRequest,
    extensions(("x-needs" = json!("nobody"))), responses(
        (status = 200, body = Me, description = "Sets the login cookie"),
        (status = 400, body = Problem), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub(super) async fn create(
    State(state): State<AppState>,
    client: Client,
    ApiJson(request): ApiJson<SetupRequest>,
) -> ApiResult<Response> {
    let wanted = Wanted::check(&request)?;
    state.logins.admit_link(client)?;
    let now = state.core.clock.now();
    let hash = state.logins.passwords().hash(request.password).await.map_err(LoginError::from)?;
    let tenant = Tenant { id: wanted.tenant, name: wanted.organisation, created_at: now };
    let user = NewUser {
        id: UserId(random::bytes()),
        email: wanted.email,
        name: wanted.name,
        password_hash: Some(hash),
        created_at: now,
    };
    let events = [
        Event::TenantCreated { name: tenant.name.clone() },
        Event::UserCreated { user: user.id, name: user.name.clone(), email: user.email.clone() },
    ];
    let events = events.iter().map(|event| state.core.auditor.event(&Actor::Stranger, client, event)).collect();
    let token = setup_link::hash(&request.token);
    let scope = state.core.storage.set_up(&token, now, &tenant, &user, events).await?;
    let scope = scope.ok_or(ApiError::SetupLinkSpent)?;
    let stored = state.core.storage.user(&scope, &user.id).await?;
    let stored = stored.ok_or(ApiError::from(StorageError::Corrupt("user")))?;
    signed_in(&state, state.logins.open(scope, stored, Proof::Password, client).await?).await
}

/// The parts of a request that passed.
struct Wanted {
    tenant: TenantId,
    organisation: String,
    name: String,
    email: String,
}

impl Wanted {
    fn check(request: &SetupRequest) -> ApiResult<Self> {
        let missing = |field: &str| ApiError::bad_request(format!("{field} is empty, too long or cannot be used."));
        fit_password("password", &request.password)?;
        let organisation = naming::name(&request.organisation).ok_or_else(|| missing("organisation"))?;
        let tenant = TenantId::new(naming::slug(&organisation, "main")).map_err(|_| missing("organisation"))?;
        Ok(Self {
            tenant,
            organisation,
            name: naming::name(&request.name).ok_or_else(|| missing("name"))?,
            email: naming::email(&request.email)
                .ok_or_else(|| ApiError::bad_request("email: this is no e-mail address."))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use crate::test_server::TestServer;

    fn request(token: &str) -> Value {
        json!({
            "token": token, "organisation": "Contoso GmbH", "name": "Ada Admin", "email": "ada@example.com",
            "password": "a long enough one",
        })
    }

    #[tokio::test]
    async fn the_link_creates_the_first_administrator_once() {
        let server = TestServer::empty().await;
        let token = server.setup_token().await;
        let browser = server.browser();
        assert_eq!(browser.get("/api/v1/setup").await.json()["needed"], true);
        let answer = browser.post("/api/v1/setup", request(&token)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let me = browser.get("/api/v1/me").await.json();
        assert_eq!(me["tenant"]["id"], "contoso-gmbh");
        assert_eq!(me["tenant"]["remote_access_enabled"], false);
        assert!(me["permissions"].as_array().expect("a list").contains(&json!("role.modify")));
        assert!(!me["permissions"].to_string().contains("remote_access"));
        assert_eq!(browser.get("/api/v1/setup").await.json()["needed"], false);
        let again = server.browser().post("/api/v1/setup", request(&token)).await;
        assert_eq!(again.problem_code(409), "setup_link_spent");
    }

    #[tokio::test]
    async fn wrong_and_old_links_and_weak_passwords_create_nothing() {
        let server = TestServer::empty().await;
        let token = server.setup_token().await;
        let browser = server.browser();
        let mut weak = request(&token);
        weak["password"] = json!("short");
        assert_eq!(browser.post("/api/v1/setup", weak).await.problem_code(400), "bad_request");
        let mut foreign_field = request(&token);
        foreign_field["tenant"] = json!("x");
        assert_eq!(browser.post("/api/v1/setup", foreign_field).await.problem_code(400), "bad_request");
        let wrong = browser.post("/api/v1/setup", request("AAAA")).await;
        assert_eq!(wrong.problem_code(409), "setup_link_spent");
        server.clock.advance(Duration::from_hours(25));
        let old = browser.post("/api/v1/setup", request(&token)).await;
        assert_eq!(old.problem_code(409), "setup_link_spent");
        assert_eq!(browser.get("/api/v1/setup").await.json()["needed"], true);
    }

    #[tokio::test]
    async fn a_link_is_of_no_use_once_a_tenant_exists() {
        let server = TestServer::start().await;
        assert_eq!(server.make_setup_link().await, None);
        let answer = server.browser().post("/api/v1/setup", request("AAAA")).await;
        assert_eq!(answer.problem_code(409), "setup_link_spent");
    }
}
