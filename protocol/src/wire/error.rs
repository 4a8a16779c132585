/// Why bytes were refused: the field that was being read and the cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {kind}")]
pub struct DecodeError {
    /// The field (`Struct.field`) or type that was being read.
    pub field: &'static str,
    /// What was wrong.
    pub kind: DecodeErrorKind,
}

/// One kind per cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    #[error("{expected} bytes expected, {available} received")]
    Truncated { expected: usize, available: usize },
    #[error("{count} bytes after the end")]
    Trailing { count: usize },
    #[error("unknown tag {tag}")]
    UnknownTag { tag: u8 },
    #[error("length {length} above the limit of {max}")]
    TooLong { length: usize, max: usize },
    #[error("not a valid value: {reason}")]
    Invalid { reason: &'static str },
}

impl DecodeError {
    pub(crate) fn invalid(field: &'static str, reason: &'static str) -> Self {
        Self { field, kind: DecodeErrorKind::Invalid { reason } }
    }

    /// The same cause under the name of the field that holds the value.
    #[must_use]
    pub fn within(self, field: &'static str) -> Self {
        Self { field, ..self }
    }
}
