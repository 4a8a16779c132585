//! One identity provider: what it publishes about itself, the way to its sign-in page, and what its answer proves.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJsonWebKeySet,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode,
    CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse, CoreSubjectIdentifierType,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::http::{Method, Request, Uri, header};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalProviderMetadata, AuthType, AuthorizationCode, ClaimsVerificationError,
    CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken, IdTokenClaims,
    IdTokenFields, IdTokenVerifier, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier,
    ProviderMetadata, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError, StandardErrorResponse,
    StandardTokenResponse, TokenResponse as _,
};
use protocol::time::Micros;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::SignInError;
use super::claims::{self, OtherClaims, Person};
use super::http::HttpClient;
use super::pending::Pending;
use crate::clock::Clock;
use crate::config::{OidcProvider, PublicUrl};

/// How long what a provider published about itself is believed.
const KNOWN_FOR: Micros = Micros::from_secs(60 * 60);
/// Keys that are missing are looked for at most this often: whoever makes up key ids does not make us ask.
const KEYS_EVERY: Micros = Micros::from_secs(60);
/// A provider that failed is left alone for so long.
const REST_AFTER_FAILURE: Micros = Micros::from_secs(3);
/// How much the provider's clock may differ from ours.
const LEEWAY: chrono::TimeDelta = chrono::TimeDelta::seconds(60);
/// An ID token is made for this sign-in, not earlier.
const ISSUED_WITHIN: chrono::TimeDelta = chrono::TimeDelta::minutes(15);

/// Somebody who is to prove anew who they are does so after they were sent to the provider.
const PROVED_WITHIN: chrono::TimeDelta = chrono::TimeDelta::minutes(10);

/// Where providers send people back to.
pub const CALLBACK: &str = "/api/v1/oidc/callback";

type Metadata = ProviderMetadata<
    OtherMetadata,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;
type Token = IdToken<OtherClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type TokenFields = IdTokenFields<
    OtherClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type TokenAnswer = StandardTokenResponse<TokenFields, CoreTokenType>;
type Claims = IdTokenClaims<OtherClaims, CoreGenderClaim>;
type Client = openidconnect::Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    TokenAnswer,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct OtherMetadata {
    /// [RFC 9207]
    ///
    /// [RFC 9207]: https://www.rfc-editor.org/rfc/rfc9207
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for OtherMetadata {}

/// What the provider sent back with the browser.
pub(super) struct Answer<'a> {
    pub(super) code: &'a str,
    pub(super) issuer: Option<&'a str>,
}

/// What an ID token has to answer to.
struct Asked {
    nonce: Nonce,
    fresh: bool,
}

pub(super) struct Provider {
    pub(super) config: OidcProvider,
    redirect: RedirectUrl,
    http: HttpClient,
    clock: Clock,
    published: Mutex<Published>,
}

/// What the provider published, and when it was asked.
#[derive(Default)]
struct Published {
    metadata: Option<(Arc<Metadata>, Micros)>,
    keys_at: Option<Micros>,
    failed_at: Option<Micros>,
}

impl Provider {
    pub(super) fn new(config: OidcProvider, url: &PublicUrl, http: HttpClient, clock: Clock) -> Self {
        let redirect = RedirectUrl::new(format!("{url}{CALLBACK}")).expect("an origin and a path");
        Self { config, redirect, http, clock, published: Mutex::default() }
    }

    /// The address of the provider's sign-in page for this sign-in.
    pub(super) async fn sign_in_page(&self, pending: &Pending) -> Result<String, SignInError> {
        let metadata = self.metadata().await?;
        let client = self.client(&metadata);
        let verifier = PkceCodeVerifier::new(pending.verifier.clone());
        let (state, nonce) = (pending.state.clone(), pending.nonce.clone());
        let scopes = self.config.scopes.iter().cloned().map(Scope::new);
        let mut request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || CsrfToken::new(state), || Nonce::new(nonce))
            .add_scopes(scopes)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        if pending.fresh {
            request = request.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO);
        }
        let (url, _, _) = request.url();
        Ok(url.into())
    }

    /// Whether an answer came from this provider and not from another one ([RFC 9207]).
    ///
    /// [RFC 9207]: https://www.rfc-editor.org/rfc/rfc9207
    pub(super) async fn check_issuer(&self, named: Option<&str>) -> Result<(), SignInError> {
        let announced = self.metadata().await?.additional_metadata().authorization_response_iss_parameter_supported;
        match named {
            Some(named) if named != self.config.issuer.as_str() => Err(untrusted("the answer is another provider's")),
            None if announced => Err(untrusted("the answer does not say whose it is")),
            _ => Ok(()),
        }
    }

    /// Exchanges the code and checks what comes back.
    pub(super) async fn person(&self, answer: &Answer<'_>, pending: &Pending) -> Result<Person, SignInError> {
        self.check_issuer(answer.issuer).await?;
        let metadata = self.metadata().await?;
        let tokens = self.exchange(&metadata, answer.code, pending).await?;
        if *tokens.token_type() != CoreTokenType::Bearer {
            return Err(untrusted("the token is of an unknown type"));
        }
        let token = tokens.id_token().ok_or_else(|| untrusted("there is no ID token"))?;
        let asked = Asked { nonce: Nonce::new(pending.nonce.clone()), fresh: pending.fresh };
        let claims = match self.check(&metadata, token, tokens.access_token(), &asked) {
            Err(Rejected::UnknownKey) => {
                let metadata = self.metadata_with_new_keys().await?;
                self.check(&metadata, token, tokens.access_token(), &asked)
            }
            checked => checked,
        };
        let claims = claims.map_err(|rejected| match rejected {
            Rejected::UnknownKey => untrusted("the ID token is signed with a key that the provider does not publish"),
            Rejected::Because(why) => SignInError::Untrusted(why),
        })?;
        self.describe(&metadata, claims, tokens.access_token()).await
    }

    async fn exchange(&self, metadata: &Metadata, code: &str, pending: &Pending) -> Result<TokenAnswer, SignInError> {
        let client = self.client(metadata);
        let request = client.exchange_code(AuthorizationCode::new(code.to_owned()));
        let request = request.map_err(|_| untrusted("the provider has no token endpoint"))?;
        let request = request.set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.clone()));
        request.request_async(&self.http).await.map_err(|error| match error {
            RequestTokenError::Request(error) => unavailable(&self.config, &error),
            RequestTokenError::ServerResponse(answer) => {
                SignInError::Untrusted(format!("the provider refused the code: {}", answer.error()))
            }
            // The parsed text may hold tokens: only the place of the mistake is told.
            RequestTokenError::Parse(error, _) => {
                SignInError::Untrusted(format!("the token answer is malformed at {}", error.path()))
            }
            RequestTokenError::Other(_) => untrusted("the token answer is no JSON"),
        })
    }

    /// Everything that [OpenID Connect Core 3.1.3.7] asks for, stricter where it leaves a choice: the audience is this
    /// client alone, and time has two sides.
    ///
    /// [OpenID Connect Core 3.1.3.7]: https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
    fn check<'t>(
        &self,
        metadata: &Metadata,
        token: &'t Token,
        access_token: &AccessToken,
        asked: &Asked,
    ) -> Result<&'t Claims, Rejected> {
        let now = self.now();
        // Always as a public client: then no signature can be made with the client's secret.
        let keys = metadata.jwks().clone();
        let verifier =
            IdTokenVerifier::new_public_client(self.config.client_id.clone(), self.config.issuer.clone(), keys)
                .set_allowed_algs(self.config.algorithms.iter().cloned())
                .set_time_fn(move || now - LEEWAY)
                .set_issue_time_verifier_fn(move |issued_at| {
                    let sound = issued_at <= now + LEEWAY && now - LEEWAY - ISSUED_WITHIN <= issued_at;
                    if sound { Ok(()) } else { Err("the ID token was not issued now".to_owned()) }
                });
        let claims = token.claims(&verifier, &asked.nonce).map_err(Rejected::from)?;
        if claims.authorized_party().is_some_and(|party| **party != *self.config.client_id) {
            return Err(Rejected::because("the ID token was made for another client"));
        }
        let proved_now = |at: DateTime<Utc>| at <= now + LEEWAY && now - LEEWAY - PROVED_WITHIN <= at;
        if asked.fresh && !claims.auth_time().is_some_and(proved_now) {
            return Err(Rejected::because("the person did not prove anew who they are"));
        }
        if !claims::is_sound_subject(claims.subject()) {
            return Err(Rejected::because("the ID token names nobody"));
        }
        let not_before = claims.additional_claims().0.get("nbf").map(|at| at.as_f64().unwrap_or(f64::MAX));
        if not_before.is_some_and(|at| ((now + LEEWAY).timestamp() as f64) < at) {
            return Err(Rejected::because("the ID token is not valid yet"));
        }
        if let Some(expected) = claims.access_token_hash() {
            let of_key = token.signing_alg().and_then(|alg| Ok((alg, token.signing_key(&verifier)?)));
            let (algorithm, key) = of_key.map_err(|_| Rejected::UnknownKey)?;
            let actual = AccessTokenHash::from_token(access_token, algorithm, key);
            if actual.as_ref().ok() != Some(expected) {
                return Err(Rejected::because("the access token is not the one of the ID token"));
            }
        }
        Ok(claims)
    }

    /// What the checked ID token says. Many providers put e-mail address and groups only into the user info.
    async fn describe(
        &self,
        metadata: &Metadata,
        claims: &Claims,
        access_token: &AccessToken,
    ) -> Result<Person, SignInError> {
        let other = &claims.additional_claims().0;
        let groups_claim = self.config.groups.as_ref().map(|groups| groups.claim.as_str());
        let read_groups = |claims: &Map<String, Value>| match groups_claim {
            Some(claim) => claims::groups(claims, claim).map_err(untrusted),
            None => Ok(None),
        };
        let mut groups = read_groups(other)?;
        let mut verified_email =
            claims.email().filter(|_| claims.email_verified() == Some(true)).map(|email| email.as_str().to_owned());
        let mut name = claims.name().and_then(|name| name.get(None)).map(|name| name.as_str().to_owned());
        let complete = claims.email().is_some() && (groups_claim.is_none() || groups.is_some());
        if let Some(endpoint) = metadata.userinfo_endpoint().filter(|_| !complete) {
            let info = self.user_info(endpoint.as_str(), claims.subject(), access_token).await?;
            if groups.is_none() {
                groups = read_groups(&info)?;
            }
            if claims.email().is_none() {
                let text = |claim: &str| info.get(claim).and_then(Value::as_str).map(str::to_owned);
                verified_email = text("email").filter(|_| info.get("email_verified") == Some(&Value::Bool(true)));
                name = name.or_else(|| text("name"));
            }
        }
        Ok(Person {
            provider: self.config.id.clone(),
            issuer: self.config.issuer.as_str().to_owned(),
            subject: claims.subject().as_str().to_owned(),
            verified_email,
            name,
            groups: groups_claim.map(|_| groups.unwrap_or_default()),
        })
    }

    /// More about the person of the ID token, and about nobody else.
    async fn user_info(
        &self,
        endpoint: &str,
        subject: &str,
        access_token: &AccessToken,
    ) -> Result<Map<String, Value>, SignInError> {
        let request = Request::builder()
            .method(Method::GET)
            .uri(endpoint)
            .header(header::AUTHORIZATION, format!("Bearer {}", access_token.secret()))
            .header(header::ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(|_| untrusted("the provider's user info cannot be asked for"))?;
        let answer = self.http.send(request).await.map_err(|error| unavailable(&self.config, &error))?;
        let info: Option<Map<String, Value>> =
            if answer.status() == 200 { serde_json::from_slice(answer.body()).ok() } else { None };
        let info = info.ok_or_else(|| untrusted("the provider's user info is malformed"))?;
        if info.get("sub").and_then(Value::as_str) == Some(subject) {
            Ok(info)
        } else {
            Err(untrusted("the provider's user info is about somebody else"))
        }
    }

    fn client(&self, metadata: &Metadata) -> Client {
        let secret = self.config.client_secret.clone();
        let client = Client::from_provider_metadata(metadata.clone(), self.config.client_id.clone(), secret);
        let methods = metadata.token_endpoint_auth_methods_supported();
        let has = |method| methods.is_none_or(|methods| methods.contains(&method));
        let in_header = has(CoreClientAuthMethod::ClientSecretBasic) || !has(CoreClientAuthMethod::ClientSecretPost);
        let auth_type = if in_header { AuthType::BasicAuth } else { AuthType::RequestBody };
        client.set_redirect_uri(self.redirect.clone()).set_auth_type(auth_type)
    }

    /// What the provider publishes. One request at a time asks; the others wait for what it learns.
    async fn metadata(&self) -> Result<Arc<Metadata>, SignInError> {
        let mut published = self.published.lock().await;
        let now = self.clock.monotonic();
        if let Some((metadata, at)) = &published.metadata
            && now.since(*at) < KNOWN_FOR
        {
            return Ok(Arc::clone(metadata));
        }
        if published.failed_at.is_some_and(|at| now.since(at) < REST_AFTER_FAILURE) {
            return Err(SignInError::Unavailable);
        }
        match self.discover().await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *published =
                    Published { metadata: Some((Arc::clone(&metadata), now)), keys_at: Some(now), failed_at: None };
                Ok(metadata)
            }
            Err(error) => {
                published.failed_at = Some(self.clock.monotonic());
                Err(error)
            }
        }
    }

    async fn discover(&self) -> Result<Metadata, SignInError> {
        let metadata = Metadata::discover_async(self.config.issuer.clone(), &self.http).await;
        let metadata = metadata.map_err(|error| unavailable(&self.config, &error))?;
        let endpoints = [
            Some(metadata.authorization_endpoint().as_str()),
            metadata.token_endpoint().map(|url| url.as_str()),
            metadata.userinfo_endpoint().map(|url| url.as_str()),
            Some(metadata.jwks_uri().as_str()),
        ];
        let allowed = |url: &str| url.parse::<Uri>().is_ok_and(|uri| self.http.allows(&uri));
        if metadata.token_endpoint().is_none() || !endpoints.into_iter().flatten().all(allowed) {
            tracing::warn!(provider = %self.config.id, "an identity provider publishes addresses that are not https");
            return Err(SignInError::Unavailable);
        }
        Ok(metadata)
    }

    /// The provider may have changed its keys since it was asked.
    async fn metadata_with_new_keys(&self) -> Result<Arc<Metadata>, SignInError> {
        let mut published = self.published.lock().await;
        let now = self.clock.monotonic();
        let Some((metadata, at)) = &published.metadata else { return Err(SignInError::Unavailable) };
        let (metadata, at) = (Arc::clone(metadata), *at);
        if published.keys_at.is_some_and(|asked_at| now.since(asked_at) < KEYS_EVERY) {
            return Ok(metadata);
        }
        published.keys_at = Some(now);
        let keys = CoreJsonWebKeySet::fetch_async(metadata.jwks_uri(), &self.http).await;
        let keys = keys.map_err(|error| unavailable(&self.config, &error))?;
        let metadata = Arc::new(Metadata::clone(&metadata).set_jwks(keys));
        published.metadata = Some((Arc::clone(&metadata), at));
        Ok(metadata)
    }

    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.clock.now()).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

/// Why an ID token proves nothing.
enum Rejected {
    /// The provider may have a new one.
    UnknownKey,
    Because(String),
}

impl Rejected {
    fn because(why: &str) -> Self {
        Self::Because(why.to_owned())
    }
}

impl From<ClaimsVerificationError> for Rejected {
    fn from(error: ClaimsVerificationError) -> Self {
        match error {
            ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
                Self::UnknownKey
            }
            ClaimsVerificationError::SignatureVerification(error) => Self::Because(error.to_string()),
            other => Self::Because(other.to_string()),
        }
    }
}

fn untrusted(why: &str) -> SignInError {
    SignInError::Untrusted(why.to_owned())
}

fn unavailable(config: &OidcProvider, error: &(dyn std::error::Error + 'static)) -> SignInError {
    tracing::warn!(provider = %config.id, error, "an identity provider cannot be used");
    SignInError::Unavailable
}
