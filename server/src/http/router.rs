use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use protocol::api;
use utoipa::OpenApi;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{Content, OpenApi as OpenApiDescription, Ref, RefOr};
use utoipa_axum::router::OpenApiRouter;

use super::{assets, middleware, needs, routes, sockets};
use crate::state::AppState;

const JSON: &str = "application/json";
/// RFC 9457.
const PROBLEM_JSON: &str = "application/problem+json";
/// Largest body of a request in bytes.
const BODY_MAX_BYTES: usize = 64 << 10;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Redring",
        description = "Remote access to meeting-room consoles. Errors are problem details (RFC 9457) with a stable `code`. \
            Requests that change something carry the header `x-redring-request: 1`. `x-needs` says who may ask: `nobody`, \
            somebody with a `login`, who has a permission for the `room:` of the path, `somewhere:` or `everywhere:`, or an \
            `administrator` (a Global Administrator or Rooms Manager of the whole organisation). `x-step-up` says where the \
            person confirms first that it is they (`POST /me/confirmation`): `always`, or when the organisation's `setting` wants it.",
    ),
    components(schemas(api::Problem, api::LiveEvent)),
    tags(
        (name = "login", description = "Signing in and out"),
        (name = "setup", description = "The first administrator of a new installation"),
        (name = "rooms", description = "Rooms and the enrolment of their consoles"),
        (name = "sessions", description = "Remote-access sessions"),
        (name = "settings", description = "What administrators decide for their organisation"),
        (name = "roles", description = "Roles and the assignments that give them to people for some rooms"),
        (name = "users", description = "Accounts and groups of people"),
        (name = "events", description = "Live updates"),
    ),
    modifiers(&CookieLogin),
)]
struct Description;

/// The login cookie as the description's security scheme.
struct CookieLogin;

impl utoipa::Modify for CookieLogin {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("__Host-sid")));
        description.components.get_or_insert_default().add_security_scheme("login", cookie);
    }
}

/// The API's routes together with their description: a route that is not described cannot be added.
fn api_routes() -> OpenApiRouter<AppState> {
    let resources = OpenApiRouter::new()
        .merge(routes::setup::routes())
        .merge(routes::login::routes())
        .merge(routes::invitation::routes())
        .merge(routes::oidc::routes())
        .merge(routes::me::routes())
        .merge(routes::rooms::routes())
        .merge(routes::consoles::routes())
        .merge(routes::remote_access::routes())
        .merge(routes::sessions::routes())
        .merge(routes::settings::routes())
        .merge(routes::roles::routes())
        .merge(routes::assignments::routes())
        .merge(routes::search::routes())
        .merge(routes::audit::routes())
        .merge(routes::reach::routes())
        .merge(routes::users::routes())
        .merge(routes::groups::routes())
        .merge(routes::events::routes());
    OpenApiRouter::with_openapi(Description::openapi()).nest(api::PREFIX, resources)
}

/// The routes, and their description.
fn parts() -> (Router<AppState>, OpenApiDescription) {
    let (routes, mut description) = api_routes().split_for_parts();
    for item in description.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
        for operation in operations.into_iter().flatten() {
            let responses = &mut operation.responses.responses;
            if operation.request_body.is_some() {
                responses.entry("413".to_owned()).or_insert_with(|| RefOr::T(too_large()));
            }
            responses.values_mut().for_each(name_problem);
        }
    }
    (routes, description)
}

/// What every route with a body may answer, whatever it says.
fn too_large() -> Response {
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new().description("The body is too large").content(PROBLEM_JSON, problem).build()
}

/// Problems travel under a type of their own, which no route needs to repeat.
fn name_problem(response: &mut RefOr<Response>) {
    let RefOr::T(response) = response else { return };
    let is_problem = response.content.get(JSON).is_some_and(|content| match content {
        RefOr::T(Content { schema: Some(RefOr::Ref(schema)), .. }) => schema.ref_location.ends_with("/Problem"),
        _ => false,
    });
    if is_problem && let Some(content) = response.content.shift_remove(JSON) {
        response.content.insert(PROBLEM_JSON.to_owned(), content);
    }
}

/// The description of the API.
pub fn description() -> OpenApiDescription {
    parts().1
}

/// Everything that the server answers.
pub fn router(state: AppState) -> Router {
    let (api, description) = parts();
    needs::of_routes(&description);
    let api = api
        .route(&format!("{}/openapi.json", api::PREFIX), routes::openapi::route(&description))
        .layer(from_fn(middleware::no_store))
        .layer(from_fn(middleware::time_out))
        .layer(from_fn_with_state(state.clone(), middleware::own_origin))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES));
    Router::new()
        .merge(api)
        .merge(routes::health::routes())
        .merge(sockets::routes())
        .fallback(assets::serve)
        .layer(from_fn_with_state(state.clone(), middleware::security_headers))
        .layer(from_fn_with_state(state.clone(), middleware::observe))
        .with_state(state)
}
