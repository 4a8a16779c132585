use leptos::prelude::*;

/// One of several, with a sentence about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    pub id: &'static str,
    pub name: &'static str,
    pub meaning: &'static str,
}

/// Radio buttons under a question.
#[component]
pub fn Choices(
    /// Tells this group apart from others on the page.
    group: &'static str,
    legend: &'static str,
    choices: Vec<Choice>,
    /// The id of the choice that holds.
    #[prop(into)]
    chosen: Signal<&'static str>,
    on_choose: Callback<&'static str>,
) -> impl IntoView {
    let choice = move |Choice { id, name, meaning }: Choice| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name=group
                    id=format!("{group}-{id}")
                    prop:checked=move || chosen.get() == id
                    aria-labelledby=format!("{group}-{id}-name")
                    aria-describedby=format!("{group}-{id}-meaning")
                    on:change=move |_| on_choose.run(id)
                />
                <span class="choice-name" id=format!("{group}-{id}-name")>{name}</span>
                <span class="choice-meaning" id=format!("{group}-{id}-meaning")>{meaning}</span>
            </label>
        }
        .into_any()
    };
    view! {
        <fieldset class="choices">
            <legend class="field-label">{legend}</legend>
            {choices.into_iter().map(choice).collect_view()}
        </fieldset>
    }
}
