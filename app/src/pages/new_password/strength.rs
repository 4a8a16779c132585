//! How hard a password is to guess, in words. The server decides what it takes; this only advises.

/// Fewer characters are refused by the server.
const N_CHARACTERS_MIN: usize = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    Nothing,
    TooShort {
        n_missing: usize,
    },
    /// Mostly a name or address that others know.
    Personal,
    /// The same few characters again and again, or a run such as `abcdef`.
    Monotonous,
    Enough,
    Strong,
}

impl Strength {
    pub const fn is_enough(self) -> bool {
        matches!(self, Self::Enough | Self::Strong)
    }

    pub const fn id(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::TooShort { .. } | Self::Personal | Self::Monotonous => "weak",
            Self::Enough => "enough",
            Self::Strong => "strong",
        }
    }

    /// 0 to 3.
    pub const fn level(self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::TooShort { .. } | Self::Personal | Self::Monotonous => 1,
            Self::Enough => 2,
            Self::Strong => 3,
        }
    }

    /// A sentence that helps.
    pub fn advice(self) -> String {
        match self {
            Self::Nothing => {
                "At least 12 characters. Four or more unrelated words are easy to keep in mind.".to_owned()
            }
            Self::TooShort { n_missing: 1 } => "Too short: 1 more character.".to_owned(),
            Self::TooShort { n_missing } => format!("Too short: {n_missing} more characters."),
            Self::Personal => "Easy to guess: it is mostly a name or address that others know.".to_owned(),
            Self::Monotonous => "Easy to guess: it repeats itself. Mix in other words.".to_owned(),
            Self::Enough => "Good. Longer is better still.".to_owned(),
            Self::Strong => "Strong.".to_owned(),
        }
    }
}

/// Judges a password of a person whose names and addresses are `personal`; `small` makes small letters of others.
pub(super) fn judge(password: &str, personal: &[String], small: fn(&str) -> String) -> Strength {
    let n_characters = password.chars().count();
    if n_characters == 0 {
        return Strength::Nothing;
    }
    if n_characters < N_CHARACTERS_MIN {
        return Strength::TooShort { n_missing: N_CHARACTERS_MIN - n_characters };
    }
    if without_personal(&small(password), personal.iter().map(|text| small(text))).chars().count() < 8 {
        return Strength::Personal;
    }
    match n_surprises(password) {
        ..8 => Strength::Monotonous,
        8..16 => Strength::Enough,
        _ => Strength::Strong,
    }
}

/// What is left when everybody's knowledge is taken out.
fn without_personal(password: &str, personal: impl Iterator<Item = String>) -> String {
    let mut rest = password.to_owned();
    for text in personal {
        let words = text.split(|c: char| !c.is_alphanumeric());
        for word in words.filter(|word| 3 <= word.chars().count()) {
            rest = rest.replace(word, "");
        }
    }
    rest
}

/// Characters that neither continue a run (`abc`, `321`, `aaa`) nor repeat the last two steps.
fn n_surprises(password: &str) -> usize {
    let codes: Vec<i64> = password.chars().map(|c| i64::from(u32::from(c))).collect();
    let continues = |index: usize| {
        let step = codes[index] - codes[index - 1];
        let is_run = step.abs() <= 1;
        let is_echo = 2 <= index && codes[index] == codes[index - 2];
        is_run || is_echo
    };
    1 + (1..codes.len()).filter(|index| !continues(*index)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_judged_by_what_is_hard_to_guess() {
        let personal = ["Contoso".to_owned(), "Ada Admin".to_owned(), "ada@example.com".to_owned()];
        for (password, strength) in [
            ("", Strength::Nothing),
            ("short", Strength::TooShort { n_missing: 7 }),
            ("eleven char", Strength::TooShort { n_missing: 1 }),
            ("contoso-admin-1", Strength::Personal),
            ("aaaaaaaaaaaaaaaa", Strength::Monotonous),
            ("abcdefghijklmnop", Strength::Monotonous),
            ("abababababababab", Strength::Monotonous),
            ("tulip harbour", Strength::Enough),
            ("tulip harbour violin sky", Strength::Strong),
        ] {
            assert_eq!(judge(password, &personal, str::to_lowercase), strength, "{password:?}");
        }
    }
}
