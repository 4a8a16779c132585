use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::api::IdentityProvider;
use protocol::ids::{ProviderId, UserId};

use super::claims::Person;
use super::http::{HttpClient, Tls};
use super::pending::Pending;
use super::provider::{Answer, Provider};
use super::{SignInError, accounts};
use crate::audit::{Actor, Client, Event};
use crate::config::{GroupsClaim, OidcProvider};
use crate::logins::{NewLogin, Proof};
use crate::random;
use crate::state::{AppState, Core};
use crate::storage::{LoginKey, Result, TenantScope, User};

/// How long somebody may take at the provider.
const LIFETIME_MS: i64 = 10 * 60 * 1000;
/// Longest path of the portal to return to, in bytes.
const RETURN_TO_MAX_BYTES: usize = 1024;

/// Longest reason in a log.
const WHY_MAX_CHARS: usize = 300;

/// Signs people in whom an identity provider knows.
pub struct OidcDesk {
    providers: Vec<Provider>,
}

/// What somebody wants from a sign-in.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// A path of the portal.
    pub return_to: &'a str,
    /// To confirm that it is they: the provider's memory does not count.
    pub fresh: bool,
}

/// A sign-in that goes on at the provider.
pub struct Begun {
    /// Where the browser goes now.
    pub url: String,
    /// What it keeps meanwhile.
    pub cookie: String,
}

/// What a browser brings back from the provider.
#[derive(Debug, Default)]
pub struct Callback<'a> {
    /// The sealed cookie.
    pub cookie: Option<&'a str>,
    pub state: Option<&'a str>,
    pub code: Option<&'a str>,
    pub error: Option<&'a str>,
    pub issuer: Option<&'a str>,
}

/// Somebody proved who they are and may sign in.
#[derive(Debug)]
pub struct Confirmed {
    pub scope: TenantScope,
    pub user: User,
    pub provider: ProviderId,
    /// What the provider was asked about groups, and said.
    pub groups: Option<(GroupsClaim, Vec<String>)>,
    /// The login that the browser had before.
    pub earlier: Option<LoginKey>,
    /// A path of the portal.
    pub return_to: String,
    /// The person proved it just now.
    pub fresh: bool,
}

/// Nobody is signed in.
#[derive(Debug)]
pub struct Refused {
    pub error: SignInError,
    /// Where the browser wanted to go, if it is known.
    pub return_to: Option<String>,
}

impl OidcDesk {
    pub fn new(core: &Core) -> Self {
        let configured = &core.config.oidc;
        // Reading the system's certificates takes time that servers without providers need not spend.
        let Some(tls) = (!configured.is_empty()).then(Tls::new) else { return Self { providers: Vec::new() } };
        let provider = |config: &OidcProvider| {
            let http = HttpClient::new(tls.clone(), config.is_plain(), config.answer_within);
            Provider::new(config.clone(), &core.config.public_url, http, core.clock.clone())
        };
        Self { providers: configured.iter().map(provider).collect() }
    }

    /// Whom people may choose to sign in with.
    pub fn offered(&self) -> Vec<IdentityProvider> {
        let configs = self.providers.iter().map(|provider| &provider.config);
        configs.map(|config| IdentityProvider { id: config.id.clone(), name: config.name.clone() }).collect()
    }

    fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.config.id.as_str() == id)
    }

    /// Begins a sign-in. `earlier` is the login of the browser that the new one will replace.
    ///
    /// # Errors
    /// When there is no such provider, it does not answer, or too much was tried from this address.
    pub async fn begin(
        &self,
        state: &AppState,
        id: &str,
        wish: Wish<'_>,
        earlier: Option<LoginKey>,
        client: Client,
    ) -> std::result::Result<Begun, SignInError> {
        state.logins.admit_address(client).map_err(SignInError::TooMany)?;
        let provider = self.provider(id).ok_or(SignInError::Unavailable)?;
        let secret = || URL_SAFE_NO_PAD.encode(random::bytes::<32>());
        let pending = Pending {
            provider: provider.config.id.clone(),
            state: secret(),
            nonce: secret(),
            verifier: secret(),
            return_to: wish.return_to.to_owned(),
            fresh: wish.fresh,
            expires_at: state.core.clock.now() + LIFETIME_MS,
            earlier: earlier.map(|key| key.0),
        };
        let url = provider.sign_in_page(&pending).await?;
        Ok(Begun { url, cookie: pending.seal(state.core.keys.sign_in()) })
    }

    /// Checks what the browser brought back. Each sign-in is confirmed once.
    ///
    /// # Errors
    /// When the answer is not the one that this browser asked for, proves nothing, or the person has no account.
    pub async fn confirm(
        &self,
        state: &AppState,
        callback: &Callback<'_>,
        client: Client,
    ) -> std::result::Result<Confirmed, Refused> {
        let now = state.core.clock.now();
        let opened = callback.cookie.and_then(|sealed| Pending::open(state.core.keys.sign_in(), sealed, now));
        let asked = opened.filter(|pending| callback.state.is_some_and(|named| pending.is_answered_by(named)));
        let known = asked.and_then(|pending| Some((self.provider(pending.provider.as_str())?, pending)));
        let Some((provider, pending)) = known else {
            state.core.metrics.logins_failed.increment();
            return Err(Refused { error: SignInError::Expired, return_to: None });
        };
        let mut person = None;
        match check(state, provider, &pending, callback, client, &mut person).await {
            Ok((scope, user)) => Ok(Confirmed {
                scope,
                user,
                provider: provider.config.id.clone(),
                groups: provider.config.groups.clone().zip(person.and_then(|person| person.groups)),
                earlier: pending.earlier.map(LoginKey),
                return_to: pending.return_to,
                fresh: pending.fresh,
            }),
            Err(error) => {
                let recorded = record(state, provider, person.as_ref(), &error, client).await;
                let error = recorded.map_or_else(SignInError::from, |()| error);
                Err(Refused { error, return_to: Some(pending.return_to) })
            }
        }
    }

    /// Makes the login of somebody who was confirmed.
    pub async fn open(&self, state: &AppState, confirmed: Confirmed, client: Client) -> Result<NewLogin> {
        let Confirmed { scope, user, provider, fresh, .. } = confirmed;
        state.logins.open(scope, user, Proof::Provider { provider, fresh }, client).await
    }
}

/// `person` is whom the provider named, also when that came to nothing.
async fn check(
    state: &AppState,
    provider: &Provider,
    pending: &Pending,
    callback: &Callback<'_>,
    client: Client,
    person: &mut Option<Person>,
) -> std::result::Result<(TenantScope, User), SignInError> {
    state.logins.admit_address(client).map_err(SignInError::TooMany)?;
    let code = match (callback.error, callback.code) {
        (None, Some(code)) => code,
        (Some(error), None) => {
            provider.check_issuer(callback.issuer).await?;
            return Err(SignInError::Cancelled(printable(error, WHY_MAX_CHARS)));
        }
        _ => return Err(SignInError::Untrusted("the answer is neither a code nor an error".to_owned())),
    };
    let answer = Answer { code, issuer: callback.issuer };
    let named = person.insert(provider.person(&answer, pending).await?);
    let found = accounts::account(&state.core, &provider.config, named, client).await?;
    if state.core.storage.spend_sign_in(&pending.hash(), pending.expires_at).await? {
        Ok(found)
    } else {
        Err(SignInError::Expired)
    }
}

/// Writes down that somebody was not signed in, in the log of the provider's tenant.
async fn record(
    state: &AppState,
    provider: &Provider,
    person: Option<&Person>,
    error: &SignInError,
    client: Client,
) -> Result<()> {
    state.core.metrics.logins_failed.increment();
    let why = printable(&error.to_string(), WHY_MAX_CHARS);
    tracing::info!(provider = %provider.config.id, why, "nobody was signed in");
    // Too many tries fill no log, and what the database does not take it would not take here either.
    if matches!(error, SignInError::TooMany(_) | SignInError::Storage(_)) {
        return Ok(());
    }
    let Some((scope, _)) = state.core.storage.tenant(&provider.config.tenant).await? else { return Ok(()) };
    let user: Option<UserId> = if let SignInError::NoAccount { user, .. } = error { *user } else { None };
    let event = Event::LoginFailed {
        user,
        provider: Some(provider.config.id.clone()),
        subject: person.map(|person| person.subject.clone()),
        why: Some(why),
    };
    state.core.auditor.record(&scope, &Actor::Stranger, client, &event).await?;
    Ok(())
}

/// As much of a provider's words as fits a log: they hold what the provider wrote, whatever that is.
fn printable(text: &str, max_chars: usize) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() { c } else { ' ' }).take(max_chars).collect()
}

/// Whether this is a path of the portal: nothing that a browser takes for another site, and no route of the API.
pub fn is_portal_path(path: &str) -> bool {
    let plain = path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    path.len() <= RETURN_TO_MAX_BYTES
        && plain
        && path.starts_with('/')
        && !path.starts_with("//")
        && !path.starts_with(protocol::api::PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_the_portal_are_returned_to() {
        for path in ["/", "/rooms", "/rooms/aurora/remote-access?x=%20#y", "/a//b"] {
            assert!(is_portal_path(path), "{path}");
        }
        let long = format!("/{}", "x".repeat(1024));
        for path in [
            "",
            "rooms",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/rooms\r\nset-cookie: a=b",
            "/rooms\t",
            " /rooms",
            "/r\u{f6}ms",
            "/api/v1/logout",
            "///evil.example",
            &long,
        ] {
            assert!(!is_portal_path(path), "{path}");
        }
    }
}
