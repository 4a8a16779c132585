//! What the console says about its devices, and what people hear of a switched user.

use agent::platform::Platform;
use protocol::access::Access;
use protocol::control::{Command, CommandKind, CommandRefusal, Notice};
use protocol::geometry::PixelPoint;
use protocol::ids::{DisplayId, SessionId};
use protocol::input::PointerButton;
use protocol::link::{FromAgent, SessionEvent};
use protocol::reason::EndReason;
use protocol::signals::{SignalKind, SignalState, Signals, SystemUser};
use protocol::time::Micros;
use protocol::wire::Text;

use crate::support::agent::Console;
use crate::support::server::{Link, Server};
use crate::support::until;
use crate::support::viewer::ViewerEnd;

const SESSION: SessionId = SessionId([41; 16]);
const OTHER: SessionId = SessionId([42; 16]);

const SETTINGS: (u16, u16) = (1600, 550);
const DEVICES: (u16, u16) = (200, 594);
const CAMERA: (u16, u16) = (1754, 258);
const ACCOUNT: (u16, u16) = (1730, 82);
const ACCOUNT_FIELD: (u16, u16) = (960, 526);

/// A console that looks at its devices often.
fn console() -> Console {
    let mut console = Console::new();
    console.timing.signals = Micros::from_millis(100);
    console
}

/// Somebody in the room, at the console's touch panel.
struct Person(Platform);

impl Person {
    fn at(console: &Console) -> Self {
        Self(console.room.platform())
    }

    fn touch(&mut self, (x, y): (u16, u16)) {
        let injector = &mut self.0.injector;
        injector.pointer(DisplayId::Console, PixelPoint { x, y }).expect("moves");
        injector.button(PointerButton::Primary, true).expect("presses");
        injector.button(PointerButton::Primary, false).expect("releases");
    }

    fn sign_in(&mut self, name: &str) {
        self.touch(ACCOUNT);
        self.touch(ACCOUNT_FIELD);
        self.0.injector.text(&format!("{name}\tsecret\n")).expect("types");
    }

    fn sign_out(&mut self) {
        self.touch(ACCOUNT);
    }
}

async fn signals(link: &mut Link, is_it: impl Fn(&Signals) -> bool) -> Signals {
    let pick = |message: &FromAgent| match message {
        FromAgent::Signals { signals } if is_it(signals) => Some(signals.clone()),
        _ => None,
    };
    link.wait_for("signals", pick).await
}

/// Who is announced next.
async fn announced(viewer: &mut ViewerEnd) -> (Option<String>, bool) {
    let pick = |notice: &Notice| match notice {
        Notice::UserSwitched { user, can_sign_out } => Some((user.as_ref().map(Text::to_string), *can_sign_out)),
        _ => None,
    };
    viewer.notice("a switched user", pick).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_hears_how_the_devices_are_and_what_changes() {
    let (console, mut server) = (console(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    link.hello().await;
    let first = signals(&mut link, |signals| !signals.list.is_empty()).await;
    assert_eq!(first.list.iter().map(|signal| signal.kind).collect::<Vec<_>>(), SignalKind::ALL);
    assert!(first.list.iter().all(|signal| signal.state == SignalState::Ok), "{first:?}");
    assert_eq!(first.user, SystemUser::SignedIn { name: Text::fitted("room") });

    let mut person = Person::at(&console);
    for place in [SETTINGS, DEVICES, CAMERA] {
        person.touch(place);
    }
    let changed = signals(&mut link, |signals| *signals != first).await;
    let wrong = changed.list.iter().filter(|signal| signal.state != SignalState::Ok);
    assert_eq!(
        wrong.map(|signal| (signal.kind, signal.state)).collect::<Vec<_>>(),
        [(SignalKind::Camera, SignalState::Missing)]
    );
    drop(link);

    let mut link = server.link().await;
    link.hello().await;
    assert_eq!(signals(&mut link, |_| true).await, changed, "a new link hears it at once");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switched_user_is_announced_until_the_first_one_is_back() {
    let (console, mut server) = (console(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    assert_eq!(announced(&mut viewer).await, (None, true));
    let mut person = Person::at(&console);
    person.sign_in("ada");
    assert_eq!(announced(&mut viewer).await, (Some("ada".to_owned()), true));
    link.event(&SessionEvent::UserSwitched { user: Text::fitted("ada") }).await;

    let mut late = server.session(&mut link, OTHER, Access::View).await;
    assert_eq!(announced(&mut late).await.0.as_deref(), Some("ada"), "who comes later hears it, too");

    person.sign_out();
    assert_eq!(announced(&mut viewer).await.0, None);
    assert_eq!(announced(&mut late).await.0, None);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_out_and_restart_restarts_with_the_switch_off() {
    let (console, mut server) = (console(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    assert_eq!(announced(&mut viewer).await.0, None);
    viewer.command(Command::SetRestartOnEnd { on: false }).await;
    let mut person = Person::at(&console);
    person.sign_in("ada");
    assert_eq!(announced(&mut viewer).await.0.as_deref(), Some("ada"));
    viewer.command(Command::SignOutAndRestart).await;
    assert_eq!(viewer.ended().await, EndReason::EndedByViewer);
    link.event(&SessionEvent::SignOutRequested).await;
    assert_eq!(link.ended(SESSION).await, (EndReason::EndedByViewer, true));
    until("a restart", || console.n_restarts() == 1).await;

    let mut next = server.session(&mut link, OTHER, Access::View).await;
    assert_eq!(announced(&mut next).await.0, None, "she was there when this one began");
    person.sign_out();
    assert_eq!(announced(&mut next).await.0.as_deref(), Some("room"));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_cannot_restart_says_so_and_the_session_goes_on() {
    let (mut console, mut server) = (console(), Server::start().await);
    console.can_restart = false;
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    assert_eq!(announced(&mut viewer).await, (None, false));
    Person::at(&console).sign_in("ada");
    assert_eq!(announced(&mut viewer).await, (Some("ada".to_owned()), false));
    viewer.command(Command::SignOutAndRestart).await;
    let refusal = viewer.notice("a refusal", |notice| match notice {
        Notice::Refused { command, refusal } => Some((*command, *refusal)),
        _ => None,
    });
    assert_eq!(refusal.await, (CommandKind::SignOutAndRestart, CommandRefusal::Unsupported));
    viewer.command(Command::End).await;
    assert_eq!(link.ended(SESSION).await, (EndReason::EndedByViewer, false));
    agent.stop().await;
}
