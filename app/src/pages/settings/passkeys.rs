//! The person's passkeys: with what they sign in beside a password.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use protocol::api::{NewPasskey, Passkey, PasskeyAnswer, PasskeyList};
use protocol::ids::PasskeyId;

use super::fetched::{Arrival, Fetched};
use crate::api::passkeys as api;
use crate::browser::passkeys;
use crate::browser::{dates, page, task};
use crate::components::{ConfirmDialog, Dialog, Field, Icon, Notice, NoticeTone, SubmitButton, Symbol, computed};
use crate::pages::confirm::no_passkey;
use crate::state::login::Login;
use crate::state::toasts::Toasts;

mod text {
    pub(super) const TITLE: &str = "Passkeys";
    pub(super) const WHY: &str = "Sign in with your face, your finger or the PIN of your device instead of a password. A passkey cannot be guessed or phished, and it never leaves your device or password manager.";
    pub(super) const NONE: &str = "You have no passkey yet.";
    pub(super) const LAST: &str = "Once you have a passkey, you confirm with it that it is you. Add a second one on another device, so that a lost one does not shut you out.";
    pub(super) const UNAVAILABLE: &str =
        "This portal is open under a number instead of a host name. Browsers use passkeys for host names only.";
    pub(super) const UNSUPPORTED: &str =
        "This browser cannot use passkeys. Bring it up to date, or use Microsoft Edge.";
    pub(super) const ADD: &str = "Add a passkey";
    pub(super) const NAME: &str = "Name";
    pub(super) const NAME_HINT: &str = "So that you know it again, such as the device that it is on.";
    pub(super) const NAME_EXAMPLE: &str = "Work laptop";
    pub(super) const NO_NAME: &str = "Enter a name for the passkey.";
    pub(super) const CONTINUE: &str = "Continue";
    pub(super) const BUSY: &str = "Follow your device";
    pub(super) const ADDED: &str = "The passkey is added. You can sign in with it from now on.";
    pub(super) const REMOVE: &str = "Remove";
    pub(super) const REMOVE_ASK: &str = "Remove this passkey?";
    pub(super) const REMOVE_ENDS: &str =
        "You cannot sign in with it any more. Delete it on the device, too: it does not know that it is of no use now.";
    pub(super) const REMOVED: &str = "The passkey is removed.";

    pub(super) fn added(when: &str) -> String {
        format!("Added {when}")
    }

    pub(super) fn used(when: Option<&str>) -> String {
        when.map_or_else(|| "never used".to_owned(), |when| format!("last used {when}"))
    }

    pub(super) fn remove(name: &str) -> String {
        format!("Remove {name}")
    }
}

#[component]
pub(super) fn PasskeysPanel() -> impl IntoView {
    let list = Fetched::new();
    let load = move || list.take(api::passkeys());
    load();
    view! {
        <section class="panel" aria-labelledby="passkeys-heading">
            <div class="panel-head"><h2 id="passkeys-heading">{text::TITLE}</h2></div>
            <p class="panel-body panel-text">{text::WHY}</p>
            <Arrival state=list.state() n_lines=2 on_retry=move |()| load()>
                <Passkeys list on_change=Callback::new(move |()| load())/>
            </Arrival>
        </section>
    }
}

#[component]
fn Passkeys(list: Fetched<PasskeyList>, on_change: Callback<()>) -> impl IntoView {
    let adding = RwSignal::new(false);
    let removing = Removing { passkey: RwSignal::new(None), asking: RwSignal::new(false) };
    let is_available = Memo::new(move |_| list.value.with(|list| list.as_ref().is_some_and(|list| list.available)));
    let has_one =
        Memo::new(move |_| list.value.with(|list| list.as_ref().is_some_and(|list| !list.passkeys.is_empty())));
    let rows = computed(move || {
        let present = list.value.get()?.passkeys;
        let rows = present.into_iter().map(|passkey| row(passkey, removing)).collect_view();
        Some(view! { <ul class="passkeys">{rows}</ul> }.into_any())
    });
    // Apart from the rows, so that the focus stays on the button while they change.
    let below = computed(move || {
        let problem = if !is_available.get() {
            Some(text::UNAVAILABLE)
        } else if !passkeys::are_supported() {
            Some(text::UNSUPPORTED)
        } else {
            None
        };
        let below = match problem {
            Some(problem) => view! { <Notice tone=NoticeTone::Info text=problem/> }.into_any(),
            None => view! {
                <p class="panel-text">{move || if has_one.get() { text::LAST } else { text::NONE }}</p>
                <button type="button" class="button" id="add-passkey" aria-haspopup="dialog" on:click=move |_| adding.set(true)>
                    <Icon symbol=Symbol::Key/>
                    {text::ADD}
                </button>
            }
            .into_any(),
        };
        Some(below)
    });
    view! {
        {rows}
        <div class="panel-body panel-row panel-foot">{below}</div>
        <Add adding on_change/>
        <Remove removing on_change/>
    }
}

/// The passkey that the person is asked about.
#[derive(Clone, Copy)]
struct Removing {
    passkey: RwSignal<Option<Passkey>>,
    asking: RwSignal<bool>,
}

impl Removing {
    fn ask(self, passkey: Passkey) {
        self.passkey.set(Some(passkey));
        self.asking.set(true);
    }
}

fn row(passkey: Passkey, removing: Removing) -> AnyView {
    let when = text::added(&dates::date(passkey.created_at));
    let used = text::used(passkey.last_used_at.map(dates::date_time).as_deref());
    let name = passkey.name.clone();
    view! {
        <li class="panel-body panel-row passkey">
            <Icon symbol=Symbol::Key/>
            <div class="passkey-words"><strong>{name.clone()}</strong><p class="fine-print">{when} ", " {used}</p></div>
            <button type="button" class="button" aria-haspopup="dialog" aria-label=text::remove(&name) on:click=move |_| removing.ask(passkey.clone())>
                {text::REMOVE}
            </button>
        </li>
    }
    .into_any()
}

#[component]
fn Add(adding: RwSignal<bool>, on_change: Callback<()>) -> impl IntoView {
    view! {
        <Dialog open=adding title=text::ADD>
            <AddForm adding on_change/>
        </Dialog>
    }
}

#[component]
fn AddForm(adding: RwSignal<bool>, on_change: Callback<()>) -> impl IntoView {
    let login = expect_context::<Login>();
    let toasts = expect_context::<Toasts>();
    let name = RwSignal::new(String::new());
    let name_error = RwSignal::new(None::<String>);
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let named = name.with_untracked(|name| name.trim().to_owned());
        name_error.set(named.is_empty().then(|| text::NO_NAME.to_owned()));
        if named.is_empty() {
            page::focus("#passkey-name");
        }
        if named.is_empty() || busy.get_untracked() {
            return;
        }
        busy.set(true);
        error.set(None);
        task::spawn(async move {
            let added = add(login, named).await;
            busy.try_set(false);
            match added {
                Ok(()) => {
                    adding.try_set(false);
                    on_change.run(());
                    toasts.done(text::ADDED);
                }
                Err(sentence) => drop(error.try_set(Some(sentence))),
            }
        });
    };
    view! {
        <form class="form" novalidate=true on:submit=submit>
            {move || error.get().map(|text| view! { <Notice tone=NoticeTone::Failed text urgent=true/> })}
            <Field id="passkey-name" label=text::NAME hint=text::NAME_HINT placeholder=text::NAME_EXAMPLE value=name error=name_error required=true focused=true/>
            <SubmitButton label=text::CONTINUE busy_label=text::BUSY busy/>
        </form>
    }
}

async fn add(login: Login, name: String) -> Result<(), String> {
    let begun = login.noticing(api::begin_adding().await).map_err(|error| error.sentence())?;
    let credential = passkeys::create(&begun.options).await.map_err(|reason| no_passkey(reason).to_owned())?;
    let request = NewPasskey { name, answer: PasskeyAnswer { state: begun.state, credential } };
    login.noticing(api::add(&request).await).map(drop).map_err(|error| error.sentence())
}

#[component]
fn Remove(removing: Removing, on_change: Callback<()>) -> impl IntoView {
    let login = expect_context::<Login>();
    let toasts = expect_context::<Toasts>();
    let Removing { passkey: removed, asking } = removing;
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let remove = Callback::new(move |()| {
        let Some(id) = removed.with_untracked(|passkey| passkey.as_ref().map(|passkey| passkey.id)) else { return };
        busy.set(true);
        error.set(None);
        task::spawn(async move {
            let result = remove_one(login, id).await;
            busy.try_set(false);
            match result {
                Ok(()) => {
                    asking.try_set(false);
                    on_change.run(());
                    toasts.done(text::REMOVED);
                    // After the dialog has given the focus back to a button that goes.
                    request_animation_frame(|| {
                        page::focus("#add-passkey");
                    });
                }
                Err(sentence) => drop(error.try_set(Some(sentence))),
            }
        });
    });
    let name = move || removed.get().map(|passkey| view! { <p><strong>{passkey.name}</strong></p> });
    view! {
        <ConfirmDialog open=asking title=text::REMOVE_ASK confirm=text::REMOVE danger=true busy error on_confirm=remove>
            {name}
            <p>{text::REMOVE_ENDS}</p>
        </ConfirmDialog>
    }
}

async fn remove_one(login: Login, id: PasskeyId) -> Result<(), String> {
    login.noticing(api::remove(&id).await).map_err(|error| error.sentence())
}
