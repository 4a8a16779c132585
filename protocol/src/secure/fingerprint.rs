use sha2::{Digest as _, Sha256};

use super::{ConsoleSigningKey, PublicKey};

/// What people compare: the first 16 bytes of SHA-256 over a public key, as eight groups of four
/// hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    pub fn of(key: &PublicKey) -> Self {
        Self::of_bytes(&key.0)
    }

    pub fn of_signing_key(key: &ConsoleSigningKey) -> Self {
        Self::of_bytes(&key.to_bytes())
    }

    fn of_bytes(key: &[u8; 32]) -> Self {
        let digest = Sha256::new().chain_update(b"redring fingerprint").chain_update(key).finalize();
        let mut first = [0; 16];
        first.copy_from_slice(&digest[..16]);
        Self(first)
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, group) in self.0.chunks(2).enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{}", hex::encode(group))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_eight_groups_of_four() {
        let text = Fingerprint::of(&PublicKey([7; 32])).to_string();
        assert_eq!(text.split(' ').count(), 8);
        assert!(text.split(' ').all(|group| group.len() == 4));
        assert_ne!(text, Fingerprint::of(&PublicKey([8; 32])).to_string());
    }
}
