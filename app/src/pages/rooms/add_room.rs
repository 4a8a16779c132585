//! The dialog that adds a room.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use protocol::api::{CreateRoom, CreatedRoom, LiveEvent, RoomState};

use crate::api;
use crate::browser::{page, task};
use crate::components::{Dialog, Field, Icon, Notice, NoticeTone, SubmitButton, Symbol, effect};
use crate::pages::enrolment::EnrolmentSteps;
use crate::state::live::Live;
use crate::state::login::Login;

mod text {
    pub(super) const TITLE: &str = "Add room";
    pub(super) const NAME: &str = "Name";
    pub(super) const NAME_HINT: &str = "As it stands beside the door.";
    pub(super) const NAME_EXAMPLE: &str = "Aurora";
    pub(super) const PLACE: &str = "Place";
    pub(super) const PLACE_HINT: &str = "From the outside in, with slashes between.";
    pub(super) const PLACE_EXAMPLE: &str = "Germany/Berlin/HQ/Floor 2";
    pub(super) const SUBMIT: &str = "Add room";
    pub(super) const BUSY: &str = "Adding";
    pub(super) const NO_NAME: &str = "Enter a name for the room.";
    pub(super) const OPEN_ROOM: &str = "Open the room";
    pub(super) const WAITING: &str = "Waiting for the console";
    pub(super) const HERE: &str = "The console is here. Compare its key before you approve it.";
    pub(super) const COMPARE: &str = "Compare and approve";

    pub(super) fn added(name: &str) -> String {
        format!("{name} is added. One step is left: connect its console.")
    }
}

#[component]
pub(super) fn AddRoom(open: RwSignal<bool>, on_added: Callback<()>) -> impl IntoView {
    let added = RwSignal::new(None::<CreatedRoom>);
    effect(move || {
        if !open.get() {
            added.set(None);
        }
    });
    let on_created = Callback::new(move |created| {
        added.set(Some(created));
        on_added.run(());
    });
    view! {
        <Dialog open title=text::TITLE>
            {move || match added.get() {
                None => view! { <Form on_created/> }.into_any(),
                Some(created) => view! { <Added created/> }.into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn Form(on_created: Callback<CreatedRoom>) -> impl IntoView {
    let login = expect_context::<Login>();
    let name = RwSignal::new(String::new());
    let place = RwSignal::new(String::new());
    let name_error = RwSignal::new(None);
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let is_nameless = name.with_untracked(|name| name.trim().is_empty());
        name_error.set(is_nameless.then(|| text::NO_NAME.to_owned()));
        if is_nameless {
            page::focus("#room-name");
        }
        if is_nameless || busy.get_untracked() {
            return;
        }
        busy.set(true);
        error.set(None);
        let trimmed = |text: RwSignal<String>| text.get_untracked().trim().to_owned();
        let request = CreateRoom { name: trimmed(name), place: trimmed(place), id: None };
        task::spawn(async move {
            let result = login.noticing(api::create_room(&request).await);
            busy.try_set(false);
            match result {
                Ok(created) => on_created.run(created),
                Err(problem) => drop(error.try_set(Some(problem.sentence()))),
            }
        });
    };
    view! {
        <form class="form" novalidate=true on:submit=submit>
            {move || error.get().map(|error| view! { <Notice tone=NoticeTone::Failed text=error urgent=true/> })}
            <Field id="room-name" label=text::NAME hint=text::NAME_HINT placeholder=text::NAME_EXAMPLE value=name error=name_error required=true focused=true/>
            <Field id="room-place" label=text::PLACE hint=text::PLACE_HINT placeholder=text::PLACE_EXAMPLE value=place/>
            <SubmitButton label=text::SUBMIT busy_label=text::BUSY busy/>
        </form>
    }
}

#[component]
fn Added(created: CreatedRoom) -> impl IntoView {
    let CreatedRoom { room, enrolment } = created;
    let path = format!("/rooms/{}", room.id);
    let is_here = RwSignal::new(false);
    let id = room.id;
    expect_context::<Live>().on_event(move |event| match event {
        LiveEvent::Room { room, .. } if room.id == id => is_here.set(room.state != RoomState::NotEnrolled),
        _ => {}
    });
    let waiting = move || {
        if is_here.get() {
            view! { <Icon symbol=Symbol::CheckCircle/> {text::HERE} }.into_any()
        } else {
            view! { <span class="spinner" aria-hidden="true"></span> {text::WAITING} }.into_any()
        }
    };
    view! {
        <Notice tone=NoticeTone::Info text=text::added(&room.name)/>
        <EnrolmentSteps offer=enrolment/>
        <p class="enrolment-wait" role="status">{waiting}</p>
        <p class="dialog-actions">
            <a class=move || if is_here.get() { "button button-primary button-wide" } else { "button button-wide" } href=path>
                {move || if is_here.get() { text::COMPARE } else { text::OPEN_ROOM }}
            </a>
        </p>
    }
}
