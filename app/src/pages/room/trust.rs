//! What people decide about a console: its key to compare, revoking it, and what to do when it was set aside.

use leptos::prelude::*;
use protocol::access::Permission;
use protocol::api::{ConsoleDetail, ThisConsole};
use protocol::ids::ConsoleId;

use super::loaded::Loaded;
use crate::api::{self, ApiError};
use crate::browser::{page, task};
use crate::components::{ConfirmDialog, Icon, Notice, NoticeTone, Symbol};
use crate::state::clock::Clock;
use crate::state::login::Login;
use crate::state::toasts::Toasts;

mod text {
    pub(super) const REVOKE: &str = "Revoke console";
    pub(super) const REVOKE_ASK: &str = "Revoke this console?";
    pub(super) const REVOKE_ENDS: &str =
        "Sessions on it end at once, and the console is told that it does not belong to this room any more.";
    pub(super) const REVOKE_BACK: &str =
        "Nobody can reach the room until a console is enrolled again with a new string.";
    pub(super) const REVOKED: &str = "The console is revoked.";
    pub(super) const TITLE: &str = "This console was set aside";
    pub(super) const WHY: &str = "Two machines took turns at connecting with this console's key, as after its disk was copied. No session can start until somebody decides.";
    pub(super) const FIND: &str = "Find the other machine, and stop the Redring agent on it.";
    pub(super) const ANEW: &str =
        "Revoke this console, then enrol the right machine with a new string: it gets a key of its own.";
    pub(super) const RELEASE_WHY: &str =
        "If you are sure that there is only one machine, such as one whose network kept breaking, trust it again.";
    pub(super) const RELEASE: &str = "Trust it again";
    pub(super) const RELEASE_ASK: &str = "Trust this console again?";
    pub(super) const RELEASE_ENDS: &str = "Whoever has a copy of its key can show people a picture of another machine. It is set aside again when two machines take turns.";
    pub(super) const RELEASED: &str = "The console is trusted again.";
    pub(super) const ADMINISTRATOR: &str = "An administrator of the room decides what happens.";
}

/// One decision at a time.
#[derive(Clone, Copy)]
pub(super) struct Decision {
    pub(super) busy: RwSignal<bool>,
    /// The question before it is open, when there is one.
    pub(super) asking: RwSignal<bool>,
    /// Why the last one did not work.
    pub(super) error: RwSignal<Option<String>>,
    loaded: Loaded,
    login: Login,
    toasts: Toasts,
}

impl Decision {
    pub(super) fn new(loaded: Loaded) -> Self {
        Self {
            busy: RwSignal::new(false),
            asking: RwSignal::new(false),
            error: RwSignal::new(None),
            loaded,
            login: expect_context(),
            toasts: expect_context(),
        }
    }

    /// Waits for the server's answer. What is decided about goes away, so the focus moves to the heading of the page.
    pub(super) fn make(self, answer: impl Future<Output = Result<(), ApiError>> + 'static, done: &'static str) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.error.set(None);
        task::spawn(async move {
            let result = self.login.noticing(answer.await);
            self.busy.try_set(false);
            match result {
                Ok(()) => {
                    self.toasts.done(done);
                    self.asking.try_set(false);
                    request_animation_frame(|| {
                        page::focus("main h1");
                    });
                }
                Err(problem) => drop(self.error.try_set(Some(problem.sentence()))),
            }
            // Also when somebody else was faster: what the page says is old then.
            self.loaded.refresh();
        });
    }
}

/// Eight groups of four, large enough to compare across a room.
#[component]
pub(super) fn FingerprintGroups(fingerprint: String) -> impl IntoView {
    let groups: Vec<_> = fingerprint.split(' ').map(|group| view! { <span>{group.to_owned()}" "</span> }).collect();
    view! { <p class="fingerprint">{groups}</p> }
}

/// The button that revokes a console, with its question.
#[component]
pub(super) fn Revoke(loaded: Loaded, console: ConsoleId) -> impl IntoView {
    let decision = Decision::new(loaded);
    let revoke = Callback::new(move |()| {
        let room = loaded.id.get_value();
        decision.make(async move { api::revoke_console(&room, &ThisConsole { console }).await }, text::REVOKED);
    });
    view! {
        <button type="button" class="button button-danger" aria-haspopup="dialog" on:click=move |_| decision.asking.set(true)>
            <Icon symbol=Symbol::PlugOff/>
            {text::REVOKE}
        </button>
        <ConfirmDialog
            open=decision.asking title=text::REVOKE_ASK confirm=text::REVOKE danger=true
            busy=decision.busy error=decision.error on_confirm=revoke
        >
            <p>{text::REVOKE_ENDS}</p>
            <p>{text::REVOKE_BACK}</p>
        </ConfirmDialog>
    }
}

/// Why a console was set aside, and the ways out.
#[component]
pub(super) fn SetAside(loaded: Loaded, console: ConsoleDetail) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let since = console.quarantined_at;
    let may_release = loaded.may(Permission::RoomModify);
    let may_revoke = loaded.may(Permission::RoomUnenroll);
    let id = console.id;
    view! {
        <section class="panel" aria-labelledby="set-aside">
            <div class="panel-head"><h2 id="set-aside" tabindex="-1">{text::TITLE}</h2></div>
            <div class="panel-body decision">
                <Notice tone=NoticeTone::Warning text=text::WHY/>
                <p class="fine-print">{move || since.map(|at| format!("Since {}", clock.at(at)))}</p>
                {if may_revoke {
                    view! {
                        <ol class="steps"><li><p>{text::FIND}</p></li><li><p>{text::ANEW}</p></li></ol>
                        <div class="trust-actions"><Revoke loaded console=id/></div>
                    }
                    .into_any()
                } else {
                    view! { <p>{text::ADMINISTRATOR}</p> }.into_any()
                }}
            </div>
            {may_release.then(|| view! { <Release loaded console=id/> }.into_any())}
        </section>
    }
}

#[component]
fn Release(loaded: Loaded, console: ConsoleId) -> impl IntoView {
    let decision = Decision::new(loaded);
    let release = Callback::new(move |()| {
        let room = loaded.id.get_value();
        decision.make(async move { api::release_console(&room, &ThisConsole { console }).await }, text::RELEASED);
    });
    view! {
        <div class="panel-body panel-row panel-foot">
            <p class="panel-text">{text::RELEASE_WHY}</p>
            <button type="button" class="button" aria-haspopup="dialog" on:click=move |_| decision.asking.set(true)>{text::RELEASE}</button>
        </div>
        <ConfirmDialog
            open=decision.asking title=text::RELEASE_ASK confirm=text::RELEASE
            busy=decision.busy error=decision.error on_confirm=release
        >
            <p>{text::RELEASE_ENDS}</p>
        </ConfirmDialog>
    }
}
