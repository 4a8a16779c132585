//! The lists of users and of groups, as two tabs.

use leptos::prelude::*;
use protocol::api::{GroupEntry, GroupList, UserEntry, UserList};

use super::add_group::AddGroup;
use super::add_user::AddUser;
use super::user_words::{STATE_IDS, STATES, UserStateBadge, last_login, state_id, state_name};
use super::{GROUPS, GROUPS_PATH, PATH, USERS, may_modify};
use crate::api::{ListQuery, people};
use crate::browser::page::{self, Step};
use crate::components::{Icon, SearchField, Symbol, Tab, Tabs, When, computed};
use crate::pages::heading::Heading;
use crate::pages::paged::{self, Answer, Filter, Listing, Page, Paged, Row, Words};

mod text {
    use super::Words;

    pub(super) const TITLE: &str = "Users and groups";
    pub(super) const LEAD: &str = "Who can sign in, and the groups that can be given roles together.";
    pub(super) const USERS: &str = "Users";
    pub(super) const GROUPS: &str = "Groups";
    pub(super) const ADD_USER: &str = "Add user";
    pub(super) const ADD_GROUP: &str = "Add group";
    pub(super) const IMPORT: &str = "Import";
    pub(super) const EXPORT: &str = "Export";
    pub(super) const SEARCH_USERS: &str = "Search users";
    pub(super) const USERS_EXAMPLE: &str = "Search by name or email";
    pub(super) const SEARCH_GROUPS: &str = "Search groups";
    pub(super) const GROUPS_EXAMPLE: &str = "Search by name";
    pub(super) const STATE: &str = "State";
    pub(super) const LAST_LOGIN: &str = "Last sign-in";
    pub(super) const ALL: &str = "All";
    pub(super) const USER_COLUMNS: &[&str] = &["Name", STATE, LAST_LOGIN];
    pub(super) const GROUP_COLUMNS: &[&str] = &["Name", "Members", "Assignments"];
    pub(super) const USER_WORDS: Words = Words {
        failed: "The users could not be loaded",
        none_title: "Nobody yet",
        none: "Add people one by one, or import a table of them.",
        no_match_title: "Nobody matches",
        no_match: "Try a part of the name or of the email address, or look at all of them.",
    };
    pub(super) const GROUP_WORDS: Words = Words {
        failed: "The groups could not be loaded",
        none_title: "No groups yet",
        none: "Give a role to a group once, and everybody who joins it has the role.",
        no_match_title: "No group matches",
        no_match: "Try a part of the name, or look at all groups.",
    };

    pub(super) fn members(n: u32) -> String {
        if n == 1 { "1 member".to_owned() } else { format!("{n} members") }
    }

    pub(super) fn assignments(n: u32) -> String {
        if n == 1 { "1 assignment".to_owned() } else { format!("{n} assignments") }
    }
}

/// Rows of one page.
const PAGE: u32 = 100;

#[component]
pub(super) fn Lists(tab: Signal<&'static str>) -> impl IntoView {
    let tabs = vec![
        Tab { id: USERS, name: text::USERS, path: PATH.to_owned() },
        Tab { id: GROUPS, name: text::GROUPS, path: GROUPS_PATH.to_owned() },
    ];
    let step = Callback::new(|event: leptos::ev::KeyboardEvent| {
        if Step::sideways(&event.key()).is_some_and(|step| page::step_focus(&event, ".tab", step)) {
            event.prevent_default();
        }
    });
    let tab = Memo::new(move |_| tab.get());
    let panel =
        computed(
            move || {
                if tab.get() == GROUPS { view! { <Groups/> }.into_any() } else { view! { <Users/> }.into_any() }
            },
        );
    view! {
        <div class="page-head">
            <Heading title=Signal::stored(text::TITLE.to_owned())/>
            <p class="lead page-lead">{text::LEAD}</p>
        </div>
        <Tabs label=text::TITLE tabs current=tab on_key=step/>
        <div role="tabpanel" id=move || format!("panel-{}", tab.get()) aria-labelledby=move || format!("tab-{}", tab.get())>
            {panel}
        </div>
    }
}

#[component]
fn Users() -> impl IntoView {
    let (filter, set_filter) = paged::filter_in_address(&STATE_IDS);
    let list = Paged::follow(filter, PAGE, Callback::new(ask_users));
    let adding = RwSignal::new(false);
    let may_modify = may_modify();
    let set_text = Callback::new(move |text| set_filter.run(Filter { text, ..filter.get_untracked() }));
    view! {
        <div class="toolbar">
            <Count list one="user" many="users"/>
            <a class="button" href=people::export_url() download="users.csv" rel="external">{text::EXPORT}</a>
            {may_modify.then(|| view! {
                <a class="button" href="/settings/people/import">{text::IMPORT}</a>
                <AddButton open=adding name=text::ADD_USER/>
            })}
        </div>
        <When condition=move || list.is_worth_searching()>
            <div class="filters">
                <SearchField
                    id="user-search"
                    label=text::SEARCH_USERS
                    placeholder=text::USERS_EXAMPLE
                    present=move || filter.with(|filter| filter.text.clone())
                    on_search=set_text
                    results=".table-link"
                    shortcut=true
                />
                <StateChoice filter set_filter/>
            </div>
        </When>
        <Listing
            list
            id="users"
            words=text::USER_WORDS
            symbol=Symbol::People
            on_show_all=Callback::new(move |()| set_filter.run(Filter::default()))
            rows=paged::table(list, "users", text::USERS, text::USER_COLUMNS)
        />
        <AddUser open=adding on_added=Callback::new(move |()| list.refresh())/>
    }
}

#[component]
fn Groups() -> impl IntoView {
    let (filter, set_filter) = paged::filter_in_address(&[]);
    let list = Paged::follow(filter, PAGE, Callback::new(ask_groups));
    let adding = RwSignal::new(false);
    let may_modify = may_modify();
    let set_text = Callback::new(move |text| set_filter.run(Filter { text, ..Filter::default() }));
    let add = move || may_modify.then(|| view! { <AddButton open=adding name=text::ADD_GROUP/> });
    view! {
        <div class="toolbar">
            <Count list one="group" many="groups"/>
            <When condition=move || 0 < list.n_all.get()>{add()}</When>
        </div>
        <When condition=move || list.is_worth_searching()>
            <SearchField
                id="group-search"
                label=text::SEARCH_GROUPS
                placeholder=text::GROUPS_EXAMPLE
                present=move || filter.with(|filter| filter.text.clone())
                on_search=set_text
                results=".table-link"
                shortcut=true
            />
        </When>
        <Listing
            list
            id="groups"
            words=text::GROUP_WORDS
            symbol=Symbol::People
            on_show_all=Callback::new(move |()| set_filter.run(Filter::default()))
            rows=paged::table(list, "groups", text::GROUPS, text::GROUP_COLUMNS)
            first_step=add
        />
        <AddGroup open=adding/>
    }
}

#[component]
fn Count(list: Paged, one: &'static str, many: &'static str) -> impl IntoView {
    let count = paged::count(list, one, many);
    view! { <p class="page-count toolbar-start" role="status">{computed(count)}</p> }
}

#[component]
fn AddButton(open: RwSignal<bool>, name: &'static str) -> impl IntoView {
    view! {
        <button type="button" class="button button-primary" aria-haspopup="dialog" on:click=move |_| open.set(true)>
            <Icon symbol=Symbol::Plus/>
            {name}
        </button>
    }
}

/// One state or all of them.
#[component]
fn StateChoice(filter: Memo<Filter>, set_filter: Callback<Filter>) -> impl IntoView {
    let choice = move |state: Option<&'static str>, name: &'static str| {
        view! {
            <label class="segment">
                <input
                    type="radio"
                    name="user-state"
                    prop:checked=move || filter.with(|filter| filter.state == state)
                    on:change=move |_| set_filter.run(Filter { state, ..filter.get_untracked() })
                />
                <span>{name}</span>
            </label>
        }
        .into_any()
    };
    view! {
        <fieldset class="segments">
            <legend class="only-read">{text::STATE}</legend>
            {choice(None, text::ALL)}
            {STATES.into_iter().map(|state| choice(Some(state_id(state)), state_name(state))).collect_view()}
        </fieldset>
    }
}

fn ask_users(query: ListQuery) -> Answer {
    Box::pin(async move {
        people::users(&query).await.map(|list: UserList| Page {
            rows: list.users.into_iter().map(user_row).collect(),
            n_matching: list.n_matching,
            n_all: list.n_all,
            next_cursor: list.next_cursor,
            notices: Vec::new(),
        })
    })
}

fn ask_groups(query: ListQuery) -> Answer {
    Box::pin(async move {
        people::groups(&query).await.map(|list: GroupList| Page {
            rows: list.groups.into_iter().map(group_row).collect(),
            n_matching: list.n_matching,
            n_all: list.n_all,
            next_cursor: list.next_cursor,
            notices: Vec::new(),
        })
    })
}

fn user_row(user: UserEntry) -> Row {
    Row::new(format!("{user:?}"), move || {
        let UserEntry { id, name, email, state, last_login_at, .. } = user.clone();
        view! {
            <tr role="row" class="table-row">
                <th role="rowheader" scope="row" class="table-main">
                    <a class="table-link" href=format!("{PATH}/users/{id}")>{name}</a>
                    <span class="table-note">{email}</span>
                </th>
                <td role="cell"><UserStateBadge state/></td>
                <td role="cell" class="table-end" data-label=text::LAST_LOGIN>{last_login(last_login_at)}</td>
            </tr>
        }
        .into_any()
    })
}

fn group_row(group: GroupEntry) -> Row {
    Row::new(format!("{group:?}"), move || {
        let GroupEntry { id, name, description, n_members, n_assignments } = group.clone();
        view! {
            <tr role="row" class="table-row">
                <th role="rowheader" scope="row" class="table-main">
                    <a class="table-link" href=format!("{GROUPS_PATH}/{id}")>{name}</a>
                    <span class="table-note">{description}</span>
                </th>
                <td role="cell">{text::members(n_members)}</td>
                <td role="cell" class="table-end">{text::assignments(n_assignments)}</td>
            </tr>
        }
        .into_any()
    })
}
