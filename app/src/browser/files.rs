//! Files that a person hands to the page.

use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, File, HtmlInputElement};

/// A file that was chosen and not read yet.
#[derive(Debug, Clone)]
pub struct ChosenFile(File);

/// Why a file cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    TooLarge,
    /// Not text in UTF-8.
    NoText,
    /// The browser could not read it; perhaps it was moved.
    Gone,
}

impl ChosenFile {
    /// What the field of the event holds. The field is empty afterwards, so that the same file can be chosen again.
    pub fn take(event: &Event) -> Option<Self> {
        let field = event.target()?.dyn_into::<HtmlInputElement>().ok()?;
        let file = field.files()?.get(0)?;
        field.set_value("");
        Some(Self(file))
    }

    pub fn name(&self) -> String {
        self.0.name()
    }

    /// The whole text, of at most `most_bytes`.
    ///
    /// # Errors
    /// When the file is larger, is no text, or cannot be read.
    pub async fn text(&self, most_bytes: u32) -> Result<String, Unreadable> {
        if f64::from(most_bytes) < self.0.size() {
            return Err(Unreadable::TooLarge);
        }
        let text = JsFuture::from(self.0.text()).await.ok().and_then(|text| text.as_string());
        let text = text.ok_or(Unreadable::Gone)?;
        // What is no UTF-8 comes as this character.
        if text.contains('\u{fffd}') { Err(Unreadable::NoText) } else { Ok(text) }
    }
}
