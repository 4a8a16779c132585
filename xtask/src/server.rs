//! Starts the product's server for those who look at it from outside.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::{Program, Running};

/// Where a server is and what it is told about itself.
pub(crate) struct Server<'a> {
    pub(crate) program: &'a Path,
    pub(crate) data: &'a Path,
    pub(crate) public_url: &'a str,
}

impl Server<'_> {
    /// Applies a bootstrap file and gives what the server says about it.
    pub(crate) fn bootstrap(&self, file: &Path) -> Result<String> {
        self.command("bootstrap").option("--file", file).output()
    }

    /// Starts it and waits until it is ready.
    pub(crate) fn start(&self, listen: SocketAddr, log: &Path) -> Result<Running> {
        let mut server = self.command("run").option("--listen", listen.to_string()).start(log)?;
        let deadline = Instant::now() + Duration::from_secs(30);
        while !is_ready(listen) {
            if server.has_ended()? || deadline < Instant::now() {
                bail!("the server did not start; see {}", log.display());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    fn command(&self, name: &str) -> Program {
        Program::new(self.program).arg(name).option("--data-dir", self.data).option("--public-url", self.public_url)
    }
}

/// An address of this machine that nobody listens on.
pub(crate) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    listener.local_addr().context("a listener has no address")
}

/// Asks the server whether it is ready.
fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut socket = TcpStream::connect_timeout(&address, Duration::from_millis(500))?;
        socket.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(socket, "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut status = [0; 12];
        socket.read_exact(&mut status)?;
        Ok(status == *b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_server_is_not_ready() {
        assert!(!is_ready(free_address().expect("a free port")));
    }
}
