//! The present time, for texts such as "3 min ago".

use std::time::Duration;

use leptos::prelude::*;

use crate::browser::dates;

const TICK: Duration = Duration::from_secs(20);

/// The wall clock, a few times a minute.
#[derive(Clone, Copy)]
pub struct Clock {
    now_ms: RwSignal<i64>,
}

impl Clock {
    /// Starts the clock; it runs as long as the portal.
    pub fn start() -> Self {
        let now_ms = RwSignal::new(dates::now_ms());
        set_interval(move || now_ms.set(dates::now_ms()), TICK);
        Self { now_ms }
    }

    /// How long ago something was, in words; follows the clock.
    pub fn ago(self, at_ms: i64) -> String {
        let minutes = (self.now_ms.get() - at_ms) / 60_000;
        match minutes {
            ..=0 => "just now".to_owned(),
            1..=59 => format!("{minutes} min ago"),
            60..=1_439 => format!("{} h ago", minutes / 60),
            1_440..=10_079 => format!("{} d ago", minutes / 1_440),
            _ => dates::date(at_ms),
        }
    }

    /// How long something has lasted, in words; follows the clock.
    pub fn lasting(self, since_ms: i64) -> String {
        let minutes = (self.now_ms.get() - since_ms) / 60_000;
        match minutes {
            ..=0 => "less than a minute".to_owned(),
            1..=59 => format!("{minutes} min"),
            60..=1_439 => format!("{} h {} min", minutes / 60, minutes % 60),
            _ => format!("{} d", minutes / 1_440),
        }
    }

    /// Whether a moment has come; follows the clock.
    pub fn is_past(self, at_ms: i64) -> bool {
        at_ms <= self.now_ms.get()
    }

    /// When something was: the time of day if it was less than a day ago.
    pub fn at(self, at_ms: i64) -> String {
        if self.now_ms.get() - at_ms < 20 * 3_600_000 { dates::time(at_ms) } else { dates::date_time(at_ms) }
    }
}
