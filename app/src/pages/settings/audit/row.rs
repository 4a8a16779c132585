//! One event: a line that opens to everything that is on record about it.

use leptos::prelude::*;
use protocol::api::{AuditActor, AuditActorKind, AuditDetail, AuditEvent};

use super::PATH;
use crate::browser::dates;
use crate::components::{Badge, BadgeTone, Symbol};
use crate::pages::paged::Row;

mod text {
    pub(super) const FAILED: &str = "Not done";
    pub(super) const CONSOLE: &str = "The console";
    pub(super) const OPERATOR: &str = "Somebody at the server's command line";
    pub(super) const SERVER: &str = "The server";
    pub(super) const STRANGER: &str = "Somebody who is not signed in";
    pub(super) const NOBODY: &str = "Somebody";
    pub(super) const POSITION: &str = "Entry";
    pub(super) const EVENT: &str = "Name in exports";
    pub(super) const SESSION: &str = "Everything of this session";
    pub(super) const ROOM: &str = "Everything of this room";
}

pub(super) fn row(event: AuditEvent) -> Row {
    // An entry never changes.
    Row::new(event.position.to_string(), move || draw(event.clone()))
}

fn draw(event: AuditEvent) -> AnyView {
    let who = who(&event.actor);
    let room = event.room.as_ref().map(|room| room.name.clone());
    let session = event.session.map(|session| format!("{PATH}?session={session}"));
    let of_room = event.room.as_ref().map(|room| format!("{PATH}?room={}", room.id));
    let facts = event
        .details
        .into_iter()
        .map(fact)
        .chain([(text::EVENT.to_owned(), event.event), (text::POSITION.to_owned(), event.position.to_string())]);
    let link =
        |href: Option<String>, words: &'static str| href.map(|href| view! { <a href=href>{words}</a> }.into_any());
    view! {
        <li class="event">
            <details>
                <summary>
                    <span class="event-title">{event.title}</span>
                    {event.failed.then(|| view! { <Badge tone=BadgeTone::Warning symbol=Symbol::CrossCircle text=text::FAILED/> })}
                    <span class="event-who">{who}{room.map(|room| format!(", {room}"))}</span>
                    <time class="event-at">{dates::date_time(event.at)}</time>
                </summary>
                <dl class="facts">
                    {facts.map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }.into_any()).collect_view()}
                </dl>
                <p class="event-more">{link(session, text::SESSION)} {link(of_room, text::ROOM)}</p>
            </details>
        </li>
    }
    .into_any()
}

fn who(actor: &AuditActor) -> String {
    let by_kind = match actor.kind {
        AuditActorKind::User => text::NOBODY,
        AuditActorKind::Console => text::CONSOLE,
        AuditActorKind::Operator => text::OPERATOR,
        AuditActorKind::Server => text::SERVER,
        AuditActorKind::Stranger => text::STRANGER,
    };
    actor.name.clone().unwrap_or_else(|| by_kind.to_owned())
}

/// `expires_at: 1767225600000` becomes `Expires at: 1 Jan 2026, 01:00`.
fn fact(AuditDetail { name, value }: AuditDetail) -> (String, String) {
    let value = match value.parse() {
        Ok(at) if name.ends_with("_at") => dates::date_time(at),
        _ => value,
    };
    (in_words(&name), value)
}

fn in_words(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters.map(|letter| if letter == '_' { ' ' } else { letter })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_fields_become_words() {
        assert_eq!(in_words("gives_self_access"), "Gives self access");
        assert_eq!(in_words(""), "");
    }

    #[test]
    fn everybody_is_called_something() {
        let actor = |kind, name: Option<&str>| who(&AuditActor { kind, name: name.map(str::to_owned), user: None });
        assert_eq!(actor(AuditActorKind::User, Some("Ada")), "Ada");
        assert_eq!(actor(AuditActorKind::User, None), text::NOBODY);
        assert_eq!(actor(AuditActorKind::Console, None), text::CONSOLE);
    }
}
