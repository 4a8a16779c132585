use std::sync::atomic::{AtomicUsize, Ordering};

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ClientMessageEvent, ConnectionExt as _, EventMask, MapState};

use super::super::connection::XServer;
use super::super::status_window::show;
use super::xvfb::{Xvfb, eventually};
use crate::platform::PlatformError;

/// The only visible window, with its width.
fn window(server: &XServer) -> Option<(u32, u16)> {
    let tree = server.connection.query_tree(server.root()).ok()?.reply().ok()?;
    let visible = tree.children.into_iter().find(|window| {
        let attributes = server.connection.get_window_attributes(*window).map(x11rb::cookie::Cookie::reply);
        matches!(attributes, Ok(Ok(attributes)) if attributes.map_state == MapState::VIEWABLE)
    })?;
    Some((visible, server.connection.get_geometry(visible).ok()?.reply().ok()?.width))
}

#[test]
fn it_follows_what_is_said_and_goes_when_it_is_closed() {
    let xvfb = Xvfb::start();
    let server = xvfb.connect();
    let looks = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let showing = scope.spawn(|| {
            show(&xvfb.name, || {
                let n = looks.fetch_add(1, Ordering::Relaxed);
                Ok::<_, PlatformError>(vec![("link", "up ".repeat(1 + n.min(1) * 40))])
            })
        });
        eventually(|| window(&server).is_some());
        let (id, narrow) = window(&server).expect("it is there");
        eventually(|| window(&server).is_some_and(|(_, width)| narrow < width));
        assert!(!showing.is_finished());
        let atom = |name: &[u8]| server.connection.intern_atom(false, name).unwrap().reply().unwrap().atom;
        let close = ClientMessageEvent::new(32, id, atom(b"WM_PROTOCOLS"), [atom(b"WM_DELETE_WINDOW"), 0, 0, 0, 0]);
        server.connection.send_event(false, id, EventMask::NO_EVENT, close).unwrap();
        server.connection.flush().unwrap();
        showing.join().expect("no panic").expect("it was closed");
    });
    eventually(|| window(&server).is_none());
}
