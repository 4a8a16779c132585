//! Measures the audit log on this machine's disk: how many events can be appended durably, how fast a log verifies, and
//! how long a month of it takes to read. `cargo xtask bench audit` runs it on a release build.

#![expect(clippy::print_stdout, reason = "the result is read from there")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Parser;
use protocol::api::UnixMillis;
use protocol::ids::{SessionId, TenantId};
use serde_json::json;
use server::audit::verify::{self, Verdict};
use server::audit::{Actor, Client, Event, checkpoint};
use server::clock::Clock;
use server::config::{Config, PublicUrl};
use server::random;
use server::run;
use server::state::Core;
use server::storage::{EventFilter, NewEvent, Tenant, TenantScope};

const DAY: UnixMillis = 24 * 60 * 60 * 1000;
/// When the year of events begins: 2025-01-01.
const YEAR: UnixMillis = 1_735_689_600_000;
const PAGE: u32 = 1000;

#[derive(Parser)]
#[command(about = "Measures the audit log")]
struct Options {
    /// Where the data folder is made: on the disk that is to be measured
    #[arg(long)]
    folder: PathBuf,
    /// How long each number of writers appends
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Events of the log that is verified and read
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// The numbers, as JSON
    #[arg(long)]
    out: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    std::fs::create_dir_all(&options.folder)?;
    let folder = tempfile::tempdir_in(&options.folder)?;
    let url = PublicUrl::parse("http://localhost:8080")?;
    let core = run::open(Config::for_tools(folder.path().to_owned(), url), Clock::system()).await?;
    let mut numbers = json!({});
    for n_writers in [1, 10, 100] {
        let scope = tenant(&core, &format!("writers-{n_writers}")).await?;
        let appended = append(&core, &scope, n_writers, Duration::from_secs(options.seconds)).await?;
        println!("{n_writers:>4} writers: {appended}");
        numbers[format!("writers_{n_writers}")] = appended.numbers();
    }
    let scope = tenant(&core, "year").await?;
    let began = Instant::now();
    fill(&core, &scope, options.events).await?;
    println!("{} events in a log, made in {:.1?}", options.events, began.elapsed());
    checkpoint::sign(&core.storage, core.keys.log(), &scope).await?;
    let began = Instant::now();
    let report = verify::stored_log(&core.storage, &scope, &core.keys.log().public_key()).await?;
    anyhow::ensure!(report.verdict == Verdict::Sound, "{:?}", report.verdict);
    let per_second = options.events as f64 / began.elapsed().as_secs_f64();
    println!("verified in {:.1?}: {per_second:.0} events a second", began.elapsed());
    numbers["verified_per_second"] = per_second.into();
    let (n_events, first, all) = month(&core, &scope).await?;
    println!("a month of it, {n_events} events: first page in {first:.1?}, all pages in {all:.1?}");
    numbers["month"] = json!({ "events": n_events, "first_page_ms": ms(first), "all_ms": ms(all) });
    core.storage.close().await;
    if let Some(out) = options.out {
        std::fs::write(out, serde_json::to_string_pretty(&numbers)?)?;
    }
    Ok(())
}

async fn tenant(core: &Core, id: &str) -> Result<TenantScope> {
    let tenant = Tenant { id: TenantId::new(id)?, name: id.to_owned(), created_at: YEAR };
    let body = json!({ "event": "tenant.created", "name": id }).to_string();
    let event = NewEvent { kind: "tenant.created", at: YEAR, session: None, room: None, body };
    Ok(core.storage.create_tenant(&tenant, event).await?)
}

/// How long each append took until it was on the disk.
struct Appended {
    sorted: Vec<Duration>,
    took: Duration,
}

impl Appended {
    fn per_second(&self) -> f64 {
        self.sorted.len() as f64 / self.took.as_secs_f64()
    }

    fn percentile(&self, percent: usize) -> Duration {
        self.sorted.get(self.sorted.len() * percent / 100).copied().unwrap_or_default()
    }

    fn numbers(&self) -> serde_json::Value {
        json!({
            "per_second": self.per_second(), "p50_ms": ms(self.percentile(50)), "p99_ms": ms(self.percentile(99)),
        })
    }
}

impl std::fmt::Display for Appended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (p50, p99) = (ms(self.percentile(50)), ms(self.percentile(99)));
        write!(f, "{:.0} durable events a second, p50 {p50:.1} ms, p99 {p99:.1} ms", self.per_second())
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

async fn append(core: &Arc<Core>, scope: &TenantScope, n_writers: usize, lasts: Duration) -> Result<Appended> {
    let began = Instant::now();
    let writer = |core: Arc<Core>, scope: TenantScope| async move {
        let mut took = Vec::new();
        while began.elapsed() < lasts {
            let event = Event::TenantRenamed { before: "Contoso".to_owned(), after: "Contoso Ltd".to_owned() };
            let since = Instant::now();
            core.auditor.record(&scope, &Actor::Operator, Client::default(), &event).await?;
            took.push(since.elapsed());
        }
        Ok::<_, anyhow::Error>(took)
    };
    let writers: Vec<_> = (0..n_writers).map(|_| tokio::spawn(writer(Arc::clone(core), scope.clone()))).collect();
    let mut sorted = Vec::new();
    for writer in writers {
        sorted.extend(writer.await.context("a writer failed")??);
    }
    sorted.sort_unstable();
    Ok(Appended { sorted, took: began.elapsed() })
}

/// A year of sessions and other events, evenly spread, by many writers at a time.
async fn fill(core: &Arc<Core>, scope: &TenantScope, n_events: u64) -> Result<()> {
    const AT_A_TIME: u64 = 500;
    let mut done = core.storage.log_head(scope).await?.size;
    while done < n_events {
        let at = YEAR + (done as i64) * 365 * DAY / (n_events as i64);
        let until = n_events.min(done + AT_A_TIME);
        let write = |number: u64, core: Arc<Core>, scope: TenantScope| async move {
            let session = SessionId(random::bytes());
            let kind = if number.is_multiple_of(4) { "session.start" } else { "session.display_selected" };
            let body = json!({
                "actor": { "type": "user", "id": "0123456789abcdef0123456789abcdef", "name": "Tina Technician" },
                "client_address": "192.0.2.7", "version": "1.0.0", "event": kind, "session": session.to_string(),
                "room": "aurora", "console": "0123456789abcdef0123456789abcdef", "access": "modify",
                "user": "0123456789abcdef0123456789abcdef", "user_name": "Tina Technician",
            });
            let room = Some(protocol::ids::RoomId::new("aurora")?);
            let event = NewEvent { kind, at, session: Some(session), room, body: body.to_string() };
            core.storage.append_event(&scope, event).await.map_err(anyhow::Error::from)
        };
        let writers: Vec<_> =
            (done..until).map(|number| tokio::spawn(write(number, Arc::clone(core), scope.clone()))).collect();
        for writer in writers {
            writer.await.context("a writer failed")??;
        }
        done = until;
    }
    Ok(())
}

async fn month(core: &Core, scope: &TenantScope) -> Result<(usize, Duration, Duration)> {
    let began = Instant::now();
    let (mut n_events, mut first) = (0, None);
    let mut filter = EventFilter { from_seq: 0, from: Some(YEAR + 150 * DAY), to: Some(YEAR + 180 * DAY) };
    loop {
        let events = core.storage.events(scope, filter, PAGE).await?;
        first.get_or_insert(began.elapsed());
        let Some(last) = events.last() else { break };
        filter.from_seq = last.seq + 1;
        n_events += events.len();
    }
    Ok((n_events, first.unwrap_or_default(), began.elapsed()))
}
