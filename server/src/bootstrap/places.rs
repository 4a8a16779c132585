//! Places as a bootstrap file may name them: from their root, or by their last segments.

use std::collections::BTreeSet;

use crate::access::is_at_or_below;
use crate::naming;

/// The one known place that `text` names, from its root or by its last segments.
pub(super) fn full_place(known: &BTreeSet<&str>, text: &str) -> Result<String, String> {
    let wanted = naming::place(text).filter(|place| !place.is_empty()).ok_or("a place of an assignment is empty")?;
    if known.iter().any(|place| is_at_or_below(place, &wanted)) {
        return Ok(wanted);
    }
    let tail = format!("/{wanted}");
    let found: Vec<&&str> = known.iter().filter(|place| place.ends_with(&tail)).collect();
    match found[..] {
        [one] => Ok((*one).to_owned()),
        [] => Err(format!("no room is at the place {wanted:?} or below it")),
        _ => Err(format!("the place {wanted:?} is ambiguous: write it from its first segment")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naming::ancestors;

    #[test]
    fn places_are_found_from_their_root_or_by_their_end() {
        let places = ["Germany/Berlin/HQ/Floor 2", "Norway/Oslo/HQ/Floor 1"];
        let known: BTreeSet<&str> = places.into_iter().flat_map(ancestors).collect();
        for (text, expected) in [
            ("Germany/Berlin", Some("Germany/Berlin")),
            ("Berlin/HQ/Floor 2", Some("Germany/Berlin/HQ/Floor 2")),
            ("Oslo", Some("Norway/Oslo")),
            ("HQ", None),
            ("Paris", None),
            ("ermany", None),
            ("", None),
        ] {
            assert_eq!(full_place(&known, text).ok().as_deref(), expected, "{text}");
        }
    }
}
