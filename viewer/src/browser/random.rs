//! The browser's randomness.

use protocol::secure::SecretKey;

use super::BrowserError;
use super::error::refused;

/// A new private key.
///
/// # Errors
/// When the browser has no secure randomness.
pub fn secret_key() -> Result<SecretKey, BrowserError> {
    let mut bytes = [0; 32];
    let crypto = super::scope().crypto().map_err(refused)?;
    crypto.get_random_values_with_u8_array(&mut bytes).map_err(refused)?;
    Ok(SecretKey::new(bytes))
}
