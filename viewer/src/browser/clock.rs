//! The worker's monotonic clock.

use protocol::time::Micros;
use web_sys::Performance;

thread_local! {
    static PERFORMANCE: Option<Performance> = super::scope().performance();
}

/// Now. Browsers round it to between 5 and 100 µs.
pub fn now() -> Micros {
    PERFORMANCE.with(|performance| Micros(performance.as_ref().map_or(0.0, |clock| clock.now() * 1000.0) as u64))
}
