//! Checkpoints: how many leaves a log had and what its root was, as a note that the log's keeper signed.
//!
//! The text is that of [C2SP tlog-checkpoint], without extension lines, under an Ed25519 signature of [C2SP signed-note]:
//!
//! ```text
//! redring/contoso/9f86d081884c7d659a2feaa0c55ad015
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — redring/contoso/9f86d081884c7d659a2feaa0c55ad015 Az3grlgtzPIC…
//! ```
//!
//! [C2SP tlog-checkpoint]: https://c2sp.org/tlog-checkpoint
//! [C2SP signed-note]: https://c2sp.org/signed-note

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::Hash;
use crate::secure::Secret;

/// Longest note that is read.
pub const NOTE_MAX_BYTES: usize = 16 * 1024;
/// Most signatures that a note may have; all but ours are left aside.
pub const SIGNATURES_MAX: usize = 16;

const SIGNATURE_LINE: &str = "\u{2014} ";
/// The byte that stands for Ed25519 in the id of a key.
const ED25519: u8 = 1;
const KEY_ID_BYTES: usize = 4;

/// How a log stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: the name in the signature, too.
    pub origin: String,
    /// How many leaves it had.
    pub size: u64,
    pub root: Hash,
}

/// Why a note is no checkpoint of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    #[error("the checkpoint is not written as one")]
    Malformed,
    #[error("the checkpoint is of another log")]
    OtherLog,
    #[error("the checkpoint is not signed with the log's key")]
    BadSignature,
}

impl Checkpoint {
    /// What is signed.
    fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.0))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let is_plain = |size: &str| size.bytes().all(|b| b.is_ascii_digit()) && (size == "0" || !size.starts_with('0'));
        if lines.next().is_some() || !is_name(origin) || !is_plain(size) {
            return None;
        }
        let root = STANDARD.decode(root).ok()?.try_into().ok()?;
        Some(Self { origin: origin.to_owned(), size: size.parse().ok()?, root: Hash(root) })
    }
}

/// Reads a note **without** checking who signed it.
///
/// # Errors
/// When the note is malformed.
pub fn read_unverified(note: &str) -> Result<Checkpoint, CheckpointError> {
    parts(note).and_then(|(text, _)| Checkpoint::parse(text)).ok_or(CheckpointError::Malformed)
}

/// The public half of the key that signs the checkpoints of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKey(VerifyingKey);

impl LogKey {
    /// # Errors
    /// `BadSignature` when the bytes are no key: nothing can be signed with it.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, CheckpointError> {
        VerifyingKey::from_bytes(bytes).map(Self).map_err(|_| CheckpointError::BadSignature)
    }

    /// Reads and checks a note of the log `origin`. Signatures by others are left aside, as notes want it.
    ///
    /// # Errors
    /// When the note is malformed, of another log, or does not have a good signature by this key.
    pub fn open(&self, origin: &str, note: &str) -> Result<Checkpoint, CheckpointError> {
        let (text, signatures) = parts(note).ok_or(CheckpointError::Malformed)?;
        let checkpoint = Checkpoint::parse(text).ok_or(CheckpointError::Malformed)?;
        if checkpoint.origin != origin {
            return Err(CheckpointError::OtherLog);
        }
        let id = key_id(origin, &self.0);
        let mut is_signed = false;
        for (name, signature) in signatures {
            let Some(signature) = signature.strip_prefix(&id).filter(|_| name == origin) else { continue };
            let signature = Signature::from_slice(signature).map_err(|_| CheckpointError::BadSignature)?;
            self.0.verify_strict(text.as_bytes(), &signature).map_err(|_| CheckpointError::BadSignature)?;
            is_signed = true;
        }
        if is_signed { Ok(checkpoint) } else { Err(CheckpointError::BadSignature) }
    }
}

/// In base64, as people copy it.
impl std::fmt::Display for LogKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&STANDARD.encode(self.0.as_bytes()))
    }
}

impl std::str::FromStr for LogKey {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let bytes = STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        Self::from_bytes(&bytes.ok_or(CheckpointError::BadSignature)?)
    }
}

/// The key that signs the checkpoints of logs.
pub struct LogSigner(SigningKey);

impl LogSigner {
    /// Any 32 random bytes are a key.
    pub fn new(secret: &Secret<32>) -> Self {
        Self(SigningKey::from_bytes(secret.expose()))
    }

    pub fn public_key(&self) -> LogKey {
        LogKey(self.0.verifying_key())
    }

    /// The note of a checkpoint.
    pub fn sign(&self, checkpoint: &Checkpoint) -> String {
        let text = checkpoint.text();
        let mut signature = key_id(&checkpoint.origin, &self.0.verifying_key()).to_vec();
        signature.extend_from_slice(&self.0.sign(text.as_bytes()).to_bytes());
        format!("{text}\n{SIGNATURE_LINE}{} {}\n", checkpoint.origin, STANDARD.encode(signature))
    }
}

impl std::fmt::Debug for LogSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogSigner")
    }
}

fn key_id(name: &str, key: &VerifyingKey) -> [u8; KEY_ID_BYTES] {
    let digest =
        Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(key.as_bytes()).finalize();
    let mut id = [0; KEY_ID_BYTES];
    id.copy_from_slice(&digest[..KEY_ID_BYTES]);
    id
}

/// A name and the bytes under it: the id of a key, then what it signed.
type NamedSignature<'a> = (&'a str, Vec<u8>);

/// The text of a note with its last newline, and its signatures.
fn parts(note: &str) -> Option<(&str, Vec<NamedSignature<'_>>)> {
    let is_control = |c: char| c < ' ' && c != '\n';
    if NOTE_MAX_BYTES < note.len() || note.contains(is_control) {
        return None;
    }
    let end = note.rfind("\n\n")? + 1;
    let (text, signatures) = (&note[..end], note[end + 1..].strip_suffix('\n')?);
    let signatures: Vec<_> = signatures.split('\n').take(SIGNATURES_MAX + 1).map(signature).collect::<Option<_>>()?;
    (signatures.len() <= SIGNATURES_MAX).then_some((text, signatures))
}

fn signature(line: &str) -> Option<NamedSignature<'_>> {
    let (name, signature) = line.strip_prefix(SIGNATURE_LINE)?.split_once(' ')?;
    let signature = STANDARD.decode(signature).ok().filter(|signature| KEY_ID_BYTES < signature.len())?;
    is_name(name).then_some((name, signature))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "redring/contoso/01";

    fn signer() -> LogSigner {
        LogSigner::new(&Secret::new([7; 32]))
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: ORIGIN.to_owned(), size: 20_852_163, root: Hash([5; 32]) }
    }

    fn open(note: &str) -> Result<Checkpoint, CheckpointError> {
        signer().public_key().open(ORIGIN, note)
    }

    /// The note that [C2SP signed-note] and Go's `golang.org/x/mod/sumdb/note` have as their example.
    ///
    /// [C2SP signed-note]: https://c2sp.org/signed-note
    #[test]
    fn the_id_of_a_key_is_that_of_other_programs() {
        let key = STANDARD.decode("AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k").expect("base64");
        let key = VerifyingKey::from_bytes(key[1..].try_into().expect("32 bytes")).expect("a key");
        assert_eq!(hex::encode(key_id("example.com/foo", &key)), "530d903a");
        let note = "This is an example message.\n\n— example.com/foo \
            Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
        let (text, signatures) = parts(note).expect("a note");
        let signature = Signature::from_slice(&signatures[0].1[KEY_ID_BYTES..]).expect("64 bytes");
        assert!(key.verify_strict(text.as_bytes(), &signature).is_ok());
    }

    #[test]
    fn a_note_is_read_back() {
        let note = signer().sign(&checkpoint());
        assert!(
            note.starts_with(
                "redring/contoso/01\n20852163\nBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU=\n\n— redring/"
            )
        );
        assert_eq!(open(&note), Ok(checkpoint()));
        assert_eq!(read_unverified(&note), Ok(checkpoint()));
        let key: LogKey = signer().public_key().to_string().parse().expect("a key");
        assert_eq!(key, signer().public_key());
    }

    #[test]
    fn no_flipped_bit_is_accepted() {
        let note = signer().sign(&checkpoint());
        for bit in 0..note.len() * 8 {
            let mut bytes = note.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(open(&changed).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn what_is_not_written_exactly_so_is_malformed() {
        let note = signer().sign(&checkpoint());
        for (from, to) in [
            ("\n20852163\n", "\n020852163\n"),
            ("\n20852163\n", "\n+20852163\n"),
            ("\n20852163\n", "\n99999999999999999999\n"),
            ("\n20852163\n", "\n\n"),
            ("BQU=\n", "BQU\n"),
            ("BQU=\n", "BQU=\nextension\n"),
            ("BQU=\n", "BQU=\r\n"),
            ("\n\n", "\n"),
            ("— ", "- "),
            ("— redring", "—  redring"),
            ("redring/contoso/01\n2", "red ring/contoso/01\n2"),
        ] {
            let changed = note.replacen(from, to, 1);
            assert_ne!(changed, note, "{from:?}");
            assert_eq!(open(&changed), Err(CheckpointError::Malformed), "{from:?} to {to:?}");
        }
        assert_eq!(open(note.trim_end()), Err(CheckpointError::Malformed));
        assert_eq!(open(&format!("{note}\n")), Err(CheckpointError::Malformed));
        assert_eq!(open(""), Err(CheckpointError::Malformed));
        assert_eq!(open(&"a".repeat(NOTE_MAX_BYTES + 1)), Err(CheckpointError::Malformed));
    }

    #[test]
    fn another_key_and_another_log_are_refused() {
        let note = signer().sign(&checkpoint());
        let other = LogSigner::new(&Secret::new([8; 32]));
        assert_eq!(other.public_key().open(ORIGIN, &note), Err(CheckpointError::BadSignature));
        assert_eq!(signer().public_key().open("redring/contoso/02", &note), Err(CheckpointError::OtherLog));
    }

    #[test]
    fn signatures_of_others_are_left_aside() {
        let (ours, theirs) = (signer().sign(&checkpoint()), LogSigner::new(&Secret::new([8; 32])).sign(&checkpoint()));
        let line = |note: &str| note.split_once("\n\n").expect("a note").1.to_owned();
        assert_eq!(open(&format!("{ours}{}", line(&theirs))), Ok(checkpoint()));
        assert_eq!(open(&format!("{theirs}{}", line(&ours))), Ok(checkpoint()));
        let others = line(&theirs).repeat(SIGNATURES_MAX - 1);
        assert_eq!(open(&format!("{ours}{others}")), Ok(checkpoint()));
        assert_eq!(open(&format!("{ours}{others}{}", line(&theirs))), Err(CheckpointError::Malformed));
    }
}
