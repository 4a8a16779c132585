//! *Settings > Audit log*: what happened in the organisation, newest first, and what narrows it down.

mod download;
mod filters;
mod row;

use leptos::prelude::*;
use protocol::api::AuditList;

use self::download::Download;
use self::filters::{FROM, Filters, TO, from_address};
use self::row::row;
use crate::api::{self, ListQuery};
use crate::browser::dates;
use crate::components::Symbol;
use crate::pages::heading::Heading;
use crate::pages::paged::{self, Answer, Filter, Listing, Page, Paged, Words};

mod text {
    use super::Words;

    pub(super) const TITLE: &str = "Audit log";
    pub(super) const LEAD: &str = "Who did what, when, and how it ended. What was typed or shown is never in it.";
    pub(super) const WORDS: Words = Words {
        failed: "The audit log could not be loaded",
        none_title: "Nothing yet",
        none: "What happens in your organisation is listed here.",
        no_match_title: "Nothing matches",
        no_match: "Choose other days or another kind, or look at everything.",
    };
}

/// Where the page is.
pub(super) const PATH: &str = "/settings/audit-log";
/// Entries of one page.
const PAGE: u32 = 100;
const LIST: &str = "events";

#[component]
pub(super) fn AuditPage() -> impl IntoView {
    let (filter, set_filter) = from_address();
    let list = Paged::follow(filter, PAGE, Callback::new(ask));
    view! {
        <div class="page-head">
            <Heading title=Signal::stored(text::TITLE.to_owned())/>
            <p class="lead page-lead">{text::LEAD}</p>
        </div>
        <Filters filter set_filter on_refresh=Callback::new(move |()| list.refresh())/>
        <Download filter/>
        <Listing
            list
            id=LIST
            words=text::WORDS
            symbol=Symbol::Clock
            on_show_all=Callback::new(move |()| set_filter.run(Filter::default()))
            rows=move || view! { <ol class="panel events" id=LIST aria-label=text::TITLE>{paged::rows(list)}</ol> }.into_any()
        />
    }
}

/// The moment that a chosen day stands for: people choose whole days.
fn moment(name: &str, day: &str) -> Option<i64> {
    let days_later = i32::from(name == TO);
    matches!(name, FROM | TO).then(|| dates::day_begins(day, days_later)).flatten()
}

fn ask(mut query: ListQuery) -> Answer {
    for (name, value) in &mut query.more {
        if let Some(at) = moment(name, value) {
            *value = at.to_string();
        }
    }
    Box::pin(async move {
        api::audit(&query).await.map(|list: AuditList| Page {
            rows: list.events.into_iter().map(row).collect(),
            next_cursor: list.next_cursor,
            ..Page::default()
        })
    })
}
