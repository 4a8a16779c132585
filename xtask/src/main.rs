//! The commands of this repository, run as `cargo xtask NAME`.
//!
//! Reading order: [`cli`] (names and help), one module per command ([`demo`], [`test`], [`contract`], [`bench`],
//! [`trials`], [`check`], [`dist`]), what they build ([`portal`], [`product`], [`server`]), what they set up ([`tools`]), and what all of them use:
//! [`step`] (what is printed) and [`process`] (what is started, and ended again).
//!
//! It never sets `RUSTFLAGS`: that would replace the flags of `.cargo/config.toml`.

mod bench;
mod check;
mod cli;
mod contract;
mod demo;
mod dist;
mod layers;
mod portal;
mod process;
mod product;
mod server;
mod step;
mod summary;
mod test;
mod tools;
mod trials;
mod workspace;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match process::end_all_on_interrupt().and_then(|()| cli::run(&words)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            step::error(&error);
            ExitCode::FAILURE
        }
    }
}
