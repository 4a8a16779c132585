//! An invitation link, shown once to whoever made it.

use leptos::prelude::*;
use protocol::api::Invitation;

use crate::browser::dates;
use crate::components::{CopyField, Notice, NoticeTone};
use crate::pages::copying::{WORDS, copying};

mod text {
    pub(super) const LINK: &str = "Invitation link";
    pub(super) const SECRET: &str = "Whoever has this link can take over the account. Give it to nobody but the person, by a way that others do not read.";
    pub(super) const ONCE: &str = "It works once, and it is not shown again when you leave this page.";
}

#[component]
pub(super) fn InvitationLink(invitation: Invitation) -> impl IntoView {
    let Invitation { url, expires_at } = invitation;
    view! {
        <div class="invitation">
            <CopyField label=text::LINK value=url words=WORDS on_copy=copying()/>
            <Notice tone=NoticeTone::Warning text=text::SECRET/>
            <p class="fine-print">{format!("Valid until {}. {}", dates::date_time(expires_at), text::ONCE)}</p>
        </div>
    }
}
