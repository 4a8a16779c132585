//! Server and agent together, thousands of times. Each trial is a test in `trials/tests`, which does a little of it.

use anyhow::{Result, bail};

use crate::cli::Arguments;
use crate::process::Program;
use crate::step;

const TRIALS: [(&str, &str); 9] = [
    ("simulation", "stories on virtual time, with crashes, cuts and delays (200)"),
    ("storms", "input on a real X server that ends with a death: nothing stays down (12)"),
    ("endings", "sessions that end in twelve ways: one restart of the device or none (12)"),
    ("ring", "pictures of a real X server, each with the ring around it (10)"),
    ("forged_grants", "grants that nobody gave: no console accepts one (200)"),
    ("forged_handshakes", "first words that the viewer did not say: none opens a session (160)"),
    ("hostile_relay", "a relay that changes, mixes and repeats what it carries: it only ends sessions (12)"),
    ("tampered_log", "an audit log that somebody changed: it is found, and where (2000)"),
    ("removals", "access that is taken away at any moment: what depended on it ends (9)"),
];

pub(crate) const DETAILS: &str = "  --times N  how often; in brackets above: as `test` does it\n  \
                                  --seed N   where to begin; a failure names the seed that shows it again (1)\n\n\
                                  RUST_LOG=info tells a story of the simulation in words.";

/// `cargo xtask trials`
pub(crate) fn run(mut arguments: Arguments) -> Result<()> {
    let (times, seed) = (arguments.given::<u64>("--times")?, arguments.given::<u64>("--seed")?);
    let names = arguments.names()?;
    if names.is_empty() {
        for (name, about) in TRIALS {
            step::say(format_args!("{name:<18} {about}"));
        }
        return Ok(());
    }
    if let Some(name) = names.iter().find(|name| !TRIALS.iter().any(|(known, _)| known == name)) {
        bail!("there is no trial {name:?}; see `cargo xtask trials`");
    }
    for name in names {
        // The same choice of packages as for all tests, so that nothing is compiled twice.
        let mut trial = Program::new("cargo").args(["test", "--workspace", "--test", &name, "--", "--nocapture"]);
        for (variable, number) in [("TRIALS_TIMES", times), ("TRIALS_SEED", seed)] {
            if let Some(number) = number {
                trial = trial.env(variable, number.to_string());
            }
        }
        trial.run()?;
    }
    Ok(())
}
