//! What the stories are made of.

pub(crate) mod agent;
pub(crate) mod authenticator;
pub(crate) mod http;
pub(crate) mod provider;
pub(crate) mod socket;
pub(crate) mod viewer;
pub(crate) mod world;
