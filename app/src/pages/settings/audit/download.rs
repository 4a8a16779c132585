//! The log of the chosen days as a file.

use leptos::prelude::*;
use protocol::access::Permission;

use super::moment;
use crate::api;
use crate::browser::{page, task};
use crate::components::{Notice, NoticeTone};
use crate::pages::paged::Filter;
use crate::state::login::Login;

mod text {
    pub(super) const TABLE: &str = "Download as a table";
    pub(super) const TABLE_MEANING: &str = "CSV, for spreadsheets";
    pub(super) const PROOFS: &str = "Download with proofs";
    pub(super) const PROOFS_MEANING: &str =
        "Shows whether anything was changed: redring-server audit verify --export FILE";
    pub(super) const WHOLE_DAYS: &str = "Files have everything of the chosen days, whatever else is chosen.";
}

#[component]
pub(super) fn Download(filter: Memo<Filter>) -> impl IntoView {
    let login = expect_context::<Login>();
    let trouble = RwSignal::new(None::<String>);
    let start = move |format: &'static str| {
        let days = filter.with_untracked(days);
        trouble.set(None);
        task::spawn(async move {
            match login.noticing(api::may_export_audit().await) {
                Ok(()) => page::download(&api::audit_export_url(format, &days)),
                Err(error) => trouble.set(Some(error.sentence())),
            }
        });
    };
    let button = move |format: &'static str, name: &'static str, meaning: &'static str| {
        view! { <button type="button" class="button" title=meaning on:click=move |_| start(format)>{name}</button> }
            .into_any()
    };
    login.may_everywhere(Permission::AuditExport).then(|| {
        view! {
            <div class="toolbar">
                {button("csv", text::TABLE, text::TABLE_MEANING)}
                {button("jsonl", text::PROOFS, text::PROOFS_MEANING)}
                <span class="faint">{text::WHOLE_DAYS}</span>
            </div>
            {move || trouble.get().map(|sentence| view! { <Notice tone=NoticeTone::Failed text=sentence urgent=true/> })}
        }
        .into_any()
    })
}

/// `?from=1767225600000`, or nothing for the whole log.
fn days(filter: &Filter) -> String {
    let bounds = filter.more.iter().filter_map(|(name, day)| Some(format!("{name}={}", moment(name, day)?)));
    let bounds: Vec<String> = bounds.collect();
    if bounds.is_empty() { String::new() } else { format!("?{}", bounds.join("&")) }
}
