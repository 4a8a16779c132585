//! Who this console is: its keys, and what its enrolment gave it.

use protocol::ids::{ConsoleId, RoomId, TenantId};
use protocol::secure::{EnrolmentString, Fingerprint, GrantKey, PublicKey, Secret, SecretKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::random;
use crate::state_dir::{StateDir, StateDirError};

const FILE: &str = "identity.json";

/// A console's keys and where it belongs.
pub struct Identity {
    /// For the link and for sessions.
    pub key: SecretKey,
    /// For what the console says about its sessions.
    pub signing_key: Secret<32>,
    pub server_url: String,
    pub server_key: PublicKey,
    pub tenant: TenantId,
    pub room: RoomId,
    /// `None` until the server has confirmed the enrolment.
    pub enrolled: Option<Enrolled>,
    /// The secret of an enrolment that is not known to have worked.
    pub secret: Option<Secret<32>>,
    digest: String,
}

/// What the server said when it took the console in. Pinned: another grant key is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    pub console: ConsoleId,
    pub grant_key: GrantKey,
}

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    #[error(transparent)]
    StateDir(#[from] StateDirError),
    #[error("{FILE} is damaged ({0}); remove it and enrol the console again")]
    Damaged(String),
    #[error("this console is not enrolled: run again with --enrolment and the string from the portal")]
    NotEnrolled,
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

/// The file's form: one file, so that no crash can leave the key of one enrolment with the rest of another.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    /// Private, in hexadecimal.
    key: String,
    /// Private, too. A file of before has none.
    signing_key: Option<String>,
    server_url: String,
    server_key: String,
    tenant: String,
    room: String,
    /// SHA-256 of the enrolment string, to know a used one again.
    enrolment_digest: String,
    console: Option<String>,
    grant_key: Option<String>,
}

impl Identity {
    /// The stored identity, or a new one for an enrolment string that was not used here before.
    ///
    /// A new key is on the disk before the server hears of it: if the answer to the enrolment is lost, the next start
    /// connects with it. A file that has no signing key gets one.
    ///
    /// # Errors
    /// When nothing is stored and no string was given, or the folder cannot be used.
    pub fn load(dir: &StateDir, string: Option<&EnrolmentString>) -> Result<Self, IdentityError> {
        match (Self::read(dir)?, string) {
            (Some(stored), None) => stored.complete(dir),
            (Some(stored), Some(string)) if stored.enrolment_digest == digest(string) => {
                let identity = stored.complete(dir)?;
                let secret = identity.enrolled.is_none().then(|| string.secret.clone());
                Ok(Self { secret, ..identity })
            }
            (_, Some(string)) => Self::new(dir, string),
            (None, None) => Err(IdentityError::NotEnrolled),
        }
    }

    fn new(dir: &StateDir, string: &EnrolmentString) -> Result<Self, IdentityError> {
        let identity = Self {
            key: Secret::new(random::bytes()?),
            signing_key: Secret::new(random::bytes()?),
            server_url: string.url.as_str().to_owned(),
            server_key: string.server_key,
            tenant: string.tenant.clone(),
            room: string.room.clone(),
            enrolled: None,
            secret: Some(string.secret.clone()),
            digest: digest(string),
        };
        identity.save(dir)?;
        Ok(identity)
    }

    /// What is stored, for a look; `None` when nothing is. Nothing is written: where the file has no signing key, the one
    /// here is nobody's.
    ///
    /// # Errors
    /// When it cannot be read or makes no sense.
    pub fn stored(dir: &StateDir) -> Result<Option<Self>, IdentityError> {
        let Some(stored) = Self::read(dir)? else { return Ok(None) };
        let nobodys = Secret::new(random::bytes()?);
        stored.identity(nobodys).map(Some).map_err(IdentityError::Damaged)
    }

    fn read(dir: &StateDir) -> Result<Option<Stored>, IdentityError> {
        let Some(json) = dir.read(FILE)? else { return Ok(None) };
        serde_json::from_slice(&json).map(Some).map_err(|error| IdentityError::Damaged(error.to_string()))
    }

    /// Pins what the server said.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub fn confirm(&mut self, dir: &StateDir, enrolled: Enrolled) -> Result<(), StateDirError> {
        self.enrolled = Some(enrolled);
        self.secret = None;
        self.save(dir)
    }

    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.key.public_key())
    }

    fn save(&self, dir: &StateDir) -> Result<(), StateDirError> {
        let stored = Stored {
            key: hex::encode(self.key.expose()),
            signing_key: Some(hex::encode(self.signing_key.expose())),
            server_url: self.server_url.clone(),
            server_key: self.server_key.to_string(),
            tenant: self.tenant.to_string(),
            room: self.room.to_string(),
            enrolment_digest: self.digest.clone(),
            console: self.enrolled.as_ref().map(|enrolled| enrolled.console.to_string()),
            grant_key: self.enrolled.as_ref().map(|enrolled| hex::encode(enrolled.grant_key.to_bytes())),
        };
        let json = serde_json::to_vec_pretty(&stored).unwrap_or_else(|_| unreachable!("texts are always JSON"));
        dir.write(FILE, &json)
    }
}

impl Stored {
    fn complete(self, dir: &StateDir) -> Result<Identity, IdentityError> {
        let is_complete = self.signing_key.is_some();
        let fresh = Secret::new(random::bytes()?);
        let identity = self.identity(fresh).map_err(IdentityError::Damaged)?;
        if !is_complete {
            identity.save(dir)?;
        }
        Ok(identity)
    }

    /// With `fresh` for a signing key that is not there.
    fn identity(self, fresh: Secret<32>) -> Result<Identity, String> {
        let enrolled = match (self.console, self.grant_key) {
            (Some(console), Some(grant_key)) => Some(Enrolled {
                console: console.parse().map_err(text)?,
                grant_key: GrantKey::from_bytes(&read_bytes(&grant_key)?).map_err(text)?,
            }),
            _ => None,
        };
        Ok(Identity {
            key: Secret::new(read_bytes(&self.key)?),
            signing_key: self.signing_key.map_or(Ok(fresh), |key| read_bytes(&key).map(Secret::new))?,
            server_url: self.server_url,
            server_key: self.server_key.parse().map_err(text)?,
            tenant: self.tenant.parse().map_err(text)?,
            room: self.room.parse().map_err(text)?,
            enrolled,
            secret: None,
            digest: self.enrolment_digest,
        })
    }
}

fn read_bytes(hexadecimal: &str) -> Result<[u8; 32], String> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(hexadecimal, &mut bytes).map_err(text)?;
    Ok(bytes)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn digest(string: &EnrolmentString) -> String {
    hex::encode(Sha256::digest(string.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::secure::GrantSigner;
    use protocol::wire::Text;

    fn string(secret: u8) -> EnrolmentString {
        EnrolmentString {
            url: Text::fitted("https://rooms.example.com"),
            server_key: PublicKey([1; 32]),
            tenant: TenantId::new("contoso").expect("a slug"),
            room: RoomId::new("aurora").expect("a slug"),
            secret: Secret::new([secret; 32]),
        }
    }

    fn enrolled() -> Enrolled {
        Enrolled { console: ConsoleId([7; 16]), grant_key: GrantSigner::new(&Secret::new([9; 32])).public_key() }
    }

    #[test]
    fn without_a_string_there_must_be_something_stored() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = StateDir::open(folder.path()).expect("ours");
        assert!(matches!(Identity::load(&dir, None), Err(IdentityError::NotEnrolled)));
    }

    #[test]
    fn a_used_string_connects_with_the_stored_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = StateDir::open(folder.path()).expect("ours");
        let mut first = Identity::load(&dir, Some(&string(1))).expect("a new one");
        assert!(first.secret.is_some());
        first.confirm(&dir, enrolled()).expect("ours");
        for given in [None, Some(string(1))] {
            let again = Identity::load(&dir, given.as_ref()).expect("it is stored");
            assert!(again.key == first.key && again.signing_key == first.signing_key && again.secret.is_none());
            assert_eq!(again.enrolled, Some(enrolled()));
        }
    }

    #[test]
    fn an_unconfirmed_enrolment_keeps_its_key_and_another_string_makes_a_new_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = StateDir::open(folder.path()).expect("ours");
        let first = Identity::load(&dir, Some(&string(1))).expect("a new one");
        let again = Identity::load(&dir, Some(&string(1))).expect("it is stored");
        assert!(again.key == first.key && again.secret.is_some());
        let other = Identity::load(&dir, Some(&string(2))).expect("a new one");
        assert!(other.key != first.key);
        assert_eq!(other.enrolled, None);
    }

    #[test]
    fn a_file_without_a_signing_key_gets_one_that_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = StateDir::open(folder.path()).expect("ours");
        let first = Identity::load(&dir, Some(&string(1))).expect("a new one");
        let json = dir.read(FILE).expect("readable").expect("it is there");
        let mut stored: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&json).expect("JSON");
        assert!(stored.remove("signing_key").is_some());
        let json = serde_json::to_vec(&stored).expect("JSON");
        let n_bytes = json.len();
        dir.write(FILE, &json).expect("ours");
        let looked_at = Identity::stored(&dir).expect("readable").expect("it is there");
        assert!(looked_at.key == first.key);
        assert_eq!(dir.read(FILE).expect("readable").map(|json| json.len()), Some(n_bytes), "a look changes nothing");

        let given = Identity::load(&dir, None).expect("it is stored");
        assert!(given.key == first.key && given.signing_key != first.signing_key);
        let again = Identity::load(&dir, None).expect("it is stored");
        assert!(again.signing_key == given.signing_key, "it is on the disk");
    }

    #[test]
    fn a_damaged_file_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = StateDir::open(folder.path()).expect("ours");
        Identity::load(&dir, Some(&string(1))).expect("a new one");
        dir.write(FILE, b"{}").expect("ours");
        assert!(matches!(Identity::load(&dir, None), Err(IdentityError::Damaged(_))));
    }
}
