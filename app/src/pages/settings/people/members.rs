//! The members of a group.

use leptos::prelude::*;
use protocol::api::UserEntry;
use protocol::ids::{GroupId, UserId};

use super::add_members::AddMembers;
use super::user_words::UserStateBadge;
use super::{PATH, may_modify};
use crate::api::{ListQuery, people};
use crate::browser::{page, task};
use crate::components::{PickerOption, SearchField, Symbol, When, computed};
use crate::pages::paged::{self, Answer, Filter, Listing, Page, Paged, Row, Words};
use crate::state::login::Login;
use crate::state::toasts::Toasts;

mod text {
    use super::Words;

    pub(super) const TITLE: &str = "Members";
    pub(super) const SEARCH: &str = "Search members";
    pub(super) const EXAMPLE: &str = "Search among the members";
    pub(super) const REMOVE: &str = "Remove";
    pub(super) const WORDS: Words = Words {
        failed: "The members could not be loaded",
        none_title: "",
        none: "Nobody is in this group yet.",
        no_match_title: "",
        no_match: "No member matches.",
    };

    pub(super) fn removed(name: &str) -> String {
        format!("{name} is no member any more.")
    }
}

/// Rows of one page.
const PAGE: u32 = 25;

#[component]
pub(super) fn Members(group: GroupId, on_changed: Callback<()>) -> impl IntoView {
    let may_modify = may_modify();
    let login = expect_context::<Login>();
    let toasts = expect_context::<Toasts>();
    let text = RwSignal::new(String::new());
    let filter = Memo::new(move |_| Filter { text: text.get(), ..Filter::default() });
    let list = StoredValue::new(None::<Paged>);
    // Who was added just now, to see it and to take it back.
    let added = RwSignal::new(Vec::<PickerOption>::new());
    let changed = Callback::new(move |()| {
        if let Some(Some(list)) = list.try_get_value() {
            list.refresh();
        }
        on_changed.run(());
    });
    let remove = Callback::new(move |(id, name): (UserId, String)| {
        task::spawn(async move {
            match login.noticing(people::remove_member(&group, &id).await) {
                Ok(()) => {
                    let key = id.to_string();
                    added.try_update(|added| added.retain(|option| option.key != key));
                    toasts.done(text::removed(&name));
                    // The button that was pressed is about to go.
                    page::focus("#members");
                    changed.run(());
                }
                Err(error) => toasts.failed(error.sentence()),
            }
        });
    });
    let ask = Callback::new(move |query: ListQuery| -> Answer {
        Box::pin(async move {
            people::members(&group, &query).await.map(|list| Page {
                rows: list.users.into_iter().map(|user| row(user, remove)).collect(),
                n_matching: list.n_matching,
                n_all: list.n_all,
                next_cursor: list.next_cursor,
                notices: Vec::new(),
            })
        })
    });
    let paged = Paged::follow(filter, PAGE, ask);
    list.set_value(Some(paged));
    let count = paged::count(paged, "member", "members");
    view! {
        <section class="panel" aria-labelledby="members">
            <div class="panel-head">
                <h2 id="members" tabindex="-1">{text::TITLE}</h2>
                <p class="page-count" role="status">{computed(count)}</p>
            </div>
            {may_modify.then(|| view! { <AddMembers group added on_changed=changed/> })}
            <When condition=move || paged.is_worth_searching()>
                <div class="panel-body members-search">
                    <SearchField
                        id="member-search"
                        label=text::SEARCH
                        placeholder=text::EXAMPLE
                        present=text
                        on_search=Callback::new(move |found| text.set(found))
                        results="#member-rows a"
                    />
                </div>
            </When>
            <Listing
                list=paged
                id="member-rows"
                words=text::WORDS
                symbol=Symbol::People
                small=true
                on_show_all=Callback::new(move |()| text.set(String::new()))
                rows=move || view! { <ul class="entries" id="member-rows">{paged::rows(paged)}</ul> }
            />
        </section>
    }
}

fn row(user: UserEntry, remove: Callback<(UserId, String)>) -> Row {
    Row::new(format!("{user:?}"), move || {
        let UserEntry { id, name, email, state, .. } = user.clone();
        let label = format!("{} {name}", text::REMOVE);
        let removed = name.clone();
        let button = may_modify().then(move || {
            view! {
                <button
                    type="button"
                    class="button button-small"
                    aria-label=label
                    on:click=move |_| remove.run((id, removed.clone()))
                >
                    {text::REMOVE}
                </button>
            }
        });
        view! {
            <li class="entry member">
                <div class="member-name">
                    <a href=format!("{PATH}/users/{id}")>{name}</a>
                    <span class="faint">{email}</span>
                </div>
                <UserStateBadge state/>
                {button}
            </li>
        }
        .into_any()
    })
}
