//! When checkpoints are signed: at the start of a session, every few seconds while events arrive, and at the end.

use std::time::Duration;

use protocol::audit::{Checkpoint, LogSigner};

use crate::storage::{Result, Store, TenantScope};

/// An event is under a checkpoint after this time at the latest.
pub const SIGN_EVERY: Duration = Duration::from_secs(10);

/// Signs how the tenant's log stands now. Of a log without events there is nothing to say.
///
/// # Errors
/// When the storage fails: then nothing is signed that is not stored.
pub async fn sign(storage: &Store, signer: &LogSigner, scope: &TenantScope) -> Result<Checkpoint> {
    let head = storage.log_head(scope).await?;
    if 0 < head.size {
        storage.store_checkpoint(scope, head.size, &signer.sign(&head)).await?;
    }
    Ok(head)
}

/// Signs how each log stands that has events without a checkpoint; returns how many.
///
/// # Errors
/// When the storage fails.
pub async fn sign_due(storage: &Store, signer: &LogSigner) -> Result<usize> {
    let due = storage.logs_without_checkpoint().await?;
    for (scope, head) in &due {
        storage.store_checkpoint(scope, head.size, &signer.sign(head)).await?;
    }
    Ok(due.len())
}
