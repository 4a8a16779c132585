//! Parts of long lists: a search, a place to go on from, and how much.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use serde::Deserialize;
use utoipa::IntoParams;

use super::error::{ApiError, ApiResult};
use crate::admin::reach::Part;

/// Longest search in bytes.
const QUERY_MAX_BYTES: usize = 200;
const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 500;

/// What part of a list is wanted
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Words that must all be in the name or what stands beside it, in any case
    #[serde(default)]
    q: String,
    /// `next_cursor` of the page before
    cursor: Option<String>,
    /// At most so many, up to 500
    limit: Option<usize>,
}

impl ListQuery {
    pub fn new(q: String, cursor: Option<String>, limit: Option<usize>) -> Self {
        Self { q, cursor, limit }
    }

    /// # Errors
    /// When the search is too long or the cursor none of ours.
    pub fn part(&self) -> ApiResult<Part> {
        let after = self.cursor.as_deref().map(Cursor::decode).transpose()?;
        Ok(Part {
            words: words(&self.q)?,
            after: after.map(|cursor| (cursor.sort_key, cursor.id)),
            limit: self.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX),
        })
    }
}

/// The words of a search in lower case.
///
/// # Errors
/// When the search is too long.
pub fn words(query: &str) -> ApiResult<Vec<String>> {
    if QUERY_MAX_BYTES < query.len() {
        return Err(ApiError::bad_request("q: the search is too long."));
    }
    Ok(query.to_lowercase().split_whitespace().map(str::to_owned).collect())
}

/// A place in a list that is in the order of names in lower case and then of ids: what is behind it follows on the next
/// page, also when others were added meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub sort_key: String,
    pub id: String,
}

impl From<(String, String)> for Cursor {
    fn from((sort_key, id): (String, String)) -> Self {
        Self { sort_key, id }
    }
}

impl Cursor {
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}\n{}", self.id, self.sort_key))
    }

    /// # Errors
    /// When the text is none of ours.
    pub fn decode(text: &str) -> ApiResult<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let parts = text.as_deref().and_then(|text| text.split_once('\n'));
        let (id, sort_key) = parts.ok_or_else(|| ApiError::bad_request("cursor: take it from the page before."))?;
        Ok(Self { sort_key: sort_key.to_owned(), id: id.to_owned() })
    }
}
