//! A few counters in the text format of Prometheus.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn increment(&self) {
        self.add(1);
    }

    pub fn add(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// Counts one until the guard is dropped.
    pub fn hold(self: &std::sync::Arc<Self>) -> GaugeGuard {
        self.0.fetch_add(1, Ordering::Relaxed);
        GaugeGuard(std::sync::Arc::clone(self))
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Held by a living thing that is counted.
#[derive(Debug)]
pub struct GaugeGuard(std::sync::Arc<Gauge>);

impl Drop for GaugeGuard {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

macro_rules! metrics {
    ($($(#[$doc:meta])* $field:ident: $type:ty = $name:literal, $kind:literal, $help:literal;)*) => {
        /// Everything that is counted.
        #[derive(Debug, Default)]
        pub struct Metrics {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl Metrics {
            /// The text that `/metrics` answers.
            pub fn render(&self) -> String {
                let mut text = String::new();
                $(render(&mut text, $name, $kind, $help, self.$field.get());)*
                text
            }
        }
    };
}

type SharedCounter = std::sync::Arc<Counter>;
type SharedGauge = std::sync::Arc<Gauge>;

metrics! {
    http_requests: Counter = "redring_http_requests_total", "counter", "HTTP requests answered";
    http_errors: Counter = "redring_http_errors_total", "counter", "HTTP requests answered with a status of 500 or more";
    logins: Counter = "redring_logins_total", "counter", "Successful sign-ins";
    logins_failed: Counter = "redring_logins_failed_total", "counter", "Sign-ins with wrong credentials";
    rate_limited: Counter = "redring_rate_limited_total", "counter", "Requests refused because there were too many";
    event_streams: SharedGauge = "redring_event_streams", "gauge", "Open streams of live events";
    links: SharedGauge = "redring_links", "gauge", "Connected consoles";
    enrolments: Counter = "redring_enrolments_total", "counter", "Consoles enrolled";
    sessions: SharedGauge = "redring_sessions", "gauge", "Live remote sessions";
    sessions_started: Counter = "redring_sessions_started_total", "counter", "Remote sessions started";
    sessions_refused: Counter = "redring_sessions_refused_total", "counter", "Remote sessions refused";
    relay_sockets: SharedGauge = "redring_relay_sockets", "gauge", "Session sockets at the relay";
    relay_bytes: SharedCounter = "redring_relay_bytes_total", "counter", "Bytes of ciphertext carried by the relay";
}

fn render(text: &mut String, name: &str, kind: &str, help: &str, value: u64) {
    use std::fmt::Write as _;
    let _never_fails = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_counts_what_is_held() {
        let metrics = Metrics::default();
        let guard = metrics.sessions.hold();
        metrics.relay_bytes.add(7);
        assert!(metrics.render().contains("\nredring_sessions 1\n"));
        assert!(metrics.render().contains("\nredring_relay_bytes_total 7\n"));
        drop(guard);
        assert!(metrics.render().contains("\nredring_sessions 0\n"));
    }
}
