//! The page, in which links marked with `data-trunk` stand for what is built.

use anyhow::{Context as _, Result, bail};

/// What a marked link asks for; paths are relative to the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link<'a> {
    Sheet(&'a str),
    /// The WebAssembly that the page starts.
    Program,
    /// The WebAssembly that the program starts in a worker.
    Worker,
    /// Everything in it lies beside the page.
    Folder(&'a str),
}

#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Line(&'a str),
    Link(Link<'a>),
}

/// The page as its author wrote it.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pieces: Vec<Piece<'a>>,
}

impl<'a> Page<'a> {
    /// A marked link has a line of its own.
    ///
    /// # Errors
    /// When a marked link asks for something else.
    pub(crate) fn read(text: &'a str) -> Result<Self> {
        let pieces = text.lines().map(|line| match line.trim() {
            link if link.starts_with("<link data-trunk ") => read_link(link).map(Piece::Link),
            _ if line.contains("data-trunk") => bail!("a marked link has a line of its own, not `{line}`"),
            _ => Ok(Piece::Line(line)),
        });
        Ok(Self { pieces: pieces.collect::<Result<_>>()? })
    }

    /// The page with what `put` gives for each link.
    pub(crate) fn write(&self, mut put: impl FnMut(Link<'a>) -> Result<String>) -> Result<String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Line(line) => text.push_str(line),
                Piece::Link(link) => text.push_str(&put(*link)?),
            }
            text.push('\n');
        }
        Ok(text)
    }
}

fn read_link(link: &str) -> Result<Link<'_>> {
    let wanted = |name| attribute(link, name).with_context(|| format!("`{link}` has no {name}"));
    Ok(match (wanted("rel")?, attribute(link, "data-type")) {
        ("css", None) => Link::Sheet(wanted("href")?),
        ("rust", None) => Link::Program,
        ("rust", Some("worker")) => Link::Worker,
        ("copy-dir", None) if attribute(link, "data-target-path") == Some(".") => Link::Folder(wanted("href")?),
        _ => bail!("`{link}` asks for something that only Trunk can do"),
    })
}

fn attribute<'a>(link: &'a str, name: &str) -> Option<&'a str> {
    let start = link.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = &link[start..];
    Some(&value[..value.find('"')?])
}

pub(crate) fn sheet(name: &str) -> String {
    format!("    <link rel=\"stylesheet\" href=\"/{name}\" />")
}

/// Both files are asked for at once.
pub(crate) fn program(name: &str) -> String {
    format!(
        "    <link rel=\"modulepreload\" href=\"/{name}.js\" crossorigin=\"anonymous\" />\n\
         \x20   <link rel=\"preload\" href=\"/{name}_bg.wasm\" crossorigin=\"anonymous\" as=\"fetch\" type=\"application/wasm\" />\n\
         \x20   <script type=\"module\">\n\
         import init from '/{name}.js';\n\
         await init({{ module_or_path: '/{name}_bg.wasm' }});\n\
         \x20   </script>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_replaced_and_everything_else_stays() {
        let text = "<head>\n  <link rel=\"icon\" href=\"/favicon.svg\" />\n  <link data-trunk rel=\"css\" href=\"style/a.css\" />\n</head>\n";
        let shown = Page::read(text).unwrap().write(|link| {
            assert_eq!(link, Link::Sheet("style/a.css"));
            Ok("    HERE".to_owned())
        });
        assert_eq!(shown.unwrap(), "<head>\n  <link rel=\"icon\" href=\"/favicon.svg\" />\n    HERE\n</head>\n");
    }

    #[test]
    fn the_portals_page_asks_for_one_program_one_worker_sheets_and_files() {
        let page = Page::read(include_str!("../../index.html")).unwrap();
        let mut links = Vec::new();
        page.write(|link| {
            links.push(link);
            Ok(String::new())
        })
        .unwrap();
        assert_eq!(links.iter().filter(|link| **link == Link::Program).count(), 1);
        assert_eq!(links.iter().filter(|link| **link == Link::Worker).count(), 1);
        assert_eq!(links.iter().filter(|link| **link == Link::Folder("public")).count(), 1);
        assert!(links.iter().filter(|link| matches!(link, Link::Sheet(_))).count() > 20);
    }

    #[test]
    fn what_only_trunk_can_do_is_refused() {
        for link in [
            "<link data-trunk rel=\"sass\" href=\"a.scss\" />",
            "<link data-trunk rel=\"css\" />",
            "<link data-trunk rel=\"copy-dir\" href=\"public\" />",
            "<p></p><link data-trunk rel=\"css\" href=\"a.css\" />",
        ] {
            assert!(Page::read(link).is_err(), "{link}");
        }
    }
}
