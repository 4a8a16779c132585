//! Against real X servers without a screen (Xvfb), one for each test.

mod capture;
mod displays;
mod keyboard;
mod pointer;
mod programs;
mod release_guard;
mod ring;
mod status_window;
mod xvfb;
