//! Members, scopes and what an assignment comes to, in sentences.

use protocol::access::{Access, Permission};
use protocol::api::{Members, Scope};

use super::draft::{member_options, scope_options};
use crate::components::PickerOption;
use crate::pages::settings::permissions::{access, summary};

/// How many are named before they are only counted.
const NAMED_MOST: usize = 3;

/// `Ada Admin, Bert Berg and Night shift (group)`; counted when there are many.
pub(super) fn members(options: &[PickerOption]) -> String {
    listed(options, &[("Person", "person", "people"), ("Group", "group", "groups")])
}

/// `Aurora and Germany/Berlin (place)`; counted when there are many.
pub(super) fn places(options: &[PickerOption]) -> String {
    let kinds = [("Room", "room", "rooms"), ("Room group", "room group", "room groups"), ("Place", "place", "places")];
    listed(options, &kinds)
}

/// Kind, one of it, several of it; the first kind needs no word beside a name.
fn listed(options: &[PickerOption], kinds: &[(&str, &str, &str)]) -> String {
    if options.len() <= NAMED_MOST {
        let plain = kinds.first().map(|(kind, ..)| *kind);
        let name = |option: &PickerOption| match option.kind {
            kind if Some(kind) == plain => option.name.clone(),
            kind => format!("{} ({})", option.name, kind.to_lowercase()),
        };
        return joined(&options.iter().map(name).collect::<Vec<_>>());
    }
    let counted = kinds.iter().filter_map(|(kind, one, several)| {
        match options.iter().filter(|option| option.kind == *kind).count() {
            0 => None,
            1 => Some(format!("1 {one}")),
            n => Some(format!("{n} {several}")),
        }
    });
    joined(&counted.collect::<Vec<_>>())
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn joined(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What an assignment of the permissions that count there comes to: `Ada will be able to see the displays, type and click
/// in Aurora.`
pub(super) fn sentence(who: &str, permissions: &[Permission], location: &str) -> String {
    let rest = summary(permissions);
    match access(permissions) {
        Some(access) => {
            let what = match access {
                Access::Modify => "see the displays, type and click",
                Access::View => "see the displays, without typing or clicking,",
            };
            format!("{who} will be able to {what} in {location}. The role also gives there: {rest}.")
        }
        None if rest.is_empty() => {
            format!("No permission of this role counts in {location}: {who} will get nothing by it.")
        }
        None => format!("{who} will be able to do this in {location}: {rest}."),
    }
}

pub(super) fn members_of(members_of_assignment: &Members) -> Vec<PickerOption> {
    member_options(members_of_assignment.users.clone(), members_of_assignment.groups.clone())
}

pub(super) fn scope_of(scope: &Scope) -> Vec<PickerOption> {
    scope_options(scope.rooms.clone(), scope.room_groups.clone(), scope.places.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::Symbol;

    fn option(kind: &'static str, name: &str) -> PickerOption {
        PickerOption { key: name.into(), kind, symbol: Symbol::Person, name: name.into(), detail: String::new() }
    }

    #[test]
    fn few_are_named_and_many_are_counted() {
        assert_eq!(members(&[option("Person", "Ada")]), "Ada");
        assert_eq!(members(&[option("Person", "Ada"), option("Group", "Night shift")]), "Ada and Night shift (group)");
        let rooms = [option("Room", "A"), option("Room", "B"), option("Room", "C")];
        assert_eq!(places(&rooms), "A, B and C");
        let mixed = [option("Room", "A"), option("Room", "B"), option("Room group", "C"), option("Place", "D")];
        assert_eq!(places(&mixed), "2 rooms, 1 room group and 1 place");
    }

    #[test]
    fn the_sentence_names_who_what_and_where() {
        assert_eq!(
            sentence("Ada", &[Permission::RemoteAccessModify], "Aurora"),
            "Ada will be able to see the displays, type and click in Aurora. The role also gives there: Rooms (view)."
        );
        assert_eq!(
            sentence("Ada", &[Permission::ReportView], "the whole organisation"),
            "Ada will be able to do this in the whole organisation: Reports (view)."
        );
        assert_eq!(
            sentence("Ada", &[], "Aurora"),
            "No permission of this role counts in Aurora: Ada will get nothing by it."
        );
    }
}
