//! The accept loop: every connection has a time to send its headers in, a bound for their size, and a place among a
//! limited number over all and from one address.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How long things may take and how many there may be.
#[derive(Debug, Clone)]
pub struct AcceptLimits {
    /// How long a connection may take to send the headers of a request, and how long it may stay without one.
    pub headers_within: Duration,
    /// Largest request line and headers together, in bytes (at least 8192).
    pub headers_max_bytes: usize,
    pub connections_max: usize,
    /// From one IPv4 address or one IPv6 /64. Loopback and declared proxies carry many people and are not counted.
    pub connections_per_address_max: usize,
    /// How long open requests may go on after the server was asked to stop.
    pub drain_within: Duration,
}

impl Default for AcceptLimits {
    fn default() -> Self {
        Self {
            headers_within: Duration::from_secs(10),
            headers_max_bytes: 16 << 10,
            connections_max: 20_000,
            connections_per_address_max: 512,
            drain_within: Duration::from_secs(5),
        }
    }
}

/// Says which addresses are not counted one by one.
pub type Exempt = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// Serves `app` on `listener` until `shutdown` is done, then lets open requests finish for a moment.
///
/// Handlers find the peer as [`ConnectInfo<SocketAddr>`]. Sockets that were upgraded are tasks of their own and are
/// ended by who owns them.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    limits: AcceptLimits,
    exempt: Exempt,
    shutdown: impl Future<Output = ()> + Send,
) {
    let places = Arc::new(Places::new(&limits, exempt));
    let (stop, stopping) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    // Beyond the limit a connection is closed at once: answering would cost what is short.
                    if let Some(place) = Place::take(&places, peer.ip()) {
                        let counted = Counted { stream, _place: place };
                        connections.spawn(serve_one(counted, peer, app.clone(), limits.clone(), stopping.clone()));
                    }
                }
                Err(error) => pause_after(&error).await,
            },
        }
    }
    drop(listener);
    drop(stop);
    let drained = async { while connections.join_next().await.is_some() {} };
    // What is still open then (a stream of live updates, a slow download) is cut off with the set.
    let _ = timeout(limits.drain_within, drained).await;
}

/// A connection that failed before it was accepted is its own affair; with no file descriptor left, trying again at
/// once would only spin.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::warn!(%error, "cannot accept connections");
        sleep(Duration::from_millis(500)).await;
    }
}

async fn serve_one(
    stream: Counted,
    peer: SocketAddr,
    app: Router,
    limits: AcceptLimits,
    mut stopping: watch::Receiver<()>,
) {
    // Small messages go out at once; failing to say so only costs time.
    let _ = stream.stream.set_nodelay(true);
    let app = TowerToHyperService::new(app);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        app.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.headers_within)
        .max_buf_size(limits.headers_max_bytes)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        _ = stopping.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Counts the connections that are open.
struct Places {
    max: usize,
    per_address_max: usize,
    exempt: Exempt,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    total: usize,
    /// Only addresses with at least one connection.
    by_address: HashMap<IpAddr, usize>,
}

impl Places {
    fn new(limits: &AcceptLimits, exempt: Exempt) -> Self {
        Self {
            max: limits.connections_max,
            per_address_max: limits.connections_per_address_max,
            exempt,
            taken: Mutex::default(),
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's place; dropping it frees the place.
struct Place {
    places: Arc<Places>,
    /// `None` when its address is not counted.
    address: Option<IpAddr>,
}

impl Place {
    fn take(places: &Arc<Places>, ip: IpAddr) -> Option<Self> {
        let address = (!ip.is_loopback() && !(places.exempt)(ip)).then(|| subscriber(ip));
        let mut taken = places.taken();
        if places.max <= taken.total {
            return None;
        }
        if let Some(address) = address {
            let count = taken.by_address.entry(address).or_default();
            if places.per_address_max <= *count {
                return None;
            }
            *count += 1;
        }
        taken.total += 1;
        Some(Self { places: Arc::clone(places), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.total -= 1;
        let Some(address) = self.address else { return };
        if let Some(count) = taken.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                taken.by_address.remove(&address);
            }
        }
    }
}

/// What one subscriber has: an IPv4 address, or the first half of an IPv6 one.
fn subscriber(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::from(u64::MAX) << 64))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// A stream that keeps its place for as long as it lives, also after its upgrade to a WebSocket.
struct Counted {
    stream: TcpStream,
    _place: Place,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;

    use super::*;

    fn places(max: usize, per_address_max: usize) -> Arc<Places> {
        let limits = AcceptLimits {
            connections_max: max,
            connections_per_address_max: per_address_max,
            ..AcceptLimits::default()
        };
        let proxy: IpAddr = "10.0.0.1".parse().expect("an address");
        Arc::new(Places::new(&limits, Arc::new(move |ip| ip == proxy)))
    }

    #[test]
    fn one_subscriber_gets_a_bounded_number_of_places_and_gets_them_back() {
        let cases = [
            (["192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1"], "192.0.2.2"),
            (["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:ffff::3"], "2001:db8:0:2::1"),
        ];
        for (same, other) in cases {
            let places = places(100, 2);
            let take = |ip: &str| Place::take(&places, ip.parse().expect("an address"));
            let first = take(same[0]);
            let second = take(same[1]);
            assert!(first.is_some() && second.is_some());
            assert!(take(same[2]).is_none(), "{same:?}");
            assert!(take(other).is_some());
            drop(first);
            assert!(take(same[2]).is_some());
        }
    }

    #[test]
    fn proxies_and_loopback_are_bounded_by_the_total_only() {
        let places = places(5, 1);
        let ips = ["127.0.0.1", "127.0.0.1", "10.0.0.1", "10.0.0.1", "::1", "::1"];
        let taken: Vec<_> = ips.iter().map(|ip| Place::take(&places, ip.parse().expect("an address"))).collect();
        assert_eq!(taken.iter().filter(|place| place.is_some()).count(), 5);
        drop(taken);
        assert_eq!(places.taken().total, 0);
        assert!(places.taken().by_address.is_empty());
    }

    async fn server(limits: AcceptLimits) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let peer = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string();
        let app = Router::new().route("/peer", axum::routing::get(peer));
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async { drop(stopped.await) };
        let task = tokio::spawn(serve(listener, app, limits, Arc::new(|_| false), shutdown));
        (address, stop, task)
    }

    async fn answer(address: SocketAddr, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(request).await.expect("written");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("closed by the server");
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn handlers_see_the_peer_and_the_server_stops_when_asked() {
        let (address, stop, task) = server(AcceptLimits::default()).await;
        let answer = answer(address, b"GET /peer HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("127.0.0.1"), "{answer}");
        // An idle connection does not hold the server up.
        let idle = TcpStream::connect(address).await.expect("connected");
        drop(stop);
        timeout(Duration::from_secs(20), task).await.expect("stopped in time").expect("without a panic");
        drop(idle);
    }

    #[tokio::test]
    async fn a_connection_that_sends_no_headers_is_closed() {
        let limits = AcceptLimits { headers_within: Duration::from_millis(50), ..AcceptLimits::default() };
        let (address, _stop, _task) = server(limits).await;
        for part in [&b""[..], b"GET /peer HTTP/1.1\r\nhost:"] {
            let closed = timeout(Duration::from_secs(20), answer(address, part)).await.expect("closed in time");
            assert!(!closed.contains("200 OK"), "{closed}");
        }
    }

    #[tokio::test]
    async fn headers_beyond_the_limit_are_refused() {
        let (address, _stop, _task) = server(AcceptLimits::default()).await;
        let request = format!("GET /peer HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "a".repeat(17 << 10));
        let mut stream = TcpStream::connect(address).await.expect("connected");
        // The server may close before everything is written.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = vec![0; 12];
        stream.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(answer, b"HTTP/1.1 431");
    }
}
