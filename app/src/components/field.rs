use leptos::prelude::*;

use super::icon::{Icon, Symbol};

/// A labelled line of text.
#[component]
pub fn Field(
    id: &'static str,
    #[prop(into)] label: String,
    value: RwSignal<String>,
    /// The kind of `input`: `text`, `email`.
    #[prop(default = "text")]
    kind: &'static str,
    /// What the browser may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional, into)] placeholder: String,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional)] required: bool,
    #[prop(optional)] focused: bool,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                id=id
                name=id
                type=kind
                class="input"
                autocomplete=autocomplete
                autofocus=focused
                placeholder=placeholder
                required=required
                spellcheck="false"
                aria-describedby=description(id)
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            />
            <Below id hint error/>
        </div>
    }
}

/// A labelled text of several lines.
#[component]
pub fn LongField(
    id: &'static str,
    #[prop(into)] label: String,
    value: RwSignal<String>,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional, into)] error: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <textarea
                id=id
                name=id
                class="input"
                rows="2"
                autocomplete="off"
                aria-describedby=description(id)
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            ></textarea>
            <Below id hint error/>
        </div>
    }
}

/// A labelled number with its unit, as people type it.
#[component]
pub fn NumberField(
    id: &'static str,
    #[prop(into)] label: String,
    value: RwSignal<String>,
    unit: &'static str,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional, into)] error: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <div class="input-with-unit">
                <input
                    id=id
                    name=id
                    type="text"
                    inputmode="decimal"
                    class="input"
                    autocomplete="off"
                    aria-describedby=format!("{id}-unit {}", description(id))
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    prop:value=move || value.get()
                    on:input=move |event| value.set(event_target_value(&event))
                />
                <span id=format!("{id}-unit")>{unit}</span>
            </div>
            <Below id hint error/>
        </div>
    }
}

/// A password, hidden until the person asks to see it.
#[component]
pub fn PasswordField(
    id: &'static str,
    #[prop(into)] label: String,
    value: RwSignal<String>,
    autocomplete: &'static str,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional, into)] error: Signal<Option<String>>,
) -> impl IntoView {
    let visible = RwSignal::new(false);
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <div class="input-group">
                <input
                    id=id
                    name=id
                    type=move || if visible.get() { "text" } else { "password" }
                    class="input"
                    autocomplete=autocomplete
                    autocapitalize="off"
                    required=true
                    spellcheck="false"
                    aria-describedby=description(id)
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    prop:value=move || value.get()
                    on:input=move |event| value.set(event_target_value(&event))
                />
                <button
                    type="button"
                    class="input-button"
                    aria-controls=id
                    aria-pressed=move || if visible.get() { "true" } else { "false" }
                    aria-label="Show what I typed"
                    on:click=move |_| visible.update(|visible| *visible = !*visible)
                >
                    {move || view! { <Icon symbol=if visible.get() { Symbol::EyeOff } else { Symbol::Eye }/> }}
                </button>
            </div>
            <Below id hint error/>
        </div>
    }
}

#[component]
pub(super) fn Below(id: &'static str, hint: Option<String>, error: Signal<Option<String>>) -> impl IntoView {
    view! {
        <div class="field-below" id=description(id)>
            {hint.map(|hint| view! { <p class="field-hint">{hint}</p> }.into_any())}
            {move || error.get().map(|error| view! {
                <p class="field-error"><Icon symbol=Symbol::Alert/>{error}</p>
            }.into_any())}
        </div>
    }
}

fn description(id: &str) -> String {
    format!("{id}-description")
}
