//! What the steps of the wizards hold; the pages that edit show some of them, too.

use leptos::prelude::*;
use protocol::access::Permission;

use super::draft::{Draft, Step, member_options, scope_options};
use crate::api::{self, ApiError};
use crate::browser::task;
use crate::components::{
    Choice, Choices, Field, Icon, LongField, Notice, NoticeTone, Picker, PickerOption, PickerPhase, RingMark, Symbol,
    When,
};
use crate::pages::settings::permissions::{
    AREAS, Area, Entry, REMOTE_ACCESS, including, name, whole_organisation_areas,
};
use crate::state::login::Login;

mod text {
    pub(super) const NAME: &str = "Name";
    pub(super) const ROLE_NAME_HINT: &str = "What people with this role do, for example Console technicians.";
    pub(super) const DESCRIPTION: &str = "Description (optional)";
    pub(super) const ROLE_DESCRIPTION_HINT: &str = "Who should have this role, and who should not.";
    pub(super) const WHOLE: &str = "Counts only in assignments for the whole organisation.";
    pub(super) const REMOTE_ACCESS_NOTE: &str =
        "Gives nothing by itself: people reach the consoles of the rooms that an assignment names.";
    pub(super) const WHEN: &str = "When do you want to assign this role?";
    pub(super) const NOW: &str = "Add members and rooms now";
    pub(super) const NOW_MEANING: &str = "The role takes effect as soon as it is saved.";
    pub(super) const LATER: &str = "Add members and rooms later";
    pub(super) const LATER_MEANING: &str = "The role is saved without an assignment, and gives nobody anything yet.";
    pub(super) const ASSIGNMENT_NAME: &str = "Name of the assignment";
    pub(super) const ASSIGNMENT_NAME_HINT: &str = "Who and where, for example Night shift in Berlin.";
    pub(super) const ASSIGNMENT_DESCRIPTION_HINT: &str = "Why, and until when.";
    pub(super) const MEMBERS: &str = "Search people and groups";
    pub(super) const MEMBERS_PLACEHOLDER: &str = "Name or e-mail address";
    pub(super) const NO_MEMBERS: &str = "Nobody is added yet.";
    pub(super) const SHORT: &str =
        "This role gives remote access. Add only people who need it: everybody here can see these rooms' displays.";
    pub(super) const WHERE: &str = "Where does it count?";
    pub(super) const PARTS: &str = "Chosen rooms, room groups and places";
    pub(super) const PARTS_MEANING: &str = "Rooms that come to a group or a place later are included by themselves.";
    pub(super) const EVERYWHERE: &str = "The whole organisation";
    pub(super) const EVERYWHERE_MEANING: &str = "Every room, present and future, and what belongs to no room.";
    pub(super) const SCOPE: &str = "Search rooms, room groups and places";
    pub(super) const SCOPE_PLACEHOLDER: &str = "Room, building, floor or city";
    pub(super) const NO_SCOPE: &str = "Nothing is added yet.";

    pub(super) fn included(in_what: &str) -> String {
        format!("Included in {in_what}.")
    }

    pub(super) fn narrow(areas: &str) -> String {
        format!(
            "{areas}: these permissions of the role count only for the whole organisation. With a narrower scope they have no effect."
        )
    }
}

#[component]
pub(super) fn GeneralFields(draft: Draft) -> impl IntoView {
    view! {
        <Field
            id="role-name"
            label=text::NAME
            hint=text::ROLE_NAME_HINT
            value=draft.name
            error=move || draft.fault(Step::General, "role-name")
            required=true
        />
        <LongField
            id="role-description"
            label=text::DESCRIPTION
            hint=text::ROLE_DESCRIPTION_HINT
            value=draft.description
            error=move || draft.fault(Step::General, "role-description")
        />
    }
}

#[component]
pub(super) fn PermissionFields(draft: Draft) -> impl IntoView {
    view! {
        <div id="permissions" tabindex="-1" class="areas">
            {move || draft.fault(Step::Permissions, "permissions").map(|fault| view! {
                <p class="field-error" role="alert"><Icon symbol=Symbol::Alert/>{fault}</p>
            }.into_any())}
            {AREAS.iter().map(|area| view! { <AreaFields draft area/> }.into_any()).collect_view()}
        </div>
    }
}

#[component]
fn AreaFields(draft: Draft, area: &'static Area) -> impl IntoView {
    let is_remote_access = area.id == REMOTE_ACCESS;
    let note = if is_remote_access { text::REMOTE_ACCESS_NOTE } else { text::WHOLE };
    view! {
        <fieldset class="area" data-area=area.id>
            <legend>
                {is_remote_access.then(|| view! { <RingMark/> }.into_any())}
                {area.name}
            </legend>
            {(area.whole_organisation || is_remote_access).then(|| view! { <p class="area-note">{note}</p> }.into_any())}
            {area.entries.iter().map(|entry| view! { <Tick draft entry/> }.into_any()).collect_view()}
        </fieldset>
    }
}

#[component]
fn Tick(draft: Draft, entry: &'static Entry) -> impl IntoView {
    let Entry { permission, name: short, meaning } = *entry;
    let id = format!("permission-{}", permission.id().replace(['.', '_'], "-"));
    let name_id = format!("{id}-name");
    let meaning_id = format!("{id}-meaning");
    let included = Memo::new(move |_| draft.permissions.with(|ticked| including(ticked, permission)));
    let is_ticked = move || draft.permissions.with(|ticked| ticked.contains(&permission)) || included.get().is_some();
    let tick = move |on: bool| {
        draft.permissions.update(|ticked| {
            ticked.retain(|present| *present != permission);
            if on {
                ticked.push(permission);
            }
        });
    };
    view! {
        <label class="choice choice-plain" class:choice-included=move || included.get().is_some()>
            <input
                type="checkbox"
                id=id
                prop:checked=is_ticked
                disabled=move || included.get().is_some()
                aria-labelledby=name_id.clone()
                aria-describedby=meaning_id.clone()
                on:change=move |event| tick(event_target_checked(&event))
            />
            <span class="choice-name" id=name_id>{short}</span>
            <span class="choice-meaning" id=meaning_id>
                {meaning}
                {move || included.get().map(|other| format!(" {}", text::included(&name(other))))}
            </span>
        </label>
    }
}

/// Whether a new role is assigned at once.
#[component]
pub(super) fn WhenToAssign(draft: Draft) -> impl IntoView {
    let choices = vec![
        Choice { id: "now", name: text::NOW, meaning: text::NOW_MEANING },
        Choice { id: "later", name: text::LATER, meaning: text::LATER_MEANING },
    ];
    view! {
        <Choices
            group="assign"
            legend=text::WHEN
            choices
            chosen=move || if draft.assigns.get() { "now" } else { "later" }
            on_choose=Callback::new(move |id| draft.assigns.set(id == "now"))
        />
    }
}

#[component]
pub(super) fn AssignmentFields(draft: Draft) -> impl IntoView {
    view! {
        <Field
            id="assignment-name"
            label=text::ASSIGNMENT_NAME
            hint=text::ASSIGNMENT_NAME_HINT
            value=draft.assignment_name
            error=move || draft.fault(Step::Assignment, "assignment-name")
            required=true
        />
        <LongField
            id="assignment-description"
            label=text::DESCRIPTION
            hint=text::ASSIGNMENT_DESCRIPTION_HINT
            value=draft.assignment_description
            error=move || draft.fault(Step::Assignment, "assignment-description")
        />
    }
}

#[component]
pub(super) fn MemberFields(draft: Draft) -> impl IntoView {
    let found = Found::new();
    let search = move |text: String| {
        found.take(async move {
            let matches = api::search_members(&text).await?;
            Ok(member_options(matches.users, matches.groups))
        });
    };
    let gives_access = move || draft.permissions.with(|ticked| ticked.iter().any(|one| one.access().is_some()));
    view! {
        <When condition=gives_access>
            <Notice tone=NoticeTone::Info text=text::SHORT/>
        </When>
        <Picker
            id="members"
            label=text::MEMBERS
            placeholder=text::MEMBERS_PLACEHOLDER
            nothing_picked=text::NO_MEMBERS
            phase=found.phase
            picked=draft.members
            on_search=Callback::new(search)
            on_pick=Callback::new(move |option| draft.members.update(|members| members.push(option)))
            on_remove=Callback::new(move |option: PickerOption| {
                draft.members.update(|members| members.retain(|member| member.key != option.key));
            })
            error=move || draft.fault(Step::Members, "members")
        />
    }
}

#[component]
pub(super) fn ScopeFields(draft: Draft) -> impl IntoView {
    let found = Found::new();
    let search = move |text: String| {
        found.take(async move {
            let matches = api::search_scopes(&text).await?;
            Ok(scope_options(matches.rooms, matches.room_groups, matches.places))
        });
    };
    let choices = vec![
        Choice { id: "parts", name: text::PARTS, meaning: text::PARTS_MEANING },
        Choice { id: "everywhere", name: text::EVERYWHERE, meaning: text::EVERYWHERE_MEANING },
    ];
    view! {
        <Choices
            group="where"
            legend=text::WHERE
            choices
            chosen=move || if draft.everywhere.get() { "everywhere" } else { "parts" }
            on_choose=Callback::new(move |id| draft.everywhere.set(id == "everywhere"))
        />
        <When condition=move || !draft.everywhere.get()>
            <Picker
                id="scope"
                label=text::SCOPE
                placeholder=text::SCOPE_PLACEHOLDER
                nothing_picked=text::NO_SCOPE
                phase=found.phase
                picked=draft.scope
                on_search=Callback::new(search)
                on_pick=Callback::new(move |option| draft.scope.update(|scope| scope.push(option)))
                on_remove=Callback::new(move |option: PickerOption| {
                    draft.scope.update(|scope| scope.retain(|part| part.key != option.key));
                })
                error=move || draft.fault(Step::Scope, "scope")
            />
        </When>
        <NarrowNote draft/>
    }
}

/// Says which permissions of the role have no effect in the scope that was chosen.
#[component]
pub(super) fn NarrowNote(draft: Draft) -> impl IntoView {
    move || {
        let note = narrow_note(&draft.permissions.get(), draft.everywhere.get());
        note.map(|note| view! { <Notice tone=NoticeTone::Warning text=note/> }.into_any())
    }
}

/// What somebody should know about a role in a scope, if anything.
pub(super) fn narrow_note(permissions: &[Permission], everywhere: bool) -> Option<String> {
    let areas = whole_organisation_areas(permissions);
    (!everywhere && !areas.is_empty()).then(|| text::narrow(&areas.join(", ")))
}

/// What a search found; only the newest answer counts.
#[derive(Clone, Copy)]
struct Found {
    phase: RwSignal<PickerPhase>,
    question: StoredValue<u32>,
    login: Login,
}

impl Found {
    fn new() -> Self {
        Self { phase: RwSignal::new(PickerPhase::Searching), question: StoredValue::new(0), login: expect_context() }
    }

    fn take(self, answer: impl Future<Output = Result<Vec<PickerOption>, ApiError>> + 'static) {
        let question = self.question.get_value() + 1;
        self.question.set_value(question);
        task::spawn(async move {
            let answer = self.login.noticing(answer.await);
            if self.question.try_get_value() == Some(question) {
                self.phase.set(match answer {
                    Ok(options) => PickerPhase::Found(options),
                    Err(error) => PickerPhase::Failed(error.sentence()),
                });
            }
        });
    }
}
