//! The wall clock and dates in the reader's language and time zone.

use js_sys::{Date, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub fn now_ms() -> i64 {
    Date::now() as i64
}

/// The time of day: `10:02`.
pub fn time(at_ms: i64) -> String {
    format(at_ms, &[("timeStyle", "short")])
}

/// Date and time: `22 Nov 2026, 10:02`.
pub fn date_time(at_ms: i64) -> String {
    format(at_ms, &[("dateStyle", "medium"), ("timeStyle", "short")])
}

/// The date: `22 Nov 2026`.
pub fn date(at_ms: i64) -> String {
    format(at_ms, &[("dateStyle", "medium")])
}

/// When the day `2026-11-22` of the reader's calendar begins, or one that comes `days_later`.
pub fn day_begins(date: &str, days_later: i32) -> Option<i64> {
    let mut parts = date.split('-').map(|part| part.parse::<i32>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let year = u32::try_from(year).ok()?;
    let at = Date::new_with_year_month_day(year, month - 1, day + days_later).get_time();
    at.is_finite().then_some(at as i64)
}

fn format(at_ms: i64, options: &[(&str, &str)]) -> String {
    let object = Object::new();
    for (name, value) in options {
        // Setting a property of a plain object of our own cannot fail.
        let _ = Reflect::set(&object, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    let format = Intl::DateTimeFormat::new(&js_sys::Array::new(), &object).format();
    let text = format.call1(&JsValue::UNDEFINED, &Date::new(&JsValue::from_f64(at_ms as f64)));
    text.ok().and_then(|text| text.as_string()).unwrap_or_default()
}
