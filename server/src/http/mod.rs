//! HTTP: the REST API under `/api/v1`, the sockets under `/ws`, the portal, health and metrics.

pub mod accept;
pub mod assets;
pub mod cursor;
pub mod error;
pub mod extract;
pub mod middleware;
pub mod needs;
pub mod router;
pub mod routes;
pub mod sockets;
pub mod step_up;

pub use router::router;
