//! The browser: the only room of the portal that names `web_sys`, `js_sys` or `wasm_bindgen`.
//!
//! Thin wrappers that turn what a browser offers into plain types and values that close themselves when dropped.

pub mod clipboard;
pub mod clock;
pub mod dates;
pub mod elements;
pub mod event_source;
pub mod features;
pub mod files;
pub mod full_screen;
pub mod leave;
pub mod letters;
pub mod listener;
pub mod page;
pub mod passkeys;
pub mod storage;
pub mod system;
pub mod task;
pub mod theme;
pub mod visibility;
pub mod worker;
