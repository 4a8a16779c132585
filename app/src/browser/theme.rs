//! The colour scheme of the page: the system's, or the one chosen here. `boot.js` applies a stored choice
//! before the first paint.

use super::{page, storage};

const STORED_AS: &str = "redring.theme";
const ATTRIBUTE: &str = "data-theme";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub const fn id(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The stored choice.
    pub fn stored() -> Self {
        let stored = storage::read(STORED_AS).unwrap_or_default();
        Self::ALL.into_iter().find(|theme| theme.id() == stored).unwrap_or_default()
    }

    /// Stores the choice and shows it.
    pub fn choose(self) {
        let root = page::window().and_then(|window| window.document()?.document_element());
        if self == Self::System {
            storage::remove(STORED_AS);
        } else {
            storage::write(STORED_AS, self.id());
        }
        let Some(root) = root else { return };
        let _ = if self == Self::System {
            root.remove_attribute(ATTRIBUTE)
        } else {
            root.set_attribute(ATTRIBUTE, self.id())
        };
    }
}
