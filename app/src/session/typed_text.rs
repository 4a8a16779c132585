//! "Type text": a text cut into pieces that the console can keep up with.

use protocol::input::InputEvent;
use protocol::keycode::KeyCode;
use protocol::wire::Text;

/// Longest text in characters.
pub const CHARACTERS_MAX: usize = 5000;
/// Characters of one piece; a piece goes every [`PAUSE_MS`].
const PIECE_CHARACTERS: usize = 32;
pub const PAUSE_MS: u64 = 40;

/// The pieces in their order, each a few events. Line ends and tabs go as keys; other control characters are left out.
pub fn pieces(text: &str) -> Vec<Vec<InputEvent>> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let characters: Vec<char> = text.chars().take(CHARACTERS_MAX).collect();
    characters.chunks(PIECE_CHARACTERS).map(piece).filter(|events| !events.is_empty()).collect()
}

fn piece(characters: &[char]) -> Vec<InputEvent> {
    let mut events = Vec::new();
    for run in characters.chunk_by(|before, after| key_for(*before).is_none() && key_for(*after).is_none()) {
        if let [only] = run
            && let Some(code) = key_for(*only)
        {
            events.extend([true, false].map(|down| InputEvent::Key { code, down }));
            continue;
        }
        let text = Text::fitted(&run.iter().collect::<String>());
        if !text.as_str().is_empty() {
            events.push(InputEvent::Text { text });
        }
    }
    events
}

fn key_for(character: char) -> Option<KeyCode> {
    match character {
        '\n' => Some(KeyCode::Enter),
        '\t' => Some(KeyCode::Tab),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> String {
        let word = |event: InputEvent| match event {
            InputEvent::Text { text } => text.as_str().to_owned(),
            InputEvent::Key { code, down: true } => format!("<{}>", code.name()),
            _ => String::new(),
        };
        pieces(text).into_iter().flatten().map(word).collect()
    }

    #[test]
    fn lines_and_tabs_are_keys() {
        assert_eq!(typed("a\tb\r\n\nc\u{7}"), "a<Tab>b<Enter><Enter>c");
        assert_eq!(typed(""), "");
    }

    #[test]
    fn nothing_is_lost_at_the_seams() {
        let text = "2308809 äöü€ 日本 ".repeat(20);
        assert_eq!(typed(&text), text);
        assert!(1 < pieces(&text).len());
    }

    #[test]
    fn a_book_is_cut_off() {
        assert_eq!(typed(&"x".repeat(CHARACTERS_MAX + 1)).len(), CHARACTERS_MAX);
    }
}
