//! What guards a room while somebody is connected: the policies of the grant, the people in the room, and time.

use agent::platform::simulated::TraceEvent;
use agent::platform::{CallObservation, RestartNews, RingButton, RingNews};
use protocol::access::Access;
use protocol::control::{Command, CommandKind, CommandRefusal, Notice, PictureState, Shortcut};
use protocol::ids::{DisplayId, SessionId};
use protocol::input::{InputEvent, PointerButton, PointerPosition};
use protocol::keycode::KeyCode;
use protocol::link::{FromAgent, ToAgent};
use protocol::reason::EndReason;
use protocol::refusal::RefusalCode;
use protocol::secure::Secret;
use protocol::session::ViewerEvent;
use protocol::terms::{CallPolicy, ShortcutPolicy, Terms};
use protocol::time::Micros;
use protocol::video::Picture;

use crate::support::agent::Console;
use crate::support::server::{Link, Server};
use crate::support::until;
use crate::support::viewer::ViewerEnd;

const SESSION: SessionId = SessionId([31; 16]);
const OTHER: SessionId = SessionId([32; 16]);

fn n_keys(console: &Console) -> usize {
    console.room.trace().iter().filter(|event| matches!(event, TraceEvent::Key { .. })).count()
}

fn picture_state(notice: &Notice) -> Option<PictureState> {
    match notice {
        Notice::Picture { state } => Some(*state),
        _ => None,
    }
}

fn in_call(notice: &Notice) -> Option<bool> {
    match notice {
        Notice::InCall { on } => Some(*on),
        _ => None,
    }
}

fn refusal(notice: &Notice) -> Option<(CommandKind, CommandRefusal)> {
    match notice {
        Notice::Refused { command, refusal } => Some((*command, *refusal)),
        _ => None,
    }
}

/// Touches a button of the ring as somebody in the room does.
async fn press(console: &Console, button: RingButton) {
    until("the button", || console.room.ring_button(button).is_some()).await;
    let place = console.room.ring_button(button).expect("it is there");
    console.room.touch_in_room(DisplayId::Console, place);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_ends_the_session_at_once_when_that_is_the_policy() {
    let (console, mut server) = (Console::new(), Server::start().await);
    server.terms.when_call_starts = CallPolicy::End;
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::Modify).await;
    viewer.frame().await;
    viewer.key(KeyCode::ShiftLeft, true).await;
    until("a key", || n_keys(&console) == 1).await;
    console.set_call(CallObservation::InCall);
    assert_eq!(viewer.ended().await, EndReason::CallStarted);
    assert_eq!(link.ended(SESSION).await, (EndReason::CallStarted, true));
    until("the key is released", || n_keys(&console) == 2).await;
    until("the restart to wait", || {
        let left = RingNews::Left { name: "Tina Technician".to_owned(), restart: RestartNews::AfterCall };
        console.room.ring_line().is_some_and(|line| line.news == Some(left))
    })
    .await;
    agent.stop().await;
    assert_eq!(console.n_restarts(), 0, "not while somebody talks");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_changes_nothing_but_what_is_said_when_that_is_the_policy() {
    let (console, mut server) = (Console::new(), Server::start().await);
    server.terms.when_call_starts = CallPolicy::Continue;
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::Modify).await;
    viewer.frame().await;
    viewer.key(KeyCode::ShiftLeft, true).await;
    until("a key", || n_keys(&console) == 1).await;
    console.set_call(CallObservation::InCall);
    assert!(viewer.notice("the call", in_call).await);
    viewer.key(KeyCode::KeyA, true).await;
    until("another key", || n_keys(&console) == 2).await;
    viewer.command(Command::Shortcut { shortcut: Shortcut::RefreshPicture }).await;
    viewer.frame().await;
    viewer.command(Command::RestartDevice).await;
    let refused = viewer.notice("a refusal", refusal).await;
    assert_eq!(refused, (CommandKind::RestartDevice, CommandRefusal::InCall), "a restart would end the call");
    console.set_call(CallObservation::Idle);
    assert!(!viewer.notice("the call's end", in_call).await);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_cannot_be_told_is_one_and_no_picture_of_any_kind_leaves_in_it() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    viewer.frame().await;
    viewer.command(Command::WatchThumbnails { on: true }).await;
    let is_picture = |event: &ViewerEvent| match event {
        ViewerEvent::Picture(Picture::Thumbnail { .. }) => Some("a thumbnail"),
        ViewerEvent::Picture(_) => Some("a picture"),
        _ => None,
    };
    let is_thumbnail = |event: &ViewerEvent| is_picture(event).filter(|kind| *kind == "a thumbnail");
    viewer.until("a thumbnail", is_thumbnail).await;
    console.set_call(CallObservation::Unknown);
    assert_eq!(viewer.notice("a pause", picture_state).await, PictureState::PausedByCall);

    // Whatever would bring a picture, from either side.
    console.room.set_plugged_in(DisplayId::FrontOfRoom2, false);
    for command in [
        Command::SelectDisplay { display: DisplayId::FrontOfRoom1 },
        Command::WatchThumbnails { on: true },
        Command::RequestKeyframe,
        Command::Shortcut { shortcut: Shortcut::RefreshPicture },
    ] {
        viewer.command(command).await;
    }
    let mut seen = Vec::new();
    viewer
        .until("the last command's answer", |event| {
            seen.extend(is_picture(event));
            match event {
                ViewerEvent::Notice(notice) => refusal(notice),
                _ => None,
            }
        })
        .await;
    assert!(seen.is_empty(), "{seen:?}");
    viewer.frames.clear();
    viewer.run_for(Micros::from_millis(300)).await;
    assert!(viewer.frames.is_empty());

    console.set_call(CallObservation::Idle);
    viewer.until("thumbnails again", is_thumbnail).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_comes_back_into_a_call_meets_the_policy_of_its_new_grant() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    viewer.frame().await;
    console.set_call(CallObservation::InCall);
    assert_eq!(viewer.notice("a pause", picture_state).await, PictureState::PausedByCall);
    drop(viewer);
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    assert_eq!(viewer.notice("still a pause", picture_state).await, PictureState::PausedByCall);
    assert!(viewer.frames.is_empty());
    drop(viewer);
    server.terms.when_call_starts = CallPolicy::End;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    assert_eq!(viewer.ended().await, EndReason::CallStarted);
    agent.stop().await;
}

/// What becomes of a shortcut.
async fn try_shortcut(viewer: &mut ViewerEnd, shortcut: Shortcut) -> Result<(), CommandRefusal> {
    viewer.command(Command::Shortcut { shortcut }).await;
    let answer = viewer.notice("an answer", |notice| match notice {
        Notice::ShortcutDone { shortcut: done } if *done == shortcut => Some(Ok(())),
        Notice::Refused { command: CommandKind::Shortcut, refusal } => Some(Err(*refusal)),
        _ => None,
    });
    answer.await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_session_uses_the_shortcuts_that_the_policy_allows() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let refused = Err(CommandRefusal::NotAllowed);
    for (policy, windows_key, refresh, wake) in [
        (ShortcutPolicy::All, Ok(()), Ok(()), Ok(())),
        (ShortcutPolicy::Safe, refused, Ok(()), Ok(())),
        (ShortcutPolicy::None, refused, refused, refused),
    ] {
        server.terms.view_shortcuts = policy;
        let mut viewer = server.session(&mut link, SESSION, Access::View).await;
        let n_before = console.room.trace().len();
        assert_eq!(try_shortcut(&mut viewer, Shortcut::WindowsKey).await, windows_key, "{policy:?}");
        assert_eq!(console.room.trace().len() != n_before, windows_key.is_ok(), "{policy:?}");
        assert_eq!(try_shortcut(&mut viewer, Shortcut::RefreshPicture).await, refresh, "{policy:?}");
        assert_eq!(try_shortcut(&mut viewer, Shortcut::WakeDisplay).await, wake, "{policy:?}");
        viewer.command(Command::SetRestartOnEnd { on: false }).await;
        viewer.command(Command::End).await;
        link.ended(SESSION).await;
    }
    let mut viewer = server.session(&mut link, OTHER, Access::Modify).await;
    assert_eq!(try_shortcut(&mut viewer, Shortcut::WindowsKey).await, Ok(()), "the policy is for View");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_in_the_room_end_every_session_with_the_ring() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut first = server.session(&mut link, SESSION, Access::Modify).await;
    let mut second = server.session(&mut link, OTHER, Access::View).await;
    first.frame().await;
    press(&console, RingButton::End).await;
    assert_eq!(first.ended().await, EndReason::EndedInRoom);
    assert_eq!(second.ended().await, EndReason::EndedInRoom);
    let mut ends = Vec::new();
    while ends.len() < 2 {
        let receipt = link.next_receipt().await;
        ends.push((receipt.session, receipt.reason));
    }
    ends.sort_by_key(|(session, _)| *session);
    assert_eq!(ends, [(SESSION, EndReason::EndedInRoom), (OTHER, EndReason::EndedInRoom)]);
    assert_eq!(console.room.ring_state(), None);
    let last = console.room.ring_line().expect("a last word");
    assert!(matches!(last.news, Some(RingNews::Left { restart: RestartNews::Now, .. })), "{last:?}");
    until("the restart", || console.n_restarts() == 1).await;
    agent.stop().await;
    assert_eq!(console.room.ring_line(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_policy_the_ring_has_no_end() {
    let (console, mut server) = (Console::new(), Server::start().await);
    server.terms.room_may_end = false;
    let agent = console.start(&server);
    let mut link = server.link().await;
    let _viewer = server.session(&mut link, SESSION, Access::View).await;
    assert_eq!(console.room.ring_state().map(|people| people.len()), Some(1));
    assert_eq!(console.room.ring_button(RingButton::End), None);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_technician_cannot_press_what_is_for_the_room() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::Modify).await;
    viewer.frame().await;
    let epoch = viewer.config.as_ref().expect("announced").epoch;
    let end = console.room.ring_button(RingButton::End).expect("it is there");
    let position = |x: u16, y: u16| {
        let scaled = |at: u16, n_pixels: u32| ((u32::from(at) * 65_535 + n_pixels / 2) / (n_pixels - 1)) as u16;
        PointerPosition { display: DisplayId::Console, epoch, x: scaled(x, 1920), y: scaled(y, 1080) }
    };
    let button = PointerButton::Primary;
    for (x, y) in [(end.x, end.y), (700, 700)] {
        for down in [true, false] {
            viewer.input(InputEvent::Button { button, down, position: position(x, y) }).await;
        }
    }
    let presses = || {
        let trace = console.room.trace();
        let at = |index: usize| {
            trace[..index].iter().rev().find_map(|event| match event {
                TraceEvent::Pointer { point, .. } => Some((point.x, point.y)),
                _ => None,
            })
        };
        let is_press = |event: &TraceEvent| matches!(event, TraceEvent::Button { down: true, .. });
        let presses = trace.iter().enumerate().filter(|(_, event)| is_press(event));
        presses.map(|(index, _)| at(index).expect("it moved there")).collect::<Vec<_>>()
    };
    until("a press", || !presses().is_empty()).await;
    assert_eq!(presses(), [(700, 700)]);
    assert!(console.room.ring_state().is_some(), "the session goes on");
    agent.stop().await;
}

fn asked_for(within: Micros) -> Terms {
    Terms { decline_within: Some(within), ..Terms::default() }
}

/// Offers a session about which the room is asked, and returns when it is.
async fn offer_to_room(console: &Console, server: &mut Server, link: &mut Link) {
    let key = Secret::new([5; 32]).public_key();
    let grant = server.grant(link, SESSION, key, Access::Modify).await;
    let signed = server.grants.sign(&grant);
    server.offer_in_silence(link, &signed).await;
    until("the question", || console.room.ring_line().is_some_and(|line| line.asks.is_some())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_in_the_room_decline_a_session_before_it_starts() {
    let (console, mut server) = (Console::new(), Server::start().await);
    server.terms = asked_for(Micros::from_secs(20));
    let agent = console.start(&server);
    let mut link = server.link().await;
    offer_to_room(&console, &mut server, &mut link).await;
    assert_eq!(console.room.ring_state(), None, "nobody is connected yet");
    let asks = console.room.ring_line().and_then(|line| line.asks).expect("asked");
    assert_eq!((asks.name.as_str(), asks.access), ("Tina Technician", Access::Modify));
    assert!((1..=20).contains(&asks.seconds), "{asks:?}");

    press(&console, RingButton::Decline).await;
    let answer = server.answer(&mut link).await;
    assert!(matches!(answer, FromAgent::Refused { code: RefusalCode::DeclinedInRoom, .. }), "{answer:?}");
    until("it is said", || {
        let declined = RingNews::Declined { name: "Tina Technician".to_owned() };
        console.room.ring_line().is_some_and(|line| line.news == Some(declined) && line.asks.is_none())
    })
    .await;
    assert!(server.has_no_socket());
    agent.stop().await;
    assert_eq!(console.n_restarts(), 0, "there was no session");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_nobody_declines_starts_and_nobody_is_asked_when_it_is_resumed() {
    let (console, mut server) = (Console::new(), Server::start().await);
    server.terms = asked_for(Micros::from_millis(1500));
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    viewer.frame().await;
    assert_eq!(console.room.ring_line().map(|line| (line.people.len(), line.asks)), Some((1, None)));
    drop(viewer);
    server.terms = asked_for(Micros::from_secs(30));
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    viewer.frame().await;

    // Beside somebody who is connected, the room is asked about the next.
    server.terms = asked_for(Micros::from_secs(20));
    let key = Secret::new([6; 32]).public_key();
    let grant = server.grant(&mut link, OTHER, key, Access::View).await;
    let signed = server.grants.sign(&grant);
    server.offer_in_silence(&mut link, &signed).await;
    press(&console, RingButton::Decline).await;
    let answer = server.answer(&mut link).await;
    assert!(matches!(answer, FromAgent::Refused { code: RefusalCode::DeclinedInRoom, .. }), "{answer:?}");
    assert_eq!(console.room.ring_state().map(|people| people.len()), Some(1), "the first one stays");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_and_the_server_take_the_question_back() {
    let (console, mut server) = (Console::new(), Server::start().await);
    server.terms = asked_for(Micros::from_secs(20));
    let agent = console.start(&server);
    let mut link = server.link().await;
    offer_to_room(&console, &mut server, &mut link).await;
    link.send(&ToAgent::End { session: SESSION, reason: EndReason::ViewerClosed }).await;
    let answer = server.answer(&mut link).await;
    assert!(matches!(answer, FromAgent::Refused { code: RefusalCode::AgentRefused, .. }), "{answer:?}");
    until("the line is gone", || console.room.ring_line().is_none()).await;

    offer_to_room(&console, &mut server, &mut link).await;
    console.set_call(CallObservation::InCall);
    let answer = server.answer(&mut link).await;
    assert!(matches!(answer, FromAgent::Refused { code: RefusalCode::InCall, .. }), "{answer:?}");
    until("the line is gone", || console.room.ring_line().is_none()).await;
    assert!(server.has_no_socket());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ring_has_the_words_that_stand_on_the_viewers_screen() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let code_in_ring = || console.room.ring_state().and_then(|people| people[0].code.clone());
    let viewer = server.session(&mut link, SESSION, Access::View).await;
    let first = viewer.code.expect("open").to_string();
    until("the code", || code_in_ring() == Some(first.clone())).await;
    drop(viewer);
    let viewer = server.session(&mut link, SESSION, Access::View).await;
    let second = viewer.code.expect("open").to_string();
    until("the code of the other connection", || code_in_ring() == Some(second.clone())).await;
    assert_ne!(first, second);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_viewer_is_warned_and_stays_when_somebody_says_so() {
    let (console, mut server) = (Console::new(), Server::start().await);
    server.limits.idle = Micros::from_secs(2);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    let warned = |notice: &Notice| match notice {
        Notice::EndsSoon { reason, .. } => Some(*reason),
        Notice::EndsLater => panic!("nothing was done"),
        _ => None,
    };
    assert_eq!(viewer.notice("a warning", warned).await, EndReason::Idle);
    viewer.command(Command::StayConnected).await;
    viewer.notice("it is taken back", |notice| (*notice == Notice::EndsLater).then_some(())).await;
    assert_eq!(viewer.notice("another warning", warned).await, EndReason::Idle);
    // A list of displays that is open is nobody at work.
    viewer.command(Command::WatchThumbnails { on: true }).await;
    assert_eq!(viewer.ended().await, EndReason::Idle);
    agent.stop().await;
}
