//! Which account a person is. After the first sign-in only issuer and subject count: an e-mail address may be given to
//! somebody else later, or be changed by whoever has it.

use protocol::ids::UserId;

use super::SignInError;
use super::claims::Person;
use crate::audit::{Actor, Client, Event};
use crate::config::OidcProvider;
use crate::naming;
use crate::random;
use crate::state::Core;
use crate::storage::{NewIdentity, NewUser, StorageError, TenantScope, User};

/// The account that the person may use. Whoever has none, or one that is disabled, gets the same refusal.
pub(super) async fn account(
    core: &Core,
    provider: &OidcProvider,
    person: &Person,
    client: Client,
) -> Result<(TenantScope, User), SignInError> {
    let Some((scope, _)) = core.storage.tenant(&provider.tenant).await? else {
        tracing::error!(provider = %provider.id, tenant = %provider.tenant, "an identity provider's tenant does not exist");
        return Err(SignInError::NoAccount { user: None, why: "there is no such tenant" });
    };
    let found = match core.storage.identity(&scope, &person.issuer, &person.subject).await? {
        Some(id) => Some(id),
        None => link(core, &scope, provider, person, client).await?,
    };
    let id = found.ok_or(SignInError::NoAccount { user: None, why: "nobody has this identity" })?;
    let user = core.storage.user(&scope, &id).await?.ok_or(StorageError::Corrupt("identity"))?;
    if user.disabled {
        return Err(SignInError::NoAccount { user: Some(id), why: "the account is disabled" });
    }
    Ok((scope, user))
}

/// The first sign-in: finds the account by the address that the provider vouches for, or makes one.
async fn link(
    core: &Core,
    scope: &TenantScope,
    provider: &OidcProvider,
    person: &Person,
    client: Client,
) -> Result<Option<UserId>, SignInError> {
    let Some(email) = person.verified_email.as_deref().and_then(naming::email) else { return Ok(None) };
    match core.storage.user_by_email(&email).await? {
        // Letters that only look alike, or become alike in lower case, are other addresses.
        Some((owner, user)) if owner == *scope && user.email.eq_ignore_ascii_case(&email) && !user.disabled => {
            store(core, scope, person, user.id, None, client).await
        }
        None if provider.create_users => {
            let name = person.name.as_deref().and_then(naming::name).or_else(|| naming::name(&email));
            let Some(name) = name else { return Ok(None) };
            let id = UserId(random::bytes());
            let user = NewUser { id, email, name, password_hash: None, created_at: core.clock.now() };
            store(core, scope, person, id, Some(&user), client).await
        }
        _ => Ok(None),
    }
}

/// `None` when the account has another identity, or somebody else was faster.
async fn store(
    core: &Core,
    scope: &TenantScope,
    person: &Person,
    user: UserId,
    new_user: Option<&NewUser>,
    client: Client,
) -> Result<Option<UserId>, SignInError> {
    let Person { provider, issuer, subject, .. } = person.clone();
    let identity = NewIdentity { issuer: issuer.clone(), subject: subject.clone(), user, linked_at: core.clock.now() };
    let created = new_user.map(|new| Event::UserCreated { user, name: new.name.clone(), email: new.email.clone() });
    let linked = Event::IdentityLinked { user, provider, issuer, subject };
    let events = created.into_iter().chain([linked]);
    let events = events.map(|event| core.auditor.event(&Actor::Server, client, &event)).collect();
    match core.storage.link_identity(scope, &identity, new_user, events).await {
        Ok(()) => Ok(Some(user)),
        Err(error) if error.is_conflict() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
