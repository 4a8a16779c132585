//! `redring-server run`: from checked options to a server that answers, and back down in order.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, timeout};

use crate::audit::{checkpoint, retention};
use crate::clock::Clock;
use crate::config::{Config, DEFAULT_PUBLIC_URL, PublicUrl};
use crate::http::accept::{self, AcceptLimits};
use crate::http::assets::Assets;
use crate::keys::{ServerKeys, make_private_file, make_private_folder};
use crate::setup_link;
use crate::state::{AppState, Core};
use crate::storage::Store;
use crate::storage::sqlite::{self, Sqlite3};

/// The fact under which the public URL of the last run is remembered.
const PUBLIC_URL: &str = "public_url";
const HOUSEKEEPING: Duration = Duration::from_mins(10);
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// Opens a data folder for serving or for a command; makes it when it is missing.
///
/// # Errors
/// When the folder, the keys or the database cannot be used.
pub async fn open(config: Config, clock: Clock) -> anyhow::Result<Arc<Core>> {
    let data_dir = config.data_dir.clone();
    make_private_folder(&data_dir).with_context(|| format!("the data folder {} cannot be made", data_dir.display()))?;
    let keys = ServerKeys::open(&data_dir)?;
    // SQLite gives the files that it makes beside it the same rights.
    make_private_file(&data_dir.join(sqlite::FILE)).context("the database file cannot be made")?;
    let storage: Store = Arc::new(
        Sqlite3::open(&data_dir)
            .await
            .with_context(|| format!("the database in {} cannot be opened", data_dir.display()))?,
    );
    Ok(Arc::new(Core::new(config, clock, storage, keys)))
}

/// Opens a data folder for a command beside the server: its public URL is the given one, else that of the last run.
///
/// # Errors
/// As [`open`].
pub async fn open_for_tools(data_dir: std::path::PathBuf, public_url: Option<PublicUrl>) -> anyhow::Result<Arc<Core>> {
    let default = PublicUrl::parse(DEFAULT_PUBLIC_URL)?;
    let core = open(Config::for_tools(data_dir, public_url.clone().unwrap_or(default)), Clock::system()).await?;
    let last = if public_url.is_none() { core.storage.fact(PUBLIC_URL).await? } else { None };
    let Some(last) = last else { return Ok(core) };
    let config = Config { public_url: PublicUrl::parse(&last)?, ..core.config.clone() };
    let keys = ServerKeys::open(&config.data_dir)?;
    Ok(Arc::new(Core::new(config, Clock::system(), Arc::clone(&core.storage), keys)))
}

/// Serves until `shutdown`, then ends sessions, lets requests finish, and returns.
///
/// # Errors
/// When the data folder cannot be used.
pub async fn run(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> anyhow::Result<()> {
    let core = open(config, Clock::system()).await?;
    core.storage.set_fact(PUBLIC_URL, core.config.public_url.origin()).await?;
    let assets = assets(&core.config)?;
    if !assets.has_portal() {
        tracing::warn!("this server was built without its portal; the API works");
    }
    let state = AppState::new(Arc::clone(&core), assets);
    let n_leftovers = state.sessions.close_leftovers().await?;
    if 0 < n_leftovers {
        tracing::info!(n_leftovers, "ended sessions that were alive when the server stopped");
    }
    offer_setup(&core).await?;
    let housekeeping = [
        tokio::spawn(keep_house(state.clone())),
        tokio::spawn(keep_checkpoints(Arc::clone(&core))),
        tokio::spawn(Arc::clone(&state.sessions).keep_time()),
    ];
    tracing::info!(
        listen = %listener.local_addr()?,
        public_url = %core.config.public_url,
        version = env!("CARGO_PKG_VERSION"),
        "serving"
    );
    serve(listener, state.clone(), shutdown).await;
    state.sessions.stop().await;
    housekeeping.iter().for_each(JoinHandle::abort);
    sign_checkpoints(&core).await;
    if timeout(CLOSE_WITHIN, core.storage.close()).await.is_err() {
        tracing::warn!("the database is still in use: its journal stays beside it until the next start");
    }
    tracing::info!("stopped");
    Ok(())
}

async fn serve(listener: TcpListener, state: AppState, shutdown: impl Future<Output = ()> + Send) {
    let core = Arc::clone(&state.core);
    let limits = AcceptLimits {
        connections_max: core.config.connections.total,
        connections_per_address_max: core.config.connections.per_address,
        ..AcceptLimits::default()
    };
    let trusted = core.config.trusted_proxies.clone();
    let exempt = Arc::new(move |address: std::net::IpAddr| {
        let address = address.to_canonical();
        address.is_loopback() || trusted.contains(&address)
    });
    let stopping = async {
        shutdown.await;
        tracing::info!("stopping");
        core.live.stopping();
    };
    accept::serve(listener, crate::http::router(state), limits, exempt, stopping).await;
}

fn assets(config: &Config) -> anyhow::Result<Assets> {
    match &config.portal_dir {
        Some(folder) if cfg!(debug_assertions) => Assets::of_folder(folder, &config.public_url)
            .with_context(|| format!("the portal folder {} cannot be read", folder.display())),
        Some(_) => anyhow::bail!("portal_dir is for debug builds: a release serves the portal that was built in"),
        None => Ok(Assets::embedded(&config.public_url)),
    }
}

/// Prints a set-up link while nobody can sign in.
async fn offer_setup(core: &Core) -> anyhow::Result<()> {
    let link = setup_link::make(&core.storage, &core.config.public_url, core.clock.now()).await?;
    if let Some(link) = link {
        let mut out = std::io::stdout().lock();
        writeln!(out, "Nobody can sign in yet. Create the first administrator within 24 hours here:\n{link}")?;
    }
    Ok(())
}

async fn keep_house(state: AppState) {
    let mut interval = tokio::time::interval(HOUSEKEEPING);
    loop {
        interval.tick().await;
        match state.logins.purge().await {
            Ok(n_logins) => tracing::debug!(n_logins, "removed logins that ran out"),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "logins could not be cleaned up"),
        }
        let core = &state.core;
        match retention::keep(&core.storage, &core.auditor, core.clock.now()).await {
            Ok(0) => {}
            Ok(n_events) => tracing::info!(n_events, "purged events that were kept long enough"),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "old events could not be purged"),
        }
        if let Err(error) = state.core.storage.purge_sign_ins(state.core.clock.now()).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "sign-ins could not be cleaned up");
        }
    }
}

/// Puts what is appended under a checkpoint soon, for as long as the server runs.
async fn keep_checkpoints(core: Arc<Core>) {
    let mut interval = tokio::time::interval(checkpoint::SIGN_EVERY);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        sign_checkpoints(&core).await;
    }
}

async fn sign_checkpoints(core: &Core) {
    match checkpoint::sign_due(&core.storage, core.keys.log()).await {
        Ok(n_checkpoints) => tracing::debug!(n_checkpoints, "signed how audit logs stand"),
        Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "checkpoints could not be signed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bootstrap;
    use crate::config::Options;

    #[tokio::test]
    async fn commands_and_a_clean_stop_leave_one_database_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = || {
            let entries = std::fs::read_dir(folder.path()).expect("the data folder");
            let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
            names.sort();
            names
        };
        let core = open_for_tools(folder.path().to_owned(), None).await.expect("opened");
        let tenant = toml::from_str("[[tenant]]\nid = \"contoso\"\nname = \"Contoso\"").expect("a file");
        bootstrap::apply(&core, &tenant).await.expect("applied");
        core.storage.close().await;
        assert_eq!(files(), ["keys", sqlite::FILE]);

        let options = Options { data_dir: Some(folder.path().to_owned()), ..Options::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        run(options.load().expect("options"), listener, std::future::ready(())).await.expect("served");
        assert_eq!(files(), ["keys", sqlite::FILE]);
    }
}
