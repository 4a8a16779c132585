//! The network between a console and the server, as a cable that can be cut.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Cut by [`Cable::cut`]: then nothing passes any more, and nobody is told.
pub struct Cable {
    pub address: SocketAddr,
    is_cut: watch::Sender<bool>,
}

impl Cable {
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        let is_cut = watch::Sender::new(false);
        let cut = is_cut.subscribe();
        tokio::spawn(async move {
            while let Ok((console, _)) = listener.accept().await {
                tokio::spawn(join(console, server, cut.clone()));
            }
        });
        Self { address, is_cut }
    }

    pub fn cut(&self) {
        self.is_cut.send_replace(true);
    }
}

/// Carries both ways until one closes. A cut cable carries nothing and stays as it is until it is dropped.
async fn join(console: TcpStream, server: SocketAddr, mut cut: watch::Receiver<bool>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let _ = (console.set_nodelay(true), server.set_nodelay(true));
    let (console, server) = (console.into_split(), server.into_split());
    let carried = async {
        tokio::join!(carry(console.0, server.1), carry(server.0, console.1));
    };
    tokio::pin!(carried);
    let is_cut = tokio::select! {
        biased;
        cut = cut.wait_for(|cut| *cut) => cut.is_ok(),
        () = &mut carried => false,
    };
    // Both ends stay open, until the cable is dropped.
    while is_cut && cut.changed().await.is_ok() {}
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(n_bytes @ 1..) = from.read(&mut buffer).await {
        if to.write_all(&buffer[..n_bytes]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
