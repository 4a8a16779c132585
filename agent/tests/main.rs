//! Stories of the agent: a real driver on a simulated console, a server made of the protocol's other ends, and
//! sockets over loopback in between. Nothing here knows the server crate.

mod guards;
mod pictures;
mod receipts;
mod restarts;
mod sessions;
mod signals;
mod simulated;
mod support;
