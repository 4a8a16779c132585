//! Options of `redring-server run`: command line, then environment, then the configuration file, then defaults.

mod oidc;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

pub use oidc::{GroupsClaim, OidcProvider};

/// The configuration file with every key at its default, as `redring-server run --print-config` shows it.
pub const EXAMPLE: &str = include_str!("../redring-server.example.toml");

/// Where the server listens unless told otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
/// The public URL until `run` was told one.
pub const DEFAULT_PUBLIC_URL: &str = "http://localhost:8080";

/// Why the options cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    #[error("configuration file {path} could not be read: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("configuration file {path}: {source}")]
    Parse { path: PathBuf, source: Box<toml::de::Error> },
    #[error("no data folder: give --data-dir, REDRING_DATA_DIR or data_dir in the configuration file")]
    NoDataDir,
    #[error("{url:?} is no public URL: it is https://host[:port], or http://host[:port] on loopback, without a path")]
    PublicUrl { url: String },
    #[error(
        "{listen} is open to the network, but this server speaks plain HTTP: listen on loopback, or put a proxy with TLS \
         in front and name its address in trusted_proxies"
    )]
    PlainHttp { listen: SocketAddr },
    #[error("identity provider {id}: {problem}")]
    Oidc { id: String, problem: String },
}

/// Options as the command line or the environment gives them.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Options {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "REDRING_CONFIG")]
    pub config: Option<PathBuf>,
    /// Folder of the database and the keys
    #[arg(long, value_name = "DIR", env = "REDRING_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", env = "REDRING_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// The URL that people and consoles use [default: <http://localhost> and the port]
    #[arg(long, value_name = "URL", env = "REDRING_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Addresses of proxies in front of the server, whose X-Forwarded-For is believed
    #[arg(long, value_name = "IP,...", env = "REDRING_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Option<Vec<IpAddr>>,
    /// Sign a user out after so many minutes without a request [default: 15]
    #[arg(long, value_name = "MINUTES", env = "REDRING_LOGIN_IDLE_MINUTES")]
    pub login_idle_minutes: Option<u32>,
    /// Sign a user out after so many minutes in any case [default: 720]
    #[arg(long, value_name = "MINUTES", env = "REDRING_LOGIN_MAXIMUM_MINUTES")]
    pub login_maximum_minutes: Option<u32>,
    /// Most connections at a time [default: 10000]
    #[arg(long, value_name = "N", env = "REDRING_MAX_CONNECTIONS")]
    pub max_connections: Option<u32>,
    /// Most connections at a time from one address or IPv6 /64 [default: 256]
    #[arg(long, value_name = "N", env = "REDRING_MAX_CONNECTIONS_PER_ADDRESS")]
    pub max_connections_per_address: Option<u32>,
    /// Serve the portal from this folder instead of the one built in (debug builds only)
    #[arg(long, value_name = "DIR", env = "REDRING_PORTAL_DIR")]
    pub portal_dir: Option<PathBuf>,
}

/// The keys of the configuration file: the same names.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data_dir: Option<PathBuf>,
    listen: Option<SocketAddr>,
    public_url: Option<String>,
    trusted_proxies: Option<Vec<IpAddr>>,
    login_idle_minutes: Option<u32>,
    login_maximum_minutes: Option<u32>,
    max_connections: Option<u32>,
    max_connections_per_address: Option<u32>,
    portal_dir: Option<PathBuf>,
    #[serde(default)]
    oidc: Vec<oidc::Entry>,
}

/// Checked options.
#[derive(Debug, Clone)]
pub struct Config {
    pub data_dir: PathBuf,
    pub listen: SocketAddr,
    pub public_url: PublicUrl,
    pub trusted_proxies: Vec<IpAddr>,
    pub login: LoginLimits,
    pub connections: ConnectionLimits,
    pub portal_dir: Option<PathBuf>,
    /// Whom people may sign in with, in the order in which they are offered.
    pub oidc: Vec<OidcProvider>,
}

/// How long somebody stays signed in.
#[derive(Debug, Clone, Copy)]
pub struct LoginLimits {
    /// Without any request.
    pub idle: Duration,
    pub maximum: Duration,
}

#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    pub total: usize,
    /// From one IPv4 address or one IPv6 /64; trusted proxies are not counted.
    pub per_address: usize,
}

impl Options {
    /// Joins command line, environment, file and defaults.
    ///
    /// # Errors
    /// When the file is unreadable or an option cannot be used.
    pub fn load(self) -> Result<Config, ConfigError> {
        let file = self.config.as_deref().map(read_file).transpose()?.unwrap_or_default();
        self.join(file)
    }

    fn join(self, file: File) -> Result<Config, ConfigError> {
        let listen = self.listen.or(file.listen).unwrap_or_else(default_listen);
        let public_url = match self.public_url.or(file.public_url) {
            Some(url) => PublicUrl::parse(&url)?,
            None => PublicUrl::of_loopback(listen.port()),
        };
        let trusted_proxies = self.trusted_proxies.or(file.trusted_proxies).unwrap_or_default();
        if !listen.ip().is_loopback() && trusted_proxies.is_empty() {
            return Err(ConfigError::PlainHttp { listen });
        }
        let minutes = |given: Option<u32>, default| Duration::from_mins(u64::from(given.unwrap_or(default)));
        let count = |given: Option<u32>, default| given.unwrap_or(default) as usize;
        Ok(Config {
            data_dir: self.data_dir.or(file.data_dir).ok_or(ConfigError::NoDataDir)?,
            listen,
            public_url,
            trusted_proxies,
            login: LoginLimits {
                idle: minutes(self.login_idle_minutes.or(file.login_idle_minutes), 15),
                maximum: minutes(self.login_maximum_minutes.or(file.login_maximum_minutes), 720),
            },
            connections: ConnectionLimits {
                total: count(self.max_connections.or(file.max_connections), 10_000),
                per_address: count(self.max_connections_per_address.or(file.max_connections_per_address), 256),
            },
            portal_dir: self.portal_dir.or(file.portal_dir),
            oidc: oidc::check(file.oidc)?,
        })
    }
}

impl Config {
    /// For commands that work on a data folder without serving it.
    pub fn for_tools(data_dir: PathBuf, public_url: PublicUrl) -> Self {
        Self {
            data_dir,
            listen: default_listen(),
            public_url,
            trusted_proxies: Vec::new(),
            login: LoginLimits { idle: Duration::from_mins(15), maximum: Duration::from_hours(12) },
            connections: ConnectionLimits { total: 10_000, per_address: 256 },
            portal_dir: None,
            oidc: Vec::new(),
        }
    }
}

fn read_file(path: &Path) -> Result<File, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    toml::from_str(&text).map_err(|source| ConfigError::Parse { path: path.to_owned(), source: Box::new(source) })
}

fn default_listen() -> SocketAddr {
    DEFAULT_LISTEN.parse().expect("a valid address")
}

/// The URL that browsers and consoles use: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    https: bool,
}

impl PublicUrl {
    /// Takes `https://host[:port]`, or `http://` when the host is loopback.
    ///
    /// # Errors
    /// When `text` is anything else.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let wrong = || ConfigError::PublicUrl { url: text.to_owned() };
        let trimmed = text.strip_suffix('/').unwrap_or(text);
        let (scheme, authority) = trimmed.split_once("://").ok_or_else(wrong)?;
        let https = match scheme {
            "https" => true,
            "http" if is_loopback(authority) => false,
            _ => return Err(wrong()),
        };
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:[]".contains(c);
        if authority.is_empty() || !authority.chars().all(plain) || protocol::link::URL_MAX_BYTES < text.len() + 16 {
            return Err(wrong());
        }
        let default_port = if https { ":443" } else { ":80" };
        let authority = authority.strip_suffix(default_port).unwrap_or(authority);
        Ok(Self { origin: format!("{scheme}://{authority}"), https })
    }

    fn of_loopback(port: u16) -> Self {
        Self { origin: format!("http://localhost:{port}"), https: false }
    }

    /// As browsers write it in `Origin`: `https://host[:port]`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The WebSocket at `path`: `wss://host/ws/viewer`.
    pub fn socket(&self, path: &str) -> String {
        format!("ws{}{path}", self.origin.strip_prefix("http").unwrap_or(&self.origin))
    }
}

impl std::fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.origin)
    }
}

/// Whether `host[:port]` is this machine, by its name or address.
pub fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_urls_are_origins() {
        for (text, origin, socket) in [
            ("https://rooms.example.com", "https://rooms.example.com", "wss://rooms.example.com/ws/viewer"),
            ("https://rooms.example.com:443/", "https://rooms.example.com", "wss://rooms.example.com/ws/viewer"),
            ("http://localhost:8080", "http://localhost:8080", "ws://localhost:8080/ws/viewer"),
            ("http://[::1]:9", "http://[::1]:9", "ws://[::1]:9/ws/viewer"),
        ] {
            let url = PublicUrl::parse(text).expect(text);
            assert_eq!((url.origin(), url.socket("/ws/viewer").as_str()), (origin, socket));
        }
        for text in
            ["http://rooms.example.com", "rooms.example.com", "https://a/b", "https://", "https://u@h", "ftp://h"]
        {
            assert!(PublicUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_example_file_is_complete_and_holds_the_defaults() {
        let file: File = toml::from_str(EXAMPLE).expect("the example is valid");
        let given = Options { data_dir: Some("d".into()), ..Options::default() };
        let (example, default) = (Options::default().join(file), given.join(File::default()));
        let (example, default) = (example.expect("usable"), default.expect("usable"));
        assert_eq!(example.listen, default.listen);
        assert_eq!(example.public_url, default.public_url);
        assert_eq!(example.login.idle, default.login.idle);
        assert_eq!(example.login.maximum, default.login.maximum);
        assert_eq!(example.connections.total, default.connections.total);
        assert_eq!(example.connections.per_address, default.connections.per_address);
    }

    #[test]
    fn plain_http_is_for_loopback_and_declared_proxies() {
        let open =
            Options { data_dir: Some("d".into()), listen: Some(([0, 0, 0, 0], 80).into()), ..Options::default() };
        assert!(matches!(open.clone().load(), Err(ConfigError::PlainHttp { .. })));
        let proxied = Options { trusted_proxies: Some(vec![[10, 0, 0, 1].into()]), ..open };
        assert!(proxied.load().is_ok());
    }
}
