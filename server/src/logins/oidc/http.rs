//! The way to an identity provider: bounded in time and size, without redirects, without plain HTTP to other machines.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use openidconnect::http::uri::{Authority, Scheme};
use openidconnect::http::{Request, Uri, header};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::config::is_loopback;

/// Largest answer in bytes.
const ANSWER_MAX_BYTES: usize = 1 << 20;

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum HttpError {
    #[error("the address is neither https nor on loopback as its provider")]
    Address,
    #[error("no connection")]
    Connect(#[source] std::io::Error),
    #[error("no HTTP")]
    Http(#[from] hyper::Error),
    #[error("the answer is broken off or too large")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("no answer in time")]
    TooSlow,
    #[error("no request can be made")]
    Request(#[from] openidconnect::http::Error),
}

/// Certificate authorities, read once for all providers: the system's, or Mozilla's where it has none.
#[derive(Clone)]
pub(super) struct Tls(Arc<ClientConfig>);

impl Tls {
    pub(super) fn new() -> Self {
        let mut roots = RootCertStore::empty();
        let (n_taken, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if n_taken == 0 {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self(Arc::new(config))
    }
}

/// Asks one provider. A connection is used once: sign-ins are rare.
pub(super) struct HttpClient {
    tls: Tls,
    /// The provider is on this machine; it may have plain addresses here.
    plain: bool,
    answer_within: Duration,
}

impl HttpClient {
    pub(super) fn new(tls: Tls, plain: bool, answer_within: Duration) -> Self {
        Self { tls, plain, answer_within }
    }

    /// # Errors
    /// When there is no whole answer in time, whatever its status.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        timeout(self.answer_within, self.exchange(request)).await.unwrap_or(Err(HttpError::TooSlow))
    }

    /// Whether a browser may be sent to this address, and this client may ask it.
    pub(super) fn allows(&self, uri: &Uri) -> bool {
        let Some(authority) = uri.authority() else { return false };
        let named = !authority.host().is_empty() && !authority.as_str().contains('@');
        let local = self.plain && is_loopback(authority.as_str());
        named && (uri.scheme() == Some(&Scheme::HTTPS) || (uri.scheme() == Some(&Scheme::HTTP) && local))
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let uri = request.uri().clone();
        let authority = uri.authority().filter(|_| self.allows(&uri)).ok_or(HttpError::Address)?;
        let secure = uri.scheme() == Some(&Scheme::HTTPS);
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let stream = TcpStream::connect((host, port)).await.map_err(HttpError::Connect)?;
        let request = relative(request, authority)?;
        if !secure {
            return ask(stream, request).await;
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|_| HttpError::Address)?;
        let stream = TlsConnector::from(Arc::clone(&self.tls.0)).connect(name, stream).await;
        ask(stream.map_err(HttpError::Connect)?, request).await
    }
}

/// As it stands in the first line of a request, with the host beside it.
fn relative(request: HttpRequest, authority: &Authority) -> Result<Request<Full<Bytes>>, HttpError> {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut request = Request::builder().method(parts.method).uri(target).body(Full::from(body))?;
    *request.headers_mut() = parts.headers;
    let headers = request.headers_mut();
    headers.insert(header::HOST, header::HeaderValue::from_str(authority.as_str()).map_err(|_| HttpError::Address)?);
    headers.insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    Ok(request)
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<HttpResponse, HttpError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let answered = async {
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, ANSWER_MAX_BYTES).collect().await.map_err(HttpError::Body)?;
        Ok(HttpResponse::from_parts(parts, body.to_bytes().into()))
    };
    let moved = async {
        // What went wrong here is told to whoever waits for the answer.
        let _ = connection.await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        answer = answered => answer,
        () = moved => Err(HttpError::TooSlow),
    }
}

impl<'c> AsyncHttpClient<'c> for HttpClient {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_ones_own_machine_are_asked() {
        let client = |plain| HttpClient::new(Tls::new(), plain, Duration::from_secs(1));
        for (uri, to_public, to_plain) in [
            ("https://id.example.com/token", true, true),
            ("http://id.example.com/token", false, false),
            ("http://127.0.0.1:9/token", false, true),
            ("http://localhost/token", false, true),
            ("http://localhost.evil.example/token", false, false),
            ("http://127.0.0.1@evil.example/token", false, false),
            ("https://user@id.example.com/token", false, false),
            ("ftp://127.0.0.1/token", false, false),
            ("/token", false, false),
        ] {
            let uri: Uri = uri.parse().expect(uri);
            assert_eq!((client(false).allows(&uri), client(true).allows(&uri)), (to_public, to_plain), "{uri}");
        }
    }
}
