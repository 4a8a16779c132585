//! What a provider says about a person, beyond what the crate checks.

use openidconnect::AdditionalClaims;
use protocol::ids::ProviderId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// OpenID Connect Core 2: at most 255 ASCII characters.
const SUBJECT_MAX_BYTES: usize = 255;
/// Longest value of the groups claim that can be meant.
const GROUP_MAX_BYTES: usize = 512;

/// The claims of an ID token that its standard does not name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct OtherClaims(pub(super) Map<String, Value>);

impl AdditionalClaims for OtherClaims {}

/// Whom a provider named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) provider: ProviderId,
    /// With the subject, who it is: both as the provider writes them.
    pub(super) issuer: String,
    pub(super) subject: String,
    /// Only when the provider says that it is theirs.
    pub(super) verified_email: Option<String>,
    pub(super) name: Option<String>,
    /// The values of the groups claim; `None` when nobody asked for them.
    pub(super) groups: Option<Vec<String>>,
}

pub(super) fn is_sound_subject(subject: &str) -> bool {
    (1..=SUBJECT_MAX_BYTES).contains(&subject.len()) && subject.bytes().all(|b| b.is_ascii() && !b.is_ascii_control())
}

/// The values of the groups claim, or what is wrong with it. A claim that is missing names no group; but a provider that
/// says that the groups are elsewhere has not told them.
pub(super) fn groups(claims: &Map<String, Value>, claim: &str) -> Result<Option<Vec<String>>, &'static str> {
    let text = |value: &Value| match value {
        Value::String(text) if text.len() <= GROUP_MAX_BYTES => Ok(text.clone()),
        _ => Err("the groups claim holds something else than texts"),
    };
    match claims.get(claim) {
        Some(Value::Array(values)) => Ok(Some(values.iter().map(text).collect::<Result<_, _>>()?)),
        Some(value) => Ok(Some(vec![text(value)?])),
        None if claims.get("_claim_names").is_some_and(|names| names.get(claim).is_some()) => {
            Err("the groups are too many for the token")
        }
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: &Value) -> Result<Option<Vec<String>>, &'static str> {
        groups(claims.as_object().expect("an object"), "groups")
    }

    #[test]
    fn groups_are_texts() {
        assert_eq!(read(&json!({"groups": ["a", "b"]})), Ok(Some(vec!["a".to_owned(), "b".to_owned()])));
        assert_eq!(read(&json!({"groups": "a"})), Ok(Some(vec!["a".to_owned()])));
        assert_eq!(read(&json!({"groups": []})), Ok(Some(Vec::new())));
        assert_eq!(read(&json!({"roles": ["a"]})), Ok(None));
        for wrong in [
            json!({"groups": 1}),
            json!({"groups": null}),
            json!({"groups": {"a": true}}),
            json!({"groups": ["a", 1]}),
            json!({"groups": ["x".repeat(513)]}),
            json!({"_claim_names": {"groups": "src1"}}),
        ] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn subjects_are_short_and_plain() {
        for (subject, sound) in [
            ("a", true),
            (&*"x".repeat(255), true),
            ("", false),
            (&*"x".repeat(256), false),
            ("ä", false),
            ("a\n", false),
        ] {
            assert_eq!(is_sound_subject(subject), sound, "{subject}");
        }
    }
}
