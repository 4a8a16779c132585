//! A list that the server hands out page by page: what is loaded, what is asked for, and what stands in its place while
//! there is nothing. The same for rows of every kind, so that it is compiled once.

use std::pin::Pin;
use std::sync::Arc;

use leptos::prelude::*;
use protocol::api::{LiveEvent, ProblemCode};

use super::address;
use crate::api::{ApiError, ListQuery};
use crate::browser::{page, task};
use crate::components::{
    EmptyState, Entry, Icon, Notice, NoticeTone, RetryButton, Skeleton, Symbol, When, computed, effect, keyed_list,
};
use crate::state::live::Live;
use crate::state::login::Login;

mod text {
    pub(super) const MORE: &str = "Show more";
    pub(super) const LOADING: &str = "Loading more";
    pub(super) const SHOW_ALL: &str = "Show all";
}

/// The server hands out at most this many at once.
const MOST: u32 = 500;

/// What the person asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Filter {
    pub(super) text: String,
    pub(super) state: Option<&'static str>,
    /// What else is asked for, by the names that the server knows.
    pub(super) more: Vec<(&'static str, String)>,
}

impl Filter {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One of the list. It is drawn again when its key is new.
#[derive(Clone)]
pub(super) struct Row {
    key: String,
    draw: Arc<dyn Fn() -> AnyView + Send + Sync>,
}

impl Row {
    pub(super) fn new(key: String, draw: impl Fn() -> AnyView + Send + Sync + 'static) -> Self {
        Self { key, draw: Arc::new(draw) }
    }

    fn entry(self) -> Entry {
        Entry::new(self.key, move || (self.draw)())
    }
}

/// What the server answered.
#[derive(Default)]
pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    pub(super) n_matching: u32,
    pub(super) n_all: u32,
    pub(super) next_cursor: Option<String>,
    /// What holds for all of them.
    pub(super) notices: Vec<&'static str>,
}

pub(super) type Answer = Pin<Box<dyn Future<Output = Result<Page, ApiError>>>>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    Loading,
    Ready,
    Failed(ApiError),
}

#[derive(Clone, Copy)]
pub(super) struct Paged {
    pub(super) n_matching: RwSignal<u32>,
    pub(super) n_all: RwSignal<u32>,
    pub(super) notices: RwSignal<Vec<&'static str>>,
    rows: RwSignal<Vec<Row>>,
    phase: RwSignal<Phase>,
    /// The next page is on its way.
    extending: RwSignal<bool>,
    /// Why the next page did not come.
    trouble: RwSignal<Option<String>>,
    next_cursor: RwSignal<Option<String>>,
    filter: Memo<Filter>,
    page_size: u32,
    ask: Callback<ListQuery, Answer>,
    /// An answer to an older question is thrown away.
    question: StoredValue<u32>,
    login: Login,
}

impl Paged {
    /// Loads whatever `filter` asks for, now and whenever it changes, and again when the server says that much changed.
    pub(super) fn follow(filter: Memo<Filter>, page_size: u32, ask: Callback<ListQuery, Answer>) -> Self {
        let list = Self {
            n_matching: RwSignal::new(0),
            n_all: RwSignal::new(0),
            notices: RwSignal::new(Vec::new()),
            rows: RwSignal::new(Vec::new()),
            phase: RwSignal::new(Phase::Loading),
            extending: RwSignal::new(false),
            trouble: RwSignal::new(None),
            next_cursor: RwSignal::new(None),
            filter,
            page_size,
            ask,
            question: StoredValue::new(0),
            login: expect_context(),
        };
        effect(move || {
            filter.track();
            list.load(page_size);
        });
        expect_context::<Live>().on_event(move |event| {
            if matches!(event, LiveEvent::Reload | LiveEvent::SettingsChanged) {
                list.refresh();
            }
        });
        list
    }

    /// Loads from the start again, keeping what is there until the answer comes.
    pub(super) fn refresh(self) {
        let n_rows = self.rows.with_untracked(Vec::len) as u32;
        self.load(n_rows.clamp(self.page_size, MOST));
    }

    /// Whether this is known not to be for the person.
    pub(super) fn is_forbidden(self) -> bool {
        let is_refusal = |error: &ApiError| error.is(ProblemCode::Forbidden) || error.is(ProblemCode::NotFound);
        self.phase.with(|phase| matches!(phase, Phase::Failed(error) if is_refusal(error)))
    }

    pub(super) fn is_ready(self) -> bool {
        self.phase.with(|phase| *phase == Phase::Ready)
    }

    /// There is something to search in, or something is searched for.
    pub(super) fn is_worth_searching(self) -> bool {
        0 < self.n_all.get() || !self.filter.with(Filter::is_empty)
    }

    fn retry(self) {
        self.phase.set(Phase::Loading);
        self.load(self.page_size);
    }

    /// Loads the next page into the list with the id `within`.
    fn extend(self, within: &'static str) {
        let Some(cursor) = self.next_cursor.get_untracked() else { return };
        if self.extending.get_untracked() {
            return;
        }
        self.extending.set(true);
        self.trouble.set(None);
        let answer = self.ask.run(self.query(Some(cursor), self.page_size));
        let question = self.question.get_value();
        task::spawn(async move {
            let answer = self.login.noticing(answer.await);
            self.extending.try_set(false);
            if self.question.try_get_value() != Some(question) {
                return;
            }
            match answer {
                Ok(page) => self.append(page, within),
                Err(error) => self.trouble.set(Some(error.sentence())),
            }
        });
    }

    fn load(self, limit: u32) {
        let question = self.question.get_value() + 1;
        self.question.set_value(question);
        let answer = self.ask.run(self.query(None, limit));
        task::spawn(async move {
            let answer = self.login.noticing(answer.await);
            if self.question.try_get_value() != Some(question) {
                return;
            }
            match answer {
                Ok(page) => self.replace(page),
                Err(error) => self.phase.set(Phase::Failed(error)),
            }
        });
    }

    fn query(self, cursor: Option<String>, limit: u32) -> ListQuery {
        let Filter { text, state, more } = self.filter.get_untracked();
        ListQuery { text, state, more, cursor, limit }
    }

    fn replace(self, page: Page) {
        self.rows.set(page.rows);
        self.n_matching.set(page.n_matching);
        self.n_all.set(page.n_all);
        self.next_cursor.set(page.next_cursor);
        self.notices.set(page.notices);
        self.trouble.set(None);
        self.phase.set(Phase::Ready);
    }

    /// Whoever pressed the button that is gone now goes on with the first new row.
    fn append(self, page: Page, within: &'static str) {
        let n_before = self.rows.with_untracked(Vec::len);
        let is_last = page.next_cursor.is_none();
        self.rows.update(|rows| {
            for row in page.rows {
                if rows.iter().all(|present| present.key != row.key) {
                    rows.push(row);
                }
            }
        });
        self.n_matching.set(page.n_matching);
        self.next_cursor.set(page.next_cursor);
        if is_last {
            request_animation_frame(move || {
                if page::focus_is_lost() {
                    page::focus(&format!("#{within} > :nth-child({}) :is(a, button, summary)", n_before + 1));
                }
            });
        }
    }
}

/// The filter lives in the address, so that a link or a reload shows the same list. `states` are the ones that exist.
pub(super) fn filter_in_address(states: &'static [&'static str]) -> (Memo<Filter>, Callback<Filter>) {
    let (query, replace) = address::query();
    let filter = Memo::new(move |_| {
        query.with(|query| {
            let state = query.get_str("state");
            Filter {
                text: query.get("q").unwrap_or_default(),
                state: states.iter().copied().find(|id| state == Some(*id)),
                more: Vec::new(),
            }
        })
    });
    let set_filter = Callback::new(move |filter: Filter| {
        let state = filter.state.map(ToOwned::to_owned);
        replace.run(address::query_of([("q", Some(filter.text)), ("state", state)]));
    });
    (filter, set_filter)
}

/// What a list says about itself.
#[derive(Clone, Copy)]
pub(super) struct Words {
    pub(super) failed: &'static str,
    pub(super) none_title: &'static str,
    pub(super) none: &'static str,
    pub(super) no_match_title: &'static str,
    pub(super) no_match: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Loading,
    Failed(String),
    Rows,
    Nothing,
    NoMatch,
}

/// What stands in a list's place; `rows` draws the element with the id `id` that holds the rows.
#[component]
pub(super) fn Listing(
    list: Paged,
    id: &'static str,
    words: Words,
    symbol: Symbol,
    /// Inside a panel: no pictures.
    #[prop(optional)]
    small: bool,
    on_show_all: Callback<()>,
    #[prop(into)] rows: ViewFn,
    /// What to do while there is nothing.
    #[prop(optional, into)]
    first_step: ViewFn,
) -> impl IntoView {
    let shape = Memo::new(move |_| match list.phase.get() {
        Phase::Loading => Shape::Loading,
        Phase::Failed(error) => Shape::Failed(error.sentence()),
        Phase::Ready if list.rows.with(|rows| !rows.is_empty()) => Shape::Rows,
        Phase::Ready if list.filter.with(Filter::is_empty) => Shape::Nothing,
        Phase::Ready => Shape::NoMatch,
    });
    let first_step = StoredValue::new(first_step);
    let rows = StoredValue::new(rows);
    let show_all = move || {
        view! { <button type="button" class="button" on:click=move |_| on_show_all.run(())>{text::SHOW_ALL}</button> }
    };
    computed(move || match shape.get() {
        Shape::Loading if small => view! { <div class="panel-body"><Skeleton n_lines=3/></div> }.into_any(),
        Shape::Loading => view! { <div class="panel"><Skeleton n_lines=8/></div> }.into_any(),
        Shape::Failed(sentence) if small => view! {
            <div class="panel-body">
                <Notice tone=NoticeTone::Failed text=sentence><RetryButton on_retry=move |()| list.retry()/></Notice>
            </div>
        }
        .into_any(),
        Shape::Failed(sentence) => view! {
            <EmptyState symbol=Symbol::PlugOff title=words.failed text=sentence>
                <RetryButton on_retry=move |()| list.retry()/>
            </EmptyState>
        }
        .into_any(),
        Shape::Rows => view! { {rows.with_value(ViewFn::run)} <More list id/> }.into_any(),
        Shape::Nothing if small => view! { <p class="panel-body faint">{words.none}</p> }.into_any(),
        Shape::Nothing => view! {
            <EmptyState symbol title=words.none_title text=words.none>{first_step.with_value(ViewFn::run)}</EmptyState>
        }
        .into_any(),
        Shape::NoMatch if small => view! { <p class="panel-body faint">{words.no_match}</p> }.into_any(),
        Shape::NoMatch => view! {
            <EmptyState symbol=Symbol::Search title=words.no_match_title text=words.no_match>{show_all()}</EmptyState>
        }
        .into_any(),
    })
}

/// The rows themselves.
pub(super) fn rows(list: Paged) -> AnyView {
    keyed_list(move || list.rows.get().into_iter().map(Row::entry).collect())
}

/// The rows in a table whose arrow keys go from row to row.
pub(super) fn table(
    list: Paged,
    id: &'static str,
    label: &'static str,
    columns: &'static [&'static str],
) -> impl Fn() -> AnyView + Send + Sync + 'static {
    let step = move |event: leptos::ev::KeyboardEvent| {
        let step = page::Step::downwards(&event.key());
        if step.is_some_and(|step| page::step_focus(&event, ".table-link", step)) {
            event.prevent_default();
        }
    };
    move || {
        let head = |name: &&'static str| view! { <th role="columnheader" scope="col">{*name}</th> }.into_any();
        view! {
            <table class="table" role="table" aria-label=label aria-rowcount=move || list.n_matching.get().to_string()>
                <thead role="rowgroup"><tr role="row">{columns.iter().map(head).collect_view()}</tr></thead>
                <tbody role="rowgroup" id=id on:keydown=step>{rows(list)}</tbody>
            </table>
        }
        .into_any()
    }
}

#[component]
fn More(list: Paged, id: &'static str) -> impl IntoView {
    view! {
        <When condition=move || list.next_cursor.with(Option::is_some)>
            <div class="more">
                <button type="button" class="button" aria-busy=move || list.extending.get().then_some("true") on:click=move |_| list.extend(id)>
                    {move || if list.extending.get() {
                        view! { <span class="spinner" aria-hidden="true"></span> {text::LOADING} }.into_any()
                    } else {
                        view! { <Icon symbol=Symbol::ChevronDown/> {text::MORE} }.into_any()
                    }}
                </button>
                {move || list.trouble.get().map(|sentence| view! { <Notice tone=NoticeTone::Failed text=sentence urgent=true/> })}
            </div>
        </When>
    }
}

/// How many of how many: `3 of 120 people`.
pub(super) fn count(
    list: Paged,
    one: &'static str,
    many: &'static str,
) -> impl Fn() -> Option<String> + Send + 'static {
    move || {
        let (n_matching, n_all) = (list.n_matching.get(), list.n_all.get());
        let things = if n_all == 1 { one } else { many };
        let words =
            if n_matching == n_all { format!("{n_all} {things}") } else { format!("{n_matching} of {n_all} {things}") };
        list.is_ready().then_some(words)
    }
}
