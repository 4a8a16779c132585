use leptos::html;
use leptos::prelude::*;

use super::icon::{Icon, Symbol};
use super::reactive::effect;
use crate::browser::elements;
use crate::browser::page::{self, Step};

/// What can be chosen in a list.
const CHOICES: &str = "[role=radio], [role^=menuitem]";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropDownKind {
    /// Commands: the choices have the role `menuitem`.
    Menu,
    /// One of several: the choices have the role `radio`.
    Choice,
}

impl DropDownKind {
    const fn role(self) -> &'static str {
        match self {
            Self::Menu => "menu",
            Self::Choice => "dialog",
        }
    }
}

/// A button and the list that opens below it.
///
/// The arrow keys, Home and End go through the choices. The list closes when one is chosen, with Escape, with Tab, with a
/// press outside and when the button is disabled; the focus goes back to the button.
#[component]
pub fn DropDown(
    /// Of the list.
    id: &'static str,
    label: &'static str,
    symbol: Symbol,
    kind: DropDownKind,
    button_class: &'static str,
    /// Beside the class `drop-down` that every list has.
    #[prop(optional)]
    list_class: &'static str,
    #[prop(into)] disabled: Signal<bool>,
    /// Told when the list opens and closes.
    #[prop(optional)]
    on_toggle: Option<Callback<bool>>,
    children: Children,
) -> impl IntoView {
    let list = NodeRef::<html::Div>::new();
    let is_open = RwSignal::new(false);
    // The browser moves the focus back to the button by itself.
    let close = move || {
        if let Some(list) = list.get_untracked() {
            // Nothing happens to a list that is shut already.
            let _ = list.hide_popover();
        }
    };
    let toggled = move |_| {
        let open = list.get_untracked().is_some_and(|list| elements::is_popover_open(&list));
        is_open.set(open);
        if open {
            focus_first_choice(id);
        }
        if let Some(on_toggle) = on_toggle {
            on_toggle.run(open);
        }
    };
    let key_pressed = move |event: leptos::ev::KeyboardEvent| {
        let key = event.key();
        if key == "Tab" {
            // The browser goes on from the button.
            close();
        } else if let Some(step) = Step::downwards(&key).or_else(|| Step::sideways(&key))
            && page::step_focus(&event, CHOICES, step)
        {
            event.prevent_default();
        }
    };
    // Before the choice's own listener: a dialog that it opens gives the focus back to where it was, which is the button.
    let clicked = move |event: leptos::ev::MouseEvent| {
        if page::is_within(&event, CHOICES) {
            close();
        }
    };
    effect(move || {
        if disabled.get() {
            close();
        }
    });
    let anchor = format!("--{id}");
    view! {
        <button
            type="button"
            class=button_class
            title=label
            popovertarget=id
            aria-haspopup=kind.role()
            aria-expanded=move || is_open.get().to_string()
            disabled=move || disabled.get()
            style:anchor-name=anchor.clone()
        >
            <Icon symbol/>
            <span>{label}</span>
        </button>
        <div
            id=id
            class=format!("drop-down {list_class}").trim_end().to_owned()
            popover="auto"
            role=kind.role()
            aria-label=label
            style:position-anchor=anchor
            node_ref=list
            on:toggle=toggled
            on:keydown=key_pressed
            on:click:capture=clicked
        >
            {children()}
        </div>
    }
}

/// The one that is chosen, or else the first.
fn focus_first_choice(id: &str) {
    let is_chosen = page::focus(&format!("#{id} [role=radio][aria-checked=true]"));
    if !is_chosen {
        page::focus(&format!("#{id} :is({CHOICES})"));
    }
}
