//! Names and places as people type them, made fit to be stored; ids made from names.

use protocol::api::DESCRIPTION_MAX_BYTES;
use protocol::control::NAME_MAX_BYTES;
use protocol::ids::SLUG_MAX_BYTES;
use protocol::wire::Text;

/// Longest place in bytes.
const PLACE_MAX_BYTES: usize = 512;
/// Longest e-mail address in bytes (RFC 5321).
const EMAIL_MAX_BYTES: usize = 254;

/// A name of a person, room, role or organisation; `None` when it is empty, too long or could mislead its reader.
pub fn name(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && Text::<NAME_MAX_BYTES>::new(text).is_ok();
    fits.then(|| text.to_owned())
}

/// A description of a role, an assignment or a group, which may be empty; `None` when it is too long or could mislead its
/// reader.
pub fn description(text: &str) -> Option<String> {
    let text = text.trim();
    Text::<DESCRIPTION_MAX_BYTES>::new(text).is_ok().then(|| text.to_owned())
}

/// A path in the site tree: no spaces around its segments, no empty ones. The empty path is none.
pub fn place(text: &str) -> Option<String> {
    let segments: Vec<&str> = text.split('/').map(str::trim).filter(|segment| !segment.is_empty()).collect();
    let place = segments.join("/");
    Text::<PLACE_MAX_BYTES>::new(place.as_str()).is_ok().then_some(place)
}

/// A place and every place above it, outermost first.
pub fn ancestors(place: &str) -> impl Iterator<Item = &str> {
    let ends = place.match_indices('/').map(|(index, _)| index).chain([place.len()]);
    ends.map(|end| &place[..end]).filter(|place| !place.is_empty())
}

/// An e-mail address, as far as its form can tell.
pub fn email(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, domain) = text.rsplit_once('@')?;
    let plain = |c: char| !c.is_whitespace() && c != ',' && c != ';' && c != '<' && c != '>';
    let sound = !local.is_empty()
        && !domain.is_empty()
        && !local.contains('@')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && text.chars().all(plain)
        && Text::<EMAIL_MAX_BYTES>::new(text).is_ok();
    sound.then(|| text.to_owned())
}

/// An id for a name: lower case, other characters as single hyphens; `otherwise` when nothing is left.
pub fn slug(name: &str, otherwise: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match plain_letters(c) {
            Some(letters) => slug.push_str(letters),
            None if c.is_ascii_alphanumeric() => slug.push(c),
            None if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            None => {}
        }
    }
    slug.truncate(SLUG_MAX_BYTES - 5);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { otherwise.to_owned() } else { slug.to_owned() }
}

/// `slug`, then `slug-2`, `slug-3` …: for finding one that is free.
pub fn numbered(slug: &str, number: u32) -> String {
    if number < 2 { slug.to_owned() } else { format!("{slug}-{number}") }
}

fn plain_letters(c: char) -> Option<&'static str> {
    Some(match c {
        'ä' | 'æ' => "ae",
        'ö' | 'ø' | 'œ' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'á' | 'à' | 'â' | 'ã' | 'å' => "a",
        'é' | 'è' | 'ê' | 'ë' => "e",
        'í' | 'ì' | 'î' | 'ï' => "i",
        'ó' | 'ò' | 'ô' | 'õ' => "o",
        'ú' | 'ù' | 'û' => "u",
        'ç' => "c",
        'ñ' => "n",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ids::RoomId;

    #[test]
    fn slugs_are_readable_and_valid() {
        for (name, expected) in [
            ("Aurora", "aurora"),
            ("Großer Saal (2. OG)", "grosser-saal-2-og"),
            ("  --x--  ", "x"),
            ("会議室", "room"),
            ("", "room"),
        ] {
            assert_eq!(slug(name, "room"), expected);
        }
        let long = slug(&"ab ".repeat(100), "room");
        assert!(RoomId::new(numbered(&long, 999)).is_ok(), "{long}");
    }

    #[test]
    fn places_are_clean_paths() {
        assert_eq!(place(" Germany / Berlin//HQ/ ").as_deref(), Some("Germany/Berlin/HQ"));
        assert_eq!(place("").as_deref(), Some(""));
        assert_eq!(place("a\u{202e}b"), None);
    }

    #[test]
    fn e_mail_addresses_have_two_sides() {
        for good in ["a@b", "ada.admin+rooms@example.com", " a@b.c "] {
            assert!(email(good).is_some(), "{good}");
        }
        for bad in ["", "a", "@b", "a@", "a b@c", "a@b@c", "a@.b", "<a@b>"] {
            assert!(email(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn names_are_neither_empty_nor_misleading() {
        assert_eq!(name("  Ada ").as_deref(), Some("Ada"));
        assert_eq!(name(" "), None);
        assert_eq!(name("a\nb"), None);
        assert_eq!(name(&"x".repeat(129)), None);
    }
}
