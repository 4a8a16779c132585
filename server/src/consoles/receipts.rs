//! What a console says about sessions that are over. Its signature makes it the console's word; it is on record once,
//! beside what the server itself saw of the end.

use protocol::link::LinkClose;
use protocol::secure::{ConsoleSigningKey, Fingerprint, Receipt, SignedReceipt};
use protocol::time::Micros;

use super::link::{Newcomer, Stop, log_failure};
use super::pace::Pace;
use super::registry::{Registry, Reports};
use super::statement::end_reason;
use crate::audit::{Actor, Event, SessionFacts};
use crate::storage::receipts::Kept;
use crate::storage::{NewEvent, NewReceipt, StorageError};

/// Receipts that are of no session of the console, as far as they are written down.
const REFUSALS_BURST: u32 = 5;
const REFUSAL_EVERY: Micros = Micros::from_secs(60);

/// The receipts of one console, on one link.
pub(super) struct Receipts {
    pub(super) key: ConsoleSigningKey,
    /// The number of the last one.
    last: u64,
    refusals: Pace,
}

impl Receipts {
    /// Remembers the key that the console shows, when it is the first, and turns away whoever shows another one: they
    /// have the console's other key, but not what made it its own.
    pub(super) async fn open(registry: &Registry, newcomer: &Newcomer, key: ConsoleSigningKey) -> Result<Self, Stop> {
        let (core, console) = (&registry.core, &newcomer.console);
        let (room, fingerprint) = (console.room.clone(), Fingerprint::of_signing_key(&key).to_string());
        let is_known = if let Some(known) = &console.signing_key {
            *known == key
        } else {
            let learned = Event::SigningKeyLearned { room, console: console.id, fingerprint: fingerprint.clone() };
            let event = event(registry, newcomer, &learned);
            let learned = core.storage.learn_signing_key(&newcomer.scope, &console.id, &key, event).await;
            learned.map_err(|error| failed(error, newcomer))?
        };
        if !is_known {
            tracing::warn!(console.id = %console.id, "a console shows another signing key than at first");
            let refused = Event::SigningKeyRefused { room: console.room.clone(), console: console.id, fingerprint };
            note(registry, newcomer, &refused).await;
            return Err(Stop::Close(LinkClose::ProtocolError));
        }
        let refusals = Pace::new(REFUSALS_BURST, REFUSAL_EVERY, core.clock.monotonic());
        Ok(Self { key, last: console.receipt_number.unwrap_or(0), refusals })
    }

    /// Takes a receipt; returns its number when the console may forget it. A forged one ends the link.
    ///
    /// One of no session of this console is taken, too: it would come again for ever.
    pub(super) async fn take(
        &mut self,
        registry: &Registry,
        reports: &dyn Reports,
        newcomer: &Newcomer,
        signed: Vec<u8>,
    ) -> Result<u64, Stop> {
        let (core, scope, console) = (&registry.core, &newcomer.scope, &newcomer.console);
        let signed = SignedReceipt::from_untrusted(signed);
        let receipt = match signed.verify(&self.key) {
            Ok(receipt) if receipt.console == console.id && receipt.tenant == *scope.tenant() => receipt,
            wrong => {
                let why =
                    wrong.map_or_else(|error| error.to_string(), |_| "the receipt is another console's".to_owned());
                tracing::warn!(console.id = %console.id, why, "a receipt is refused");
                note(registry, newcomer, &refused(newcomer, None, why)).await;
                return Err(Stop::Close(LinkClose::ProtocolError));
            }
        };
        let Receipt { session, number, reason, restarts, .. } = receipt;
        reports.ended(console.id, session, end_reason(reason), restarts).await;
        let record = core.storage.session(scope, &session).await.map_err(|error| failed(error, newcomer))?;
        let Some(record) = record.filter(|record| record.console == console.id) else {
            self.pass(registry, newcomer, &receipt, "the session is none of this console's").await?;
            return Ok(number);
        };
        let mut events = vec![event(registry, newcomer, &confirmed(SessionFacts::from(&record), &receipt))];
        let expected = self.last.saturating_add(1);
        if number != expected {
            let (room, console) = (console.room.clone(), console.id);
            events.push(event(
                registry,
                newcomer,
                &Event::ReceiptsMissing { room, console, expected, receipt: number },
            ));
        }
        let new = NewReceipt {
            console: console.id,
            session,
            number,
            signed: signed.into_bytes(),
            received_at: core.clock.now(),
        };
        match core.storage.keep_receipt(scope, &new, events).await.map_err(|error| failed(error, newcomer))? {
            Kept::Stored => self.last = number,
            Kept::Known => self.last = self.last.max(number),
            Kept::Other => {
                self.pass(registry, newcomer, &receipt, "another receipt of the session is on record").await?;
            }
        }
        Ok(number)
    }

    /// Keeps a receipt's number, and writes down why not the rest, unless there are too many.
    async fn pass(
        &mut self,
        registry: &Registry,
        newcomer: &Newcomer,
        receipt: &Receipt,
        why: &str,
    ) -> Result<(), Stop> {
        let (core, id) = (&registry.core, newcomer.console.id);
        tracing::warn!(console.id = %id, session.id = %receipt.session, why, "a receipt is refused");
        let is_noted = self.refusals.allows(core.clock.monotonic());
        let refused = is_noted.then(|| event(registry, newcomer, &refused(newcomer, Some(receipt), why.to_owned())));
        let passed = core.storage.pass_receipt(&newcomer.scope, &id, receipt.number, refused).await;
        passed.map_err(|error| failed(error, newcomer))?;
        self.last = self.last.max(receipt.number);
        Ok(())
    }
}

fn confirmed(facts: SessionFacts, receipt: &Receipt) -> Event {
    Event::SessionEndConfirmed {
        facts,
        receipt: receipt.number,
        end_reason: receipt.reason,
        restarts: receipt.restarts,
        viewer_came: receipt.viewer_came,
        shown_ms: receipt.shown_ms,
        found: receipt.found,
    }
}

fn refused(newcomer: &Newcomer, receipt: Option<&Receipt>, why: String) -> Event {
    Event::ReceiptRefused {
        room: newcomer.console.room.clone(),
        console: newcomer.console.id,
        claimed_session: receipt.map(|receipt| receipt.session),
        receipt: receipt.map(|receipt| receipt.number),
        why,
    }
}

fn event(registry: &Registry, newcomer: &Newcomer, event: &Event) -> NewEvent {
    registry.core.auditor.event(&Actor::Console { id: newcomer.console.id }, newcomer.client, event)
}

async fn note(registry: &Registry, newcomer: &Newcomer, what: &Event) {
    let appended = registry.core.storage.append_event(&newcomer.scope, event(registry, newcomer, what)).await;
    log_failure(appended.err(), newcomer);
}

/// What could not be stored comes again on the next link, before anything that follows it.
fn failed(error: StorageError, newcomer: &Newcomer) -> Stop {
    log_failure(Some(error), newcomer);
    Stop::Close(LinkClose::Stopping)
}
