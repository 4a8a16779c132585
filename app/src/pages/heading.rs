//! The heading of a page: it names the document, and takes the focus when people come from another page.

use leptos::prelude::*;

use crate::browser::page;
use crate::components::effect;

/// Whether a page has been shown before: the first one leaves the focus alone.
#[derive(Clone, Copy)]
pub struct Navigated(StoredValue<bool>);

impl Navigated {
    /// Whatever comes next is another page.
    pub(super) fn mark(self) {
        self.0.set_value(true);
    }
}

impl Default for Navigated {
    fn default() -> Self {
        Self(StoredValue::new(false))
    }
}

/// The one `h1` of a page.
#[component]
pub(super) fn Heading(#[prop(into)] title: Signal<String>) -> impl IntoView {
    name_document(title);
    let navigated = expect_context::<Navigated>();
    if navigated.0.get_value() {
        request_animation_frame(|| {
            page::focus("main h1");
        });
    }
    navigated.mark();
    view! { <h1 tabindex="-1">{move || title.get()}</h1> }
}

/// Names the document after the page. A page that loads its contents again has no other name by it: what somebody else wrote
/// into the title stays.
pub(super) fn name_document(title: Signal<String>) {
    let title = Memo::new(move |_| title.get());
    effect(move || page::set_title(&format!("{} · Redring", title.get())));
}
