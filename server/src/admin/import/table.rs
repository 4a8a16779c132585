//! Accounts as a table (CSV, RFC 4180) that people edit in a spreadsheet.

use std::collections::HashMap;

use protocol::api::ImportProblem;

use crate::admin::groups::{SEPARATOR, fit_group_name};
use crate::naming;
use crate::storage::users::email_key;

/// Most rows of a table, without its header.
pub(super) const ROWS_MAX: usize = 10_000;
/// Most groups in one cell.
const GROUPS_OF_ROW_MAX: usize = 100;
const COLUMNS: [&str; 4] = ["email", "name", "groups", "disabled"];

/// What one row wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) line: u32,
    pub(super) email: String,
    pub(super) name: String,
    /// Exactly these; `None` leaves them as they are.
    pub(super) groups: Option<Vec<String>>,
    /// `None` leaves it as it is.
    pub(super) disabled: Option<bool>,
}

/// The rows that can be had, and why the others cannot.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
    pub(super) problems: Vec<ImportProblem>,
}

impl Table {
    pub(super) fn problem(&mut self, line: u32, problem: impl Into<String>) {
        self.problems.push(ImportProblem { line, problem: problem.into() });
    }

    pub(super) fn read(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut table = Self::default();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut lines = Lines { text: text.as_bytes(), counted: 0, line: 1 };
        let mut records = reader.records();
        let Some(Ok(header)) = records.next() else {
            table.problem(1, format!("The table is empty. Its first line is {}.", COLUMNS.join(",")));
            return table;
        };
        let columns = match Columns::of(&header) {
            Ok(columns) => columns,
            Err(problem) => {
                table.problem(lines.at(&header), problem);
                return table;
            }
        };
        let mut first_lines: HashMap<String, u32> = HashMap::new();
        for record in records {
            // The text is UTF-8 and rows may have any length: reading it cannot fail.
            let Ok(record) = record else { continue };
            let line = lines.at(&record);
            if table.rows.len() + table.problems.len() == ROWS_MAX {
                table.problem(line, format!("There are more than {ROWS_MAX} rows. Split the table."));
                break;
            }
            match columns.row(line, &record) {
                Err(problem) => table.problem(line, problem),
                Ok(row) => match first_lines.insert(email_key(&row.email), line) {
                    Some(first) => table.problem(line, format!("email: line {first} has the same address.")),
                    None => table.rows.push(row),
                },
            }
        }
        table
    }
}

/// Says on which line a record begins. The reader's own count is behind by the line ends that it has not passed yet.
struct Lines<'a> {
    text: &'a [u8],
    counted: usize,
    line: u32,
}

impl Lines<'_> {
    fn at(&mut self, record: &csv::StringRecord) -> u32 {
        let start = record.position().map_or(0, |position| position.byte() as usize).min(self.text.len());
        let n_ends = self.text[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let start = (start + n_ends).max(self.counted);
        let is_end = |at: &usize| match self.text[*at] {
            b'\n' => true,
            b'\r' => self.text.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        let passed = (self.counted..start).filter(is_end).count();
        self.line += passed as u32;
        self.counted = start;
        self.line
    }
}

/// Where each column is.
struct Columns {
    email: usize,
    name: usize,
    groups: Option<usize>,
    disabled: Option<usize>,
    n: usize,
}

impl Columns {
    fn of(header: &csv::StringRecord) -> Result<Self, String> {
        let mut found = HashMap::new();
        for (index, name) in header.iter().enumerate() {
            let name = name.trim().to_lowercase();
            let Some(column) = COLUMNS.into_iter().find(|column| *column == name) else {
                return Err(format!("There is no column {name:?}. The columns are {}.", COLUMNS.join(",")));
            };
            if found.insert(column, index).is_some() {
                return Err(format!("The column {column} is there twice."));
            }
        }
        let needed =
            |column: &str| found.get(column).copied().ok_or_else(|| format!("The column {column} is missing."));
        Ok(Self {
            email: needed("email")?,
            name: needed("name")?,
            groups: found.get("groups").copied(),
            disabled: found.get("disabled").copied(),
            n: header.len(),
        })
    }

    fn row(&self, line: u32, record: &csv::StringRecord) -> Result<Row, String> {
        if self.n < record.len() {
            return Err(format!("The row has {} columns, and the header {}.", record.len(), self.n));
        }
        let cell = |index: usize| unprotected(record.get(index).unwrap_or_default().trim());
        let optional = |index: Option<usize>| index.map(cell).filter(|text| !text.is_empty());
        let email = naming::email(cell(self.email)).ok_or("email: this is no e-mail address.")?;
        let name = naming::name(cell(self.name));
        let name = name.ok_or("name: it is empty, too long or has characters that cannot be shown.")?;
        Ok(Row {
            line,
            email,
            name,
            groups: optional(self.groups).map(groups).transpose()?,
            disabled: optional(self.disabled).map(flag).transpose()?,
        })
    }
}

/// Each once, whatever the case.
fn groups(cell: &str) -> Result<Vec<String>, String> {
    let mut groups: Vec<String> = Vec::new();
    for name in cell.split(SEPARATOR).map(str::trim).filter(|name| !name.is_empty()) {
        let name = fit_group_name(name)
            .map_err(|_| "groups: a name is too long or has characters that cannot be shown.".to_owned())?;
        if !groups.iter().any(|known| known.to_lowercase() == name.to_lowercase()) {
            groups.push(name);
        }
        if GROUPS_OF_ROW_MAX < groups.len() {
            return Err(format!("groups: take at most {GROUPS_OF_ROW_MAX}."));
        }
    }
    Ok(groups)
}

fn flag(cell: &str) -> Result<bool, String> {
    match cell.to_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err("disabled: write true or false.".to_owned()),
    }
}

/// Somebody as a row of the export.
pub(super) struct Exported<'a> {
    pub(super) email: &'a str,
    pub(super) name: &'a str,
    pub(super) groups: Vec<&'a str>,
    pub(super) disabled: bool,
}

/// A table that [`Table::read`] takes back.
pub(super) fn write<'a>(people: impl Iterator<Item = Exported<'a>>) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Nothing fails that is written to memory, with as many cells in each row.
    let mut put = |cells: [&str; 4]| drop(writer.write_record(cells));
    put(COLUMNS);
    for person in people {
        let groups = person.groups.join(&SEPARATOR.to_string());
        let disabled = if person.disabled { "true" } else { "false" };
        put([&protected(person.email), &protected(person.name), &protected(&groups), disabled]);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// A spreadsheet takes a cell that begins so for a formula.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// With an apostrophe in front, a spreadsheet shows the cell as it is.
fn protected(text: &str) -> String {
    if is_formula(text) { format!("'{text}") } else { text.to_owned() }
}

fn unprotected(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: u32, email: &str, name: &str) -> Row {
        Row { line, email: email.to_owned(), name: name.to_owned(), groups: None, disabled: None }
    }

    fn problems(text: &str) -> Vec<(u32, String)> {
        Table::read(text).problems.into_iter().map(|problem| (problem.line, problem.problem)).collect()
    }

    #[test]
    fn what_spreadsheets_write_is_read() {
        let expected = vec![row(2, "a@b", "Ada"), row(3, "c@d", "Cleo, \"the\" Custom")];
        for text in [
            "email,name\na@b,Ada\nc@d,\"Cleo, \"\"the\"\" Custom\"\n",
            "\u{feff}email,name\r\na@b,Ada\r\nc@d,\"Cleo, \"\"the\"\" Custom\"\r\n",
            " EMAIL ,Name\na@b,Ada\nc@d,\"Cleo, \"\"the\"\" Custom\"",
        ] {
            let read = Table::read(text);
            assert_eq!((read.problems, &read.rows), (Vec::new(), &expected), "{text:?}");
        }
        let all = Table::read("name,disabled,groups,email\nAda,YES, All ; all;Berlin;; ,a@b\nBob,,,b@c\n");
        let ada = Row {
            groups: Some(vec!["All".to_owned(), "Berlin".to_owned()]),
            disabled: Some(true),
            ..row(2, "a@b", "Ada")
        };
        assert_eq!(all.rows, [ada, row(3, "b@c", "Bob")]);
        assert_eq!(Table::read("email,name").rows, []);
    }

    #[test]
    fn lines_are_those_of_an_editor() {
        for end in ["\n", "\r\n", "\r"] {
            let text =
                ["email,name", "a@b,Ada", "", "", "bad,Bob", "c@d,\"Two", "lines\"", "e@f,Eve", "bad,X"].join(end);
            let read = Table::read(&text);
            let lines: Vec<u32> = read.problems.iter().map(|problem| problem.line).collect();
            assert_eq!(lines, [5, 6, 9], "{end:?}: a name has one line");
            assert_eq!(read.rows, [row(2, "a@b", "Ada"), row(8, "e@f", "Eve")], "{end:?}");
        }
    }

    #[test]
    fn what_cannot_be_had_is_named_by_its_line_and_column() {
        for (text, line, part) in [
            ("", 1, "empty"),
            ("\u{feff}", 1, "empty"),
            ("email\na@b", 1, "column name is missing"),
            ("name\nAda", 1, "column email is missing"),
            ("email;name\na@b;Ada", 1, "no column \"email;name\""),
            ("email,name,email\n", 1, "twice"),
            ("email,name,colour\n", 1, "colour"),
            ("email,name\na@b,Ada,x", 2, "3 columns"),
            ("email,name\na@b", 2, "name"),
            ("email,name\n,Ada", 2, "email"),
            ("email,name\nada,Ada", 2, "email"),
            ("email,name\na@b,Ada\nA@B,Ada", 3, "line 2"),
            ("email,name,disabled\na@b,Ada,maybe", 2, "disabled"),
            ("email,name\na@b,\"A\u{202e}da\"", 2, "name"),
            ("email,name\na@b,\"Ada\u{0}\"", 2, "name"),
        ] {
            let found = problems(text);
            assert_eq!((found.len(), found[0].0), (1, line), "{text:?} {found:?}");
            assert!(found[0].1.contains(part), "{text:?} {found:?}");
        }
        assert!(problems(&format!("email,name\na@b,{}", "x".repeat(129)))[0].1.starts_with("name"));
        assert!(problems(&format!("email,name\n{}@b,Ada", "x".repeat(300)))[0].1.starts_with("email"));
        assert!(problems(&format!("email,name,groups\na@b,Ada,{}", "x".repeat(129)))[0].1.starts_with("groups"));
        let many: Vec<String> = (0..101).map(|n| n.to_string()).collect();
        assert!(problems(&format!("email,name,groups\na@b,Ada,{}", many.join(";")))[0].1.contains("at most 100"));
        assert_eq!(problems("email,name\n\"a@b,Ada\n").len(), 1, "a quote that is not closed");
    }

    #[test]
    fn a_table_has_at_most_ten_thousand_rows() {
        let table = |n: usize| {
            let rows = (0..n).map(|n| format!("u{n}@example.com,User {n}\n"));
            Table::read(&std::iter::once("email,name\n".to_owned()).chain(rows).collect::<String>())
        };
        let most = table(ROWS_MAX);
        assert_eq!((most.rows.len(), most.problems.len()), (ROWS_MAX, 0));
        let more = table(ROWS_MAX + 5);
        assert_eq!((more.rows.len(), more.problems.len(), more.problems[0].line), (ROWS_MAX, 1, 10_002));
    }

    #[test]
    fn a_round_trip_changes_nothing_and_no_cell_is_a_formula() {
        let names = ["=1+1", "+49", "-x", "@SUM(A1)", "'=x", "''-x", "'tis", "Ada, \"Q\"", "O'Neil", "Übel"];
        let people = names.map(|name| Exported {
            email: "+tag@example.com",
            name,
            groups: vec!["=group", "b"],
            disabled: name.starts_with('='),
        });
        let text = write(people.into_iter());
        assert!(text.starts_with("email,name,groups,disabled\r\n"), "{text}");
        assert!(text.contains("'+tag@example.com,'=1+1,'=group;b,true\r\n"), "{text}");
        for name in names {
            let written = protected(name);
            assert!(!written.starts_with(['=', '+', '-', '@', '\t']), "{written}");
            assert_eq!(unprotected(&written), name);
        }
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let columns = Columns::of(&reader.headers().expect("a header").clone()).expect("ours");
        for (record, name) in reader.records().zip(names) {
            let row = columns.row(2, &record.expect("a row")).expect("fits");
            assert_eq!((row.email.as_str(), row.name.as_str()), ("+tag@example.com", name));
            assert_eq!(row.groups, Some(vec!["=group".to_owned(), "b".to_owned()]));
            assert_eq!(row.disabled, Some(name.starts_with('=')));
        }
    }
}
