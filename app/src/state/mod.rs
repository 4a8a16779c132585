//! What the whole portal knows: who is signed in, what happens now, what time it is, what to tell the person.
//!
//! Each state is a `Copy` handle, provided once by [`crate::app`] and taken with `expect_context`.

pub mod appearance;
pub mod clock;
pub mod confirmation;
pub mod live;
pub mod login;
pub mod toasts;
pub mod watches;
