//! Stories of the agent: a real driver on a simulated console, a server made of the protocol's other ends, and
//! WebSockets over loopback in between. Nothing here knows the server crate.

mod pictures;
mod restarts;
mod sessions;
mod support;
