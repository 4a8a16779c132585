//! An event as a leaf of the log: its text in the one form that is hashed, stored and exported. Pure.
//!
//! The text is one JSON object in canonical form ([RFC 8785]: sorted keys, no white space) with everything that is known
//! of the event, its position, time and tenant among it. The leaf's data is this text and the event's salt.
//!
//! [RFC 8785]: https://www.rfc-editor.org/rfc/rfc8785

use std::borrow::Cow;

use jiff::Timestamp;
use protocol::api::UnixMillis;
use protocol::audit::Hash;
use protocol::ids::TenantId;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Bytes of a salt.
pub const SALT_BYTES: usize = 16;

/// The text of an event of `tenant` at the position `seq`. `None` when `body` is no JSON object.
pub fn text(body: &str, seq: u64, at: UnixMillis, tenant: &TenantId) -> Option<String> {
    let mut fields: Map<String, Value> = serde_json::from_str(body).ok()?;
    fields.insert("seq".to_owned(), seq.into());
    fields.insert("at".to_owned(), date(at).into());
    fields.insert("tenant".to_owned(), tenant.as_str().into());
    let mut text = Value::Object(fields);
    text.sort_all_objects();
    Some(text.to_string())
}

/// The body of an event that the log tells about itself.
pub fn of_log(event: &str, mut fields: Value) -> String {
    if let Some(fields) = fields.as_object_mut() {
        fields.insert("actor".to_owned(), json!({ "type": "server" }));
        fields.insert("event".to_owned(), event.into());
        fields.insert("version".to_owned(), env!("CARGO_PKG_VERSION").into());
    }
    fields.to_string()
}

/// Without the salt, which goes with the text, nobody can try whether a purged text was this or that.
pub fn leaf(text: &[u8], salt: &[u8]) -> Hash {
    Hash::of_leaf(&[text, salt])
}

/// RFC 3339 in UTC with milliseconds.
pub fn date(at: UnixMillis) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or(if at < 0 { Timestamp::MIN } else { Timestamp::MAX });
    format!("{at:.3}")
}

/// What every text says, and what some say.
#[derive(Debug, Deserialize)]
pub struct Head<'a> {
    pub seq: u64,
    #[serde(borrow)]
    at: Cow<'a, str>,
    #[serde(borrow)]
    pub tenant: Cow<'a, str>,
    #[serde(borrow)]
    pub event: Cow<'a, str>,
    #[serde(borrow, default)]
    pub session: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub room: Option<Cow<'a, str>>,
}

impl<'a> Head<'a> {
    /// `None` when the text is none of an event.
    pub fn read(text: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }

    /// `None` when it is no time.
    pub fn at(&self) -> Option<UnixMillis> {
        self.at.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    const BODY: &str = r#"{"event":"user.created","actor":{"type":"user","name":"Zoë \"Z\"","id":"01"},"email":"a@b"}"#;

    fn tenant() -> TenantId {
        TenantId::new("contoso").expect("a slug")
    }

    #[test]
    fn the_text_is_canonical_and_says_where_and_when() {
        let text = text(BODY, 7, 1_767_225_600_123, &tenant()).expect("an object");
        assert_eq!(
            text,
            r#"{"actor":{"id":"01","name":"Zoë \"Z\"","type":"user"},"at":"2026-01-01T00:00:00.123Z","email":"a@b","event":"user.created","seq":7,"tenant":"contoso"}"#
        );
        let head = Head::read(text.as_bytes()).expect("a head");
        assert_eq!((head.seq, head.at(), head.event.as_ref()), (7, Some(1_767_225_600_123), "user.created"));
        assert_eq!((head.tenant.as_ref(), head.session, head.room), ("contoso", None, None));
    }

    #[test]
    fn a_leaf_is_hashed_as_the_format_says() {
        let mut bytes = vec![0];
        bytes.extend_from_slice(b"{}");
        bytes.extend_from_slice(&[9; 16]);
        assert_eq!(leaf(b"{}", &[9; 16]).0, <[u8; 32]>::from(Sha256::digest(bytes)));
    }

    #[test]
    fn what_is_no_event_has_no_head() {
        for text in [
            "",
            "[]",
            r#"{"seq":1}"#,
            r#"{"seq":-1,"at":"","tenant":"","event":""}"#,
            r#"{"seq":1,"seq":1,"at":"","tenant":"","event":""}"#,
        ] {
            assert!(Head::read(text.as_bytes()).is_none(), "{text}");
        }
        assert!(super::text("[]", 0, 0, &tenant()).is_none());
    }

    #[test]
    fn dates_are_utc_with_milliseconds() {
        assert_eq!(date(1_767_225_600_123), "2026-01-01T00:00:00.123Z");
    }
}
