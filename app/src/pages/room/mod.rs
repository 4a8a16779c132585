//! `/rooms/{room}` and `/rooms/{room}/remote-access`

mod approval;
mod loaded;
mod overview;
mod remote_access;
mod signals;
mod trust;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use protocol::api::{RoomDetail, RoomSummary};
use protocol::ids::RoomId;

use self::loaded::{Loaded, Phase};
use self::overview::Overview;
use self::remote_access::RemoteAccess;
use super::NotFound;
use super::heading::Heading;
use super::message::{LoadingPage, MessagePage};
use super::room_words::{CallBadge, PeopleBadge, StateBadge, place_words};
use crate::browser::page::{self, Step};
use crate::components::{Icon, RetryButton, Symbol, Tab, Tabs, computed};

mod text {
    pub(super) const ROOMS: &str = "Rooms";
    pub(super) const BACK: &str = "All rooms";
    pub(super) const TABS: &str = "Room";
    pub(super) const OVERVIEW: &str = "Overview";
    pub(super) const REMOTE_ACCESS: &str = "Remote access";
    pub(super) const MISSING_TITLE: &str = "This room does not exist";
    pub(super) const MISSING: &str = "Perhaps it was removed, or it is not one of your rooms.";
    pub(super) const FAILED_TITLE: &str = "The room could not be loaded";
    pub(super) const LOADING: &str = "Room";
}

const OVERVIEW: &str = "overview";
const REMOTE_ACCESS: &str = "remote-access";

#[component]
pub fn RoomPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get_str("room").and_then(|id| RoomId::new(id).ok())));
    let tab = Memo::new(move |_| params.with(|params| tab_of(params.get_str("tab"))));
    // Going from tab to tab leaves the page, and the focus on the tab, where they are.
    let is_tab = Memo::new(move |_| tab.with(Option::is_some));
    computed(move || match (id.get(), is_tab.get()) {
        (Some(id), true) => {
            let tab = Signal::derive(move || tab.get().unwrap_or(OVERVIEW));
            view! { <RoomView id tab/> }.into_any()
        }
        (None, true) => view! { <Missing/> }.into_any(),
        (_, false) => view! { <NotFound/> }.into_any(),
    })
}

fn tab_of(rest_of_path: Option<&str>) -> Option<&'static str> {
    match rest_of_path.map(|rest| rest.trim_end_matches('/')) {
        None | Some("") => Some(OVERVIEW),
        Some(REMOTE_ACCESS) => Some(REMOTE_ACCESS),
        Some(_) => None,
    }
}

#[component]
fn RoomView(id: RoomId, tab: Signal<&'static str>) -> impl IntoView {
    let loaded = Loaded::follow(id);
    let phase = Memo::new(move |_| loaded.phase.get());
    computed(move || match phase.get() {
        Phase::Loading => view! { <LoadingPage n_lines=7/> }.into_any(),
        Phase::Missing => view! { <Missing/> }.into_any(),
        Phase::Failed(error) => view! { <Failed loaded sentence=error.sentence()/> }.into_any(),
        Phase::Ready => view! { <Ready loaded tab/> }.into_any(),
    })
}

#[component]
fn Ready(loaded: Loaded, tab: Signal<&'static str>) -> impl IntoView {
    let summary = Memo::new(move |_| loaded.detail.with(|detail| detail.as_ref().map(summary)));
    let title = Signal::derive(move || {
        summary.with(|room| room.as_ref().map_or_else(|| text::LOADING.to_owned(), |room| room.name.clone()))
    });
    let path = loaded.id.with_value(|id| format!("/rooms/{id}"));
    let tabs = vec![
        Tab { id: OVERVIEW, name: text::OVERVIEW, path: path.clone() },
        Tab { id: REMOTE_ACCESS, name: text::REMOTE_ACCESS, path: format!("{path}/{REMOTE_ACCESS}") },
    ];
    let step = Callback::new(|event: leptos::ev::KeyboardEvent| {
        if Step::sideways(&event.key()).is_some_and(|step| page::step_focus(&event, ".tab", step)) {
            event.prevent_default();
        }
    });
    let panel = computed(move || {
        if tab.get() == REMOTE_ACCESS {
            view! { <RemoteAccess loaded/> }.into_any()
        } else {
            view! { <Overview loaded/> }.into_any()
        }
    });
    view! {
        <div class="page">
            <nav class="crumbs" aria-label=text::BACK>
                <a href="/rooms"><Icon symbol=Symbol::ArrowLeft/>{text::ROOMS}</a>
            </nav>
            <div class="room-head">
                <Heading title/>
                {move || summary.get().map(|room| view! { <Badges room/> })}
            </div>
            <Tabs label=text::TABS tabs current=tab on_key=step/>
            <div role="tabpanel" id=move || format!("panel-{}", tab.get()) aria-labelledby=move || format!("tab-{}", tab.get())>
                {panel}
            </div>
        </div>
    }
}

#[component]
fn Badges(room: RoomSummary) -> impl IntoView {
    view! {
        <span class="badges" aria-live="polite">
            <StateBadge state=room.state/>
            <PeopleBadge n_sessions=room.n_sessions/>
            <CallBadge call=room.call/>
        </span>
        <p class="room-where">{place_words(&room.place)}</p>
    }
}

#[component]
fn Missing() -> impl IntoView {
    view! {
        <MessagePage symbol=Symbol::Search title=text::MISSING_TITLE text=text::MISSING>
            <a class="button" href="/rooms"><Icon symbol=Symbol::ArrowLeft/>{text::BACK}</a>
        </MessagePage>
    }
}

#[component]
fn Failed(loaded: Loaded, sentence: String) -> impl IntoView {
    view! {
        <MessagePage symbol=Symbol::PlugOff title=text::FAILED_TITLE text=sentence>
            <RetryButton on_retry=move |()| loaded.retry()/>
        </MessagePage>
    }
}

fn summary(detail: &RoomDetail) -> RoomSummary {
    detail.summary.clone()
}
