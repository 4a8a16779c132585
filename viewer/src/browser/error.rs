/// Why the browser did not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrowserError {
    /// This browser cannot do it at all.
    Missing,
    /// It can, but not with these values or not now.
    Refused,
}

impl std::fmt::Display for BrowserError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Missing => "the browser has no such thing",
            Self::Refused => "the browser refused",
        })
    }
}

impl std::error::Error for BrowserError {}

pub(super) fn refused<E>(_: E) -> BrowserError {
    BrowserError::Refused
}
