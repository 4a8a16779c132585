use leptos::prelude::*;

use super::icon::{Icon, Symbol};

/// What a button to copy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyWords {
    pub copy: &'static str,
    pub copied: &'static str,
    /// The browser did not allow it.
    pub not_copied: &'static str,
}

/// How the last press of the button went; set by the listener, `None` again when it is old.
pub type Copied = RwSignal<Option<bool>>;

/// A text to copy, shown in full. The button itself says that it worked.
#[component]
pub fn CopyField(
    #[prop(into)] label: String,
    #[prop(into)] value: String,
    words: CopyWords,
    on_copy: Callback<(String, Copied)>,
) -> impl IntoView {
    let copied = Copied::new(None);
    let shown = value.clone();
    let symbol = move || if copied.get() == Some(true) { Symbol::Check } else { Symbol::Copy };
    view! {
        <div class="copy-field">
            <p class="copy-field-label">{label}</p>
            <div class="copy-field-box">
                <code class="copy-field-text" tabindex="0">{shown}</code>
                <button type="button" class="button" on:click=move |_| on_copy.run((value.clone(), copied))>
                    {move || view! { <Icon symbol=symbol()/> }}
                    {move || if copied.get() == Some(true) { words.copied } else { words.copy }}
                </button>
            </div>
            <p class="copy-field-trouble" role="status">{move || (copied.get() == Some(false)).then_some(words.not_copied)}</p>
        </div>
    }
}
