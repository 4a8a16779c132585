//! A text field: characters, a caret, a selection, and where they stand.

use std::ops::Range;

use super::super::super::text;
use super::ids::Form;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    One,
    Many,
}

/// INVARIANT: `caret` and `anchor` are at most the number of characters.
#[derive(Debug, Clone, Default)]
pub(super) struct Field {
    chars: Vec<char>,
    caret: usize,
    /// The other end of the selection; equal to `caret` when nothing is selected.
    anchor: usize,
}

/// Where the caret goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Motion {
    Left,
    Right,
    WordLeft,
    WordRight,
    Up,
    Down,
    LineStart,
    LineEnd,
    Start,
    End,
}

/// Whether a motion leaves a selection behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Selecting {
    Yes,
    No,
}

impl Field {
    pub(super) fn text(&self) -> String {
        self.chars.iter().collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }

    pub(super) fn set(&mut self, text: &str) {
        self.chars = text.chars().collect();
        self.caret = self.chars.len();
        self.anchor = self.caret;
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn caret(&self) -> usize {
        self.caret
    }

    pub(super) fn selection(&self) -> Range<usize> {
        self.caret.min(self.anchor)..self.caret.max(self.anchor)
    }

    pub(super) fn selected_text(&self) -> Option<String> {
        let selection = self.selection();
        (!selection.is_empty()).then(|| self.chars[selection].iter().collect())
    }

    /// Puts text in place of the selection, as far as it fits.
    pub(super) fn insert(&mut self, text: &str, form: Form) {
        self.remove(self.selection());
        let room = form.max_chars.saturating_sub(self.chars.len());
        let fits = |c: &char| !c.is_control() || (*c == '\n' && form.lines == Lines::Many);
        let added: Vec<char> = text.chars().filter(fits).take(room).collect();
        let after = self.caret + added.len();
        self.chars.splice(self.caret..self.caret, added);
        self.place(after, Selecting::No);
    }

    pub(super) fn delete(&mut self, motion: Motion, form: Form) {
        if self.selection().is_empty() {
            self.move_caret(motion, Selecting::Yes, form);
        }
        self.remove(self.selection());
    }

    pub(super) fn select_all(&mut self) {
        self.anchor = 0;
        self.caret = self.chars.len();
    }

    pub(super) fn select_word(&mut self, at: usize) {
        self.place(self.word_end(self.word_start(at)), Selecting::No);
        self.anchor = self.word_start(at);
    }

    pub(super) fn place(&mut self, at: usize, selecting: Selecting) {
        self.caret = at.min(self.chars.len());
        if selecting == Selecting::No {
            self.anchor = self.caret;
        }
    }

    pub(super) fn move_caret(&mut self, motion: Motion, selecting: Selecting, form: Form) {
        let selection = self.selection();
        let leaves = selecting == Selecting::No && !selection.is_empty();
        let at = match motion {
            Motion::Left if leaves => selection.start,
            Motion::Right if leaves => selection.end,
            Motion::Left => self.caret.saturating_sub(1),
            Motion::Right => self.caret + 1,
            Motion::WordLeft => self.word_start(self.caret.saturating_sub(1)),
            Motion::WordRight => self.word_end(self.caret),
            Motion::Up => self.beside_line(form, -1),
            Motion::Down => self.beside_line(form, 1),
            Motion::LineStart => self.layout(form).line_of(self.caret).range.start,
            Motion::LineEnd => self.layout(form).line_of(self.caret).range.end,
            Motion::Start => 0,
            Motion::End => self.chars.len(),
        };
        self.place(at, selecting);
    }

    /// Lines and positions of what is seen (dots, when masked).
    pub(super) fn layout(&self, form: Form) -> Layout {
        let shown: Vec<char> = if form.masked { vec!['•'; self.chars.len()] } else { self.chars.clone() };
        let positions = text::positions(shown.iter().copied(), form.style);
        let width = match form.lines {
            Lines::One => f32::MAX,
            Lines::Many => form.inner().width as f32,
        };
        Layout { lines: wrapped(&shown, &positions, width), positions, shown }
    }

    fn remove(&mut self, range: Range<usize>) {
        self.caret = range.start;
        self.anchor = range.start;
        self.chars.drain(range);
    }

    fn word_start(&self, at: usize) -> usize {
        let before = &self.chars[..at.min(self.chars.len())];
        let gap = before.iter().rev().take_while(|c| !c.is_alphanumeric()).count();
        let gap = if self.chars.get(at).is_some_and(|c| c.is_alphanumeric()) { 0 } else { gap };
        let word = before[..before.len() - gap].iter().rev().take_while(|c| c.is_alphanumeric()).count();
        before.len() - gap - word
    }

    fn word_end(&self, at: usize) -> usize {
        let after = &self.chars[at.min(self.chars.len())..];
        let gap = after.iter().take_while(|c| !c.is_alphanumeric()).count();
        let word = after[gap..].iter().take_while(|c| c.is_alphanumeric()).count();
        at + gap + word
    }

    /// The place above or below the caret.
    fn beside_line(&self, form: Form, step: isize) -> usize {
        let layout = self.layout(form);
        let line = layout.line_number(self.caret);
        let Some(next) = line.checked_add_signed(step).filter(|next| *next < layout.lines.len()) else {
            return if step < 0 { 0 } else { self.chars.len() };
        };
        layout.nearest(next, layout.x_in_line(self.caret))
    }
}

pub(super) struct Line {
    pub(super) range: Range<usize>,
}

pub(super) struct Layout {
    /// Never empty.
    lines: Vec<Line>,
    positions: Vec<f32>,
    pub(super) shown: Vec<char>,
}

impl Layout {
    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    pub(super) fn line_number(&self, caret: usize) -> usize {
        self.lines.iter().rposition(|line| line.range.start <= caret).unwrap_or(0)
    }

    /// From the beginning of its line.
    pub(super) fn x_in_line(&self, at: usize) -> f32 {
        self.positions[at] - self.positions[self.line_of(at).range.start]
    }

    pub(super) fn width_between(&self, from: usize, to: usize) -> f32 {
        self.positions[to] - self.positions[from]
    }

    /// The place between two characters that lies nearest.
    pub(super) fn nearest(&self, line: usize, x: f32) -> usize {
        let range = self.lines[line].range.clone();
        let start = self.positions[range.start];
        let apart = |at: &usize| ((self.positions[*at] - start - x).abs() * 16.0) as i64;
        (range.start..=range.end).min_by_key(apart).unwrap_or(range.start)
    }

    fn line_of(&self, at: usize) -> &Line {
        &self.lines[self.line_number(at)]
    }
}

/// Breaks at line ends, at the last space that fits, or in the middle of a word that is too long.
fn wrapped(chars: &[char], positions: &[f32], width: f32) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut start, mut space) = (0, None);
    for (i, c) in chars.iter().enumerate() {
        if *c == '\n' {
            lines.push(Line { range: start..i });
            (start, space) = (i + 1, None);
            continue;
        }
        if width < positions[i + 1] - positions[start] && *c != ' ' {
            let end = space.unwrap_or(i).max(start + 1).min(i.max(start + 1));
            lines.push(Line { range: start..end });
            (start, space) = (end, None);
        }
        if *c == ' ' {
            space = Some(i + 1);
        }
    }
    lines.push(Line { range: start..chars.len() });
    lines
}

#[cfg(test)]
mod tests {
    use super::super::ids::FieldId;
    use super::*;

    fn notes(text: &str) -> (Field, Form) {
        let mut field = Field::default();
        field.set(text);
        (field, FieldId::Notes.form())
    }

    #[test]
    fn typing_replaces_the_selection() {
        let (mut field, form) = notes("one two three");
        field.move_caret(Motion::WordLeft, Selecting::Yes, form);
        assert_eq!(field.selected_text().as_deref(), Some("three"));
        field.insert("3", form);
        assert_eq!(field.text(), "one two 3");
        field.select_all();
        field.delete(Motion::Left, form);
        assert!(field.is_empty());
    }

    #[test]
    fn deleting_goes_both_ways() {
        let (mut field, form) = notes("abcd");
        field.move_caret(Motion::Left, Selecting::No, form);
        field.delete(Motion::Left, form);
        field.delete(Motion::Right, form);
        assert_eq!((field.text().as_str(), field.caret()), ("ab", 2));
        field.delete(Motion::Right, form);
        assert_eq!(field.text(), "ab");
    }

    #[test]
    fn long_text_wraps_at_spaces_and_the_caret_moves_between_lines() {
        let (mut field, form) = notes(&"meeting ".repeat(30));
        let layout = field.layout(form);
        assert!(2 <= layout.lines().len());
        for line in layout.lines() {
            assert_eq!(line.range.start % 8, 0, "broken inside a word");
        }
        field.move_caret(Motion::Up, Selecting::No, form);
        assert_eq!(field.layout(form).line_number(field.caret()), layout.lines().len() - 2);
        field.move_caret(Motion::Down, Selecting::No, form);
        assert_eq!(field.layout(form).line_number(field.caret()), layout.lines().len() - 1);
    }

    #[test]
    fn a_word_longer_than_the_field_is_broken() {
        let (field, form) = notes(&"W".repeat(400));
        let lines = field.layout(form);
        assert!(4 < lines.lines().len());
        assert_eq!(lines.lines().iter().map(|line| line.range.len()).sum::<usize>(), 400);
    }

    #[test]
    fn fields_have_an_end() {
        let (mut field, form) = notes("");
        field.insert(&"x".repeat(5000), form);
        assert_eq!(field.text().len(), form.max_chars);
        let one = FieldId::JoinCode.form();
        field.clear();
        field.insert("1\n2\t3", one);
        assert_eq!(field.text(), "123");
    }
}
