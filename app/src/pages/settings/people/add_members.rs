//! The field that makes people members of a group.

use leptos::prelude::*;
use protocol::api::{UserEntry, UserState};
use protocol::ids::{GroupId, UserId};

use super::user_words::state_name;
use crate::api::{ListQuery, people};
use crate::browser::task;
use crate::components::{Picker, PickerOption, PickerPhase, Symbol};
use crate::state::login::Login;

mod text {
    pub(super) const LABEL: &str = "Add members";
    pub(super) const EXAMPLE: &str = "Search everybody by name or email";
    pub(super) const AT_ONCE: &str = "Whoever you choose is a member at once.";
    pub(super) const USER: &str = "User";
}

/// The best so many are offered.
const OFFERED: u32 = 20;

#[component]
pub(super) fn AddMembers(
    group: GroupId,
    /// Who was added just now.
    added: RwSignal<Vec<PickerOption>>,
    on_changed: Callback<()>,
) -> impl IntoView {
    let login = expect_context::<Login>();
    let phase = RwSignal::new(PickerPhase::Searching);
    let error = RwSignal::new(None::<String>);
    let question = StoredValue::new(0_u32);
    let search = Callback::new(move |text: String| {
        question.update_value(|question| *question += 1);
        let present = question.get_value();
        let query = ListQuery { text, limit: OFFERED, ..ListQuery::default() };
        task::spawn(async move {
            let found = match login.noticing(people::users(&query).await) {
                Ok(list) => PickerPhase::Found(list.users.into_iter().map(option).collect()),
                Err(problem) => PickerPhase::Failed(problem.sentence()),
            };
            if question.try_get_value() == Some(present) {
                phase.try_set(found);
            }
        });
    });
    // Adds somebody, or takes it back.
    let change = move |option: PickerOption, is_member: bool| {
        let Ok(user) = option.key.parse::<UserId>() else { return };
        error.set(None);
        task::spawn(async move {
            let answer = if is_member {
                people::add_member(&group, &user).await
            } else {
                people::remove_member(&group, &user).await
            };
            match login.noticing(answer) {
                Ok(()) => {
                    added.try_update(|added| {
                        added.retain(|present| present.key != option.key);
                        if is_member {
                            added.push(option);
                        }
                    });
                    on_changed.run(());
                }
                Err(problem) => drop(error.try_set(Some(problem.sentence()))),
            }
        });
    };
    view! {
        <div class="panel-body">
            <Picker
                id="member"
                label=text::LABEL
                placeholder=text::EXAMPLE
                nothing_picked=text::AT_ONCE
                phase
                picked=added
                on_search=search
                on_pick=Callback::new(move |option| change(option, true))
                on_remove=Callback::new(move |option| change(option, false))
                error
            />
        </div>
    }
}

fn option(user: UserEntry) -> PickerOption {
    let detail = match user.state {
        UserState::Disabled => format!("{} · {}", user.email, state_name(user.state)),
        UserState::Active | UserState::Invited => user.email,
    };
    PickerOption { key: user.id.to_string(), kind: text::USER, symbol: Symbol::Person, name: user.name, detail }
}
