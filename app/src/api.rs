//! The REST API, one function per endpoint.
//!
//! Every function answers within [`TIMEOUT_MS`]. Requests that change something carry the header that a foreign
//! page cannot set.

pub mod passkeys;
pub mod people;

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;

use gloo_net::http::{Request, RequestBuilder};
use protocol::api::{
    ApproveConsole, Assignment, AuditList, CSRF_HEADER, CreateRole, CreateRoom, CreatedRoom, EditAssignment, EditRole,
    EnrolmentOffer, GateChecklist, IdentityProviders, LoginRequest, Me, MemberMatches, NewAssignment, PREFIX, Problem,
    ProblemCode, RemoteAccessSettings, RoleDetail, RoleList, RoomDetail, RoomList, RoomState, ScopeMatches,
    SetupRequest, SetupStatus, StartSession, StartedSession, ThisConsole,
};
use protocol::ids::{AssignmentId, ProviderId, RoleId, RoomId, SessionId};
use protocol::reason::EndReason;
use protocol::refusal::RefusalCode;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::browser::task::TakingBack;
use crate::browser::{page, task};

/// Longer than the server takes for anything, session starts included.
const TIMEOUT_MS: u32 = 30_000;

/// Why a request did not succeed. Its text is a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiError {
    /// The server said what is wrong.
    Problem(Problem),
    /// There was no answer: no network, no server, or too slow.
    Unreachable,
    /// There was an answer, but not one of ours.
    Unexpected { status: u16 },
}

impl ApiError {
    pub fn problem(&self) -> Option<&Problem> {
        if let Self::Problem(problem) = self { Some(problem) } else { None }
    }

    pub fn is(&self, code: ProblemCode) -> bool {
        self.problem().is_some_and(|problem| problem.code == code)
    }

    /// The row of the gate that is shut, when that is the reason.
    pub fn refusal(&self) -> Option<RefusalCode> {
        self.problem()?.refusal
    }

    /// Seconds to wait before the next try.
    pub fn retry_after_s(&self) -> Option<u32> {
        self.problem()?.retry_after_s
    }

    /// Whether the same request may succeed a little later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Problem(Problem { status, .. }) | Self::Unexpected { status } => *status == 429 || 500 <= *status,
            Self::Unreachable => true,
        }
    }

    pub fn sentence(&self) -> String {
        self.to_string()
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Problem(problem) => f.write_str(&problem.detail),
            Self::Unreachable => f.write_str("The server does not answer. Check your connection, then try again."),
            Self::Unexpected { status } => {
                write!(f, "The server gave an answer that the portal does not understand (status {status}).")
            }
        }
    }
}

impl std::error::Error for ApiError {}

/// Which part of a list to load.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListQuery {
    /// Part of a name, a place or an address.
    pub text: String,
    /// The name of a state in addresses.
    pub state: Option<&'static str>,
    /// What else is asked for.
    pub more: Vec<(&'static str, String)>,
    pub cursor: Option<String>,
    pub limit: u32,
}

/// The address of the stream of [`protocol::api::LiveEvent`].
pub fn events_url() -> String {
    format!("{PREFIX}/events")
}

pub async fn setup_status() -> Result<SetupStatus, ApiError> {
    get("/setup").await
}

pub async fn set_up(request: &SetupRequest) -> Result<Me, ApiError> {
    post("/setup", request).await
}

pub async fn log_in(request: &LoginRequest) -> Result<Me, ApiError> {
    post("/login", request).await
}

pub async fn identity_providers() -> Result<IdentityProviders, ApiError> {
    get("/oidc").await
}

/// The address of a browser's way to an identity provider and back to a path of the portal.
pub fn provider_url(provider: &ProviderId, return_to: &str) -> String {
    format!("{PREFIX}/oidc/{provider}/start?return_to={}", page::encode_component(return_to))
}

pub async fn log_out() -> Result<(), ApiError> {
    ask(unsafe_request(Request::post, "/logout"), None).await.map(drop)
}

pub async fn me() -> Result<Me, ApiError> {
    get("/me").await
}

pub async fn remote_access_settings() -> Result<RemoteAccessSettings, ApiError> {
    get("/settings/remote-access").await
}

pub async fn save_remote_access_settings(settings: &RemoteAccessSettings) -> Result<RemoteAccessSettings, ApiError> {
    put("/settings/remote-access", settings).await
}

pub async fn roles() -> Result<RoleList, ApiError> {
    get("/roles").await
}

pub async fn role(role: &RoleId) -> Result<RoleDetail, ApiError> {
    get(&format!("/roles/{role}")).await
}

pub async fn create_role(request: &CreateRole) -> Result<RoleDetail, ApiError> {
    post("/roles", request).await
}

pub async fn edit_role(role: &RoleId, request: &EditRole) -> Result<RoleDetail, ApiError> {
    put(&format!("/roles/{role}"), request).await
}

pub async fn delete_role(role: &RoleId) -> Result<(), ApiError> {
    delete(&format!("/roles/{role}")).await
}

pub async fn create_assignment(role: &RoleId, request: &NewAssignment) -> Result<Assignment, ApiError> {
    post(&format!("/roles/{role}/assignments"), request).await
}

pub async fn edit_assignment(assignment: &AssignmentId, request: &EditAssignment) -> Result<Assignment, ApiError> {
    put(&format!("/assignments/{assignment}"), request).await
}

pub async fn delete_assignment(assignment: &AssignmentId) -> Result<(), ApiError> {
    delete(&format!("/assignments/{assignment}")).await
}

/// Who can be a member: people and groups whose names fit the text.
pub async fn search_members(text: &str) -> Result<MemberMatches, ApiError> {
    search("/search/members", [("q", text)]).await
}

/// What an assignment can cover: rooms, room groups and places whose names fit the text.
pub async fn search_scopes(text: &str) -> Result<ScopeMatches, ApiError> {
    search("/search/scopes", [("q", text)]).await
}

pub async fn rooms(query: &ListQuery) -> Result<RoomList, ApiError> {
    list("/rooms", query).await
}

/// Whether the log may be downloaded now; asks the person to confirm first where their organisation wants that.
pub async fn may_export_audit() -> Result<(), ApiError> {
    ask(safe_request("/audit/export"), None).await.map(drop)
}

/// The address of the log as a file, `csv` or `jsonl`, of the days in the query.
pub fn audit_export_url(format: &str, query: &str) -> String {
    format!("{PREFIX}/audit/export.{format}{query}")
}

pub async fn audit(query: &ListQuery) -> Result<AuditList, ApiError> {
    list("/audit", query).await
}

pub async fn create_room(request: &CreateRoom) -> Result<CreatedRoom, ApiError> {
    post("/rooms", request).await
}

pub async fn room(room: &RoomId) -> Result<RoomDetail, ApiError> {
    get(&format!("/rooms/{room}")).await
}

pub async fn new_enrolment(room: &RoomId) -> Result<EnrolmentOffer, ApiError> {
    ask(unsafe_request(Request::post, &format!("/rooms/{room}/enrolment")), None).await?.parsed()
}

pub async fn approve_console(room: &RoomId, request: &ApproveConsole) -> Result<(), ApiError> {
    tell(&format!("/rooms/{room}/console/approve"), request).await
}

pub async fn refuse_console(room: &RoomId, request: &ThisConsole) -> Result<(), ApiError> {
    tell(&format!("/rooms/{room}/console/refuse"), request).await
}

pub async fn revoke_console(room: &RoomId, request: &ThisConsole) -> Result<(), ApiError> {
    tell(&format!("/rooms/{room}/console/revoke"), request).await
}

/// Trusts a console again that was set aside.
pub async fn release_console(room: &RoomId, request: &ThisConsole) -> Result<(), ApiError> {
    tell(&format!("/rooms/{room}/console/release"), request).await
}

pub async fn gate(room: &RoomId) -> Result<GateChecklist, ApiError> {
    get(&format!("/rooms/{room}/remote-access")).await
}

/// Whoever takes the request back takes back what it asks of the people in the room, too.
pub async fn start_session(
    room: &RoomId,
    request: &StartSession,
    taking_back: Option<TakingBack>,
) -> Result<StartedSession, ApiError> {
    let wanted = Wanted { taking_back, ..unsafe_request(Request::post, &format!("/rooms/{room}/sessions")) };
    let body = serde_json::to_string(request).map_err(|_| ApiError::Unreachable)?;
    ask(wanted, Some(body)).await?.parsed()
}

/// A new connection of a session that goes on.
pub async fn resume_session(session: &SessionId, request: &StartSession) -> Result<StartedSession, ApiError> {
    post(&format!("/sessions/{session}/resume"), request).await
}

pub async fn end_session(session: &SessionId) -> Result<(), ApiError> {
    delete(&format!("/sessions/{session}")).await
}

/// Ends a session whose console is not the one that this browser knows.
pub async fn mistrust_session(session: &SessionId) -> Result<(), ApiError> {
    delete(&format!("/sessions/{session}?reason={}", EndReason::KeyMismatch.code())).await
}

/// The address that a page asks with `DELETE` to end its session while it is being closed.
pub fn closed_session_url(session: &SessionId) -> String {
    format!("{PREFIX}/sessions/{session}?reason={}", EndReason::ViewerClosed.code())
}

/// The name of a state in addresses.
pub const fn state_id(state: RoomState) -> &'static str {
    match state {
        RoomState::Healthy => "healthy",
        RoomState::Unhealthy => "unhealthy",
        RoomState::Disconnected => "disconnected",
        RoomState::Suppressed => "suppressed",
        RoomState::Pending => "pending",
        RoomState::NotEnrolled => "not_enrolled",
    }
}

async fn get<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    ask(safe_request(path), None).await?.parsed()
}

/// Nothing but what is asked for is in the address.
async fn list<T: DeserializeOwned>(path: &str, query: &ListQuery) -> Result<T, ApiError> {
    let limit = query.limit.to_string();
    let present = [
        ("q", Some(query.text.as_str()).filter(|text| !text.is_empty())),
        ("state", query.state),
        ("cursor", query.cursor.as_deref()),
        ("limit", Some(limit.as_str())),
    ];
    let more = query.more.iter().map(|(name, value)| (*name, Some(value.as_str())));
    search(path, present.into_iter().chain(more).filter_map(|(name, value)| Some((name, value?)))).await
}

async fn search<'q, T: DeserializeOwned>(
    path: &str,
    query: impl IntoIterator<Item = (&'static str, &'q str)>,
) -> Result<T, ApiError> {
    let query: Vec<_> =
        query.into_iter().map(|(name, value)| format!("{name}={}", page::encode_component(value))).collect();
    get(&format!("{path}?{}", query.join("&"))).await
}

async fn post<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, ApiError> {
    send(Request::post, path, body).await?.parsed()
}

/// Posts what is answered with nothing.
async fn tell(path: &str, body: &impl Serialize) -> Result<(), ApiError> {
    send(Request::post, path, body).await.map(drop)
}

async fn delete(path: &str) -> Result<(), ApiError> {
    ask(unsafe_request(Request::delete, path), None).await.map(drop)
}

async fn put<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, ApiError> {
    send(Request::put, path, body).await?.parsed()
}

async fn send(method: fn(&str) -> RequestBuilder, path: &str, body: &impl Serialize) -> Result<Answer, ApiError> {
    let body = serde_json::to_string(body).map_err(|_| ApiError::Unreachable)?;
    ask(unsafe_request(method, path), Some(body)).await
}

/// What is asked of the server. It can be asked more than once.
struct Wanted {
    method: fn(&str) -> RequestBuilder,
    url: String,
    is_safe: bool,
    taking_back: Option<TakingBack>,
}

impl Wanted {
    fn request(&self, json: Option<&str>) -> Result<Request, gloo_net::Error> {
        let request =
            (self.method)(&self.url).abort_signal(Some(&task::abort_after_ms(TIMEOUT_MS, self.taking_back.as_ref())));
        let request = if self.is_safe { request } else { request.header(CSRF_HEADER, "1") };
        match json {
            Some(json) => request.header("Content-Type", "application/json").body(json.to_owned()),
            None => request.build(),
        }
    }
}

fn safe_request(path: &str) -> Wanted {
    Wanted { method: Request::get, url: format!("{PREFIX}{path}"), is_safe: true, taking_back: None }
}

fn unsafe_request(method: fn(&str) -> RequestBuilder, path: &str) -> Wanted {
    Wanted { method, url: format!("{PREFIX}{path}"), is_safe: false, taking_back: None }
}

type Confirming = Rc<dyn Fn() -> Pin<Box<dyn Future<Output = bool>>>>;

thread_local! {
    static CONFIRMING: RefCell<Option<Confirming>> = const { RefCell::new(None) };
}

/// Says how the person is asked to confirm that it is they, whichever request the server wants that for. The request is
/// made again when they did.
pub fn confirm_with(ask: impl Fn() -> Pin<Box<dyn Future<Output = bool>>> + 'static) {
    CONFIRMING.set(Some(Rc::new(ask)));
}

/// What the server said to a request that it fulfilled.
struct Answer {
    status: u16,
    text: String,
}

impl Answer {
    fn parsed<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_str(&self.text).map_err(|_| ApiError::Unexpected { status: self.status })
    }
}

/// The way to the server and back, the same for every type and boxed: otherwise each endpoint has a copy of it.
fn ask(wanted: Wanted, json: Option<String>) -> Pin<Box<dyn Future<Output = Result<Answer, ApiError>>>> {
    Box::pin(async move {
        let answer = ask_once(&wanted, json.as_deref()).await;
        let is_needed = answer.as_ref().is_err_and(|error| error.is(ProblemCode::ConfirmationNeeded));
        let confirming = CONFIRMING.with_borrow(Clone::clone).filter(|_| is_needed);
        match confirming {
            Some(confirming) if confirming().await => ask_once(&wanted, json.as_deref()).await,
            _ => answer,
        }
    })
}

async fn ask_once(wanted: &Wanted, json: Option<&str>) -> Result<Answer, ApiError> {
    let request = wanted.request(json).map_err(|_| ApiError::Unreachable)?;
    let response = request.send().await.map_err(|_| ApiError::Unreachable)?;
    let answer = Answer { status: response.status(), text: response.text().await.unwrap_or_default() };
    if response.ok() { Ok(answer) } else { Err(answer.parsed().map_or_else(|error| error, ApiError::Problem)) }
}
