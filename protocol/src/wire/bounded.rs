use super::{Cursor, Decode, DecodeError, DecodeErrorKind, Encode};

/// Text of at most `MAX` bytes of UTF-8 without control or direction-changing characters.
///
/// Names come from consoles, and a console may be hostile: what a person reads must be what was sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Takes `text` as it is.
    ///
    /// # Errors
    /// When it is longer than `MAX` bytes or holds a character that could mislead its reader.
    pub fn new(text: impl Into<String>) -> Result<Self, DecodeError> {
        let text = text.into();
        if MAX < text.len() {
            return Err(too_long("text", text.len(), MAX));
        }
        if text.chars().any(is_misleading) {
            return Err(DecodeError::invalid("text", "control or direction-changing character"));
        }
        Ok(Self(text))
    }

    /// Makes `text` fit: drops misleading characters, then whole characters from the end.
    pub fn fitted(text: &str) -> Self {
        let mut kept = String::with_capacity(text.len().min(MAX));
        for c in text.chars().filter(|c| !is_misleading(*c)) {
            if MAX < kept.len() + c.len_utf8() {
                break;
            }
            kept.push(c);
        }
        Self(kept)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> std::fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_misleading(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// At most `MAX` values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> List<T, MAX> {
    /// Takes `values` as they are.
    ///
    /// # Errors
    /// When there are more than `MAX`.
    pub fn new(values: Vec<T>) -> Result<Self, DecodeError> {
        if MAX < values.len() { Err(too_long("list", values.len(), MAX)) } else { Ok(Self(values)) }
    }

    /// The first `MAX` of `values`.
    pub fn fitted(mut values: Vec<T>) -> Self {
        values.truncate(MAX);
        Self(values)
    }

    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> std::ops::Deref for List<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

/// At most `MAX` bytes.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Blob<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> Blob<MAX> {
    /// Takes `bytes` as they are.
    ///
    /// # Errors
    /// When there are more than `MAX`.
    pub fn new(bytes: Vec<u8>) -> Result<Self, DecodeError> {
        if MAX < bytes.len() { Err(too_long("bytes", bytes.len(), MAX)) } else { Ok(Self(bytes)) }
    }

    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }
}

impl<const MAX: usize> std::ops::Deref for Blob<MAX> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// The length only: a blob may hold pixels or typed text.
impl<const MAX: usize> std::fmt::Debug for Blob<MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl<const MAX: usize> Encode for Text<MAX> {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_length(self.0.len(), out);
        out.extend_from_slice(self.0.as_bytes());
    }
}

impl<const MAX: usize> Decode for Text<MAX> {
    fn decode(input: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let length = decode_length(input, MAX)?;
        let text =
            std::str::from_utf8(input.take("text", length)?).map_err(|_| DecodeError::invalid("text", "not UTF-8"))?;
        Self::new(text)
    }
}

impl<const MAX: usize> Encode for Blob<MAX> {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_length(self.0.len(), out);
        out.extend_from_slice(&self.0);
    }
}

impl<const MAX: usize> Decode for Blob<MAX> {
    fn decode(input: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let length = decode_length(input, MAX)?;
        Ok(Self(input.take("bytes", length)?.to_vec()))
    }
}

impl<T: Encode, const MAX: usize> Encode for List<T, MAX> {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_length(self.0.len(), out);
        for value in &self.0 {
            value.encode(out);
        }
    }
}

impl<T: Decode, const MAX: usize> Decode for List<T, MAX> {
    fn decode(input: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let length = decode_length(input, MAX)?;
        // Every value takes at least one byte, so this bounds the reservation by what is there.
        let mut values = Vec::with_capacity(length.min(input.remaining()));
        for _ in 0..length {
            values.push(T::decode(input)?);
        }
        Ok(Self(values))
    }
}

fn encode_length(length: usize, out: &mut Vec<u8>) {
    (length as u32).encode(out);
}

fn decode_length(input: &mut Cursor<'_>, max: usize) -> Result<usize, DecodeError> {
    let length = u32::decode(input)? as usize;
    if max < length { Err(too_long("length", length, max)) } else { Ok(length) }
}

fn too_long(field: &'static str, length: usize, max: usize) -> DecodeError {
    DecodeError { field, kind: DecodeErrorKind::TooLong { length, max } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fitted_text_ends_at_a_whole_character() {
        assert_eq!(Text::<4>::fitted("a\u{202e}bäö").as_str(), "abä");
    }

    #[test]
    fn a_list_longer_than_its_bytes_is_truncated_not_reserved() {
        let bytes = [0xff, 0xff, 0, 0, 1];
        let error = List::<u64, 100_000>::from_bytes(&bytes).expect_err("four billion bytes are not there");
        assert!(matches!(error.kind, DecodeErrorKind::Truncated { .. }));
    }

    #[test]
    fn text_that_could_mislead_is_refused() {
        for text in ["a\nb", "a\u{202e}b", "\u{feff}", "\u{200b}"] {
            assert!(Text::<16>::from_bytes(&Text::<16>(text.to_owned()).to_bytes()).is_err(), "{text:?}");
        }
    }
}
