//! Passkeys ([WebAuthn]): made by people for their own account, then used to sign in and to confirm that it is they.
//!
//! Each of the three has a challenge that the browser keeps, sealed, until its authenticator has answered. An answer counts
//! once: its challenge is marked as spent where all nodes see it. The authenticator always checks its person (a
//! fingerprint, a PIN), so a passkey alone is enough to sign in.
//!
//! [WebAuthn]: https://www.w3.org/TR/webauthn-3/

use std::sync::Arc;

use protocol::api::{NewPasskey, PASSKEYS_MAX, Passkey, PasskeyAnswer, PasskeyCeremony, PasskeyList, UnixMillis};
use protocol::ids::PasskeyId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, Passkey as Credential, PasskeyAuthentication,
    PasskeyRegistration, PublicKeyCredential, Url, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};
use webauthn_rs_proto::ResidentKeyRequirement;

use super::attempts::Wait;
use super::{LoginDesk, NewLogin, Proof, sealed};
use crate::audit::{Actor, Client, Event};
use crate::config::PublicUrl;
use crate::state::Core;
use crate::storage::{LoginKey, PasskeyRecord, StorageError, TenantScope, User};
use crate::{naming, random};

const CONTEXT: &[u8] = b"redring passkey 1";
/// How long somebody may take with their authenticator.
const LIFETIME_MS: UnixMillis = 5 * 60 * 1000;
/// As authenticators show it beside the account.
const RP_NAME: &str = "Redring";

/// Why a passkey was of no use.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// Browsers use passkeys for host names only.
    #[error("the address of the portal has no host name")]
    Unavailable,
    /// What was wrong, for the log.
    #[error("{0}")]
    Refused(String),
    #[error("the name cannot be had")]
    UnfitName,
    #[error("there are as many passkeys as there can be")]
    TooMany,
    #[error("the passkey is there already")]
    Known,
    #[error("too many tries")]
    Wait(Wait),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

type Result<T> = std::result::Result<T, PasskeyError>;

/// Makes passkeys and recognises people by them.
pub struct PasskeyDesk {
    core: Arc<Core>,
    logins: Arc<LoginDesk>,
    webauthn: Option<Webauthn>,
}

/// Somebody at a browser.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    pub scope: &'a TenantScope,
    pub user: &'a User,
    pub login: &'a LoginKey,
    pub client: Client,
}

/// What a browser keeps while its authenticator works.
#[derive(Serialize, Deserialize)]
struct Begun {
    id: [u8; 16],
    expires_at: UnixMillis,
    purpose: Purpose,
}

#[derive(Serialize, Deserialize)]
enum Purpose {
    /// Whoever has this login adds a passkey.
    Add {
        login: [u8; 32],
        challenge: PasskeyRegistration,
    },
    SignIn {
        challenge: DiscoverableAuthentication,
    },
    /// Whoever has this login confirms that it is they.
    Confirm {
        login: [u8; 32],
        challenge: PasskeyAuthentication,
    },
}

impl PasskeyDesk {
    pub fn new(core: Arc<Core>, logins: Arc<LoginDesk>) -> Self {
        let webauthn = relying_party(&core.config.public_url);
        Self { core, logins, webauthn }
    }

    /// Browsers use passkeys at this address of the portal.
    pub fn is_available(&self) -> bool {
        self.webauthn.is_some()
    }

    pub async fn list(&self, person: Person<'_>) -> Result<PasskeyList> {
        let passkeys = self.core.storage.passkeys_of(person.scope, &person.user.id).await?;
        Ok(PasskeyList { available: self.is_available(), passkeys: passkeys.iter().map(shown).collect() })
    }

    /// Begins to add a passkey to the person's account.
    ///
    /// # Errors
    /// When there are no passkeys here, or the person has too many.
    pub async fn begin_adding(&self, person: Person<'_>) -> Result<PasskeyCeremony> {
        let webauthn = self.webauthn()?;
        let present = self.core.storage.passkeys_of(person.scope, &person.user.id).await?;
        if PASSKEYS_MAX <= present.len() {
            return Err(PasskeyError::TooMany);
        }
        let present = present.into_iter().map(|passkey| passkey.credential_id).collect();
        let User { id, email, name, .. } = person.user;
        let begun = webauthn.start_passkey_registration(Uuid::from_bytes(id.0), email, name, Some(present));
        let (mut options, challenge) = begun.map_err(refused)?;
        // Nobody types an address to sign in with a passkey: the authenticator has to know the account by itself.
        if let Some(selection) = &mut options.public_key.authenticator_selection {
            selection.resident_key = Some(ResidentKeyRequirement::Required);
            selection.require_resident_key = true;
        }
        Ok(self.ceremony(&options.public_key, Purpose::Add { login: person.login.0, challenge }))
    }

    /// Adds the passkey that the person's authenticator made.
    ///
    /// # Errors
    /// When the answer proves nothing, or the passkey cannot be had so.
    pub async fn add(&self, person: Person<'_>, new: NewPasskey) -> Result<Passkey> {
        let name = naming::name(&new.name).ok_or(PasskeyError::UnfitName)?;
        let begun = self.opened(&new.answer)?;
        let Purpose::Add { login, challenge } = &begun.purpose else { return Err(other_purpose()) };
        if *login != person.login.0 {
            return Err(other_purpose());
        }
        let answer = parsed(&new.answer)?;
        let credential = self.webauthn()?.finish_passkey_registration(&answer, challenge).map_err(refused)?;
        self.spend(begun.id, begun.expires_at).await?;
        if PASSKEYS_MAX <= self.core.storage.passkeys_of(person.scope, &person.user.id).await?.len() {
            return Err(PasskeyError::TooMany);
        }
        let passkey = PasskeyRecord {
            id: PasskeyId(random::bytes()),
            user: person.user.id,
            name,
            credential_id: credential.cred_id().clone(),
            credential: text(&credential),
            created_at: self.core.clock.now(),
            last_used_at: None,
        };
        let event = Event::PasskeyAdded { user: passkey.user, passkey: passkey.id, name: passkey.name.clone() };
        let event = self.core.auditor.event(&Actor::from(person.user), person.client, &event);
        self.core
            .storage
            .create_passkey(person.scope, &passkey, event)
            .await
            .map_err(|error| if error.is_conflict() { PasskeyError::Known } else { error.into() })?;
        Ok(shown(&passkey))
    }

    /// Removes a passkey of the person's own account. `false` when they have none of this id.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn remove(&self, person: Person<'_>, id: PasskeyId) -> Result<bool> {
        let present = self.core.storage.passkeys_of(person.scope, &person.user.id).await?;
        let Some(passkey) = present.into_iter().find(|passkey| passkey.id == id) else { return Ok(false) };
        let event = Event::PasskeyRemoved { user: passkey.user, passkey: id, name: passkey.name };
        let event = self.core.auditor.event(&Actor::from(person.user), person.client, &event);
        Ok(self.core.storage.delete_passkey(person.scope, &id, event).await?)
    }

    /// Begins a sign-in. The authenticator finds the account, so nobody is told whether there is one.
    ///
    /// # Errors
    /// When there are no passkeys here, or too much was tried from this address.
    pub fn begin_sign_in(&self, client: Client) -> Result<PasskeyCeremony> {
        let webauthn = self.webauthn()?;
        self.logins.admit_address(client).map_err(PasskeyError::Wait)?;
        let (options, challenge) = webauthn.start_discoverable_authentication().map_err(refused)?;
        Ok(self.ceremony(&options.public_key, Purpose::SignIn { challenge }))
    }

    /// Signs in whoever's authenticator answered.
    ///
    /// # Errors
    /// When the answer proves nothing, or the account may not be used.
    pub async fn sign_in(&self, answer: &PasskeyAnswer, client: Client) -> Result<NewLogin> {
        self.logins.admit_address(client).map_err(PasskeyError::Wait)?;
        let mut claimed = None;
        match self.recognise(answer, &mut claimed).await {
            Ok((scope, user, passkey)) => Ok(self.logins.open(scope, user, Proof::Passkey(passkey), client).await?),
            Err(error) => {
                self.record_failure(claimed, &error, client).await?;
                Err(error)
            }
        }
    }

    /// Whose passkey answered. `claimed` is whose it is said to be, also when that came to nothing.
    async fn recognise(
        &self,
        answer: &PasskeyAnswer,
        claimed: &mut Option<(TenantScope, User)>,
    ) -> Result<(TenantScope, User, PasskeyId)> {
        let webauthn = self.webauthn()?;
        let Begun { id, expires_at, purpose } = self.opened(answer)?;
        let Purpose::SignIn { challenge } = purpose else { return Err(other_purpose()) };
        let response: PublicKeyCredential = parsed(answer)?;
        let (handle, credential_id) = webauthn.identify_discoverable_authentication(&response).map_err(refused)?;
        let found = self.core.storage.passkey_of_credential(credential_id).await?;
        let (scope, passkey) = found.ok_or_else(|| PasskeyError::Refused("the passkey is unknown".to_owned()))?;
        let user = self.core.storage.user(&scope, &passkey.user).await?;
        let user = user.ok_or(StorageError::Corrupt("passkey"))?;
        *claimed = Some((scope.clone(), user.clone()));
        let credential = stored(&passkey)?;
        let result = webauthn.finish_discoverable_authentication_v2(&response, challenge, &credential);
        let result = result.map_err(refused)?;
        if handle.as_bytes() != &user.id.0 {
            return Err(PasskeyError::Refused("the passkey is another account's".to_owned()));
        }
        if user.disabled {
            return Err(PasskeyError::Refused("the account is disabled".to_owned()));
        }
        self.spend(id, expires_at).await?;
        self.used(&scope, &passkey, credential, &result).await?;
        Ok((scope, user, passkey.id))
    }

    /// Begins to confirm that it is the person of this login who is at the browser.
    ///
    /// # Errors
    /// When there are no passkeys here, or the person has none.
    pub async fn begin_confirming(&self, person: Person<'_>) -> Result<PasskeyCeremony> {
        let webauthn = self.webauthn()?;
        let present = self.core.storage.passkeys_of(person.scope, &person.user.id).await?;
        if present.is_empty() {
            return Err(PasskeyError::Refused("the person has no passkey".to_owned()));
        }
        let credentials = present.iter().map(stored).collect::<Result<Vec<_>>>()?;
        let (options, challenge) = webauthn.start_passkey_authentication(&credentials).map_err(refused)?;
        Ok(self.ceremony(&options.public_key, Purpose::Confirm { login: person.login.0, challenge }))
    }

    /// Checks that one of the person's authenticators answered.
    ///
    /// # Errors
    /// When the answer proves nothing.
    pub async fn confirm(&self, person: Person<'_>, answer: &PasskeyAnswer) -> Result<PasskeyId> {
        let confirmed = self.confirmed(person, answer).await;
        if let Err(error) = &confirmed {
            self.record_failure(Some((person.scope.clone(), person.user.clone())), error, person.client).await?;
        }
        confirmed
    }

    async fn confirmed(&self, person: Person<'_>, answer: &PasskeyAnswer) -> Result<PasskeyId> {
        let begun = self.opened(answer)?;
        let Purpose::Confirm { login, challenge } = &begun.purpose else { return Err(other_purpose()) };
        if *login != person.login.0 {
            return Err(other_purpose());
        }
        let result = self.webauthn()?.finish_passkey_authentication(&parsed(answer)?, challenge).map_err(refused)?;
        // One that was removed meanwhile is known to the challenge only.
        let present = self.core.storage.passkeys_of(person.scope, &person.user.id).await?;
        let passkey = present.into_iter().find(|passkey| passkey.credential_id == result.cred_id().as_slice());
        let passkey = passkey.ok_or_else(|| PasskeyError::Refused("the passkey was removed".to_owned()))?;
        self.spend(begun.id, begun.expires_at).await?;
        self.used(person.scope, &passkey, stored(&passkey)?, &result).await?;
        Ok(passkey.id)
    }

    fn webauthn(&self) -> Result<&Webauthn> {
        self.webauthn.as_ref().ok_or(PasskeyError::Unavailable)
    }

    fn ceremony(&self, options: &impl Serialize, purpose: Purpose) -> PasskeyCeremony {
        let begun = Begun { id: random::bytes(), expires_at: self.core.clock.now() + LIFETIME_MS, purpose };
        let state = sealed::seal(self.core.keys.sign_in(), CONTEXT, &begun);
        PasskeyCeremony { options: text(options), state }
    }

    fn opened(&self, answer: &PasskeyAnswer) -> Result<Begun> {
        let begun: Option<Begun> = sealed::open(self.core.keys.sign_in(), CONTEXT, &answer.state);
        let begun = begun.filter(|begun| self.core.clock.now() < begun.expires_at);
        begun.ok_or_else(|| PasskeyError::Refused("it was not begun here, or too long ago".to_owned()))
    }

    /// Each answer counts once.
    async fn spend(&self, id: [u8; 16], expires_at: UnixMillis) -> Result<()> {
        let hash: [u8; 32] = Sha256::new().chain_update(CONTEXT).chain_update(id).finalize().into();
        if self.core.storage.spend_sign_in(&hash, expires_at).await? {
            Ok(())
        } else {
            Err(PasskeyError::Refused("it was answered before".to_owned()))
        }
    }

    /// Keeps the authenticator's counter, by which a copy of it is noticed.
    async fn used(
        &self,
        scope: &TenantScope,
        passkey: &PasskeyRecord,
        mut credential: Credential,
        result: &AuthenticationResult,
    ) -> Result<()> {
        credential.update_credential(result);
        let now = self.core.clock.now();
        Ok(self.core.storage.touch_passkey(scope, &passkey.id, &text(&credential), now).await?)
    }

    /// Writes down that a passkey was refused, for whose account it was, if there is one.
    async fn record_failure(
        &self,
        account: Option<(TenantScope, User)>,
        error: &PasskeyError,
        client: Client,
    ) -> Result<()> {
        self.core.metrics.logins_failed.increment();
        tracing::info!(why = %error, "a passkey was refused");
        let (Some((scope, user)), PasskeyError::Refused(why)) = (account, error) else { return Ok(()) };
        let why = Some(format!("passkey: {why}"));
        let event = Event::LoginFailed { user: Some(user.id), provider: None, subject: None, why };
        self.core.auditor.record(&scope, &Actor::Stranger, client, &event).await?;
        Ok(())
    }
}

/// The portal as authenticators know it; `None` where browsers have no passkeys.
fn relying_party(url: &PublicUrl) -> Option<Webauthn> {
    let origin = Url::parse(url.origin()).ok()?;
    let host = origin.domain()?.to_owned();
    WebauthnBuilder::new(&host, &origin).and_then(|builder| builder.rp_name(RP_NAME).build()).ok()
}

fn shown(passkey: &PasskeyRecord) -> Passkey {
    let PasskeyRecord { id, name, created_at, last_used_at, .. } = passkey.clone();
    Passkey { id, name, created_at, last_used_at }
}

fn stored(passkey: &PasskeyRecord) -> Result<Credential> {
    serde_json::from_str(&passkey.credential).map_err(|_| StorageError::Corrupt("credential").into())
}

fn parsed<T: DeserializeOwned>(answer: &PasskeyAnswer) -> Result<T> {
    serde_json::from_str(&answer.credential).map_err(|_| PasskeyError::Refused("the answer is malformed".to_owned()))
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("keys and challenges are plain JSON")
}

fn refused(error: WebauthnError) -> PasskeyError {
    PasskeyError::Refused(error.to_string())
}

fn other_purpose() -> PasskeyError {
    PasskeyError::Refused("it was begun for something else".to_owned())
}
