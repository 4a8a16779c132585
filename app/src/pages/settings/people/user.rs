//! `/settings/people/users/{user}`

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use protocol::api::{EditUser, Invitation, LiveEvent, ProblemCode, UserDetail, UserState};
use protocol::ids::UserId;

use super::held::{Assignments, Groups};
use super::invitation::InvitationLink;
use super::user_words::{UserStateBadge, last_login, state_meaning, state_name};
use super::{PATH, may_modify};
use crate::api::{ApiError, passkeys, people};
use crate::browser::{dates, page, task};
use crate::components::{ConfirmDialog, Field, Icon, Notice, NoticeTone, SaveButton, Symbol, When, computed, effect};
use crate::pages::heading::Heading;
use crate::pages::paged::Paged;
use crate::pages::reach::UserReachPanel;
use crate::pages::settings::fetched::{Fetched, PageArrival, PageWords};
use crate::state::live::Live;
use crate::state::login::Login;
use crate::state::toasts::Toasts;

mod text {
    pub(super) const BACK: &str = "All users";
    pub(super) const ACCOUNT: &str = "Account";
    pub(super) const NAME: &str = "Name";
    pub(super) const NAME_HINT: &str = "People in a room see it while this person is connected.";
    pub(super) const NO_NAME: &str = "Enter the person's name.";
    pub(super) const SAVE: &str = "Save name";
    pub(super) const SAVED: &str = "The name is saved.";
    pub(super) const EMAIL: &str = "Email";
    pub(super) const STATE: &str = "State";
    pub(super) const LAST_LOGIN: &str = "Last sign-in";
    pub(super) const ADDED: &str = "Added";
    pub(super) const INVITE: &str = "New invitation link";
    pub(super) const INVITE_WHY: &str = "For somebody who never signed in or forgot the password. A link from before stops working; the present password works until the new link is used.";
    pub(super) const PASSKEYS_WHY: &str = "For somebody who lost theirs, or whose device may be in wrong hands.";
    pub(super) const REMOVE_PASSKEYS: &str = "Remove passkeys";
    pub(super) const REMOVE_ASK: &str = "Remove all passkeys of this person?";
    pub(super) const REMOVE_ENDS: &str =
        "None of them can be used to sign in any more. The password or the identity provider is left.";
    pub(super) const REMOVED: &str = "The passkeys are removed.";
    pub(super) const DISABLE: &str = "Disable account";
    pub(super) const DISABLE_WHY: &str = "For somebody who left, or whose account may be in wrong hands.";
    pub(super) const DISABLE_ASK: &str = "Disable this account?";
    pub(super) const DISABLE_ENDS: &str =
        "The person is signed out everywhere at once, and remote-access sessions that they have open end.";
    pub(super) const DISABLE_KEEPS: &str =
        "Groups and assignments stay, so that nothing is lost when you enable the account again.";
    pub(super) const DISABLED: &str = "The account is disabled.";
    pub(super) const ENABLE: &str = "Enable account";
    pub(super) const ENABLE_WHY: &str = "Groups and assignments are as they were.";
    pub(super) const ENABLE_ASK: &str = "Enable this account?";
    pub(super) const ENABLE_GIVES: &str =
        "The person can sign in again, and has whatever the groups and assignments on this page give.";
    pub(super) const ENABLED: &str = "The account is enabled.";
    pub(super) const NO_GROUPS: &str = "In no group.";
    pub(super) const NO_ASSIGNMENTS: &str = "No role is given to this person.";
    pub(super) const MISSING_TITLE: &str = "This user does not exist";
    pub(super) const MISSING: &str = "Perhaps the address is mistyped.";
    pub(super) const FAILED_TITLE: &str = "The user could not be loaded";
}

/// The user of the page.
#[derive(Clone, Copy)]
struct Loaded {
    id: UserId,
    detail: Fetched<UserDetail>,
    /// Which rooms the person reaches; loaded again with the rest.
    reach: StoredValue<Option<Paged>>,
    login: Login,
    toasts: Toasts,
}

impl Loaded {
    fn follow(id: UserId) -> Self {
        let loaded = Self {
            id,
            detail: Fetched::new(),
            reach: StoredValue::new(None),
            login: expect_context(),
            toasts: expect_context(),
        };
        loaded.load();
        expect_context::<Live>().on_event(move |event| {
            if matches!(event, LiveEvent::Reload | LiveEvent::SettingsChanged) {
                loaded.load();
            }
        });
        loaded
    }

    fn load(self) {
        self.detail.take(async move { people::user(&self.id).await });
    }

    fn is_disabled(self) -> bool {
        self.detail.value.with(|detail| detail.as_ref().is_some_and(|detail| detail.user.state == UserState::Disabled))
    }

    fn has_passkeys(self) -> bool {
        self.detail.value.with(|detail| detail.as_ref().is_some_and(|detail| 0 < detail.n_passkeys))
    }

    fn name(self) -> String {
        self.detail.value.with(|detail| detail.as_ref().map(|detail| detail.user.name.clone()).unwrap_or_default())
    }

    /// Changes the name or the state. After a refusal the page shows the present state, so that the next try is based on
    /// it.
    async fn edit(self, name: Option<String>, disabled: Option<bool>) -> Result<(), ApiError> {
        let Some(UserDetail { user, version, .. }) = self.detail.value.get_untracked() else { return Ok(()) };
        let request = EditUser {
            name: name.unwrap_or(user.name),
            disabled: disabled.unwrap_or(user.state == UserState::Disabled),
            version,
        };
        let answer = self.login.noticing(people::edit_user(&self.id, &request).await);
        match answer {
            Ok(detail) => {
                self.detail.value.try_set(Some(detail));
                if let Some(Some(reach)) = self.reach.try_get_value() {
                    reach.refresh();
                }
                Ok(())
            }
            Err(error) => {
                if error.is(ProblemCode::Conflict) {
                    self.load();
                }
                Err(error)
            }
        }
    }
}

#[component]
pub(super) fn UserPage(id: UserId) -> impl IntoView {
    let loaded = Loaded::follow(id);
    let words = PageWords {
        list: PATH,
        back: text::BACK,
        missing_title: text::MISSING_TITLE,
        missing: text::MISSING,
        failed_title: text::FAILED_TITLE,
    };
    view! {
        <PageArrival state=loaded.detail.state() words on_retry=move |()| loaded.load()>
            <Ready loaded/>
        </PageArrival>
    }
}

#[component]
fn Ready(loaded: Loaded) -> impl IntoView {
    let state = Memo::new(move |_| loaded.detail.value.with(|detail| detail.as_ref().map(|detail| detail.user.state)));
    let groups =
        Memo::new(move |_| loaded.detail.value.with(|detail| detail.as_ref().map(|detail| detail.groups.clone())));
    let assignments =
        Memo::new(move |_| loaded.detail.value.with(|detail| detail.as_ref().map(|detail| detail.assignments.clone())));
    let badge = computed(move || state.get().map(|state| view! { <UserStateBadge state/> }));
    let groups = computed(move || groups.get().map(|groups| view! { <Groups groups none=text::NO_GROUPS/> }));
    let assignments =
        computed(move || assignments.get().map(|held| view! { <Assignments held none=text::NO_ASSIGNMENTS/> }));
    view! {
        <p class="back"><a href=PATH><Icon symbol=Symbol::ArrowLeft/>{text::BACK}</a></p>
        <div class="stack">
            <div class="page-head people-head">
                <Heading title=Signal::derive(move || loaded.name())/>
                <span role="status">{badge}</span>
            </div>
            <Account loaded/>
            {assignments}
            {groups}
            <UserReachPanel user=loaded.id on_ready=Callback::new(move |list| loaded.reach.set_value(Some(list)))/>
        </div>
    }
}

#[component]
fn Account(loaded: Loaded) -> impl IntoView {
    let may_modify = may_modify();
    let user = Memo::new(move |_| loaded.detail.value.with(|detail| detail.as_ref().map(|detail| detail.user.clone())));
    let facts = computed(move || {
        user.get().map(|user| {
            view! {
                <dl class="facts facts-wide panel-body">
                    <div><dt>{text::EMAIL}</dt><dd>{user.email}</dd></div>
                    <div>
                        <dt>{text::STATE}</dt>
                        <dd>{state_name(user.state)}<span class="fact-note">{state_meaning(user.state)}</span></dd>
                    </div>
                    <div><dt>{text::LAST_LOGIN}</dt><dd>{last_login(user.last_login_at)}</dd></div>
                    <div><dt>{text::ADDED}</dt><dd>{dates::date(user.created_at)}</dd></div>
                </dl>
            }
            .into_any()
        })
    });
    view! {
        <section class="panel" aria-labelledby="account-heading">
            <div class="panel-head"><h2 id="account-heading">{text::ACCOUNT}</h2></div>
            {facts}
            {may_modify.then(|| view! {
                <NameForm loaded/>
                <When condition=move || !loaded.is_disabled()><Invite loaded/></When>
                <When condition=move || loaded.has_passkeys()><Passkeys loaded/></When>
                <Switch loaded/>
            })}
        </section>
    }
}

#[component]
fn NameForm(loaded: Loaded) -> impl IntoView {
    let present = Memo::new(move |_| loaded.name());
    let name = RwSignal::new(present.get_untracked());
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    // What somebody typed stays; what nobody touched follows the account.
    let shown = StoredValue::new(present.get_untracked());
    effect(move || {
        let present = present.get();
        let is_touched = shown.with_value(|shown| name.with_untracked(|name| name != shown));
        if !is_touched {
            name.set(present.clone());
        }
        shown.set_value(present);
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let new = name.with_untracked(|name| name.trim().to_owned());
        error.set(new.is_empty().then(|| text::NO_NAME.to_owned()));
        if new.is_empty() {
            page::focus("#user-name");
        }
        if new.is_empty() || busy.get_untracked() || new == loaded.name() {
            return;
        }
        busy.set(true);
        task::spawn(async move {
            let result = loaded.edit(Some(new.clone()), None).await;
            busy.try_set(false);
            match result {
                Ok(()) => {
                    name.try_set(new);
                    loaded.toasts.done(text::SAVED);
                }
                Err(problem) => drop(error.try_set(Some(problem.sentence()))),
            }
        });
    };
    view! {
        <form class="panel-body panel-foot form" novalidate=true on:submit=submit>
            <Field id="user-name" label=text::NAME hint=text::NAME_HINT value=name error=error required=true/>
            <SaveButton label=text::SAVE busy changed=move || present.with(|present| name.with(|name| name.trim() != present))/>
        </form>
    }
}

#[component]
fn Invite(loaded: Loaded) -> impl IntoView {
    let made = RwSignal::new(None::<Invitation>);
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let ask = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        error.set(None);
        task::spawn(async move {
            let result = loaded.login.noticing(people::new_invitation(&loaded.id).await);
            busy.try_set(false);
            match result {
                Ok(invitation) => drop(made.try_set(Some(invitation))),
                Err(problem) => drop(error.try_set(Some(problem.sentence()))),
            }
        });
    };
    view! {
        <div class="panel-body panel-foot invite">
            <div class="panel-row">
                <p class="panel-text">{text::INVITE_WHY}</p>
                <button type="button" class="button" aria-busy=move || busy.get().then_some("true") on:click=ask>
                    <Icon symbol=Symbol::Key/>
                    {text::INVITE}
                </button>
            </div>
            {move || error.get().map(|text| view! { <Notice tone=NoticeTone::Failed text urgent=true/> })}
            <div role="status">{move || made.get().map(|invitation| view! { <InvitationLink invitation/> })}</div>
        </div>
    }
}

#[component]
fn Passkeys(loaded: Loaded) -> impl IntoView {
    let asking = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let remove = Callback::new(move |()| {
        busy.set(true);
        error.set(None);
        task::spawn(async move {
            let result = loaded.login.noticing(passkeys::remove_all(&loaded.id).await);
            busy.try_set(false);
            match result {
                Ok(()) => {
                    asking.try_set(false);
                    loaded.load();
                    loaded.toasts.done(text::REMOVED);
                }
                Err(problem) => drop(error.try_set(Some(problem.sentence()))),
            }
        });
    });
    view! {
        <div class="panel-body panel-foot panel-row">
            <p class="panel-text">{text::PASSKEYS_WHY}</p>
            <button type="button" class="button" aria-haspopup="dialog" on:click=move |_| asking.set(true)>
                <Icon symbol=Symbol::Key/>
                {text::REMOVE_PASSKEYS}
            </button>
        </div>
        <ConfirmDialog open=asking title=text::REMOVE_ASK confirm=text::REMOVE_PASSKEYS danger=true busy error on_confirm=remove>
            <p>{text::REMOVE_ENDS}</p>
        </ConfirmDialog>
    }
}

/// Disables the account, or enables it again, after a question.
#[component]
fn Switch(loaded: Loaded) -> impl IntoView {
    let disabling = RwSignal::new(false);
    let enabling = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let set_disabled = move |disabled: bool| {
        busy.set(true);
        error.set(None);
        task::spawn(async move {
            let result = loaded.edit(None, Some(disabled)).await;
            busy.try_set(false);
            match result {
                Ok(()) => {
                    let asking = if disabled { disabling } else { enabling };
                    asking.try_set(false);
                    loaded.toasts.done(if disabled { text::DISABLED } else { text::ENABLED });
                }
                Err(problem) => drop(error.try_set(Some(problem.sentence()))),
            }
        });
    };
    let is_disabled = Memo::new(move |_| loaded.is_disabled());
    view! {
        <div class="panel-body panel-foot panel-row">
            <p class="panel-text">{move || if is_disabled.get() { text::ENABLE_WHY } else { text::DISABLE_WHY }}</p>
            // One button for both, so that the focus stays on it.
            <button
                type="button"
                class="button"
                class:button-danger=move || !is_disabled.get()
                aria-haspopup="dialog"
                on:click=move |_| if is_disabled.get_untracked() { enabling.set(true) } else { disabling.set(true) }
            >
                {move || if is_disabled.get() { text::ENABLE } else { text::DISABLE }}
            </button>
        </div>
        <ConfirmDialog
            open=disabling
            title=text::DISABLE_ASK
            confirm=text::DISABLE
            danger=true
            busy
            error
            on_confirm=Callback::new(move |()| set_disabled(true))
        >
            <p>{text::DISABLE_ENDS}</p>
            <p>{text::DISABLE_KEEPS}</p>
        </ConfirmDialog>
        <ConfirmDialog
            open=enabling
            title=text::ENABLE_ASK
            confirm=text::ENABLE
            busy
            error
            on_confirm=Callback::new(move |()| set_disabled(false))
        >
            <p>{text::ENABLE_GIVES}</p>
        </ConfirmDialog>
    }
}
