//! What handlers ask for. A passed check hands over a capability; the signature of a handler says who may call it.

use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use protocol::access::Permission;
use protocol::ids::RoomId;
use serde::de::DeserializeOwned;

use super::error::ApiError;
use crate::access::{Effective, PermissionSet, RoomPlace};
use crate::admin::Change;
use crate::audit::{Actor, Client};
use crate::logins::cookie;
use crate::state::AppState;
use crate::storage::{LoginKey, RoomFacts, TenantScope, User};

/// Somebody is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub scope: TenantScope,
    pub user: User,
    pub login: LoginKey,
    pub effective: Effective,
    pub client: Client,
}

impl SignedIn {
    pub fn actor(&self) -> Actor {
        Actor::from(&self.user)
    }

    /// Begins a change of who may do what; waits for its turn.
    pub async fn change<'a>(&'a self, state: &'a AppState) -> Result<Change<'a>, ApiError> {
        Ok(Change::begin(state, &self.scope, &self.user, self.client).await?)
    }
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        // Several extractors of one request ask who it is: the database is asked once.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let client = client_of(parts, state);
        let key = cookie::login_key(&parts.headers, &state.core.config.public_url).ok_or(ApiError::NotSignedIn)?;
        let (scope, user) = state.logins.user_of(&key).await?.ok_or(ApiError::NotSignedIn)?;
        let effective = Effective::new(state.core.storage.grants_of(&scope, &user.id).await?);
        let signed_in = Self { scope, user, login: key, effective, client };
        parts.extensions.insert(signed_in.clone());
        Ok(signed_in)
    }
}

/// A permission as a type, for the extractors below.
pub trait Needs: Send + Sync + 'static {
    const PERMISSION: Permission;
}

macro_rules! needs {
    ($($permission:ident),*) => {
        /// One type per permission that a route needs.
        pub mod needs {
            $(
                #[derive(Debug, Clone, Copy)]
                pub struct $permission;

                impl super::Needs for $permission {
                    const PERMISSION: super::Permission = super::Permission::$permission;
                }
            )*
        }
    };
}

needs!(
    AuditExport,
    AuditView,
    RoomView,
    RoomModify,
    RoomUnenroll,
    ReportView,
    RoleView,
    RoleModify,
    ServiceSettingsView
);

/// Holds the permission `P` for at least some rooms: the handler narrows it down.
#[derive(Debug, Clone)]
pub struct Permitted<P> {
    pub signed_in: SignedIn,
    permission: PhantomData<P>,
}

impl<P: Needs> Permitted<P> {
    /// Whether the permission reaches to rooms at `place`.
    pub fn at_place(&self, place: &str) -> Result<(), ApiError> {
        let held = self.signed_in.effective.at_place(place).contains(P::PERMISSION);
        if held { Ok(()) } else { Err(ApiError::Forbidden) }
    }
}

impl<P: Needs> FromRequestParts<AppState> for Permitted<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let signed_in = SignedIn::from_request_parts(parts, state).await?;
        if !signed_in.effective.somewhere().contains(P::PERMISSION) {
            return Err(ApiError::Forbidden);
        }
        Ok(Self { signed_in, permission: PhantomData })
    }
}

/// Holds the permission `P` for everything of the tenant.
#[derive(Debug, Clone)]
pub struct Everywhere<P> {
    pub signed_in: SignedIn,
    permission: PhantomData<P>,
}

impl<P: Needs> FromRequestParts<AppState> for Everywhere<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let signed_in = SignedIn::from_request_parts(parts, state).await?;
        if !signed_in.effective.everywhere().contains(P::PERMISSION) {
            return Err(ApiError::Forbidden);
        }
        Ok(Self { signed_in, permission: PhantomData })
    }
}

/// A Global Administrator or Rooms Manager of the whole tenant: may opt in and change roles. Custom roles cannot give this.
#[derive(Debug, Clone)]
pub struct Administrator {
    pub signed_in: SignedIn,
}

impl FromRequestParts<AppState> for Administrator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let signed_in = SignedIn::from_request_parts(parts, state).await?;
        if signed_in.effective.administers() { Ok(Self { signed_in }) } else { Err(ApiError::Forbidden) }
    }
}

/// Holds the permission `P` for the room of the path (`{room}`). A room that the person may not see is not found.
#[derive(Debug, Clone)]
pub struct InRoom<P> {
    pub signed_in: SignedIn,
    pub room: RoomFacts,
    /// Everything that the person may do in this room.
    pub permissions: PermissionSet,
    permission: PhantomData<P>,
}

impl<P: Needs> FromRequestParts<AppState> for InRoom<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let signed_in = SignedIn::from_request_parts(parts, state).await?;
        let id = room_of_path(parts).await.ok_or(ApiError::NotFound)?;
        let room = state.core.storage.room(&signed_in.scope, &id).await?.ok_or(ApiError::NotFound)?;
        let permissions = signed_in.effective.in_room(room.at());
        if !permissions.contains(Permission::RoomView) {
            return Err(ApiError::NotFound);
        }
        if !permissions.contains(P::PERMISSION) {
            return Err(ApiError::Forbidden);
        }
        Ok(Self { signed_in, room, permissions, permission: PhantomData })
    }
}

async fn room_of_path(parts: &mut Parts) -> Option<RoomId> {
    #[derive(serde::Deserialize)]
    struct RoomInPath {
        room: RoomId,
    }
    Path::<RoomInPath>::from_request_parts(parts, &()).await.ok().map(|Path(path)| path.room)
}

impl RoomFacts {
    /// Where the room is, as far as assignments care.
    pub fn at(&self) -> RoomPlace<'_> {
        RoomPlace { id: &self.room.id, place: &self.room.place, groups: &self.groups }
    }
}

/// Where the request came from.
impl FromRequestParts<AppState> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        Ok(client_of(parts, state))
    }
}

fn client_of(parts: &Parts, state: &AppState) -> Client {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    Client { address: peer.map(|peer| real_address(peer, &parts.headers, &state.core.config.trusted_proxies)) }
}

/// The last address of `X-Forwarded-For` that no trusted proxy has, when a trusted proxy is the peer.
fn real_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let mut address = peer.to_canonical();
    let values: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    let mut hops = values.iter().flat_map(|value| value.split(',')).map(|hop| hop.trim().parse::<IpAddr>()).rev();
    while trusted.contains(&address) {
        match hops.next() {
            Some(Ok(hop)) => address = hop.to_canonical(),
            _ => break,
        }
    }
    address
}

/// A JSON body; what cannot be read is a problem that names the field.
#[derive(Debug, Clone)]
pub struct ApiJson<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState, Body> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(JsonRejection::BytesRejection(rejection)) if rejection.status() == 413 => Err(ApiError::TooLarge),
            Err(rejection) => Err(ApiError::BadRequest(rejection.body_text())),
        }
    }
}

/// Parameters of the path; what cannot be one is not found.
#[derive(Debug, Clone)]
pub struct ApiPath<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for ApiPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(_) => Err(ApiError::NotFound),
        }
    }
}

/// Parameters of the query.
#[derive(Debug, Clone)]
pub struct ApiQuery<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(ApiError::BadRequest(rejection.body_text())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarded_addresses_are_believed_from_trusted_proxies_only() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let trusted = [ip("10.0.0.1"), ip("10.0.0.2")];
        for (peer, forwarded, expected) in [
            ("203.0.113.9", Some("198.51.100.1"), "203.0.113.9"),
            ("10.0.0.1", Some("198.51.100.1"), "198.51.100.1"),
            ("10.0.0.1", Some("6.6.6.6, 198.51.100.1, 10.0.0.2"), "198.51.100.1"),
            ("10.0.0.1", Some("nonsense"), "10.0.0.1"),
            ("10.0.0.1", None, "10.0.0.1"),
            ("::ffff:10.0.0.1", Some("2001:db8::1"), "2001:db8::1"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = forwarded {
                headers.insert("x-forwarded-for", value.parse().expect("a header"));
            }
            assert_eq!(real_address(ip(peer), &headers, &trusted), ip(expected), "{peer} {forwarded:?}");
        }
    }
}
