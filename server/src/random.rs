//! Randomness from the operating system: the one place that draws it.

use protocol::secure::Secret;

/// `N` unpredictable bytes.
///
/// # Panics
/// When the operating system has none to give: no key or ticket may be made then.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A secret of `N` unpredictable bytes.
pub fn secret<const N: usize>() -> Secret<N> {
    Secret::new(bytes())
}
