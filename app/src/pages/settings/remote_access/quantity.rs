//! Lengths of time as people read and type them.

use std::ops::RangeInclusive;

/// Seconds in words: `15 minutes`, `4 hours`, `1 hour 30 minutes`.
pub(super) fn in_words(seconds: u32) -> String {
    let units = [(seconds / 3600, "hour"), (seconds / 60 % 60, "minute"), (seconds % 60, "second")];
    let parts: Vec<_> = units.into_iter().filter(|(n, _)| 0 < *n).map(|(n, unit)| counted(n, unit)).collect();
    if parts.is_empty() { counted(0, "second") } else { parts.join(" ") }
}

/// `1 day`, `2 days`.
pub(super) fn counted(n: u32, unit: &str) -> String {
    if n == 1 { format!("1 {unit}") } else { format!("{n} {unit}s") }
}

/// Seconds as minutes, to be typed: `15`, `1.5`.
pub(super) fn as_minutes(seconds: u32) -> String {
    (f64::from(seconds) / 60.0).to_string()
}

/// Typed minutes as seconds; `None` when it is not a number within the range of seconds.
pub(super) fn minutes_typed(text: &str, range: &RangeInclusive<u32>) -> Option<u32> {
    let minutes: f64 = text.trim().replace(',', ".").parse().ok()?;
    let seconds = (minutes * 60.0).round();
    let (least, most) = (f64::from(*range.start()), f64::from(*range.end()));
    (least <= seconds && seconds <= most).then_some(seconds as u32)
}

/// A typed whole number within a range.
pub(super) fn whole_typed(text: &str, range: &RangeInclusive<u32>) -> Option<u32> {
    text.trim().parse().ok().filter(|number| range.contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_read_well() {
        for (seconds, words) in [
            (0, "0 seconds"),
            (60, "1 minute"),
            (90, "1 minute 30 seconds"),
            (900, "15 minutes"),
            (14_400, "4 hours"),
            (5400, "1 hour 30 minutes"),
            (86_400, "24 hours"),
        ] {
            assert_eq!(in_words(seconds), words);
        }
    }

    #[test]
    fn what_is_shown_can_be_typed_again() {
        for seconds in [60, 61, 90, 899, 28_800] {
            assert_eq!(minutes_typed(&as_minutes(seconds), &(60..=28_800)), Some(seconds), "{seconds}");
        }
    }

    #[test]
    fn what_is_no_number_or_out_of_its_range_is_none() {
        for text in ["", "x", "0.5", "481", "-1", "NaN", "inf", "1e99"] {
            assert_eq!(minutes_typed(text, &(60..=28_800)), None, "{text:?}");
        }
        assert_eq!(minutes_typed(" 1,5 ", &(60..=28_800)), Some(90));
        for (text, number) in [("30", Some(30)), ("29", None), ("30.5", None), ("", None), ("99999999999", None)] {
            assert_eq!(whole_typed(text, &(30..=3650)), number, "{text:?}");
        }
    }
}
