//! `/settings/remote-access`: the organisation's opt-in and the policies beside it.

mod facts;
mod form;
mod notes;
mod quantity;

use leptos::prelude::*;
use protocol::api::{LiveEvent, RemoteAccessSettings};

use self::facts::Facts;
use self::form::{Form, FormView};
use self::notes::Notes;
use super::fetched::{Arrival, Fetched};
use crate::api;
use crate::components::computed;
use crate::pages::heading::Heading;
use crate::state::live::Live;
use crate::state::login::Login;

mod text {
    pub(super) const TITLE: &str = "Remote access";
    pub(super) const LEAD: &str = "Whether your organisation's consoles can be seen and used from the portal at all, and the rules that every session keeps to. Who reaches which room is decided by roles.";
}

#[component]
pub(super) fn RemoteAccessPage() -> impl IntoView {
    let login = expect_context::<Login>();
    let administers = Memo::new(move |_| login.administers());
    let settings = Fetched::new();
    let load = move || settings.take(api::remote_access_settings());
    load();
    expect_context::<Live>().on_event(move |event| {
        if matches!(event, LiveEvent::SettingsChanged | LiveEvent::Reload) {
            load();
        }
    });
    view! {
        <div class="page-head page-head-lead">
            <Heading title=Signal::stored(text::TITLE.to_owned())/>
            <p class="lead">{text::LEAD}</p>
        </div>
        <Arrival state=settings.state() n_lines=9 on_retry=move |()| load()>
            <div class="beside">
                <Notes/>
                {move || if administers.get() {
                    view! { <Change settings/> }.into_any()
                } else {
                    view! { <ReadOnly settings/> }.into_any()
                }}
            </div>
        </Arrival>
    }
}

#[component]
fn ReadOnly(settings: Fetched<RemoteAccessSettings>) -> impl IntoView {
    computed(move || settings.value.get().map(|settings| view! { <Facts settings/> }.into_any()))
}

#[component]
fn Change(settings: Fetched<RemoteAccessSettings>) -> impl IntoView {
    let form = settings.value.get_untracked().map(|present| Form::new(present, settings));
    form.map(|form| view! { <FormView form/> }.into_any())
}
