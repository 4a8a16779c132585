//! The portal's files, from the binary itself.

use std::collections::HashMap;
use std::path::Path;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::error::ApiError;
use crate::config::PublicUrl;
use crate::state::AppState;

/// A file as `build.rs` lists it.
struct EmbeddedFile {
    path: &'static str,
    /// Of its content, hexadecimal.
    hash: &'static str,
    bytes: &'static [u8],
    brotli: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/portal.rs"));

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Redring</title>\
    <h1>The portal is not built into this server</h1>\
    <p>Build the server with its portal: run <code>cargo xtask build</code>.</p></html>";

/// The files and the policy that they run under.
pub struct Assets {
    files: HashMap<String, File>,
    policy: HeaderValue,
}

struct File {
    bytes: Bytes,
    brotli: Option<Bytes>,
    mime: &'static str,
    etag: HeaderValue,
    caching: Caching,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caching {
    /// The name holds a hash of the content.
    Immutable,
    /// Asked again each time; unchanged files are not sent again.
    Revalidate,
}

impl Assets {
    /// The files that were built in.
    pub fn embedded(url: &PublicUrl) -> Self {
        let files = EMBEDDED.iter().map(|file| {
            let brotli = file.brotli.map(Bytes::from_static);
            (file.path.to_owned(), File::new(file.path, file.hash, Bytes::from_static(file.bytes), brotli))
        });
        Self::new(files.collect(), url)
    }

    /// The files of a folder as they are now: for working on the portal.
    pub fn of_folder(folder: &Path, url: &PublicUrl) -> std::io::Result<Self> {
        let mut files = HashMap::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in std::fs::read_dir(next)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(name) = path.strip_prefix(folder) {
                    let name = name.to_string_lossy().replace('\\', "/");
                    let bytes = Bytes::from(std::fs::read(&path)?);
                    let hash = hex::encode(&Sha256::digest(&bytes)[..16]);
                    let file = File::new(&name, &hash, bytes, None);
                    files.insert(name, file);
                }
            }
        }
        Ok(Self::new(files, url))
    }

    fn new(files: HashMap<String, File>, url: &PublicUrl) -> Self {
        let index = files.get("index.html").map(|file| String::from_utf8_lossy(&file.bytes).into_owned());
        let policy = content_security_policy(index.as_deref().unwrap_or_default(), url);
        Self { files, policy: HeaderValue::from_str(&policy).expect("a policy is visible ASCII") }
    }

    /// Whether a portal is there.
    pub fn has_portal(&self) -> bool {
        self.files.contains_key("index.html")
    }

    fn respond(&self, path: &str, headers: &HeaderMap) -> Response {
        let wants_page = accepts(headers, header::ACCEPT, "text/html");
        match self.files.get(path.trim_start_matches('/')) {
            Some(file) => file.respond(headers),
            None if !wants_page => ApiError::NotFound.into_response(),
            None => match self.files.get("index.html") {
                Some(index) => index.respond(headers),
                None => (StatusCode::SERVICE_UNAVAILABLE, page_type(), NOT_BUILT).into_response(),
            },
        }
    }
}

fn page_type() -> [(header::HeaderName, &'static str); 1] {
    [(header::CONTENT_TYPE, "text/html; charset=utf-8")]
}

/// What no route took: a file of the portal, or the portal itself for its own routes.
pub async fn serve(State(state): State<AppState>, request: Request) -> Response {
    let path = request.uri().path();
    let is_page_or_file = matches!(*request.method(), Method::GET | Method::HEAD) && !is_reserved(path);
    if !is_page_or_file {
        return ApiError::NotFound.into_response();
    }
    let mut response = state.assets.respond(path, request.headers());
    if request.method() == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    // Files too, and answers that say "unchanged": a worker lives under the policy of its own script's answer, and a
    // browser takes over the headers of a 304.
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, state.assets.policy.clone());
    response
}

fn is_reserved(path: &str) -> bool {
    ["/api", "/ws"].into_iter().any(|prefix| path == prefix || path.starts_with(&format!("{prefix}/")))
}

impl File {
    fn new(name: &str, hash: &str, bytes: Bytes, brotli: Option<Bytes>) -> Self {
        let etag = HeaderValue::from_str(&format!("\"{hash}\"")).expect("a hash is visible ASCII");
        let caching = if is_hashed(name) { Caching::Immutable } else { Caching::Revalidate };
        Self { bytes, brotli, mime: mime(name), etag, caching }
    }

    fn respond(&self, request: &HeaderMap) -> Response {
        let mut response =
            if self.is_known_to(request) { StatusCode::NOT_MODIFIED.into_response() } else { self.content(request) };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::CACHE_CONTROL, self.caching.header());
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        response
    }

    fn content(&self, request: &HeaderMap) -> Response {
        let content_type = [(header::CONTENT_TYPE, self.mime)];
        match &self.brotli {
            Some(brotli) if accepts(request, header::ACCEPT_ENCODING, "br") => {
                (content_type, [(header::CONTENT_ENCODING, "br")], brotli.clone()).into_response()
            }
            _ => (content_type, self.bytes.clone()).into_response(),
        }
    }

    fn is_known_to(&self, request: &HeaderMap) -> bool {
        let known = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let mut tags = known.flat_map(|value| value.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
        tags.any(|tag| tag.as_bytes() == self.etag.as_bytes())
    }
}

impl Caching {
    fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Immutable => "public, max-age=31536000, immutable",
            Self::Revalidate => "no-cache",
        })
    }
}

/// Whether a header lists `wanted` and does not give it the weight zero.
fn accepts(headers: &HeaderMap, name: header::HeaderName, wanted: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|value| value.eq_ignore_ascii_case(wanted));
        let refused = parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        named && !refused
    })
}

/// Trunk puts a hash of 16 hexadecimal digits behind a hyphen: `portal-0123456789abcdef_bg.wasm`.
fn is_hashed(name: &str) -> bool {
    let stem = name.rsplit('/').next().unwrap_or(name);
    stem.split('-').skip(1).any(|part| {
        let digits = part.bytes().take_while(u8::is_ascii_hexdigit).count();
        digits == 16 && part.as_bytes().get(16).is_none_or(|next| matches!(next, b'.' | b'_'))
    })
}

fn mime(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" => "image/jpeg",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Only the portal's own files run; of inline scripts only those that its page holds, by their hash.
fn content_security_policy(page: &str, url: &PublicUrl) -> String {
    use std::fmt::Write as _;
    let mut scripts = String::new();
    for script in inline_scripts(page) {
        let _never_fails = write!(scripts, " 'sha256-{}'", STANDARD.encode(Sha256::digest(script)));
    }
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'; img-src 'self' data: blob:; \
         font-src 'self'; connect-src 'self' {}; worker-src 'self'; manifest-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'",
        url.socket("")
    )
}

/// The texts of `<script>` elements without `src`.
fn inline_scripts(page: &str) -> Vec<&str> {
    let mut scripts = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find("<script") {
        rest = &rest[start..];
        let Some(open) = rest.find('>') else { break };
        let Some(close) = rest.find("</script>") else { break };
        let attributes = &rest[..open];
        if !attributes.contains(" src=") && open < close {
            scripts.push(&rest[open + 1..close]);
        }
        rest = &rest[close + "</script>".len()..];
    }
    scripts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_server::TestServer;

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever() {
        for name in ["portal-0123456789abcdef.js", "portal-0123456789abcdef_bg.wasm", "a/tokens-fedcba9876543210.css"] {
            assert!(is_hashed(name), "{name}");
        }
        for name in ["index.html", "viewer.js", "viewer_bg.wasm", "a-b.js", "x-0123456789abcdef0.js", "favicon-32.png"]
        {
            assert!(!is_hashed(name), "{name}");
        }
    }

    #[test]
    fn the_policy_allows_the_scripts_of_the_page_by_hash() {
        let page = "<script type=\"module\">run()</script><script src=\"/x.js\"></script><script>two()</script>";
        assert_eq!(inline_scripts(page), ["run()", "two()"]);
        let url = PublicUrl::parse("https://rooms.example.com").expect("a URL");
        let policy = content_security_policy(page, &url);
        let hash = STANDARD.encode(Sha256::digest("run()"));
        assert!(policy.contains(&format!("script-src 'self' 'wasm-unsafe-eval' 'sha256-{hash}' 'sha256-")), "{policy}");
        assert!(policy.contains("connect-src 'self' wss://rooms.example.com;"), "{policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
    }

    #[test]
    fn a_known_file_is_not_sent_again() {
        let file = File::new("a.js", "00ff", Bytes::from_static(b"x"), Some(Bytes::from_static(b"y")));
        let request =
            |name, value: &str| HeaderMap::from_iter([(name, HeaderValue::from_str(value).expect("a header"))]);
        let fresh = file.respond(&request(header::ACCEPT_ENCODING, "gzip, br;q=0.9"));
        assert_eq!(fresh.status(), StatusCode::OK);
        assert_eq!(fresh.headers().get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes), Some(&b"br"[..]));
        let plain = file.respond(&request(header::ACCEPT_ENCODING, "br;q=0"));
        assert!(plain.headers().get(header::CONTENT_ENCODING).is_none());
        let known = file.respond(&request(header::IF_NONE_MATCH, "\"11\", W/\"00ff\""));
        assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    }

    #[tokio::test]
    async fn every_answer_is_locked_down() {
        let server = TestServer::start().await;
        for path in ["/", "/rooms/aurora", "/api/v1/setup", "/api/v1/nothing", "/healthz", "/nothing.js"] {
            let answer = server.raw("GET", path, &[("accept", "text/html")], String::new()).await;
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", "same-origin"),
            ] {
                assert_eq!(answer.header(name), Some(value), "{path} {name}");
            }
            let policy = answer.header("content-security-policy").expect("a policy");
            assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}");
            assert!(!policy.contains("unsafe-inline") && !policy.contains('*'), "{path}");
        }
        let api = server.get("/api/v1/setup").await;
        assert_eq!(api.header("cache-control"), Some("no-store"));
    }

    #[tokio::test]
    async fn what_is_neither_a_file_nor_a_page_is_a_problem() {
        let server = TestServer::start().await;
        for (method, path) in
            [("GET", "/nothing.js"), ("GET", "/api/nothing"), ("GET", "/ws/nothing"), ("POST", "/rooms")]
        {
            let answer = server.raw(method, path, &[("accept", "*/*")], String::new()).await;
            assert_eq!(answer.problem_code(404), "not_found", "{method} {path}");
        }
    }

    #[tokio::test]
    async fn a_folder_is_served_with_the_page_for_the_portals_own_routes() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("help")).expect("made");
        std::fs::write(folder.path().join("index.html"), "<script>go()</script>").expect("written");
        std::fs::write(folder.path().join("help/a.js"), "x").expect("written");
        let url = PublicUrl::parse("http://localhost:8080").expect("a URL");
        let assets = Assets::of_folder(folder.path(), &url).expect("read");
        assert!(assets.has_portal());
        let page = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("text/html,*/*;q=0.8"))]);
        for (path, expected) in [
            ("/", "text/html; charset=utf-8"),
            ("/rooms/aurora", "text/html; charset=utf-8"),
            ("/help/a.js", "text/javascript; charset=utf-8"),
        ] {
            let response = assets.respond(path, &page);
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(
                response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes),
                Some(expected.as_bytes())
            );
        }
        assert_eq!(assets.respond("/../secret", &HeaderMap::new()).status(), StatusCode::NOT_FOUND);
    }
}
