//! The page's monotonic clock, and chance for pauses.

use protocol::time::Micros;

use super::page;

pub fn now() -> Micros {
    let clock = page::window().and_then(|window| window.performance());
    Micros(clock.map_or(0.0, |clock| clock.now() * 1000.0) as u64)
}

/// Between 0 and 1; for spreading work out, never for secrets.
pub fn jitter() -> f64 {
    js_sys::Math::random()
}
