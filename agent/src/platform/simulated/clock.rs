//! Time for the simulated console. Nothing else here reads a clock, so a test can hold it still.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Where a simulated console gets its time from.
pub trait Clock: Send + Sync {
    /// Since the console was opened; never goes back.
    fn now(&self) -> Duration;

    /// Local time in seconds since the beginning of 1970, as the clock on the wall counts them.
    fn local_seconds(&self) -> i64;
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    opened: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { opened: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.opened.elapsed()
    }

    fn local_seconds(&self) -> i64 {
        let now = jiff::Zoned::now();
        now.timestamp().as_second() + i64::from(now.offset().seconds())
    }
}

/// A clock that is moved by hand.
#[derive(Debug)]
pub struct ManualClock {
    started_at: i64,
    passed: Mutex<Duration>,
}

impl ManualClock {
    /// Stands at `local_seconds` (as in [`Clock::local_seconds`]).
    pub fn new(local_seconds: i64) -> Self {
        Self { started_at: local_seconds, passed: Mutex::default() }
    }

    /// Moves on. A console that is waiting hears of it by [`super::Simulated::look_at_clock`].
    pub fn advance(&self, by: Duration) {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn local_seconds(&self) -> i64 {
        self.started_at + self.now().as_secs() as i64
    }
}

/// A moment on the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LocalTime(pub(super) i64);

const WEEKDAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl LocalTime {
    pub(super) const fn minute_of_era(self) -> i64 {
        self.0.div_euclid(60)
    }

    pub(super) const fn from_minute(minute: i64) -> Self {
        Self(minute * 60)
    }

    /// `14:05`, or `2:05 PM`.
    pub(super) fn time(self, twenty_four_hours: bool) -> String {
        let (time, half) = self.time_and_half(twenty_four_hours);
        if half.is_empty() { time } else { format!("{time} {half}") }
    }

    /// The digits, and the half of the day where it is named.
    pub(super) fn time_and_half(self, twenty_four_hours: bool) -> (String, &'static str) {
        let minute = self.minute_of_era().rem_euclid(24 * 60);
        let (hour, minute) = (minute / 60, minute % 60);
        if twenty_four_hours {
            return (format!("{hour:02}:{minute:02}"), "");
        }
        (format!("{}:{minute:02}", (hour + 11) % 12 + 1), if hour < 12 { "AM" } else { "PM" })
    }

    /// `Sunday, 22 November`.
    pub(super) fn date(self) -> String {
        let days = self.0.div_euclid(24 * 3600);
        let (month, day) = month_and_day(days);
        format!("{}, {day} {}", WEEKDAYS[days.rem_euclid(7) as usize], MONTHS[month])
    }
}

/// Month from 0 and day from 1 in the Gregorian calendar, from days since 1970-01-01.
fn month_and_day(days: i64) -> (usize, i64) {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut left = days.rem_euclid(146_097);
    let mut year = 1970;
    while i64::from(leap(year)) + 365 <= left {
        left -= i64::from(leap(year)) + 365;
        year += 1;
    }
    let lengths = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while lengths[month] <= left {
        left -= lengths[month];
        month += 1;
    }
    (month, left + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_people_say_them() {
        let cases = [
            (0, "00:00", "12:00 AM", "Thursday, 1 January"),
            (1_795_356_300, "14:05", "2:05 PM", "Sunday, 22 November"),
            (951_782_400 + 12 * 3600, "12:00", "12:00 PM", "Tuesday, 29 February"),
            (1_735_689_599, "23:59", "11:59 PM", "Tuesday, 31 December"),
        ];
        for (seconds, long, short, date) in cases {
            let moment = LocalTime(seconds);
            assert_eq!(
                (moment.time(true), moment.time(false), moment.date()),
                (long.into(), short.into(), date.into())
            );
        }
    }
}
