//! Identity providers that people may sign in with: `[[oidc]]` in the configuration file.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use openidconnect::core::CoreJwsSigningAlgorithm as Algorithm;
use openidconnect::{ClientId, ClientSecret, IssuerUrl};
use protocol::ids::{ProviderId, TenantId};
use serde::Deserialize;

use super::{ConfigError, is_loopback};
use crate::naming;

/// How long a provider may take for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const PROVIDERS_MAX: usize = 50;

/// An identity provider as the file names it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    id: String,
    tenant: TenantId,
    name: String,
    issuer: String,
    client_id: String,
    client_secret: Option<ClientSecret>,
    client_secret_file: Option<PathBuf>,
    #[serde(default = "scopes")]
    scopes: Vec<String>,
    #[serde(default = "algorithms")]
    algorithms: Vec<Algorithm>,
    #[serde(default)]
    create_users: bool,
    groups_claim: Option<String>,
    #[serde(default)]
    groups: BTreeMap<String, String>,
}

/// A checked identity provider.
#[derive(Debug, Clone)]
pub struct OidcProvider {
    pub id: ProviderId,
    /// Everybody who comes from here belongs to this tenant, whatever the provider says.
    pub tenant: TenantId,
    /// As people know it.
    pub name: String,
    pub issuer: IssuerUrl,
    pub client_id: ClientId,
    pub client_secret: Option<ClientSecret>,
    /// `openid` is asked for in any case.
    pub scopes: Vec<String>,
    /// Of the signatures that are accepted; never `none` and none with a shared secret.
    pub algorithms: Vec<Algorithm>,
    /// Whether people without an account get one. Otherwise theirs must have their e-mail address.
    pub create_users: bool,
    pub groups: Option<GroupsClaim>,
    pub answer_within: Duration,
}

/// What a provider says about membership in groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupsClaim {
    pub claim: String,
    /// The name of our group for a value of the claim. Groups that are not named here are left alone.
    pub names: BTreeMap<String, String>,
}

impl OidcProvider {
    /// The provider is on this machine and speaks plain HTTP.
    pub fn is_plain(&self) -> bool {
        self.issuer.url().scheme() == "http"
    }
}

/// E-mail address and name are in these.
fn scopes() -> Vec<String> {
    vec!["email".to_owned(), "profile".to_owned()]
}

fn algorithms() -> Vec<Algorithm> {
    vec![Algorithm::RsaSsaPkcs1V15Sha256, Algorithm::RsaSsaPssSha256, Algorithm::EcdsaP256Sha256, Algorithm::EdDsa]
}

/// # Errors
/// When an entry cannot be used, or two have one id.
pub(super) fn check(entries: Vec<Entry>) -> Result<Vec<OidcProvider>, ConfigError> {
    let mut ids = HashSet::new();
    let mut checked = Vec::new();
    for entry in entries {
        let id = entry.id.clone();
        let failed = |problem: String| ConfigError::Oidc { id: id.clone(), problem };
        let provider = entry.check().map_err(&failed)?;
        if !ids.insert(provider.id.clone()) || PROVIDERS_MAX < ids.len() {
            return Err(failed("there is another one with this id, or there are too many".to_owned()));
        }
        checked.push(provider);
    }
    Ok(checked)
}

impl Entry {
    fn check(self) -> Result<OidcProvider, String> {
        let name = naming::name(&self.name).ok_or("name is empty or too long")?;
        let client_secret = match (self.client_secret, self.client_secret_file) {
            (Some(_), Some(_)) => return Err("give client_secret or client_secret_file, not both".to_owned()),
            (None, Some(file)) => {
                let text = std::fs::read_to_string(&file);
                let text = text.map_err(|error| format!("client_secret_file {}: {error}", file.display()))?;
                Some(ClientSecret::new(text.trim_end().to_owned()))
            }
            (given, None) => given,
        };
        if self.client_id.is_empty() || client_secret.as_ref().is_some_and(|secret| secret.secret().is_empty()) {
            return Err("client_id or the client's secret is empty".to_owned());
        }
        if let Some(algorithm) = self.algorithms.iter().find(|algorithm| !is_sound(algorithm)) {
            return Err(format!("algorithms: {algorithm:?} does not prove who signed"));
        }
        let groups = match (self.groups_claim, self.groups) {
            (Some(claim), names) if !names.is_empty() => Some(GroupsClaim { claim, names }),
            (None, names) if names.is_empty() => None,
            _ => return Err("groups_claim and groups go together".to_owned()),
        };
        Ok(OidcProvider {
            id: ProviderId::new(self.id).map_err(|_| "id is 1 to 64 of a-z, 0-9 and -")?,
            tenant: self.tenant,
            name,
            issuer: issuer(self.issuer)?,
            client_id: ClientId::new(self.client_id),
            client_secret,
            scopes: self.scopes,
            algorithms: self.algorithms,
            create_users: self.create_users,
            groups,
            answer_within: ANSWER_WITHIN,
        })
    }
}

fn is_sound(algorithm: &Algorithm) -> bool {
    matches!(
        algorithm,
        Algorithm::RsaSsaPkcs1V15Sha256
            | Algorithm::RsaSsaPkcs1V15Sha384
            | Algorithm::RsaSsaPkcs1V15Sha512
            | Algorithm::RsaSsaPssSha256
            | Algorithm::RsaSsaPssSha384
            | Algorithm::RsaSsaPssSha512
            | Algorithm::EcdsaP256Sha256
            | Algorithm::EcdsaP384Sha384
            | Algorithm::EdDsa
    )
}

/// The address by which the provider names itself, compared letter by letter: `https`, or `http` on this machine.
fn issuer(text: String) -> Result<IssuerUrl, String> {
    let issuer = IssuerUrl::new(text).map_err(|error| format!("issuer: {error}"))?;
    let url = issuer.url();
    let trusted = match url.scheme() {
        "https" => true,
        "http" => url.host_str().is_some_and(is_loopback),
        _ => false,
    };
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if trusted && plain { Ok(issuer) } else { Err("issuer is https://host/path, or http:// on loopback".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
        id = "contoso-id"
        tenant = "contoso"
        name = "Contoso ID"
        issuer = "https://id.example.com/realms/contoso"
        client_id = "redring"
        client_secret = "s3cret"
    "#;

    fn read(more: &str) -> Result<OidcProvider, String> {
        let entry: Entry = toml::from_str(&format!("{WHOLE}{more}")).map_err(|error| error.to_string())?;
        entry.check()
    }

    fn replaced(key: &str, line: &str) -> Result<OidcProvider, String> {
        let kept = WHOLE.lines().filter(|kept| !kept.trim_start().starts_with(&format!("{key} =")));
        let text = format!("{}\n{line}", kept.collect::<Vec<_>>().join("\n"));
        let entry: Entry = toml::from_str(&text).map_err(|error| error.to_string())?;
        entry.check()
    }

    #[test]
    fn an_entry_has_sound_defaults() {
        let provider = read("").expect("usable");
        assert_eq!((provider.scopes.len(), provider.algorithms.len(), provider.create_users), (2, 4, false));
        assert_eq!((provider.groups.clone(), provider.is_plain()), (None, false));
        assert!(!format!("{provider:?}").contains("s3cret"), "secrets are not shown");
        assert!(replaced("client_secret", "").expect("a public client").client_secret.is_none());
    }

    #[test]
    fn a_secret_may_be_in_a_file_of_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("secret");
        std::fs::write(&file, "of the file\n").expect("written");
        let line = format!("client_secret_file = {file:?}");
        let provider = replaced("client_secret", &line).expect("usable");
        assert_eq!(provider.client_secret.expect("a secret").secret(), "of the file");
        assert!(read(&line).is_err(), "not both");
        assert!(replaced("client_secret", "client_secret_file = \"/no/such/file\"").is_err());
    }

    #[test]
    fn groups_need_the_claim_and_the_names() {
        let provider = read("groups_claim = \"groups\"\ngroups = { a = \"Technicians\" }").expect("usable");
        assert_eq!(provider.groups.expect("groups").names["a"], "Technicians");
        assert!(read("groups_claim = \"groups\"").is_err());
        assert!(read("groups = { a = \"Technicians\" }").is_err());
    }

    #[test]
    fn what_would_weaken_the_sign_in_is_refused() {
        for algorithm in ["none", "HS256", "HS384", "HS512", "ES512", "XX"] {
            assert!(read(&format!("algorithms = [\"{algorithm}\"]")).is_err(), "{algorithm}");
        }
        for issuer in [
            "http://id.example.com",
            "ftp://id.example.com",
            "https://u@id.example.com",
            "https://a/?b",
            "https://a/#b",
            "x",
        ] {
            assert!(replaced("issuer", &format!("issuer = \"{issuer}\"")).is_err(), "{issuer}");
        }
        for issuer in ["http://localhost:1/a", "http://127.0.0.1", "http://[::1]:4"] {
            assert!(replaced("issuer", &format!("issuer = \"{issuer}\"")).expect(issuer).is_plain());
        }
        for (key, line) in [("id", "id = \"A b\""), ("client_id", "client_id = \"\""), ("name", "name = \"\"")] {
            assert!(replaced(key, line).is_err(), "{line}");
        }
        assert!(read("unknown = 1").is_err());
    }

    #[test]
    fn ids_are_unique() {
        let entry: Entry = toml::from_str(WHOLE).expect("an entry");
        assert!(matches!(check(vec![entry.clone(), entry]), Err(ConfigError::Oidc { .. })));
    }
}
