//! Purges events that are older than their tenant wants them kept. Their hashes stay, and the log says what went.
//!
//! A wrong clock must not delete history: after the clock was found to have jumped by more than a day, nothing is purged
//! for a day, in which somebody can set it right.

use protocol::api::UnixMillis;

use super::{Actor, Auditor, Client, Event};
use crate::storage::{PurgedNow, Result, Store};

const HOUR: UnixMillis = 60 * 60 * 1000;
const DAY: UnixMillis = 24 * HOUR;
/// Between two purges. No event is kept for longer than a day past its time.
const PURGE_EVERY: UnixMillis = 12 * HOUR;
/// The fact under which the diary is kept.
const DIARY: &str = "audit_retention";

/// When somebody last looked, and what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Diary {
    seen_at: Option<UnixMillis>,
    /// No purge before this time.
    rests_until: UnixMillis,
    purged_at: UnixMillis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Purge,
    Nothing,
    /// By so much.
    Jumped(UnixMillis),
}

impl Diary {
    /// `None` as long as nobody wrote one.
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split(' ').map(str::parse);
        let mut number = || numbers.next()?.ok();
        Some(Self { seen_at: Some(number()?), rests_until: number()?, purged_at: number()? })
    }

    fn text(&self) -> String {
        format!("{} {} {}", self.seen_at.unwrap_or_default(), self.rests_until, self.purged_at)
    }

    /// What is due now. Without a diary, the last event says when somebody last looked.
    fn look(&mut self, now: UnixMillis, last_event_at: Option<UnixMillis>) -> Due {
        let seen_at = self.seen_at.replace(now).or(last_event_at).unwrap_or(now);
        let jump = now.saturating_sub(seen_at);
        if DAY < jump.saturating_abs() {
            *self = Self { rests_until: now + DAY, purged_at: 0, ..*self };
            return Due::Jumped(jump);
        }
        if now < self.rests_until || now - self.purged_at < PURGE_EVERY {
            return Due::Nothing;
        }
        self.purged_at = now;
        Due::Purge
    }
}

/// Purges what is due at `now`; returns how many events went. To be called every few minutes.
///
/// # Errors
/// When the storage fails.
pub async fn keep(storage: &Store, auditor: &Auditor, now: UnixMillis) -> Result<u64> {
    let before = storage.fact(DIARY).await?;
    let mut diary = before.as_deref().and_then(Diary::parse).unwrap_or_default();
    let due = diary.look(now, storage.last_event_at().await?);
    let mut n_purged = 0;
    match due {
        Due::Nothing => {}
        Due::Jumped(by) => tracing::warn!(hours = by / HOUR, "the clock jumped: no event is purged for a day"),
        Due::Purge => n_purged = purge_all(storage, auditor, now).await?,
    }
    storage.set_fact(DIARY, &diary.text()).await?;
    Ok(n_purged)
}

async fn purge_all(storage: &Store, auditor: &Auditor, now: UnixMillis) -> Result<u64> {
    let mut n_purged = 0;
    for (scope, _) in storage.tenants().await? {
        let kept_for = storage.remote_access(&scope).await?.audit_retention;
        let before = now.saturating_sub(crate::clock::millis(kept_for));
        let told = |purged: PurgedNow| {
            let PurgedNow { from, to, count, beyond } = purged;
            auditor.event(&Actor::Server, Client::default(), &Event::Purged { from, to, count, beyond })
        };
        while let Some(count) = storage.purge_events(&scope, before, &told).await? {
            n_purged += count;
        }
    }
    Ok(n_purged)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use protocol::audit::{Checkpoint, CompactRange, Hash};

    use super::*;
    use crate::audit::checkpoint;
    use crate::audit::verify::{self, Verdict};
    use crate::storage::EventFilter;
    use crate::test_server::{START, TestServer};

    #[test]
    fn a_purge_is_due_twice_a_day() {
        let mut diary = Diary::default();
        assert_eq!(diary.look(START, None), Due::Purge);
        assert_eq!(diary.look(START + PURGE_EVERY - 1, None), Due::Nothing);
        assert_eq!(diary.look(START + PURGE_EVERY, None), Due::Purge);
        let read = Diary::parse(&diary.text());
        assert_eq!(read, Some(diary));
        assert_eq!(Diary::parse("nonsense"), None);
    }

    #[test]
    fn after_a_jump_of_the_clock_nothing_is_purged_for_a_day() {
        for jump in [200 * DAY, DAY + 1, -DAY - 1, -200 * DAY] {
            let mut diary = Diary::default();
            assert_eq!(diary.look(START, None), Due::Purge);
            let wrong = START + jump;
            assert_eq!(diary.look(wrong, None), Due::Jumped(jump));
            for hour in 1..24 {
                assert_eq!(diary.look(wrong + hour * HOUR, None), Due::Nothing, "{jump}, {hour}");
            }
            // Somebody sets it right: again nothing for a day.
            let right = START + 23 * HOUR;
            assert_eq!(diary.look(right, None), Due::Jumped(-jump));
            assert_eq!(diary.look(right + DAY - 1, None), Due::Nothing);
            assert_eq!(diary.look(right + DAY, None), Due::Purge);
        }
    }

    #[test]
    fn a_log_without_a_diary_is_not_purged_by_a_clock_that_its_events_do_not_know() {
        let mut diary = Diary::default();
        assert_eq!(diary.look(START, Some(START - 300 * DAY)), Due::Jumped(300 * DAY));
    }

    /// I14 of the plan, and that what was signed once holds forever.
    #[tokio::test]
    async fn three_years_keep_what_is_young_purge_what_is_old_and_stay_provable() {
        let server = TestServer::start().await;
        let (core, clock) = (&server.core, &server.clock);
        let scope = server.scope("contoso").await;
        let mut dice = fastrand::Rng::with_seed(7);
        let mut issued: Vec<Checkpoint> = Vec::new();
        let mut dated: BTreeMap<u64, UnixMillis> = BTreeMap::new();
        for day in 0..3 * 365 {
            for _ in 0..dice.u32(0..4) {
                clock.advance(Duration::from_secs(dice.u64(0..4 * 3600)));
                let event = Event::TenantRenamed { before: "a".to_owned(), after: "b".to_owned() };
                let recorded = core.auditor.record(&scope, &Actor::Operator, Client::default(), &event).await;
                dated.insert(recorded.expect("recorded"), clock.now());
            }
            if dice.u8(0..10) == 0 {
                issued.push(checkpoint::sign(&core.storage, core.keys.log(), &scope).await.expect("signed"));
            }
            clock.advance(Duration::from_hours(dice.u64(6..13)));
            keep(&core.storage, &core.auditor, clock.now()).await.expect("kept");
            if day % 5 != 0 {
                continue;
            }
            let kept = core.storage.events(&scope, EventFilter::default(), 100_000).await.expect("read");
            let limit = clock.now() - 180 * DAY;
            assert!(kept.iter().all(|event| limit - DAY <= event.at), "none is older than 180 days and a day");
            let there = |seq: &u64| kept.binary_search_by_key(seq, |event| event.seq).is_ok();
            assert!(dated.iter().filter(|(_, at)| limit <= **at).all(|(seq, _)| there(seq)), "none younger is missing");
        }
        let purges = server.events("audit.purge").await;
        assert!(100 < purges.len() && purges.iter().all(|purge| purge["from"].as_u64() < purge["to"].as_u64()));
        issued.push(checkpoint::sign(&core.storage, core.keys.log(), &scope).await.expect("signed"));
        let report = verify::stored_log(&core.storage, &scope, &core.keys.log().public_key()).await.expect("read");
        assert_eq!(report.verdict, Verdict::Sound);
        assert!(500 < report.tally.n_hashed && 100 < report.tally.n_events);

        let mut reader = core.storage.log(&scope).await.expect("read");
        let leaves = reader.leaves(None, 100_000).await.expect("read");
        let mut tree = CompactRange::starting_at(0);
        let mut roots = vec![tree.root()];
        for leaf in leaves {
            tree.push(Hash(leaf.hash.try_into().expect("32 bytes")));
            roots.push(tree.root());
        }
        assert!(50 < issued.len());
        assert!(issued.iter().all(|checkpoint| roots[checkpoint.size as usize] == checkpoint.root));
    }

    #[tokio::test]
    async fn an_organisation_keeps_its_events_for_as_long_as_it_wants() {
        let server = TestServer::start().await;
        let core = &server.core;
        let (contoso, fabrikam) = (server.scope("contoso").await, server.scope("fabrikam").await);
        let before = core.storage.remote_access(&contoso).await.expect("read");
        let mut after = before.clone();
        after.audit_retention = Duration::from_hours(30 * 24);
        let event = core.auditor.event(
            &Actor::Operator,
            Client::default(),
            &Event::TenantRenamed { before: "a".to_owned(), after: "b".to_owned() },
        );
        assert!(core.storage.set_remote_access(&contoso, &before, &after, event).await.expect("stored"));
        for _ in 0..31 * 2 {
            server.clock.advance(Duration::from_hours(12));
            keep(&core.storage, &core.auditor, server.clock.now()).await.expect("kept");
        }
        let kinds = async |scope| {
            let events = core.storage.events(scope, EventFilter::default(), 1000).await.expect("read");
            events.into_iter().map(|event| event.kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds(&contoso).await, ["audit.purge"]);
        assert!(!kinds(&fabrikam).await.contains(&"audit.purge".to_owned()));
    }
}
