//! The command line of the Redring server.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand, ValueEnum};
use protocol::audit::LogKey;
use protocol::ids::TenantId;
use server::audit::checkpoint;
use server::audit_export::{self, Format, Range};
use server::audit_verify::{self, Outcome, Subject};
use server::config::{self, Options, PublicUrl};
use server::state::Core;
use server::{bootstrap, run, setup_link};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage; of `audit verify`: 0 untouched, 2 tampered with, 3 cannot tell.\n\
    Logs go to stderr; what they hold is chosen by REDRING_LOG (for example `info,server=debug`).";

/// Redring server: remote access to meeting-room consoles
#[derive(Parser)]
#[command(name = "redring-server", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Form of the log lines
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, env = "REDRING_LOG_FORMAT")]
    log_format: LogFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Run(Run),
    /// Bring tenants, users, roles and rooms to what a file says; prints enrolment strings as JSON
    Bootstrap(Bootstrap),
    /// Print a one-time link that creates the first administrator
    SetupLink(SetupLink),
    /// Work with the audit log
    #[command(subcommand)]
    Audit(Audit),
}

#[derive(Args)]
struct Run {
    #[command(flatten)]
    options: Options,
    /// Print a commented configuration file with all defaults, and do nothing else
    #[arg(long)]
    print_config: bool,
}

#[derive(Args)]
struct Bootstrap {
    /// What is wanted (TOML)
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    data: Data,
    /// The URL in enrolment strings [default: that of the last `run`, else <http://localhost:8080>]
    #[arg(long, value_name = "URL", env = "REDRING_PUBLIC_URL", value_parser = public_url)]
    public_url: Option<PublicUrl>,
}

#[derive(Args)]
struct SetupLink {
    #[command(flatten)]
    data: Data,
    /// The URL of the link [default: that of the last `run`, else <http://localhost:8080>]
    #[arg(long, value_name = "URL", env = "REDRING_PUBLIC_URL", value_parser = public_url)]
    public_url: Option<PublicUrl>,
}

#[derive(Subcommand)]
enum Audit {
    /// Write a tenant's events to stdout, oldest first
    Export(Export),
    /// Check that nothing in the audit logs was changed, left out or put in
    #[command(after_help = "Exit codes: 0 untouched, 2 tampered with, 3 cannot tell.")]
    Verify(Verify),
}

#[derive(Args)]
struct Verify {
    /// Folder of the database and the keys: the logs of all tenants; changes nothing there
    #[arg(long, value_name = "DIR", env = "REDRING_DATA_DIR", required_unless_present = "export")]
    data_dir: Option<PathBuf>,
    /// Instead of a folder: a file of `audit export --format jsonl`, by itself
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// The log's public key, as `audit verify` prints it [default: that of the data folder or the file]
    #[arg(long, value_name = "KEY")]
    key: Option<LogKey>,
}

#[derive(Args)]
struct Export {
    #[command(flatten)]
    data: Data,
    /// Whose events
    #[arg(long, value_name = "ID")]
    tenant: TenantId,
    #[arg(long, value_enum)]
    format: Format,
    /// First date or moment (UTC)
    #[arg(long, value_name = "DATE", value_parser = audit_export::parse_bound)]
    from: Option<i64>,
    /// Date or moment (UTC) before which the events lie
    #[arg(long, value_name = "DATE", value_parser = audit_export::parse_bound)]
    to: Option<i64>,
}

#[derive(Args)]
struct Data {
    /// Folder of the database and the keys
    #[arg(long, value_name = "DIR", env = "REDRING_DATA_DIR")]
    data_dir: PathBuf,
}

fn public_url(text: &str) -> Result<PublicUrl, String> {
    PublicUrl::parse(text).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return wrong_usage(&error),
    };
    start_log(cli.log_format);
    let outcome = tokio::runtime::Runtime::new()
        .context("the runtime could not be started")
        .and_then(|runtime| runtime.block_on(execute(cli.command)));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Help and version, too. Wrong usage of `audit verify` must not look as if a log had been tampered with.
fn wrong_usage(error: &clap::Error) -> ExitCode {
    let verifies = std::env::args().skip(1).take(2).eq(["audit", "verify"]);
    let printed = error.print().is_ok();
    match error.exit_code() {
        0 if printed => ExitCode::SUCCESS,
        _ if verifies => ExitCode::from(Outcome::CannotTell.code()),
        _ => ExitCode::from(2),
    }
}

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_env("REDRING_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}

async fn execute(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Run(Run { print_config: true, .. }) => print(config::EXAMPLE.trim_end())?,
        Command::Run(Run { options, .. }) => serve(options).await?,
        Command::Bootstrap(command) => bootstrap(command).await?,
        Command::SetupLink(command) => print_setup_link(command).await?,
        Command::Audit(Audit::Export(command)) => export_audit(command).await?,
        Command::Audit(Audit::Verify(command)) => return verify_audit(command).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn print(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}").context("nothing could be printed")
}

async fn serve(options: Options) -> anyhow::Result<()> {
    let config = options.load()?;
    let listener =
        TcpListener::bind(config.listen).await.with_context(|| format!("{} cannot be listened on", config.listen))?;
    run::run(config, listener, asked_to_stop()).await
}

/// Ctrl+C or a service manager's stop.
async fn asked_to_stop() {
    let interrupt = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(%error, "cannot listen for Ctrl+C");
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupt => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => _ = terminate.recv().await,
        Err(error) => {
            tracing::warn!(%error, "cannot listen for SIGTERM");
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending::<()>().await;
}

/// Opens the data folder, works in it and closes it, so that the database is one file afterwards.
async fn in_data_folder<T>(
    data: Data,
    public_url: Option<PublicUrl>,
    work: impl AsyncFnOnce(&Arc<Core>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let core = run::open_for_tools(data.data_dir, public_url).await?;
    let outcome = work(&core).await;
    if outcome.is_ok() {
        checkpoint::sign_due(&core.storage, core.keys.log()).await?;
    }
    core.storage.close().await;
    outcome
}

async fn bootstrap(command: Bootstrap) -> anyhow::Result<()> {
    let file = bootstrap::read(&command.file)?;
    let apply = async |core: &Arc<Core>| Ok(bootstrap::apply(core, &file).await?);
    let report = in_data_folder(command.data, command.public_url, apply).await?;
    print(&serde_json::to_string(&report)?)
}

async fn print_setup_link(command: SetupLink) -> anyhow::Result<()> {
    let make =
        async |core: &Arc<Core>| Ok(setup_link::make(&core.storage, &core.config.public_url, core.clock.now()).await?);
    let link = in_data_folder(command.data, command.public_url, make).await?;
    print(&link.context("this installation is set up: its Global Administrator adds more people in the portal")?)
}

async fn export_audit(command: Export) -> anyhow::Result<()> {
    let Export { data, tenant, format, from, to } = command;
    let export = async |core: &Arc<Core>| {
        let found = core.storage.tenant(&tenant).await?;
        let (scope, _) = found.with_context(|| format!("there is no tenant {tenant}"))?;
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        Ok(audit_export::export(&core.storage, core.keys.log(), &scope, Range { from, to }, format, &mut out).await?)
    };
    let n_events = in_data_folder(data, None, export).await?;
    tracing::info!(n_events, "exported");
    Ok(())
}

/// Whatever keeps it from telling is no statement about the log.
async fn verify_audit(command: Verify) -> anyhow::Result<ExitCode> {
    let Verify { data_dir, export, key } = command;
    let subject = export.map(Subject::Export).or_else(|| data_dir.map(Subject::DataDir)).context("nothing to check")?;
    let outcome = audit_verify::verify(&subject, key.as_ref(), &mut std::io::stdout().lock()).await;
    Ok(ExitCode::from(outcome.code()))
}
