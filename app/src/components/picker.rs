use std::time::Duration;

use leptos::html;
use leptos::prelude::*;

use super::field::Below;
use super::icon::{Icon, Symbol};
use super::keyed_list::{Entry, keyed_list};
use super::reactive::{computed, effect};
use crate::browser::page;

/// Long enough to type the next letter.
const PAUSE: Duration = Duration::from_millis(180);

/// What can be picked, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickerOption {
    /// Unique among all options of the picker.
    pub key: String,
    /// What kind of thing it is: `Room`, `Group`.
    pub kind: &'static str,
    pub symbol: Symbol,
    pub name: String,
    /// What tells it apart from others of the same name.
    pub detail: String,
}

/// What is known of the options for what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PickerPhase {
    Searching,
    Found(Vec<PickerOption>),
    /// A sentence about what went wrong.
    Failed(String),
}

/// A field that searches while somebody types, and the list of what they picked.
///
/// The arrow keys go through what was found, Enter picks, Escape closes the list.
#[component]
pub fn Picker(
    id: &'static str,
    label: &'static str,
    placeholder: &'static str,
    /// Stands where the list of picked ones will be.
    nothing_picked: &'static str,
    phase: RwSignal<PickerPhase>,
    #[prop(into)] picked: Signal<Vec<PickerOption>>,
    /// Told when what is typed has settled, also when it is nothing.
    on_search: Callback<String>,
    on_pick: Callback<PickerOption>,
    on_remove: Callback<PickerOption>,
    #[prop(optional, into)] error: Signal<Option<String>>,
) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let typed = RwSignal::new(String::new());
    let is_open = RwSignal::new(false);
    let active = RwSignal::new(None::<usize>);
    let options = Memo::new(move |_| match phase.get() {
        PickerPhase::Found(options) => options,
        _ => Vec::new(),
    });
    effect(move || {
        // What is found first may be picked with Enter at once, when something was typed.
        let is_searched = typed.with_untracked(|typed| !typed.trim().is_empty());
        active.set(options.with(|options| (is_searched && !options.is_empty()).then_some(0)));
    });
    let is_picked = move |key: &str| picked.with(|picked| picked.iter().any(|option| option.key == key));
    let n_typed = StoredValue::new(0_u32);
    let search = move |text: String| {
        phase.set(PickerPhase::Searching);
        n_typed.update_value(|n| *n = n.wrapping_add(1));
        let present = n_typed.get_value();
        set_timeout(
            move || {
                if n_typed.try_get_value() == Some(present) {
                    on_search.run(text.trim().to_owned());
                }
            },
            PAUSE,
        );
    };
    let open = move || {
        if !is_open.get_untracked() {
            search(typed.get_untracked());
            is_open.set(true);
        }
    };
    let pick = move |option: PickerOption| {
        if picked.with_untracked(|picked| picked.iter().all(|present| present.key != option.key)) {
            on_pick.run(option);
        }
        typed.set(String::new());
        is_open.set(false);
    };
    let step = move |by: isize| {
        let n = options.with_untracked(Vec::len);
        if 0 < n {
            let next = match active.get_untracked() {
                None if by < 0 => n - 1,
                None => 0,
                Some(present) => present.saturating_add_signed(by).min(n - 1),
            };
            active.set(Some(next));
            page::reveal(&option_id(id, next));
        }
    };
    let key_pressed = move |event: leptos::ev::KeyboardEvent| {
        match event.key().as_str() {
            "ArrowDown" | "ArrowUp" if !is_open.get_untracked() => open(),
            "ArrowDown" => step(1),
            "ArrowUp" => step(-1),
            "Enter" if is_open.get_untracked() => {
                let chosen = active.get_untracked();
                let option = chosen.and_then(|index| options.with_untracked(|options| options.get(index).cloned()));
                if let Some(option) = option {
                    pick(option);
                }
            }
            // Never sends the form around it by accident.
            "Enter" => {}
            "Escape" if is_open.get_untracked() => is_open.set(false),
            "Escape" => typed.set(String::new()),
            _ => return,
        }
        event.prevent_default();
    };
    let entries = keyed_list(move || {
        let entry = move |(index, option): (usize, PickerOption)| {
            let key = format!("{index} {} {}", option.key, option.detail);
            Entry::new(key, move || {
                let key = option.key.clone();
                let words = view! { <OptionWords option=option.clone()/> };
                view! {
                    <li
                        id=option_id(id, index)
                        class="picker-option"
                        role="option"
                        aria-selected=move || if active.get() == Some(index) { "true" } else { "false" }
                        on:pointermove=move |_| {
                            if active.get_untracked() != Some(index) {
                                active.set(Some(index));
                            }
                        }
                        on:click=move |_| pick(option.clone())
                    >
                        {words}
                        {move || is_picked(&key).then(|| view! {
                            <span class="picker-added"><Icon symbol=Symbol::Check/>"Added"</span>
                        }.into_any())}
                    </li>
                }
                .into_any()
            })
        };
        options.get().into_iter().enumerate().map(entry).collect()
    });
    let status = computed(move || is_open.get().then(|| status_words(&phase.get(), &typed.get())));
    let chosen = keyed_list(move || {
        let entry = move |option: PickerOption| {
            Entry::new(option.key.clone(), move || view! { <Picked id option on_remove/> }.into_any())
        };
        picked.get().into_iter().map(entry).collect()
    });
    view! {
        <div class="field picker">
            <label for=id>{label}</label>
            <div class="picker-box">
                <Icon symbol=Symbol::Search/>
                <input
                    id=id
                    node_ref=input
                    type="text"
                    class="input"
                    role="combobox"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder=placeholder
                    aria-autocomplete="list"
                    aria-expanded=move || if is_open.get() { "true" } else { "false" }
                    aria-controls=format!("{id}-list")
                    aria-activedescendant=move || {
                        active.get().filter(|_| is_open.get()).map(|index| option_id(id, index))
                    }
                    aria-describedby=format!("{id}-description")
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    prop:value=move || typed.get()
                    on:input=move |event| {
                        let text = event_target_value(&event);
                        typed.set(text.clone());
                        search(text);
                        is_open.set(true);
                    }
                    on:keydown=key_pressed
                    on:click=move |_| open()
                    on:blur=move |_| is_open.set(false)
                />
                // A press on the list leaves the focus in the field.
                <div
                    class="picker-list"
                    hidden=move || !is_open.get()
                    on:mousedown=move |event| event.prevent_default()
                >
                    <ul id=format!("{id}-list") role="listbox" aria-label=label>{entries}</ul>
                    <p class="picker-status" aria-hidden="true">{status.clone()}</p>
                </div>
            </div>
            <p class="only-read" role="status">{status}</p>
            <Below id hint=None error/>
            <ul class="picker-picked" aria-label=format!("{label}: added")>{chosen}</ul>
            {move || picked.with(Vec::is_empty).then(|| view! { <p class="picker-none">{nothing_picked}</p> }.into_any())}
        </div>
    }
}

#[component]
fn Picked(id: &'static str, option: PickerOption, on_remove: Callback<PickerOption>) -> impl IntoView {
    let removed = option.clone();
    let name = format!("Remove {} {}", option.kind.to_lowercase(), option.name);
    view! {
        <li class="picker-one">
            <OptionWords option/>
            <button
                type="button"
                class="button button-quiet button-icon"
                aria-label=name.clone()
                title=name
                on:click=move |_| {
                    on_remove.run(removed.clone());
                    page::focus(&format!("#{id}"));
                }
            >
                <Icon symbol=Symbol::Close/>
            </button>
        </li>
    }
}

#[component]
fn OptionWords(option: PickerOption) -> impl IntoView {
    let PickerOption { kind, symbol, name, detail, .. } = option;
    view! {
        <Icon symbol/>
        <span class="picker-words">
            <span class="picker-name">{name}</span>
            <span class="picker-detail">{detail}</span>
        </span>
        <span class="picker-kind">{kind}</span>
    }
}

fn option_id(id: &str, index: usize) -> String {
    format!("{id}-option-{index}")
}

fn status_words(phase: &PickerPhase, typed: &str) -> String {
    let typed = typed.trim();
    match phase {
        PickerPhase::Searching => "Searching".to_owned(),
        PickerPhase::Failed(sentence) => sentence.clone(),
        PickerPhase::Found(options) => match (options.len(), typed.is_empty()) {
            (0, true) => "There is nothing to choose yet".to_owned(),
            (0, false) => format!("Nothing matches “{typed}”"),
            (1, _) => "1 result".to_owned(),
            (n, true) => format!("{n} results. Type to find more."),
            (n, false) => format!("{n} results"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_says_what_was_found() {
        let option = PickerOption {
            key: "r".into(),
            kind: "Room",
            symbol: Symbol::Device,
            name: "Aurora".into(),
            detail: String::new(),
        };
        for (phase, typed, words) in [
            (PickerPhase::Searching, "a", "Searching"),
            (PickerPhase::Failed("Try again.".into()), "a", "Try again."),
            (PickerPhase::Found(vec![]), " x ", "Nothing matches “x”"),
            (PickerPhase::Found(vec![]), "", "There is nothing to choose yet"),
            (PickerPhase::Found(vec![option.clone()]), "a", "1 result"),
            (PickerPhase::Found(vec![option.clone(), option]), "a", "2 results"),
        ] {
            assert_eq!(status_words(&phase, typed), words);
        }
    }
}
