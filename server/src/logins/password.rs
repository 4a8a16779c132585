//! Passwords: argon2id, few at a time, and the same work for accounts that do not exist.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use protocol::secure::Secret;
use tokio::sync::Semaphore;

use crate::random;

/// Longest password that is taken, in bytes.
pub const MAX_BYTES: usize = 1024;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const AT_A_TIME: usize = 2;
const WAITING_MAX: usize = 64;

/// Why a password was not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    #[error("too many passwords are being checked")]
    Busy,
    #[error("the password could not be hashed")]
    Failed,
}

/// Hashes and checks passwords.
pub struct Passwords {
    /// At most so many are waiting or being worked on.
    admitted: Semaphore,
    working: Semaphore,
    /// Of a password that nobody has: checked for accounts that do not exist.
    nobody: String,
}

impl Passwords {
    /// # Panics
    /// When argon2 refuses its own parameters.
    pub fn new() -> Self {
        let unguessable = hex::encode(random::bytes::<32>());
        Self {
            admitted: Semaphore::new(AT_A_TIME + WAITING_MAX),
            working: Semaphore::new(AT_A_TIME),
            nobody: hash(&unguessable).expect("a password is hashed"),
        }
    }

    /// Whether `password` belongs to `hash`; without a hash the answer is no, after the same work.
    ///
    /// # Errors
    /// `Busy` when the queue is full.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, PasswordError> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        let matches = self.work(move || verify(&password, &hash)).await?;
        Ok(matches && exists)
    }

    /// A PHC string for `password`.
    ///
    /// # Errors
    /// `Busy` when the queue is full.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        self.work(move || hash(&password)).await?.ok_or(PasswordError::Failed)
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
        let _admitted = self.admitted.try_acquire().map_err(|_| PasswordError::Busy)?;
        let _working = self.working.acquire().await.map_err(|_| PasswordError::Failed)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| PasswordError::Failed)
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

/// A PHC string for `password`, on this thread.
pub fn hash(password: &str) -> Option<String> {
    let salt: Secret<16> = random::secret();
    let hash: PasswordHash = argon2id()?.hash_password_with_salt(password.as_bytes(), salt.expose()).ok()?;
    Some(hash.to_string())
}

fn verify(password: &str, hash: &str) -> bool {
    let Some(hasher) = argon2id() else { return false };
    PasswordHash::new(hash).is_ok_and(|hash| hasher.verify_password(password.as_bytes(), &hash).is_ok())
}

/// Whether `text` is a hash that this server can check.
pub fn is_argon2id(text: &str) -> bool {
    PasswordHash::new(text).is_ok_and(|hash| hash.algorithm.as_str() == "argon2id" && hash.hash.is_some())
}

fn argon2id() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_right_password_and_only_that_is_taken() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse".to_owned()).await.expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(is_argon2id(&hash) && !is_argon2id("$argon2i$v=19$m=8,t=1,p=1$YWJjZGVmZ2g$YWJj"));
        assert_eq!(passwords.verify("correct horse".to_owned(), Some(hash.clone())).await, Ok(true));
        assert_eq!(passwords.verify("wrong horse".to_owned(), Some(hash)).await, Ok(false));
        assert_eq!(passwords.verify("correct horse".to_owned(), None).await, Ok(false));
    }

    #[tokio::test]
    async fn a_full_queue_is_said_at_once() {
        let passwords = Passwords::new();
        let _all = passwords.admitted.acquire_many((AT_A_TIME + WAITING_MAX) as u32).await.expect("free");
        assert_eq!(passwords.verify("x".to_owned(), None).await, Err(PasswordError::Busy));
    }
}
