use leptos::prelude::*;
use protocol::time::Micros;
use protocol::video::Codec;
use viewer::ui::Statistics;

use super::engine::Engine;

/// The figures of the connection.
#[component]
pub(super) fn StatisticsPanel(engine: Engine) -> impl IntoView {
    let statistics = engine.state().statistics;
    let row = move |name: &'static str, value: fn(&Statistics) -> String| {
        view! {
            <div class="session-figure">
                <dt>{name}</dt>
                <dd>{move || statistics.with(value)}</dd>
            </div>
        }
    };
    view! {
        <div id="session-statistics" class="drop-down session-statistics" popover="auto" role="dialog" aria-label="Connection statistics">
            <h2>"Connection"</h2>
            <p class="session-code">
                <span>"Code: " <strong>{move || engine.state().code.get().map(|code| code.to_string())}</strong></span>
                <span>"The same words stand behind your name in the line of the red ring, while it has room for them. If others stand there, end the session: somebody sits between you and the console."</span>
            </p>
            <dl>
                {row("Glass to glass", |statistics| milliseconds(statistics.glass_to_glass))}
                {row("Arrival to drawing", |statistics| milliseconds(statistics.decode))}
                {row("Round trip", |statistics| milliseconds(statistics.round_trip))}
                {row("Pictures per second", |statistics| format!("{}.{}", statistics.decifps / 10, statistics.decifps % 10))}
                {row("Bit rate", |statistics| bit_rate(statistics.bits_per_second))}
                {row("Codec", |statistics| statistics.codec.map_or_else(none, codec))}
                {row("Picture", |statistics| {
                    format!("{} × {}, {} regions", statistics.size.width, statistics.size.height, statistics.n_regions)
                })}
                {row("Pictures", |statistics| statistics.n_frames.to_string())}
                {row("Dropped", |statistics| statistics.n_dropped.to_string())}
                {row("Decoder restarts", |statistics| statistics.n_recoveries.to_string())}
            </dl>
        </div>
    }
}

fn none() -> String {
    "–".to_owned()
}

/// `3.9 ms`
fn milliseconds(time: Option<Micros>) -> String {
    time.map_or_else(none, |time| format!("{}.{} ms", time.0 / 1000, time.0 % 1000 / 100))
}

/// `840 kbit/s`, `4.2 Mbit/s`
fn bit_rate(bits_per_second: u32) -> String {
    let kilobits = bits_per_second / 1000;
    if kilobits < 1000 {
        format!("{kilobits} kbit/s")
    } else {
        format!("{}.{} Mbit/s", kilobits / 1000, kilobits % 1000 / 100)
    }
}

/// `H.264 Constrained Baseline`, by the profile and its constraints ([H.264] A.2).
///
/// [H.264]: https://www.itu.int/rec/T-REC-H.264
fn codec(codec: Codec) -> String {
    let Codec::H264 { profile, constraints, .. } = codec;
    let profile = match (profile, constraints & 0x40) {
        (66, 0) => "Baseline",
        (66, _) => "Constrained Baseline",
        (77, _) => "Main",
        (100, _) => "High",
        (244, _) => "High 4:4:4",
        _ => "",
    };
    format!("H.264 {profile}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        assert_eq!(milliseconds(Some(Micros(3_940))), "3.9 ms");
        assert_eq!(bit_rate(840_900), "840 kbit/s");
        assert_eq!(bit_rate(4_290_000), "4.2 Mbit/s");
        assert_eq!(codec(Codec::H264 { profile: 66, constraints: 0xC0, level: 30 }), "H.264 Constrained Baseline");
    }
}
