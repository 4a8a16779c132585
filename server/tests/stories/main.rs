//! Whole stories over real sockets: a server, people, and consoles and viewers that are written by hand from the
//! protocol alone, some of them hostile.

#![expect(clippy::unwrap_used, reason = "tests fail loudly")]
#![expect(clippy::large_futures, reason = "a story holds both ends of every socket, and there is one at a time")]

mod support;

mod audit_log;
mod enrolment;
mod gate;
mod histories;
mod hostile;
mod links;
mod oidc;
mod oracle;
mod passkeys;
mod people;
mod receipts;
mod relay;
mod roles;
mod session;
mod settings;
