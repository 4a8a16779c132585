//! `/settings/people/import`: accounts and groups from a table.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use protocol::api::{ImportChange, ImportProblem, ImportReport, ImportUsers};

use super::PATH;
use super::may_modify;
use crate::api::people;
use crate::browser::files::{ChosenFile, Unreadable};
use crate::browser::{page, task};
use crate::components::{Icon, Notice, NoticeTone, SubmitButton, Symbol, computed};
use crate::pages::heading::Heading;
use crate::pages::message::MessagePage;
use crate::state::login::Login;

mod text {
    pub(super) const BACK: &str = "All users";
    pub(super) const TITLE: &str = "Import users";
    pub(super) const LEAD: &str = "Add, rename and disable accounts and fill groups from a table. Nothing changes before you have seen what would change.";
    pub(super) const TABLE: &str = "The table";
    pub(super) const FILE: &str = "CSV file";
    pub(super) const FILE_HINT: &str = "UTF-8, up to 2 MiB and 10,000 rows. Choosing a file fills the field below.";
    pub(super) const PASTE: &str = "Or paste the table";
    pub(super) const CHECK: &str = "Check";
    pub(super) const CHECKING: &str = "Checking";
    pub(super) const EMPTY: &str = "Choose a file, or paste a table.";
    pub(super) const SAMPLE: &str = "What a table looks like";
    pub(super) const SAMPLE_TEXT: &str = "email,name,groups,disabled\nada@example.com,Ada Lovelace,Berlin technicians;Night shift,\ngrace@example.com,Grace Hopper,,\nold@example.com,Olaf Old,,yes";
    pub(super) const SAMPLE_WHY: [&str; 4] = [
        "The columns email and name are needed; groups and disabled may be missing.",
        "Groups are separated by semicolons, and made when they do not exist. A row with groups makes its person a member of exactly these; an empty cell leaves the groups alone.",
        "Accounts that the table does not name stay as they are. Nobody is deleted.",
        "Export, in the list of users, gives the present table: change it and import it again.",
    ];
    pub(super) const RESULT: &str = "What would change";
    pub(super) const RESULT_DONE: &str = "What has changed";
    pub(super) const PROBLEMS: &str = "What has to be mended";
    pub(super) const PROBLEMS_WHY: &str = "Nothing can be applied before that. Mend the table above, then check again.";
    pub(super) const NOTHING: &str = "Nothing: everything is so already.";
    pub(super) const APPLY: &str = "Apply";
    pub(super) const APPLYING: &str = "Applying";
    pub(super) const APPLIED: &str = "Done. New people sign in with the invitation link that you make on their page, or with your identity provider.";
    pub(super) const MORE: &str = "Show more";
    pub(super) const LINE: &str = "Line";
    pub(super) const NEW: &str = "New account";

    pub(super) fn unchanged(n: u32) -> String {
        if n == 1 { "1 row says what is so already.".to_owned() } else { format!("{n} rows say what is so already.") }
    }

    pub(super) fn changing(n: usize) -> String {
        if n == 1 { "1 account.".to_owned() } else { format!("{n} accounts.") }
    }
}

/// The server takes at most this much.
const MOST_BYTES: u32 = 2 * 1024 * 1024;
/// Lines that are shown at once.
const SHOWN: usize = 100;

#[derive(Clone, Copy)]
struct Form {
    csv: RwSignal<String>,
    /// What stands under the field that was used.
    field_error: RwSignal<Option<String>>,
    /// The request did not succeed.
    error: RwSignal<Option<String>>,
    /// What the server said of the table as it is now.
    report: RwSignal<Option<ImportReport>>,
    checking: RwSignal<bool>,
    applying: RwSignal<bool>,
    login: Login,
}

impl Form {
    /// A table that changes is checked again before it is applied.
    fn fill(self, csv: String) {
        self.csv.set(csv);
        self.report.set(None);
        self.error.set(None);
        self.field_error.set(None);
    }

    async fn read(self, file: ChosenFile) {
        let read = file.text(MOST_BYTES).await;
        match read {
            Ok(text) => self.fill(text),
            Err(reason) => drop(self.field_error.try_set(Some(unreadable(&file.name(), reason)))),
        }
    }

    fn ask(self, apply: bool) {
        if self.checking.get_untracked() || self.applying.get_untracked() {
            return;
        }
        let csv = self.csv.get_untracked();
        let is_empty = csv.trim().is_empty();
        self.field_error.set(is_empty.then(|| text::EMPTY.to_owned()));
        if is_empty {
            page::focus("#import-text");
            return;
        }
        let busy = if apply { self.applying } else { self.checking };
        busy.set(true);
        self.error.set(None);
        let request = ImportUsers { csv, apply };
        task::spawn(async move {
            let answer = self.login.noticing(people::import_users(&request).await);
            busy.try_set(false);
            let is_same = self.csv.try_with_untracked(|csv| *csv == request.csv) == Some(true);
            match answer {
                Ok(report) if is_same => {
                    self.report.try_set(Some(report));
                    request_animation_frame(|| {
                        page::focus("#import-result");
                    });
                }
                // The table was changed meanwhile.
                Ok(_) => {}
                Err(problem) => drop(self.error.try_set(Some(problem.sentence()))),
            }
        });
    }
}

#[component]
pub(super) fn ImportPage() -> impl IntoView {
    let form = Form {
        csv: RwSignal::new(String::new()),
        field_error: RwSignal::new(None),
        error: RwSignal::new(None),
        report: RwSignal::new(None),
        checking: RwSignal::new(false),
        applying: RwSignal::new(false),
        login: expect_context(),
    };
    if !may_modify() {
        return view! {
            <MessagePage symbol=Symbol::Lock title="This page is not open to you" text="Importing users needs a role that includes changing roles and users.">
                <a class="button" href=PATH><Icon symbol=Symbol::ArrowLeft/>{text::BACK}</a>
            </MessagePage>
        }
        .into_any();
    }
    view! {
        <p class="back"><a href=PATH><Icon symbol=Symbol::ArrowLeft/>{text::BACK}</a></p>
        <div class="stack">
            <div class="page-head people-head">
                <Heading title=Signal::stored(text::TITLE.to_owned())/>
                <p class="lead page-lead">{text::LEAD}</p>
            </div>
            <TableForm form/>
            {move || form.error.get().map(|text| view! { <Notice tone=NoticeTone::Failed text urgent=true/> })}
            {move || form.report.get().map(|report| view! { <Report form report/> })}
        </div>
    }
    .into_any()
}

#[component]
fn TableForm(form: Form) -> impl IntoView {
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        form.ask(false);
    };
    let chosen = move |event: leptos::ev::Event| {
        if let Some(file) = ChosenFile::take(&event) {
            task::spawn(form.read(file));
        }
    };
    view! {
        <section class="panel" aria-labelledby="table">
            <div class="panel-head"><h2 id="table">{text::TABLE}</h2></div>
            <form class="panel-body form import-form" novalidate=true on:submit=submit>
                <div class="field">
                    <label for="import-file">{text::FILE}</label>
                    <input id="import-file" type="file" class="file" accept=".csv,text/csv" aria-describedby="import-file-hint" on:change=chosen/>
                    <p class="field-hint" id="import-file-hint">{text::FILE_HINT}</p>
                </div>
                <div class="field">
                    <label for="import-text">{text::PASTE}</label>
                    <textarea
                        id="import-text"
                        class="input import-text"
                        rows="8"
                        spellcheck="false"
                        wrap="off"
                        aria-describedby="import-text-error"
                        aria-invalid=move || form.field_error.with(Option::is_some).then_some("true")
                        prop:value=move || form.csv.get()
                        on:input=move |event| form.fill(event_target_value(&event))
                    ></textarea>
                    <div class="field-below" id="import-text-error" role="alert">
                        {move || form.field_error.get().map(|error| view! {
                            <p class="field-error"><Icon symbol=Symbol::Alert/>{error}</p>
                        }.into_any())}
                    </div>
                </div>
                <SubmitButton label=text::CHECK busy_label=text::CHECKING busy=form.checking/>
            </form>
            <details class="panel-body panel-foot more-of-it">
                <summary>{text::SAMPLE}</summary>
                <pre class="command import-sample" tabindex="0">{text::SAMPLE_TEXT}</pre>
                <ul class="import-rules">{text::SAMPLE_WHY.map(|rule| view! { <li>{rule}</li> }.into_any()).collect_view()}</ul>
            </details>
        </section>
    }
}

#[component]
fn Report(form: Form, report: ImportReport) -> impl IntoView {
    let ImportReport { problems, changes, n_unchanged, applied } = report;
    if !problems.is_empty() {
        return view! {
            <section class="panel" aria-labelledby="import-result">
                <div class="panel-head"><h2 id="import-result" tabindex="-1">{text::PROBLEMS}</h2></div>
                <p class="panel-body panel-text">{text::PROBLEMS_WHY}</p>
                <Lines lines=problems.into_iter().map(problem).collect()/>
            </section>
        }
        .into_any();
    }
    let n_changes = changes.len();
    let summary = if n_changes == 0 { text::NOTHING.to_owned() } else { text::changing(n_changes) };
    let unchanged = (0 < n_unchanged).then(|| text::unchanged(n_unchanged));
    let apply = (!applied && 0 < n_changes).then(|| {
        let busy = form.applying;
        view! {
            <button
                type="button"
                class="button button-primary"
                aria-busy=move || busy.get().then_some("true")
                on:click=move |_| form.ask(true)
            >
                {move || busy.get().then(|| view! { <span class="spinner" aria-hidden="true"></span> }.into_any())}
                {move || if busy.get() { text::APPLYING } else { text::APPLY }}
            </button>
        }
    });
    view! {
        <section class="panel" aria-labelledby="import-result">
            <div class="panel-head">
                <h2 id="import-result" tabindex="-1">{if applied { text::RESULT_DONE } else { text::RESULT }}</h2>
            </div>
            <div class="panel-body form">
                {applied.then(|| view! { <Notice tone=NoticeTone::Info text=text::APPLIED/> })}
                <div class="panel-row">
                    <p class="panel-text">{summary} " " <span class="faint">{unchanged}</span></p>
                    {apply}
                </div>
            </div>
            <Lines lines=changes.into_iter().map(change).collect()/>
        </section>
    }
    .into_any()
}

/// A line of the table: its number, whom it is about, and what is said of it.
type Line = (u32, String, Vec<String>);

#[component]
fn Lines(lines: Vec<Line>) -> impl IntoView {
    let n_lines = lines.len();
    let n_shown = RwSignal::new(SHOWN);
    let lines = StoredValue::new(lines);
    let line = |(line, about, said): Line| {
        view! {
            <li class="entry import-line">
                <span class="faint import-number">{text::LINE} " " {line}</span>
                <div>
                    {(!about.is_empty()).then(|| view! { <p class="entry-name">{about}</p> }.into_any())}
                    {said.into_iter().map(|said| view! { <p>{said}</p> }.into_any()).collect_view()}
                </div>
            </li>
        }
        .into_any()
    };
    let shown = computed(move || {
        let n_shown = n_shown.get();
        lines.with_value(|lines| lines.iter().take(n_shown).cloned().map(line).collect_view()).into_any()
    });
    let more = computed(move || {
        (n_shown.get() < n_lines).then(|| {
            view! {
                <div class="more">
                    <button type="button" class="button" on:click=move |_| n_shown.update(|n| *n += SHOWN)>
                        <Icon symbol=Symbol::ChevronDown/>
                        {text::MORE}
                    </button>
                </div>
            }
            .into_any()
        })
    });
    view! {
        <ul class="entries">{shown}</ul>
        {more}
    }
}

fn problem(problem: ImportProblem) -> Line {
    (problem.line, String::new(), vec![problem.problem])
}

fn change(change: ImportChange) -> Line {
    let ImportChange { line, email, created, name, disabled, joins, leaves } = change;
    let name = name.map(|name| if created { format!("{}: {name}", text::NEW) } else { format!("New name: {name}") });
    let state = disabled.map(|disabled| if disabled { "Disabled" } else { "Enabled again" }.to_owned());
    let state = state.filter(|_| !created || disabled == Some(true));
    let groups =
        |word: &str, groups: Vec<String>| (!groups.is_empty()).then(|| format!("{word} {}", groups.join(", ")));
    let created = (created && name.is_none()).then(|| text::NEW.to_owned());
    let said = [created, name, state, groups("Joins", joins), groups("Leaves", leaves)];
    (line, email, said.into_iter().flatten().collect())
}

fn unreadable(name: &str, reason: Unreadable) -> String {
    match reason {
        Unreadable::TooLarge => {
            format!("{name} is larger than 2 MiB. Split it, and import the parts one after the other.")
        }
        Unreadable::NoText => {
            format!("{name} is not text in UTF-8. In your spreadsheet, save it as “CSV UTF-8”, then choose it again.")
        }
        Unreadable::Gone => format!("{name} could not be read. Perhaps it was moved; choose it again."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_it_changes() {
        let none = ImportChange {
            line: 2,
            email: "ada@example.com".to_owned(),
            created: false,
            name: None,
            disabled: None,
            joins: vec![],
            leaves: vec![],
        };
        let name = Some("Ada".to_owned());
        for (done, said) in [
            (
                ImportChange { created: true, name: name.clone(), disabled: Some(false), ..none.clone() },
                vec!["New account: Ada"],
            ),
            (
                ImportChange { created: true, name: name.clone(), disabled: Some(true), ..none.clone() },
                vec!["New account: Ada", "Disabled"],
            ),
            (ImportChange { name, disabled: Some(false), ..none.clone() }, vec!["New name: Ada", "Enabled again"]),
            (
                ImportChange { joins: vec!["A".into(), "B".into()], leaves: vec!["C".into()], ..none.clone() },
                vec!["Joins A, B", "Leaves C"],
            ),
        ] {
            assert_eq!(change(done).2, said);
        }
    }
}
