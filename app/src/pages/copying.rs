//! Copying a text that a page shows.

use std::time::Duration;

use leptos::prelude::*;

use crate::browser::{clipboard, task};
use crate::components::{Copied, CopyWords};

pub(super) const WORDS: CopyWords = CopyWords {
    copy: "Copy",
    copied: "Copied",
    not_copied: "The browser did not allow copying. Select the text and copy it yourself.",
};

/// For so long the button says that it worked.
const SAID_FOR: Duration = Duration::from_secs(3);

/// What the button of a `CopyField` does.
pub(super) fn copying() -> Callback<(String, Copied)> {
    Callback::new(|(text, copied): (String, Copied)| {
        task::spawn(async move {
            let result = clipboard::copy(&text).await;
            copied.try_set(Some(result));
            let forget = move || {
                copied.try_set(None);
            };
            set_timeout(forget, SAID_FOR);
        });
    })
}
