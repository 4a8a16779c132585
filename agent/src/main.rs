//! `redring-agent`: options, logs, signals and exit codes.

use std::io::Write as _;
use std::process::ExitCode;

use agent::clock::{Clock, unix_seconds};
use agent::config::{Cli, Command, Config, ConfigError, RunArgs, StatusArgs};
use agent::driver::{Driver, Parts, Timing};
use agent::identity::{Identity, IdentityError};
use agent::link::LinkFailure;
use agent::platform::confine::{Rights, confine};
use agent::platform::program::runner::serve;
use agent::platform::simulated::seed_of;
#[cfg(unix)]
use agent::platform::x11::{release_guard::watch, status_window};
use agent::platform::{self, PlatformError};
use agent::record::{Circumstances, Record, boot_name};
use agent::socket::Tls;
use agent::state_dir::{StateDir, StateDirError};
use agent::status;
#[cfg(unix)]
use anyhow::Context as _;
use clap::Parser as _;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(args) => run(&args),
        Command::Status(args) => show_status(&args),
        #[cfg(unix)]
        Command::ReleaseGuard(args) => unheard(|| watch(std::io::stdin(), &args.servers)),
        Command::RunCommand(args) => unheard(|| serve(&args.words, std::io::stdin(), std::io::stdout())),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = exit_code(&error);
            _ = writeln!(std::io::stderr(), "redring-agent: {error:#}");
            ExitCode::from(code)
        }
    }
}

/// As `--help` lists them.
fn exit_code(error: &anyhow::Error) -> u8 {
    let is_configuration = error.is::<ConfigError>()
        || matches!(error.downcast_ref(), Some(IdentityError::NotEnrolled | IdentityError::Damaged(_)))
        || error.is::<StateDirError>();
    match error.downcast_ref() {
        Some(LinkFailure::EnrolmentRefused) => 3,
        Some(LinkFailure::Revoked) => 4,
        None if error.is::<PlatformError>() => 5,
        None if is_configuration => 2,
        None => 1,
    }
}

fn show_status(args: &StatusArgs) -> anyhow::Result<()> {
    let dir = StateDir::existing(args.state.path());
    #[cfg(unix)]
    if args.window {
        let display = std::env::var("DISPLAY").context("--window needs DISPLAY, the X server to show it on")?;
        return status_window::show(&display, || Ok(status::lines(&dir)?));
    }
    std::io::stdout().write_all(status::report(&dir)?.as_bytes())?;
    Ok(())
}

/// For what ends with its standard input, not with a signal: whoever stops a service stops all of its processes at a time,
/// and the agent needs its time to let go.
fn unheard<E: Into<anyhow::Error>>(work: impl FnOnce() -> Result<(), E>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let unheard = {
        let _entered = runtime.enter();
        stop_signal()?
    };
    work().map_err(Into::into)?;
    drop(unheard);
    Ok(())
}

fn run(args: &RunArgs) -> anyhow::Result<()> {
    start_log();
    let clock = Clock::start();
    let dir = StateDir::open(args.state.path())?;
    let mut config = Config::load(args, &dir)?;
    let identity = Identity::load(&dir, config.enrolment.as_ref())?;
    config.platform.simulated_seed = seed_of(&identity.room);
    let tls = Tls::new()?;
    config.platform.rights = give_up_rights(&mut config, &dir)?;
    let rights = config.platform.rights;
    let platform = platform::open(&config.platform)?;
    let circumstances = Circumstances {
        identity: &identity,
        boot: &boot_name(),
        now_unix_s: unix_seconds(),
        can_restart: platform.power.can_restart(),
    };
    let (record, resumable) = Record::load(dir.clone(), &circumstances)?;
    tracing::info!(
        fingerprint = %identity.fingerprint(),
        platform = platform.name,
        rights = rights.words(),
        version = env!("CARGO_PKG_VERSION"),
        "the agent starts"
    );
    let parts = Parts { config, dir, identity, platform, record, resumable, clock, tls, timing: Timing::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let stop = stop_signal()?;
        // A task of its own, so that a panic unwinds the driver and what it holds is let go.
        tokio::spawn(async move { anyhow::Ok(Driver::start(parts)?.run(stop).await?) }).await?
    })
}

/// Before any other thread is there: the limits are those of the threads that come after.
fn give_up_rights(config: &mut Config, dir: &StateDir) -> anyhow::Result<Rights> {
    config.platform.run_programs_apart(&std::env::current_exe()?)?;
    let rights = confine(dir.path())?;
    if rights != Rights::Few {
        tracing::warn!("the agent has more rights than it needs: {}", rights.words());
    }
    Ok(rights)
}

/// Text for people by default, JSON for collectors with `REDRING_LOG_FORMAT=json`; `REDRING_LOG` filters.
fn start_log() {
    let filter = EnvFilter::try_from_env("REDRING_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::env::var("REDRING_LOG_FORMAT").is_ok_and(|format| format == "json") {
        log.json().init();
    } else {
        log.init();
    }
}

#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hang_up.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "no signal will stop the agent");
            std::future::pending::<()>().await;
        }
    })
}
