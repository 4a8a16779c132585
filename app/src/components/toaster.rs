use leptos::prelude::*;

use super::icon::{Icon, Symbol};
use super::keyed_list::{Entry, keyed_list};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToasterTone {
    Done,
    Info,
    Failed,
}

/// A short message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToasterItem {
    pub id: u32,
    pub tone: ToasterTone,
    pub text: String,
    /// A page to go to: its name and its path.
    pub link: Option<(String, String)>,
}

/// Short messages at the edge of the page, read out when they come.
#[component]
pub fn Toaster(#[prop(into)] items: Signal<Vec<ToasterItem>>, on_dismiss: Callback<u32>) -> impl IntoView {
    let toast = move |item: ToasterItem| {
        let ToasterItem { id, tone, text, link } = item;
        let (name, symbol) = match tone {
            ToasterTone::Done => ("done", Symbol::CheckCircle),
            ToasterTone::Info => ("info", Symbol::Bell),
            ToasterTone::Failed => ("failed", Symbol::CrossCircle),
        };
        let link = link.map(|(name, path)| {
            view! {
                <a class="toast-link" href=path on:click=move |_| on_dismiss.run(id)>{name}</a>
            }
            .into_any()
        });
        view! {
            <li class="toast" data-tone=name>
                <Icon symbol/>
                <p>{text} " " {link}</p>
                <button type="button" class="button button-quiet button-icon" aria-label="Dismiss" on:click=move |_| on_dismiss.run(id)>
                    <Icon symbol=Symbol::Close/>
                </button>
            </li>
        }
        .into_any()
    };
    let toasts = move || items.get().into_iter().map(|item| Entry::new(item.id, move || toast(item))).collect();
    view! {
        <section class="toaster" aria-label="Messages" aria-live="polite">
            <ul>
                {keyed_list(toasts)}
            </ul>
        </section>
    }
}
