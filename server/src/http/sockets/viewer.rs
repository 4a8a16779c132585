use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::upgrade::upgrade;
use super::{refuse_origin, serve_side};
use crate::relay::{MESSAGE_MAX_BYTES, Side};
use crate::state::AppState;

/// `GET /ws/viewer`: the viewer's socket of a session. Only pages of this portal may open it.
pub(super) async fn open(State(state): State<AppState>, request: Request) -> Response {
    let is_ours = is_from(request.headers(), state.core.config.public_url.origin());
    upgrade(request, MESSAGE_MAX_BYTES, async move |socket| {
        if is_ours { serve_side(state, Side::Viewer, socket).await } else { refuse_origin(state, socket).await }
    })
}

/// One `Origin`, exactly ours: no wildcard, no list, no switch.
fn is_from(headers: &HeaderMap, origin: &str) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    origins.next().is_some_and(|value| value == origin) && origins.next().is_none()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_origin_is_exactly_ours_and_there_is_one() {
        let ours = "https://rooms.example.com";
        let from = |origins: &[&'static str]| {
            let headers = origins.iter().map(|origin| (header::ORIGIN, HeaderValue::from_static(origin)));
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(name, value);
            }
            is_from(&map, ours)
        };
        assert!(from(&[ours]));
        for foreign in [
            &[][..],
            &["null"],
            &["*"],
            &["http://rooms.example.com"],
            &["https://rooms.example.com/"],
            &["https://rooms.example.com.evil.example"],
            &["https://evil.example", ours],
            &[ours, "https://evil.example"],
        ] {
            assert!(!from(foreign), "{foreign:?}");
        }
    }
}
