//! Reads out of a Rust file which paths it names, by simple tokens: enough for `use` trees, `a::b::c` in code,
//! renamed imports and modules inside a file. What macros write is not seen.

use std::collections::HashMap;
use std::iter::Peekable;
use std::str::Chars;

/// A path that a file names, from its crate on: `["app", "pages", "rooms"]`, `["web_sys", "Window"]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mention {
    pub(crate) line: usize,
    pub(crate) path: Vec<String>,
}

/// All paths of two parts or more that `text` names. `module` is the file's own place: `["app", "pages"]`.
pub(crate) fn mentions(text: &str, module: &[String]) -> Vec<Mention> {
    let tokens = tokens(text);
    let mut reader = Reader { tokens: &tokens, aliases: HashMap::new(), found: Vec::new() };
    reader.read(module, Pass::Imports);
    reader.read(module, Pass::Code);
    reader.found
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Path,
    Sign(char),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Imports,
    Code,
}

struct Reader<'a> {
    tokens: &'a [(usize, Token)],
    /// What an imported or declared name stands for.
    aliases: HashMap<String, Vec<String>>,
    found: Vec<Mention>,
}

impl Reader<'_> {
    fn read(&mut self, file: &[String], pass: Pass) {
        let mut module = file.to_vec();
        let mut depth = 0_usize;
        // Modules inside the file, with the depth of braces around them.
        let mut inside: Vec<usize> = Vec::new();
        let mut at = 0;
        while let Some((line, token)) = self.tokens.get(at) {
            match token {
                Token::Sign('{') => depth += 1,
                Token::Sign('}') => {
                    depth = depth.saturating_sub(1);
                    if inside.last() == Some(&depth) {
                        inside.pop();
                        module.pop();
                    }
                }
                Token::Word(word) if word == "use" => {
                    at = self.read_import(at + 1, &mut Vec::new(), &module, pass);
                    continue;
                }
                Token::Word(word) if word == "mod" => {
                    if let Some(Token::Word(name)) = self.token(at + 1) {
                        let child = [module.as_slice(), std::slice::from_ref(name)].concat();
                        if self.token(at + 2) == Some(&Token::Sign('{')) {
                            inside.push(depth);
                            module = child;
                        } else {
                            self.aliases.insert(name.clone(), child);
                        }
                    }
                    at += 1;
                }
                Token::Word(_) if pass == Pass::Code => {
                    let (path, end) = self.path_at(at);
                    let continues = at.checked_sub(1).and_then(|before| self.token(before));
                    if 1 < path.len() && !matches!(continues, Some(Token::Path | Token::Sign('.'))) {
                        self.found.push(Mention { line: *line, path: self.resolve(path, &module) });
                    }
                    at = end;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Reads one branch of a `use` tree; answers where it ends.
    fn read_import(&mut self, start: usize, prefix: &mut Vec<String>, module: &[String], pass: Pass) -> usize {
        let length = prefix.len();
        let line = self.tokens.get(start).map_or(0, |(line, _)| *line);
        let mut at = start;
        let mut alias = None;
        let mut is_group = false;
        loop {
            match self.token(at) {
                Some(Token::Word(word)) if word == "as" => {
                    if let Some(Token::Word(name)) = self.token(at + 1) {
                        alias = Some(name.clone());
                    }
                    at += 1;
                }
                Some(Token::Word(word)) => prefix.push(word.clone()),
                Some(Token::Path | Token::Sign('*')) => {}
                Some(Token::Sign('{')) => {
                    is_group = true;
                    at += 1;
                    while !matches!(self.token(at), None | Some(Token::Sign('}'))) {
                        at = self.read_import(at, prefix, module, pass);
                        if self.token(at) == Some(&Token::Sign(',')) {
                            at += 1;
                        }
                    }
                }
                _ => break,
            }
            at += 1;
        }
        if !is_group && length < prefix.len() {
            let mut path = prefix.clone();
            if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
                path.pop();
            }
            self.import(Mention { line, path }, alias, module, pass);
        }
        prefix.truncate(length);
        at
    }

    fn import(&mut self, import: Mention, alias: Option<String>, module: &[String], pass: Pass) {
        let Some(name) = alias.or_else(|| import.path.last().cloned()) else { return };
        let path = self.resolve(import.path, module);
        match pass {
            Pass::Imports if path.first() != Some(&name) || 1 < path.len() => drop(self.aliases.insert(name, path)),
            Pass::Imports => {}
            Pass::Code => self.found.push(Mention { line: import.line, path }),
        }
    }

    fn path_at(&self, start: usize) -> (Vec<String>, usize) {
        let mut path = Vec::new();
        let mut at = start;
        while let Some(Token::Word(word)) = self.token(at) {
            path.push(word.clone());
            at += 1;
            if self.token(at) != Some(&Token::Path) || !matches!(self.token(at + 1), Some(Token::Word(_))) {
                break;
            }
            at += 1;
        }
        (path, at.max(start + 1))
    }

    /// Makes a path begin at its crate.
    fn resolve(&self, path: Vec<String>, module: &[String]) -> Vec<String> {
        let Some((first, rest)) = path.split_first() else { return path };
        match first.as_str() {
            "crate" => [&module[..module.len().min(1)], rest].concat(),
            "self" => [module, rest].concat(),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                [&module[..module.len().saturating_sub(ups)], &path[ups..]].concat()
            }
            name => match self.aliases.get(name) {
                Some(known) if known.first().is_none_or(|known| known != name) => [known, rest].concat(),
                _ => path,
            },
        }
    }

    fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at).map(|(_, token)| token)
    }
}

fn tokens(text: &str) -> Vec<(usize, Token)> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let started = line;
        match char {
            '\n' => line += 1,
            '/' if chars.peek() == Some(&'/') => {
                skip_while(&mut chars, |c| c != '\n');
            }
            '/' if chars.peek() == Some(&'*') => line += skip_block_comment(&mut chars),
            '"' => line += skip_string(&mut chars),
            '\'' => skip_char_or_lifetime(&mut chars),
            ':' if chars.peek() == Some(&':') => {
                chars.next();
                tokens.push((started, Token::Path));
            }
            c if c.is_alphabetic() || c == '_' => {
                let mut word = c.to_string();
                while let Some(next) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    word.push(next);
                }
                match (word.as_str(), chars.peek()) {
                    ("r" | "br" | "cr", Some('"' | '#')) => line += skip_raw_string(&mut chars),
                    ("b" | "c", Some('"' | '\'')) => {}
                    _ => tokens.push((started, Token::Word(word))),
                }
            }
            c if c.is_whitespace() => {}
            c => tokens.push((started, Token::Sign(c))),
        }
    }
    tokens
}

fn skip_while(chars: &mut Peekable<Chars<'_>>, skip: impl Fn(char) -> bool) -> usize {
    let mut n = 0;
    while chars.next_if(|c| skip(*c)).is_some() {
        n += 1;
    }
    n
}

/// The functions that skip answer how many lines they passed.
fn skip_block_comment(chars: &mut Peekable<Chars<'_>>) -> usize {
    let (mut lines, mut depth, mut last) = (0, 1, ' ');
    chars.next();
    for char in chars.by_ref() {
        lines += usize::from(char == '\n');
        match (last, char) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                last = char;
                continue;
            }
        }
        last = ' ';
        if depth == 0 {
            break;
        }
    }
    lines
}

fn skip_string(chars: &mut Peekable<Chars<'_>>) -> usize {
    let mut lines = 0;
    while let Some(char) = chars.next() {
        match char {
            '"' => break,
            '\\' => lines += usize::from(chars.next() == Some('\n')),
            '\n' => lines += 1,
            _ => {}
        }
    }
    lines
}

fn skip_raw_string(chars: &mut Peekable<Chars<'_>>) -> usize {
    let n_hashes = skip_while(chars, |c| c == '#');
    if chars.next_if_eq(&'"').is_none() {
        // `r#name`, a word.
        return 0;
    }
    let mut lines = 0;
    while let Some(char) = chars.next() {
        lines += usize::from(char == '\n');
        if char == '"' {
            let mut left = n_hashes;
            while 0 < left && chars.next_if_eq(&'#').is_some() {
                left -= 1;
            }
            if left == 0 {
                break;
            }
        }
    }
    lines
}

fn skip_char_or_lifetime(chars: &mut Peekable<Chars<'_>>) {
    match chars.next() {
        Some('\\') => {
            chars.next();
            skip_while(chars, |c| c != '\'');
            chars.next();
        }
        // `'a'` is a character, `'a` and `'static` are lifetimes.
        Some(_) if chars.next_if_eq(&'\'').is_none() => {
            skip_while(chars, |c| c.is_alphanumeric() || c == '_');
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let module = ["app".to_owned(), "pages".to_owned()];
        let found: Vec<String> = mentions(text, &module).iter().map(|mention| mention.path.join("::")).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn use_trees_are_taken_apart() {
        check("use crate::{a::B, c::{self, D as E}, f::*};", &["app::a::B", "app::c", "app::c::D", "app::f"]);
        check("pub use super::state;", &["app::state"]);
        check("use self::rows::Row;", &["app::pages::rows::Row"]);
    }

    #[test]
    fn paths_in_code_are_found_and_imported_names_resolved() {
        check("fn f() -> web_sys::Window { crate::api::get(1) }", &["web_sys::Window", "app::api::get"]);
        check("use crate::platform as p; fn f() { p::x11::open() }", &["app::platform", "app::platform::x11::open"]);
        check("mod windows; fn f() { windows::open() }", &["app::pages::windows::open"]);
        check("fn f() { value.iter::<u8>(); Vec::<u8>::new(); }", &[]);
    }

    #[test]
    fn super_inside_a_module_of_the_file_is_the_file() {
        check("mod tests { use super::*; fn f() { super::super::api::get() } }", &["app::pages", "app::api::get"]);
        check("mod tests { } use super::api;", &["app::api"]);
    }

    #[test]
    fn comments_texts_and_characters_name_nothing() {
        check("// crate::a::b\n/* crate::c /* x */ ::d */ const T: &'static str = \"crate::e\";", &[]);
        check("const T: &str = r#\"crate::a \" ::b\"#; const C: char = '\"'; use crate::z;", &["app::z"]);
        check("const C: char = '\\''; const B: &[u8] = b\"a::b\"; use crate::z;", &["app::z"]);
    }

    #[test]
    fn lines_are_counted_through_everything() {
        let text = "/* \n */ const A: &str = \"\n\\\n\";\nuse crate::z;";
        assert_eq!(mentions(text, &["app".to_owned()])[0].line, 5);
    }
}
