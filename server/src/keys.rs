//! The server's own keys: files in the data folder that only their owner may read, made at the first start.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac as _};
use protocol::audit::{LogKey, LogSigner};
use protocol::ids::{RoomId, TenantId};
use protocol::secure::{GrantSigner, PublicKey, Secret, SecretKey};
use sha2::Sha256;

use crate::random;

/// Why the keys could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    #[error("key file {path} could not be read or written")]
    File { path: PathBuf, source: std::io::Error },
    #[error("key file {path} is not 32 bytes long")]
    Length { path: PathBuf },
}

/// The keys of one installation. Each has one use.
pub struct ServerKeys {
    control: SecretKey,
    grant: GrantSigner,
    enrolment: Secret<32>,
    device: Secret<32>,
    sign_in: Secret<32>,
    log: LogSigner,
}

impl ServerKeys {
    /// Reads the keys of a data folder, making those that are missing.
    ///
    /// # Errors
    /// When a file cannot be read or written, or is damaged.
    pub fn open(data_dir: &Path) -> Result<Self, KeyError> {
        let folder = data_dir.join("keys");
        make_private_folder(&folder).map_err(|source| KeyError::File { path: folder.clone(), source })?;
        Ok(Self {
            control: read_or_make(&folder.join("control.key"))?,
            grant: GrantSigner::new(&read_or_make(&folder.join("grant.key"))?),
            enrolment: read_or_make(&folder.join("enrolment.key"))?,
            device: read_or_make(&folder.join("device.key"))?,
            sign_in: read_or_make(&folder.join("sign-in.key"))?,
            log: LogSigner::new(&read_or_make(&folder.join("log.key"))?),
        })
    }

    /// The public half of the key that signs the checkpoints of a data folder's logs; makes nothing.
    ///
    /// # Errors
    /// When it is not there, or is damaged.
    pub fn read_log_key(data_dir: &Path) -> Result<LogKey, KeyError> {
        Ok(LogSigner::new(&read_key(&data_dir.join("keys").join("log.key"))?).public_key())
    }

    /// The X25519 key that agents pin: the server's end of their links.
    pub fn control(&self) -> &SecretKey {
        &self.control
    }

    pub fn control_public(&self) -> PublicKey {
        self.control.public_key()
    }

    /// The Ed25519 key that signs grants.
    pub fn grant(&self) -> &GrantSigner {
        &self.grant
    }

    /// The pre-shared key of a room's enrolment, from the id that the database holds. Who reads the database alone
    /// cannot enrol a console.
    pub fn enrolment_secret(&self, tenant: &TenantId, room: &RoomId, id: &[u8; 16]) -> Secret<32> {
        Secret::new(derive(
            &self.enrolment,
            &[b"redring enrolment", tenant.as_str().as_bytes(), room.as_str().as_bytes(), id],
        ))
    }

    /// Seals what a browser keeps for the server while somebody is at an identity provider.
    pub fn sign_in(&self) -> &Secret<32> {
        &self.sign_in
    }

    /// The Ed25519 key that signs the checkpoints of the audit logs.
    pub fn log(&self) -> &LogSigner {
        &self.log
    }

    /// Proves that a browser has signed in to this account before.
    pub fn device_proof(&self, account: &[u8], nonce: &[u8; 16]) -> [u8; 32] {
        derive(&self.device, &[b"redring device", account, nonce])
    }
}

impl std::fmt::Debug for ServerKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServerKeys")
    }
}

/// HMAC-SHA256 over length-prefixed parts.
fn derive(key: &Secret<32>, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("HMAC takes keys of every length");
    for part in parts {
        mac.update(&(part.len() as u32).to_le_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn read_or_make(path: &Path) -> Result<Secret<32>, KeyError> {
    let file_error = |source| KeyError::File { path: path.to_owned(), source };
    match create_private_file(path) {
        Ok(mut file) => {
            let secret = random::secret::<32>();
            file.write_all(secret.expose()).and_then(|()| file.sync_all()).map_err(file_error)?;
            Ok(secret)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => read_key(path),
        Err(error) => Err(file_error(error)),
    }
}

fn read_key(path: &Path) -> Result<Secret<32>, KeyError> {
    let mut bytes = Vec::new();
    let file_error = |source| KeyError::File { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(file_error)?;
    file.take(33).read_to_end(&mut bytes).map_err(file_error)?;
    let bytes = bytes.try_into().map_err(|_| KeyError::Length { path: path.to_owned() })?;
    Ok(Secret::new(bytes))
}

fn create_private_file(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes an empty file that only its owner may read; one that exists stays as it is.
pub fn make_private_file(path: &Path) -> std::io::Result<()> {
    match create_private_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Makes a folder that only its owner may enter; one that exists stays as it is.
pub fn make_private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_the_same_and_only_their_owner_reads_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = ServerKeys::open(folder.path()).expect("made");
        let second = ServerKeys::open(folder.path()).expect("read");
        assert_eq!(first.control_public(), second.control_public());
        assert_eq!(first.grant().public_key(), second.grant().public_key());
        assert_eq!(first.log().public_key(), second.log().public_key());
        #[cfg(unix)]
        for file in ["control.key", "grant.key", "enrolment.key", "device.key", "sign-in.key", "log.key"] {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(folder.path().join("keys").join(file)).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }

    #[test]
    fn a_damaged_key_file_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        ServerKeys::open(folder.path()).expect("made");
        std::fs::write(folder.path().join("keys/grant.key"), [0; 31]).expect("written");
        assert!(matches!(ServerKeys::open(folder.path()), Err(KeyError::Length { .. })));
    }

    #[test]
    fn enrolment_secrets_differ_by_room_tenant_and_id() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = ServerKeys::open(folder.path()).expect("made");
        let secret = |tenant: &str, room: &str, id| {
            let (tenant, room) = (TenantId::new(tenant).expect("a slug"), RoomId::new(room).expect("a slug"));
            keys.enrolment_secret(&tenant, &room, &[id; 16])
        };
        let reference = secret("a", "bc", 1);
        assert_eq!(reference, secret("a", "bc", 1));
        for other in [secret("ab", "c", 1), secret("a", "bd", 1), secret("a", "bc", 2)] {
            assert_ne!(reference, other);
        }
    }
}
