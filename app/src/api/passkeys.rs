//! Passkeys, and confirming that it is the person of the login who is at the browser.

use gloo_net::http::Request;
use protocol::api::{Confirm, ConfirmationWays, Me, NewPasskey, Passkey, PasskeyAnswer, PasskeyCeremony, PasskeyList};
use protocol::ids::{PasskeyId, ProviderId, UserId};

use super::{ApiError, ask, delete, get, post, provider_url, tell, unsafe_request};

pub async fn passkeys() -> Result<PasskeyList, ApiError> {
    get("/me/passkeys").await
}

pub async fn begin_adding() -> Result<PasskeyCeremony, ApiError> {
    begin("/me/passkeys/begin").await
}

pub async fn add(request: &NewPasskey) -> Result<Passkey, ApiError> {
    post("/me/passkeys", request).await
}

pub async fn remove(passkey: &PasskeyId) -> Result<(), ApiError> {
    delete(&format!("/me/passkeys/{passkey}")).await
}

/// Removes all passkeys of somebody who lost theirs.
pub async fn remove_all(user: &UserId) -> Result<(), ApiError> {
    delete(&format!("/users/{user}/passkeys")).await
}

pub async fn begin_sign_in() -> Result<PasskeyCeremony, ApiError> {
    begin("/login/passkey/begin").await
}

pub async fn sign_in(answer: &PasskeyAnswer) -> Result<Me, ApiError> {
    post("/login/passkey", answer).await
}

pub async fn ways_to_confirm() -> Result<ConfirmationWays, ApiError> {
    get("/me/confirmation").await
}

pub async fn begin_confirming() -> Result<PasskeyCeremony, ApiError> {
    begin("/me/confirmation/begin").await
}

pub async fn confirm(request: &Confirm) -> Result<(), ApiError> {
    tell("/me/confirmation", request).await
}

/// The address of a browser's way to an identity provider that asks its person anew, and back to a path of the portal.
pub fn provider_confirmation_url(provider: &ProviderId, return_to: &str) -> String {
    format!("{}&fresh=true", provider_url(provider, return_to))
}

async fn begin(path: &str) -> Result<PasskeyCeremony, ApiError> {
    ask(unsafe_request(Request::post, path), None).await?.parsed()
}
