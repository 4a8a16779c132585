use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::api::UnixMillis;
use protocol::ids::{PasskeyId, ProviderId, UserId};
use protocol::secure::Secret;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::attempts::{Attempts, Wait};
use super::confirmation;
use super::password::{PasswordError, Passwords};
use crate::audit::{Actor, Client, Event};
use crate::clock::millis;
use crate::random;
use crate::state::Core;
use crate::storage::{LoginKey, LoginRecord, Result, StorageError, TenantScope, User};

/// A login's last activity is written at most this often.
const TOUCH_INTERVAL_MS: UnixMillis = 20_000;

/// When somebody last tried an account that does not exist.
const UNKNOWN_ACCOUNT_AT: &str = "unknown_account_at";

/// Signs people in and out, and says who is signed in.
pub struct LoginDesk {
    core: Arc<Core>,
    passwords: Passwords,
    attempts: Attempts,
}

/// A fresh login: the cookie's value is known here only.
#[derive(Debug)]
pub struct NewLogin {
    pub scope: TenantScope,
    pub user: User,
    pub key: LoginKey,
    pub cookie: Secret<32>,
    /// For the browser's device cookie.
    pub device: String,
    /// For the cookie of [`super::confirmation`]: signing in was confirmation enough.
    pub confirmation: Option<String>,
}

/// What somebody proved with who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Their password, typed or set just now.
    Password,
    /// The word of an identity provider; `fresh` when it asked the person anew.
    Provider {
        provider: ProviderId,
        fresh: bool,
    },
    Passkey(PasskeyId),
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    #[error("wrong e-mail address or password")]
    WrongCredentials,
    #[error("too many tries")]
    TooMany(Wait),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("the password could not be checked")]
    Failed,
}

impl From<PasswordError> for LoginError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::TooMany(Wait(protocol::time::Micros::from_secs(2))),
            PasswordError::Failed => Self::Failed,
        }
    }
}

impl LoginDesk {
    pub fn new(core: Arc<Core>) -> Self {
        Self { core, passwords: Passwords::new(), attempts: Attempts::default() }
    }

    pub fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// Signs somebody in. `device` is the browser's device cookie: who signed in here before is not held up by
    /// strangers who try the same account.
    pub async fn sign_in(
        &self,
        email: &str,
        password: String,
        device: Option<&str>,
        client: Client,
    ) -> std::result::Result<NewLogin, LoginError> {
        self.admit(email, device, client)?;
        let account = self.core.storage.user_by_email(email).await?;
        let hash = account.as_ref().and_then(|(_, user)| user.password_hash.clone());
        let matches = self.passwords.verify(password, hash).await?;
        match account {
            Some((scope, user)) if matches && !user.disabled => {
                self.attempts.succeeded(email);
                Ok(self.open(scope, user, Proof::Password, client).await?)
            }
            account => {
                self.record_failure(account, client).await?;
                Err(LoginError::WrongCredentials)
            }
        }
    }

    /// Checks the present password of somebody who is signed in, with the limits of signing in. The browser's device
    /// cookie does not help here: whoever finds an open portal has it, too.
    pub async fn prove(
        &self,
        scope: &TenantScope,
        user: &User,
        password: String,
        client: Client,
    ) -> std::result::Result<(), LoginError> {
        self.admit(&user.email, None, client)?;
        if self.passwords.verify(password, user.password_hash.clone()).await? {
            self.attempts.succeeded(&user.email);
            return Ok(());
        }
        self.record_failure(Some((scope.clone(), user.clone())), client).await?;
        Err(LoginError::WrongCredentials)
    }

    /// Counts a try at a set-up link or an invitation.
    ///
    /// # Errors
    /// `TooMany` when there were too many from this address.
    pub fn admit_link(&self, client: Client) -> std::result::Result<(), LoginError> {
        self.admit_address(client).map_err(LoginError::TooMany)
    }

    /// Loopback is somebody at the machine itself, or a proxy with many people behind it: accounts alone count there.
    pub(super) fn admit_address(&self, client: Client) -> std::result::Result<(), Wait> {
        let Some(address) = client.address.filter(|address| !address.to_canonical().is_loopback()) else {
            return Ok(());
        };
        self.attempts.from_address(address, self.core.clock.monotonic())
    }

    fn admit(&self, email: &str, device: Option<&str>, client: Client) -> std::result::Result<(), LoginError> {
        self.admit_address(client).map_err(LoginError::TooMany)?;
        if device.is_some_and(|proof| self.knows_device(email, proof)) {
            return Ok(());
        }
        self.attempts.at_account(email, self.core.clock.monotonic()).map_err(LoginError::TooMany)
    }

    async fn record_failure(&self, account: Option<(TenantScope, User)>, client: Client) -> Result<()> {
        self.core.metrics.logins_failed.increment();
        match account {
            Some((scope, user)) => {
                let event = Event::LoginFailed { user: Some(user.id), provider: None, subject: None, why: None };
                self.core.auditor.record(&scope, &Actor::Stranger, client, &event).await?;
            }
            // The same work as above, so that the time of the answer does not tell whether the account exists.
            None => self.core.storage.set_fact(UNKNOWN_ACCOUNT_AT, &self.core.clock.now().to_string()).await?,
        }
        Ok(())
    }

    /// Makes a login for somebody who proved who they are.
    pub async fn open(&self, scope: TenantScope, user: User, proof: Proof, client: Client) -> Result<NewLogin> {
        let is_confirmed = match &proof {
            Proof::Passkey(_) => true,
            Proof::Provider { fresh: false, .. } => false,
            // Whoever has a passkey confirms with it.
            Proof::Password | Proof::Provider { fresh: true, .. } => {
                self.core.storage.passkeys_of(&scope, &user.id).await?.is_empty()
            }
        };
        let cookie: Secret<32> = random::secret();
        let now = self.core.clock.now();
        let key = LoginKey::of_cookie(cookie.expose());
        let record = LoginRecord { key, user: user.id, created_at: now, last_active_at: now };
        let (provider, passkey) = match proof {
            Proof::Password => (None, None),
            Proof::Provider { provider, .. } => (Some(provider), None),
            Proof::Passkey(passkey) => (None, Some(passkey)),
        };
        let event = Event::LoginSucceeded { user: user.id, provider, passkey };
        let event = self.core.auditor.event(&Actor::from(&user), client, &event);
        self.core.storage.create_login(&scope, &record, event).await?;
        self.core.metrics.logins.increment();
        let device = self.device_proof(&user.email);
        let confirmation = is_confirmed.then(|| confirmation::make(self.core.keys.sign_in(), &key, now));
        Ok(NewLogin { scope, user, key, cookie, device, confirmation })
    }

    /// Ends a login; its cookie is dead from now on.
    pub async fn sign_out(&self, scope: &TenantScope, user: &User, key: &LoginKey, client: Client) -> Result<()> {
        let event = self.core.auditor.event(&Actor::from(user), client, &Event::LoginEnded { user: user.id });
        self.core.storage.end_login(scope, key, event).await
    }

    /// Ends all logins of a user; returns them.
    pub async fn sign_out_everywhere(&self, scope: &TenantScope, user: &User, client: Client) -> Result<Vec<LoginKey>> {
        let event = self.core.auditor.event(&Actor::from(user), client, &Event::LoginEnded { user: user.id });
        self.core.storage.end_logins(scope, &user.id, event).await
    }

    /// Who a cookie belongs to. Asking counts as activity.
    pub async fn user_of(&self, key: &LoginKey) -> Result<Option<(TenantScope, User)>> {
        let Some((scope, login)) = self.core.storage.login(key).await? else { return Ok(None) };
        let now = self.core.clock.now();
        if !self.is_current(&login, now) {
            return Ok(None);
        }
        if TOUCH_INTERVAL_MS <= now - login.last_active_at {
            self.core.storage.touch_login(&scope, key, now).await?;
        }
        self.enabled_user(scope, &login.user).await
    }

    /// Whether a login still holds. Asking is no activity: for streams that stay open.
    pub async fn holds(&self, key: &LoginKey) -> Result<bool> {
        let Some((scope, login)) = self.core.storage.login(key).await? else { return Ok(false) };
        let current = self.is_current(&login, self.core.clock.now());
        Ok(current && self.enabled_user(scope, &login.user).await?.is_some())
    }

    async fn enabled_user(&self, scope: TenantScope, id: &UserId) -> Result<Option<(TenantScope, User)>> {
        let user = self.core.storage.user(&scope, id).await?;
        Ok(user.filter(|user| !user.disabled).map(|user| (scope, user)))
    }

    fn is_current(&self, login: &LoginRecord, now: UnixMillis) -> bool {
        let limits = self.core.config.login;
        now - login.created_at < millis(limits.maximum) && now - login.last_active_at < millis(limits.idle)
    }

    /// Removes logins that ran out.
    pub async fn purge(&self) -> Result<u64> {
        let (now, limits) = (self.core.clock.now(), self.core.config.login);
        self.core.storage.purge_logins(now - millis(limits.maximum), now - millis(limits.idle)).await
    }

    /// `nonce.proof`, both base64.
    fn device_proof(&self, email: &str) -> String {
        let nonce = random::bytes::<16>();
        let proof = self.core.keys.device_proof(&account(email), &nonce);
        format!("{}.{}", URL_SAFE_NO_PAD.encode(nonce), URL_SAFE_NO_PAD.encode(proof))
    }

    fn knows_device(&self, email: &str, device: &str) -> bool {
        let decoded = device.split_once('.').and_then(|(nonce, proof)| {
            let nonce: [u8; 16] = URL_SAFE_NO_PAD.decode(nonce).ok()?.try_into().ok()?;
            Some((nonce, URL_SAFE_NO_PAD.decode(proof).ok()?))
        });
        decoded.is_some_and(|(nonce, proof)| {
            self.core.keys.device_proof(&account(email), &nonce).ct_eq(proof.as_slice()).into()
        })
    }
}

fn account(email: &str) -> [u8; 32] {
    Sha256::digest(email.trim().to_lowercase()).into()
}
