use axum::Json;
use axum::extract::State;
use protocol::api::{Problem, RemoteAccessSettings};
use protocol::reason::EndReason;

use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::{Administrator, ApiJson, SignedIn};
use crate::http::step_up::StepUp;
use crate::opt_in::{self, Saved, Unfit};
use crate::state::{AppState, SessionsOf};

/// Change the organisation's opt-in to remote access and the policies beside it
///
/// For Global Administrators and Rooms Managers of the whole organisation. Enabling needs a valid `acknowledged_by` in the same request. Disabling ends every live session of
/// the organisation and answers when their ends are recorded. A new `idle_limit_s` or `maximum_s` holds for sessions
/// that start afterwards. What changed is in the audit log; a request that changes nothing leaves no record.
#[utoipa::path(
    put, path = "/settings/remote-access", tag = "settings", security(("login" = [])),
    request_body = RemoteAccessSettings,
    extensions(("x-needs" = json!("administrator")), ("x-step-up" = json!("setting"))), responses(
        (status = 200, body = RemoteAccessSettings, description = "the settings in force, with their new version"),
        (status = 400, body = Problem, description = "a field cannot be had so; `detail` names it"),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem, description = "somebody changed the settings since that version"),
    ),
)]
pub(super) async fn put(
    State(state): State<AppState>,
    permitted: Administrator,
    _: StepUp,
    ApiJson(wanted): ApiJson<RemoteAccessSettings>,
) -> ApiResult<Json<RemoteAccessSettings>> {
    // Runs to its end even when whoever asked goes away: with remote access, the sessions end.
    let saving = tokio::spawn(async move { save(&state, &permitted.signed_in, &wanted).await });
    saving.await.map_err(|_| ApiError::Internal)?.map(Json)
}

async fn save(
    state: &AppState,
    signed_in: &SignedIn,
    wanted: &RemoteAccessSettings,
) -> ApiResult<RemoteAccessSettings> {
    let scope = &signed_in.scope;
    let before = state.core.storage.remote_access(scope).await?;
    if wanted.version != opt_in::shown(&before).version {
        return Err(stale());
    }
    let after = opt_in::changed(&before, wanted)?;
    match opt_in::save(&state.core, scope, &before, &after, &signed_in.actor(), signed_in.client).await? {
        Saved::Changed => state.core.live.settings_changed(scope),
        Saved::Unchanged => {}
        Saved::Stale => return Err(stale()),
    }
    if !after.enabled {
        state.consoles.end_sessions(scope, SessionsOf::Tenant, EndReason::Disabled).await;
    }
    Ok(opt_in::shown(&after))
}

fn stale() -> ApiError {
    ApiError::Conflict("Somebody else changed these settings meanwhile. Load them again, then make your change.".into())
}

impl From<Unfit> for ApiError {
    fn from(unfit: Unfit) -> Self {
        Self::BadRequest(unfit.to_string())
    }
}

#[cfg(test)]
mod tests {
    use protocol::api::{AUDIT_RETENTION_DAYS, DECLINE_WITHIN_S, IDLE_LIMIT_S, MAXIMUM_S};
    use protocol::reason::EndReason;
    use serde_json::{Value, json};

    use crate::http::router::description;
    use crate::test_server::{Answer, Browser, TestServer};

    const PATH: &str = "/api/v1/settings/remote-access";

    /// Saves the present settings with `changes`.
    async fn save(browser: &Browser<'_>, changes: Value) -> Answer {
        let mut settings = browser.get(PATH).await.json();
        for (field, value) in changes.as_object().expect("an object") {
            settings[field] = value.clone();
        }
        browser.put(PATH, settings).await
    }

    #[tokio::test]
    async fn what_cannot_be_had_is_refused_with_the_name_of_the_field() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let before = administrator.get(PATH).await.json();
        for (field, value) in [
            ("acknowledged_by", json!("nobody")),
            ("idle_limit_s", json!(59)),
            ("maximum_s", json!(86_401)),
            ("decline_within_s", json!(4)),
            ("audit_retention_days", json!(0)),
            ("idle_limit_s", json!(-1)),
            ("maximum_s", json!("long")),
            ("when_call_starts", json!("hang_up")),
            ("view_shortcuts", Value::Null),
            ("tenant", json!("fabrikam")),
        ] {
            let answer = save(&administrator, json!({ field: value })).await;
            assert_eq!(answer.problem_code(400), "bad_request", "{field}");
            assert!(answer.json()["detail"].as_str().expect("a sentence").contains(field), "{}", answer.text());
        }
        assert_eq!(administrator.get(PATH).await.json(), before);
        assert!(server.events("remote_access.changed").await.is_empty());
    }

    #[tokio::test]
    async fn saving_what_is_in_force_leaves_no_record() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        let before = administrator.get(PATH).await.json();
        let answer = save(&administrator, json!({})).await;
        assert_eq!((answer.status, answer.json()), (200, before));
        assert!(server.events("remote_access.changed").await.is_empty());
        assert_eq!(server.consoles.ended(), []);
    }

    #[tokio::test]
    async fn disabling_ends_sessions_and_other_changes_do_not() {
        let server = TestServer::start().await;
        let administrator = server.administrator().await;
        assert_eq!(save(&administrator, json!({"maximum_s": 3600})).await.status, 200);
        assert_eq!(server.consoles.ended(), []);
        assert_eq!(save(&administrator, json!({"enabled": false})).await.status, 200);
        assert_eq!(server.consoles.ended(), [EndReason::Disabled]);
    }

    #[test]
    fn the_description_tells_the_ranges_that_are_checked() {
        let description: Value = serde_json::to_value(description()).expect("JSON");
        let fields = &description["components"]["schemas"]["RemoteAccessSettings"]["properties"];
        for (field, range) in [
            ("idle_limit_s", IDLE_LIMIT_S),
            ("maximum_s", MAXIMUM_S),
            ("decline_within_s", DECLINE_WITHIN_S),
            ("audit_retention_days", AUDIT_RETENTION_DAYS),
        ] {
            let told = (fields[field]["minimum"].as_u64(), fields[field]["maximum"].as_u64());
            assert_eq!(told, (Some((*range.start()).into()), Some((*range.end()).into())), "{field}");
            let words = fields[field]["description"].as_str().expect("words");
            assert!([range.start(), range.end()].iter().all(|bound| words.contains(&bound.to_string())), "{words}");
        }
    }
}
