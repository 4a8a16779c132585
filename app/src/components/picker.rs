use std::time::Duration;

use leptos::ev::KeyboardEvent;
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

/// What the parts of a picker share.
#[derive(Clone, Copy)]
struct State {
    id: &'static str,
    typed: RwSignal<String>,
    is_open: RwSignal<bool>,
    /// The option that Enter picks.
    active: RwSignal<Option<usize>>,
    options: Memo<Vec<PickerOption>>,
    phase: RwSignal<PickerPhase>,
    picked: Signal<Vec<PickerOption>>,
    n_typed: StoredValue<u32>,
    on_search: Callback<String>,
    on_pick: Callback<PickerOption>,
    on_remove: Callback<PickerOption>,
}

impl State {
    fn is_picked(self, key: &str) -> bool {
        self.picked.with(|picked| picked.iter().any(|option| option.key == key))
    }

    /// Searches once the person pauses.
    fn search(self) {
        self.phase.set(PickerPhase::Searching);
        self.n_typed.update_value(|n| *n = n.wrapping_add(1));
        let present = self.n_typed.get_value();
        set_timeout(
            move || {
                if self.n_typed.try_get_value() == Some(present) {
                    self.on_search.run(self.typed.with_untracked(|typed| typed.trim().to_owned()));
                }
            },
            PAUSE,
        );
    }

    fn open(self) {
        if !self.is_open.get_untracked() {
            self.is_open.set(true);
            self.search();
        }
    }

    fn pick(self, option: PickerOption) {
        if !untrack(|| self.is_picked(&option.key)) {
            self.on_pick.run(option);
        }
        self.typed.set(String::new());
        self.is_open.set(false);
    }

    fn pick_active(self) {
        let index = self.active.get_untracked().filter(|_| self.is_open.get_untracked());
        let option = index.and_then(|index| self.options.with_untracked(|options| options.get(index).cloned()));
        if let Some(option) = option {
            self.pick(option);
        }
    }

    fn step(self, by: isize) {
        let n = self.options.with_untracked(Vec::len);
        if 0 < n {
            let next = match self.active.get_untracked() {
                None if by < 0 => n - 1,
                None => 0,
                Some(present) => present.saturating_add_signed(by).min(n - 1),
            };
            self.active.set(Some(next));
            page::reveal(&option_id(self.id, next));
        }
    }

    fn press(self, event: &KeyboardEvent) {
        match event.key().as_str() {
            "ArrowDown" | "ArrowUp" if !self.is_open.get_untracked() => self.open(),
            "ArrowDown" => self.step(1),
            "ArrowUp" => self.step(-1),
            // Also when there is nothing to pick: it never sends the form around it by accident.
            "Enter" => self.pick_active(),
            "Escape" if self.is_open.get_untracked() => self.is_open.set(false),
            "Escape" => self.typed.set(String::new()),
            _ => return,
        }
        event.prevent_default();
    }
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
    let options = Memo::new(move |_| match phase.get() {
        PickerPhase::Found(options) => options,
        _ => Vec::new(),
    });
    let state = State {
        id,
        typed: RwSignal::new(String::new()),
        is_open: RwSignal::new(false),
        active: RwSignal::new(None),
        options,
        phase,
        picked,
        n_typed: StoredValue::new(0),
        on_search,
        on_pick,
        on_remove,
    };
    effect(move || {
        // What is found first may be picked with Enter at once, when something was typed.
        let is_searched = state.typed.with_untracked(|typed| !typed.trim().is_empty());
        state.active.set(options.with(|options| (is_searched && !options.is_empty()).then_some(0)));
        if state.is_open.get_untracked() {
            request_animation_frame(move || page::reveal(&format!("{id}-list")));
        }
    });
    let is_listing = move || state.is_open.get() && options.with(|options| !options.is_empty());
    let active = move || state.active.get().filter(|_| state.is_open.get()).map(|index| option_id(id, index));
    view! {
        <div class="field picker">
            <label for=id>{label}</label>
            <div class="picker-box">
                <Icon symbol=Symbol::Search/>
                <input
                    id=id
                    type="text"
                    class="input"
                    role="combobox"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder=placeholder
                    aria-autocomplete="list"
                    aria-expanded=move || if is_listing() { "true" } else { "false" }
                    aria-controls=format!("{id}-list")
                    aria-activedescendant=active
                    aria-describedby=format!("{id}-description")
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    prop:value=move || state.typed.get()
                    on:input=move |event| {
                        state.typed.set(event_target_value(&event));
                        state.is_open.set(true);
                        state.search();
                    }
                    on:keydown=move |event| state.press(&event)
                    on:click=move |_| state.open()
                    on:blur=move |_| state.is_open.set(false)
                />
                <Results state label/>
            </div>
            <Below id hint=None error/>
            <Chosen state label nothing_picked/>
        </div>
    }
}

/// What was found, below the field.
#[component]
fn Results(state: State, label: &'static str) -> impl IntoView {
    let options = state.options;
    let entries = keyed_list(move || {
        let entry = |(index, option): (usize, PickerOption)| {
            let key = format!("{index} {} {}", option.key, option.detail);
            Entry::new(key, move || view! { <Found state index option/> }.into_any())
        };
        options.get().into_iter().enumerate().map(entry).collect()
    });
    let status = computed(move || state.is_open.get().then(|| status_words(&state.phase.get(), &state.typed.get())));
    // A press on the list leaves the focus in the field.
    view! {
        <div
            class="picker-list"
            hidden=move || !state.is_open.get()
            on:mousedown=move |event| event.prevent_default()
        >
            <ul id=format!("{}-list", state.id) role="listbox" aria-label=label hidden=move || options.with(Vec::is_empty)>
                {entries}
            </ul>
            <p class="picker-status" aria-hidden="true">{status.clone()}</p>
        </div>
        <p class="only-read" role="status">{status}</p>
    }
}

#[component]
fn Found(state: State, index: usize, option: PickerOption) -> impl IntoView {
    let active = state.active;
    let key = option.key.clone();
    let words = view! { <OptionWords option=option.clone()/> };
    let point = move |_| {
        if active.get_untracked() != Some(index) {
            active.set(Some(index));
        }
    };
    view! {
        <li
            id=option_id(state.id, index)
            class="picker-option"
            role="option"
            aria-selected=move || if active.get() == Some(index) { "true" } else { "false" }
            on:pointermove=point
            on:click=move |_| state.pick(option.clone())
        >
            {words}
            {move || state.is_picked(&key).then(|| view! {
                <span class="picker-added"><Icon symbol=Symbol::Check/>"Added"</span>
            }.into_any())}
        </li>
    }
}

/// What was picked.
#[component]
fn Chosen(state: State, label: &'static str, nothing_picked: &'static str) -> impl IntoView {
    let picked = state.picked;
    let State { id, on_remove, .. } = state;
    let chosen = keyed_list(move || {
        let entry = |option: PickerOption| {
            Entry::new(option.key.clone(), move || view! { <Picked id option on_remove/> }.into_any())
        };
        picked.get().into_iter().map(entry).collect()
    });
    view! {
        <ul class="picker-picked" aria-label=format!("{label}: added")>{chosen}</ul>
        {move || picked.with(Vec::is_empty).then(|| view! { <p class="picker-none">{nothing_picked}</p> }.into_any())}
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
