//! The session engine: runs in a Web Worker of its own and is the only code in the browser that sees plaintext pixels.
//!
//! It holds the session socket, the end-to-end cipher (`protocol::session::Viewer`), the video decoders and the canvas.
//! It never touches the page: the portal sends it the messages of [`ui`] and gets messages of [`ui`] back.
//!
//! Reading order: [`ui`], `pump` (one loop, one match), `picture`, [`present`], then the rest.

pub mod present;
pub mod recovery;
pub mod statistics;
pub mod ui;

#[cfg(target_arch = "wasm32")]
pub mod browser;
#[cfg(target_arch = "wasm32")]
mod picture;
#[cfg(target_arch = "wasm32")]
mod pump;
#[cfg(target_arch = "wasm32")]
mod thumbnails;

#[cfg(target_arch = "wasm32")]
pub use pump::start;
