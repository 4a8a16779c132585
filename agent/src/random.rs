//! Random bytes from the operating system, and nothing else.

/// Fresh random bytes.
///
/// # Errors
/// When the system has no source of randomness; nothing can be done without one.
pub fn bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// A number from 0 up to, but not including, `below`; zero when there is no randomness. For jitter only.
pub fn jitter(below: u64) -> u64 {
    bytes().map_or(0, |bytes| u64::from_le_bytes(bytes).checked_rem(below).unwrap_or(0))
}
