//! A session from the offer to its end.

use agent::link::LinkFailure;
use agent::platform::CallObservation;
use agent::platform::simulated::TraceEvent;
use protocol::access::Access;
use protocol::control::{Command, CommandKind, CommandRefusal, Notice, PictureState, Shortcut};
use protocol::cursor::CursorUpdate;
use protocol::geometry::PixelPoint;
use protocol::ids::{DisplayId, SessionId};
use protocol::input::{InputEvent, PointerButton, PointerPosition};
use protocol::keycode::KeyCode;
use protocol::link::{Enrolment, FromAgent, LinkClose, SessionEvent, ToAgent};
use protocol::reason::EndReason;
use protocol::refusal::RefusalCode;
use protocol::secure::{GrantSigner, Secret};
use protocol::session::ViewerEvent;
use protocol::time::Micros;
use protocol::video::Picture;
use protocol::wire::Text;

use crate::support::agent::{Console, short};
use crate::support::picture::Decoded;
use crate::support::server::Server;
use crate::support::until;

const SESSION: SessionId = SessionId([11; 16]);
const OTHER: SessionId = SessionId([12; 16]);

fn keys(console: &Console) -> Vec<(KeyCode, bool)> {
    let key = |event: &TraceEvent| match event {
        TraceEvent::Key { code, down } => Some((*code, *down)),
        _ => None,
    };
    console.room.trace().iter().filter_map(key).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_technician_sees_the_console_and_types_into_it() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    assert!(link.enrols);
    let info = link.hello().await;
    assert_eq!((info.displays.len(), info.platform.as_str()), (3, "simulated"));

    let mut viewer = server.session(&mut link, SESSION, Access::Modify).await;
    let people = console.room.ring_state().expect("the ring is up");
    assert_eq!(people[0].name, "Tina Technician");
    let frame = viewer.frame().await;
    let config = viewer.config.clone().expect("announced before its first frame");
    assert_eq!(config.display, DisplayId::Console);
    let mut decoded = Decoded::new(&config.regions);
    decoded.take(&frame.units);
    let seen = console.room.snapshot(DisplayId::Console).expect("it is there");
    let differences = decoded.difference(&seen.bgra, seen.size);
    let mean = differences.iter().map(|(mean, _)| mean).sum::<f64>() / differences.len() as f64;
    assert!(mean < 1.5, "mean difference {mean:.2}");

    viewer.key(KeyCode::KeyA, true).await;
    viewer.key(KeyCode::KeyA, false).await;
    until("a key", || keys(&console) == [(KeyCode::KeyA, true), (KeyCode::KeyA, false)]).await;

    viewer.command(Command::End).await;
    assert_eq!(viewer.ended().await, EndReason::EndedByViewer);
    assert_eq!(link.ended(SESSION).await.0, EndReason::EndedByViewer);
    assert_eq!(console.room.ring_state(), None);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_a_session_are_reported_in_order() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    viewer.command(Command::SelectDisplay { display: DisplayId::FrontOfRoom1 }).await;
    viewer.command(Command::SetRestartOnEnd { on: false }).await;
    viewer.command(Command::Shortcut { shortcut: Shortcut::WindowsKey }).await;
    viewer.notice("the shortcut", |notice| matches!(notice, Notice::ShortcutDone { .. }).then_some(())).await;
    viewer.command(Command::End).await;
    let mut events = Vec::new();
    let receipt = loop {
        let message = link.receive().await;
        if let FromAgent::Event { event, .. } = &message {
            events.push(event.clone());
        }
        if let Some(receipt) = link.receipt(&message) {
            break receipt;
        }
    };
    assert_eq!((receipt.reason, receipt.restarts), (EndReason::EndedByViewer, false));
    let expected = [
        SessionEvent::IndicatorShown,
        SessionEvent::ViewerConnected,
        SessionEvent::DisplaySelected { display: DisplayId::FrontOfRoom1 },
        SessionEvent::RestartOnEndSet { on: false },
        SessionEvent::ShortcutUsed { shortcut: Shortcut::WindowsKey },
        SessionEvent::IndicatorHidden,
    ];
    assert_eq!(events, expected);
    assert_eq!(keys(&console), [(KeyCode::MetaLeft, true), (KeyCode::MetaLeft, false)]);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn input_in_a_view_session_reaches_nothing_and_ends_it() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let key = Secret::new([5; 32]);
    let grant = server.grant(&mut link, SESSION, key.public_key(), Access::View).await;
    // A hand-written client: its grant says View, and it sends input all the same.
    let mut viewer = server.open(&mut link, grant, &key, Access::Modify).await;
    viewer.frame().await;
    viewer.key(KeyCode::KeyA, true).await;
    assert_eq!(viewer.ended().await, EndReason::PolicyViolation);
    link.event(&SessionEvent::PolicyViolation { kind: Text::fitted("key") }).await;
    assert_eq!(link.ended(SESSION).await.0, EndReason::PolicyViolation);
    assert!(console.room.trace().is_empty(), "{:?}", console.room.trace());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clicks_and_drags_land_on_their_pixel() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::Modify).await;
    let epoch = viewer.notice("displays", |notice| match notice {
        Notice::Displays { epoch, .. } => Some(*epoch),
        _ => None,
    });
    let epoch = epoch.await;
    let position = |display, x, y, epoch| PointerPosition { display, epoch, x, y };
    let button = PointerButton::Primary;
    let corner = position(DisplayId::Console, u16::MAX, u16::MAX, epoch);
    let old = position(DisplayId::Console, 0, 0, epoch.wrapping_sub(1));
    viewer.input(InputEvent::Button { button, down: true, position: corner }).await;
    viewer.input(InputEvent::PointerMove { position: old }).await;
    viewer.input(InputEvent::Button { button, down: false, position: old }).await;
    let expected = [
        TraceEvent::Pointer { display: DisplayId::Console, point: PixelPoint { x: 1919, y: 1079 } },
        TraceEvent::Button { button, down: true },
        // The move saw another arrangement; the button goes up all the same.
        TraceEvent::Button { button, down: false },
    ];
    until("three events", || console.room.trace() == expected).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_offers_show_no_ring_and_open_no_socket() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let key = Secret::new([5; 32]).public_key();

    let grant = server.grant(&mut link, SESSION, key, Access::Modify).await;
    let forged = GrantSigner::new(&Secret::new([66; 32])).sign(&grant);
    let answer = server.offer(&mut link, &forged).await;
    assert!(matches!(answer, FromAgent::Refused { code: RefusalCode::AgentRefused, .. }), "{answer:?}");

    console.room.set_ring_fails(true);
    let signed = server.grants.sign(&grant);
    let answer = server.offer(&mut link, &signed).await;
    assert!(matches!(answer, FromAgent::Refused { code: RefusalCode::IndicatorFailed, .. }), "{answer:?}");
    console.room.set_ring_fails(false);

    let answer = server.offer(&mut link, &signed).await;
    assert!(matches!(answer, FromAgent::Refused { code: RefusalCode::AgentRefused, .. }), "a spent nonce: {answer:?}");

    console.set_call(CallObservation::InCall);
    link.wait_for("the call", |message| matches!(message, FromAgent::CallChanged { .. }).then_some(())).await;
    let grant = server.grant(&mut link, SESSION, key, Access::Modify).await;
    let signed = server.grants.sign(&grant);
    let answer = server.offer(&mut link, &signed).await;
    assert!(matches!(answer, FromAgent::Refused { code: RefusalCode::InCall, .. }), "{answer:?}");

    assert_eq!(console.room.ring_state(), None);
    assert!(server.has_no_socket());
    agent.stop().await;
    assert_eq!(console.n_restarts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_pauses_the_picture_and_the_input_until_it_ends() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::Modify).await;
    viewer.frame().await;
    viewer.key(KeyCode::ShiftLeft, true).await;
    until("a key", || !keys(&console).is_empty()).await;
    console.set_call(CallObservation::InCall);
    let state = |notice: &Notice| match notice {
        Notice::Picture { state } => Some(*state),
        _ => None,
    };
    assert_eq!(viewer.notice("a pause", state).await, PictureState::PausedByCall);
    until("the key is released", || keys(&console).last() == Some(&(KeyCode::ShiftLeft, false))).await;
    viewer.key(KeyCode::KeyX, true).await;
    viewer.command(Command::RestartDevice).await;
    let refused = viewer.notice("a refusal", |notice| match notice {
        Notice::Refused { command, refusal } => Some((*command, *refusal)),
        _ => None,
    });
    assert_eq!(refused.await, (CommandKind::RestartDevice, CommandRefusal::InCall));
    assert_eq!(keys(&console).len(), 2, "nothing arrives during a call");
    link.event(&SessionEvent::Paused).await;

    console.set_call(CallObservation::Idle);
    assert_eq!(viewer.notice("it goes on", state).await, PictureState::Live);
    link.event(&SessionEvent::Resumed).await;
    let frame = viewer.frame().await;
    assert_eq!(frame.units.len(), 16, "the whole picture");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_released_when_the_agent_stops() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::Modify).await;
    viewer.key(KeyCode::ControlLeft, true).await;
    until("a key", || !keys(&console).is_empty()).await;
    let stopping = tokio::spawn(agent.stop());
    assert_eq!(viewer.ended().await, EndReason::AgentStopped);
    assert_eq!(link.ended(SESSION).await.0, EndReason::AgentStopped);
    stopping.await.expect("it stops");
    assert_eq!(keys(&console), [(KeyCode::ControlLeft, true), (KeyCode::ControlLeft, false)]);
    assert_eq!(console.room.ring_state(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_holds_the_input_and_the_other_can_take_it() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut first = server.session(&mut link, SESSION, Access::Modify).await;
    first.frame().await;
    let mut second = server.session(&mut link, OTHER, Access::Modify).await;
    second.frame().await;
    second.key(KeyCode::KeyB, true).await;
    second.key(KeyCode::KeyB, false).await;
    first.key(KeyCode::ShiftLeft, true).await;
    until("a key", || !keys(&console).is_empty()).await;
    second.command(Command::TakeInput).await;
    let holders = |notice: &Notice| match notice {
        Notice::People { people } => {
            Some(people.iter().map(|person| (person.you, person.holds_input)).collect::<Vec<_>>())
        }
        _ => None,
    };
    let is_taken = |people: &Vec<(bool, bool)>| people.contains(&(true, true));
    let people = second.notice("people", |notice| holders(notice).filter(is_taken)).await;
    assert_eq!(people, [(false, false), (true, true)]);
    second.key(KeyCode::KeyC, true).await;
    first.key(KeyCode::KeyA, true).await;
    let expected = [(KeyCode::ShiftLeft, true), (KeyCode::ShiftLeft, false), (KeyCode::KeyC, true)];
    until("the keys of the holder alone", || keys(&console) == expected).await;

    let epoch = second.config.as_ref().expect("announced").epoch;
    let position = PointerPosition { display: DisplayId::Console, epoch, x: 700, y: 800 };
    second.input(InputEvent::PointerMove { position }).await;
    let moved = first.until("the other's pointer", |event| match event {
        ViewerEvent::Cursor(CursorUpdate::Moved { x, y, .. }) => Some((*x, *y)),
        _ => None,
    });
    assert_eq!(moved.await, (700, 800));
    assert_eq!(console.room.ring_state().map(|people| people.len()), Some(2));
    second.command(Command::End).await;
    assert_eq!(link.ended(OTHER).await, (EndReason::EndedByViewer, false), "somebody is still there");
    assert_eq!(console.room.ring_state().map(|people| people.len()), Some(1));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_ring_nobody_stays() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut first = server.session(&mut link, SESSION, Access::Modify).await;
    let mut second = server.session(&mut link, OTHER, Access::View).await;
    let has_codes =
        || console.room.ring_state().is_some_and(|people| people.iter().all(|person| person.code.is_some()));
    until("both connections in the ring", has_codes).await;
    console.room.set_ring_fails(true);
    second.command(Command::End).await;
    assert_eq!(link.ended(OTHER).await.0, EndReason::EndedByViewer);
    assert_eq!(first.ended().await, EndReason::IndicatorFailed);
    assert_eq!(link.ended(SESSION).await.0, EndReason::IndicatorFailed);
    assert_eq!(console.room.ring_state(), None);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_display_and_thumbnails_of_all() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    viewer.frame().await;
    viewer.command(Command::SelectDisplay { display: DisplayId::FrontOfRoom2 }).await;
    viewer
        .until("its picture", |event| match event {
            ViewerEvent::Picture(Picture::Config { config }) => {
                (config.display == DisplayId::FrontOfRoom2).then_some(())
            }
            _ => None,
        })
        .await;
    viewer.command(Command::WatchThumbnails { on: true }).await;
    let mut missing = DisplayId::ALL.to_vec();
    viewer
        .until("three thumbnails", |event| {
            if let ViewerEvent::Picture(Picture::Thumbnail { thumbnail }) = event {
                missing.retain(|id| *id != thumbnail.display);
            }
            missing.is_empty().then_some(())
        })
        .await;

    console.room.set_plugged_in(DisplayId::FrontOfRoom2, false);
    viewer
        .notice("no output", |notice| (*notice == Notice::Picture { state: PictureState::NoOutput }).then_some(()))
        .await;
    viewer.command(Command::SelectDisplay { display: DisplayId::FrontOfRoom2 }).await;
    viewer.notice("a refusal", |notice| matches!(notice, Notice::Refused { .. }).then_some(())).await;
    console.room.set_plugged_in(DisplayId::FrontOfRoom2, true);
    viewer
        .notice("live again", |notice| (*notice == Notice::Picture { state: PictureState::Live }).then_some(()))
        .await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_viewer_gets_a_few_pictures_and_then_none() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::Modify).await;
    viewer.is_stalled = true;
    viewer.frame().await;
    for _ in 0..20 {
        viewer.key(KeyCode::MetaLeft, true).await;
        viewer.key(KeyCode::MetaLeft, false).await;
        viewer.run_for(Micros::from_millis(50)).await;
    }
    assert!(viewer.frames.len() <= 3, "{} pictures without one acknowledged", viewer.frames.len());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_without_a_lease_ends() {
    let (mut console, mut server) = (Console::new(), Server::start().await);
    console.timing.lease = Micros::from_secs(3);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    for _ in 0..8 {
        link.lease(&[SESSION]).await;
        viewer.run_for(Micros::from_millis(500)).await;
    }
    link.lease(&[OTHER]).await;
    assert_eq!(viewer.ended().await, EndReason::LeaseExpired);
    assert_eq!(link.ended(SESSION).await.0, EndReason::LeaseExpired);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_ends_a_session() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    viewer.frame().await;
    link.send(&ToAgent::End { session: SESSION, reason: EndReason::Revoked }).await;
    assert_eq!(viewer.ended().await, EndReason::Revoked);
    assert_eq!(link.ended(SESSION).await.0, EndReason::Revoked);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_comes_back_finds_its_session_as_it_left_it() {
    let (mut console, mut server) = (Console::new(), Server::start().await);
    console.timing = short();
    console.timing.away = Micros::from_secs(15);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::Modify).await;
    viewer.command(Command::SetRestartOnEnd { on: false }).await;
    viewer.key(KeyCode::AltLeft, true).await;
    until("a key", || !keys(&console).is_empty()).await;
    drop(viewer);
    until("the key is released", || keys(&console).len() == 2).await;
    assert!(console.room.ring_state().is_some(), "the ring stays while the session does");

    let mut viewer = server.session(&mut link, SESSION, Access::Modify).await;
    let on = viewer.notice("the switch", |notice| match notice {
        Notice::RestartOnEnd { on } => Some(*on),
        _ => None,
    });
    assert!(!on.await);
    viewer.frame().await;
    link.event(&SessionEvent::ViewerReconnected).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_lost_link_are_reported_on_the_next() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    viewer.frame().await;
    drop(link);
    viewer.command(Command::SetRestartOnEnd { on: false }).await;
    viewer.notice("the switch", |notice| (*notice == Notice::RestartOnEnd { on: false }).then_some(())).await;
    viewer.command(Command::End).await;
    assert_eq!(viewer.ended().await, EndReason::EndedByViewer);
    let mut link = server.link().await;
    assert!(!link.enrols, "the key is known by now");
    assert_eq!(link.ended(SESSION).await, (EndReason::EndedByViewer, false));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_grant_key_is_refused_and_a_revoked_console_stops() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let link = server.link().await;
    drop(link);
    let other_key = GrantSigner::new(&Secret::new([66; 32])).public_key().to_bytes();
    server
        .link_with(|welcome| {
            if let ToAgent::Welcome { grant_key, .. } = welcome {
                *grant_key = other_key;
            }
        })
        .await;
    let mut link = server.link().await;
    link.hello().await;
    link.send(&ToAgent::Bye { reason: LinkClose::Revoked }).await;
    assert_eq!(agent.failure().await, LinkFailure::Revoked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_that_is_not_approved_gives_no_nonce_until_it_is() {
    for status in [Enrolment::Pending, Enrolment::Quarantined] {
        let (console, mut server) = (Console::new(), Server::start().await);
        let agent = console.start(&server);
        let mut link = server.link_with(|welcome| set_status(welcome, status)).await;
        link.send(&ToAgent::NonceRequest { request: 1 }).await;
        let code = link
            .wait_for("a refusal", |message| match message {
                FromAgent::Refused { request: 1, code } => Some(*code),
                _ => None,
            })
            .await;
        assert_eq!(code, RefusalCode::UnsupportedConsole, "{status:?}");
        let mut welcome = server.welcome();
        set_status(&mut welcome, Enrolment::Approved);
        link.send(&welcome).await;
        link.send(&ToAgent::NonceRequest { request: 2 }).await;
        link.wait_for("a nonce", |message| matches!(message, FromAgent::Nonce { request: 2, .. }).then_some(())).await;
        agent.stop().await;
    }
}

fn set_status(welcome: &mut ToAgent, to: Enrolment) {
    if let ToAgent::Welcome { status, .. } = welcome {
        *status = to;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_enrolment_string_is_given_up() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut enrols = Vec::new();
    for _ in 0..6 {
        enrols.push(server.refuse_link().await);
    }
    assert_eq!(enrols, [true, false, true, false, true, false], "the answer may have been lost: both are tried");
    assert_eq!(agent.failure().await, LinkFailure::EnrolmentRefused);
}
