//! What consoles say about the sessions that they served, in receipts that they sign.

use async_trait::async_trait;
use protocol::api::UnixMillis;
use protocol::ids::{ConsoleId, SessionId};
use protocol::secure::ConsoleSigningKey;

use super::{NewEvent, Result, TenantScope};

/// A receipt whose signature was checked, of a session that is the console's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReceipt {
    pub console: ConsoleId,
    pub session: SessionId,
    pub number: u64,
    /// With the signature.
    pub signed: Vec<u8>,
    pub received_at: UnixMillis,
}

/// What became of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Stored,
    /// This very receipt is on record already.
    Known,
    /// Another receipt of the session is on record.
    Other,
}

#[async_trait]
pub trait Receipts {
    /// Keeps the first signing key that a console shows, and the event with it. `false` when it showed another one before.
    async fn learn_signing_key(
        &self,
        scope: &TenantScope,
        id: &ConsoleId,
        key: &ConsoleSigningKey,
        event: NewEvent,
    ) -> Result<bool>;

    /// Stores a session's first receipt with `events`; of a later one, nothing.
    async fn keep_receipt(&self, scope: &TenantScope, receipt: &NewReceipt, events: Vec<NewEvent>) -> Result<Kept>;

    /// A receipt that is not kept has its number all the same.
    async fn pass_receipt(
        &self,
        scope: &TenantScope,
        id: &ConsoleId,
        number: u64,
        event: Option<NewEvent>,
    ) -> Result<()>;

    /// The signed receipt of a session.
    async fn receipt(&self, scope: &TenantScope, session: &SessionId) -> Result<Option<Vec<u8>>>;
}
