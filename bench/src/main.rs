//! Measures from outside: presses keys and buttons on one X display as a person would, and watches its pixels as an eye
//! would. Knows nothing of the product.
//!
//! Two kinds of programs: those that press and watch ([`probe`]: `press`, `click`, `frames`, `type`, `chords`) and those
//! that give a console something to show ([`scene`]: `flip`, `move`). `cargo xtask bench` puts them together.

mod display;
mod probe;
mod scene;

use std::time::Duration;

use anyhow::Result;
use clap::Parser;

use display::{Chord, Colour, Point, Rect};

#[derive(Parser)]
#[command(about)]
enum Command {
    /// Press a key again and again; print in a JSON array how long each press took to change a pixel, in µs
    Press {
        #[arg(long)]
        display: String,
        /// Where the pixel is: `X,Y`
        #[arg(long)]
        watch: Point,
        /// Key code of X (41 is F)
        #[arg(long, default_value_t = 41)]
        key: u8,
        #[arg(long, default_value_t = 100)]
        count: u32,
    },
    /// Click once; print how long it took until a pixel had a colour, in µs
    Click {
        #[arg(long)]
        display: String,
        /// Where to click: `X,Y`
        #[arg(long)]
        at: Point,
        #[arg(long)]
        watch: Point,
        /// `RRGGBB`
        #[arg(long)]
        colour: Colour,
    },
    /// Count how often a part of a display changes; print the times of the changes in µs as a JSON array
    Frames {
        #[arg(long)]
        display: String,
        /// `X,Y,WIDTH,HEIGHT`
        #[arg(long)]
        within: Rect,
        #[arg(long)]
        seconds: u64,
    },
    /// Press keys at a steady pace
    Type {
        #[arg(long)]
        display: String,
        #[arg(long, default_value_t = 10)]
        per_second: u32,
        #[arg(long)]
        seconds: u64,
    },
    /// Press these keys, one chord after the other
    Chords {
        #[arg(long)]
        display: String,
        /// Key codes of X that are held together: `50+38` is Shift and A
        #[arg(required = true)]
        chords: Vec<Chord>,
    },
    /// Fill a display; flip a block between dark and light at each key press
    Flip {
        #[arg(long)]
        display: String,
        /// `X,Y,WIDTH,HEIGHT` [default: a quarter of the display, in its middle]
        #[arg(long)]
        block: Option<Rect>,
    },
    /// Fill a display; move a structured block of a quarter of it, 60 times a second
    Move {
        #[arg(long)]
        display: String,
    },
}

#[expect(clippy::print_stdout, reason = "the result is read from there")]
fn main() -> Result<()> {
    match Command::parse() {
        Command::Press { display, watch, key, count } => {
            println!("{}", serde_json::to_string(&probe::press(&display, watch, key, count)?)?);
        }
        Command::Click { display, at, watch, colour } => println!("{}", probe::click(&display, at, watch, colour)?),
        Command::Frames { display, within, seconds } => {
            println!("{}", serde_json::to_string(&probe::frames(&display, within, Duration::from_secs(seconds))?)?);
        }
        Command::Type { display, per_second, seconds } => {
            probe::type_keys(&display, per_second, Duration::from_secs(seconds))?;
        }
        Command::Chords { display, chords } => probe::press_chords(&display, &chords)?,
        Command::Flip { display, block } => scene::flip(&display, block)?,
        Command::Move { display } => scene::move_block(&display)?,
    }
    Ok(())
}
