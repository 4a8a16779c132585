//! The device restarts exactly when it should: once, or not at all.

use agent::platform::CallObservation;
use protocol::access::Access;
use protocol::control::{Command, Notice, RestartPhase};
use protocol::ids::SessionId;
use protocol::link::{FromAgent, SessionEvent};
use protocol::reason::EndReason;
use protocol::secure::EndFound;

use crate::support::agent::{Console, short};
use crate::support::server::{Link, Server};
use crate::support::until;
use crate::support::viewer::ViewerEnd;

const SESSION: SessionId = SessionId([21; 16]);
const OTHER: SessionId = SessionId([22; 16]);

/// A call comes and goes: with its end the agent restarts the device if that is due.
async fn pass_a_call(console: &Console, server: &mut Server, link: &mut Link) {
    for observation in [CallObservation::InCall, CallObservation::Idle] {
        console.set_call(observation);
        let is_idle = observation == CallObservation::Idle;
        let is_it =
            |message: &FromAgent| matches!(message, FromAgent::CallChanged { call, .. } if call.is_idle() == is_idle);
        link.wait_for("the call", |message| is_it(message).then_some(())).await;
    }
    server.pass_a_turn(link).await;
}

async fn phase(viewer: &mut ViewerEnd) -> RestartPhase {
    let phase = |notice: &Notice| match notice {
        Notice::Restart { phase } => Some(*phase),
        _ => None,
    };
    viewer.notice("a phase of the restart", phase).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_restarts_the_device_once() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    viewer.command(Command::End).await;
    viewer.ended().await;
    assert_eq!(link.ended(SESSION).await, (EndReason::EndedByViewer, true));
    until("a restart", || console.n_restarts() == 1).await;
    pass_a_call(&console, &mut server, &mut link).await;
    agent.stop().await;
    assert_eq!(console.n_restarts(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_switch_off_it_never_restarts_and_the_next_session_is_on_again() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    viewer.command(Command::SetRestartOnEnd { on: false }).await;
    viewer.command(Command::End).await;
    assert_eq!(link.ended(SESSION).await, (EndReason::EndedByViewer, false));
    pass_a_call(&console, &mut server, &mut link).await;
    assert_eq!(console.n_restarts(), 0);

    let mut viewer = server.session(&mut link, OTHER, Access::View).await;
    let on = viewer.notice("the switch", |notice| match notice {
        Notice::RestartOnEnd { on } => Some(*on),
        _ => None,
    });
    assert!(on.await);
    viewer.command(Command::End).await;
    assert_eq!(link.ended(OTHER).await, (EndReason::EndedByViewer, true));
    until("a restart", || console.n_restarts() == 1).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_vanishes_restarts_it_too() {
    let (mut console, mut server) = (Console::new(), Server::start().await);
    console.timing = short();
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::Modify).await;
    viewer.frame().await;
    drop(viewer);
    assert_eq!(link.ended(SESSION).await, (EndReason::ViewerLost, true));
    until("a restart", || console.n_restarts() == 1).await;
    pass_a_call(&console, &mut server, &mut link).await;
    agent.stop().await;
    assert_eq!(console.n_restarts(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_of_several_sessions_restarts_it_if_any_wanted_that() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut wants = server.session(&mut link, SESSION, Access::View).await;
    let mut wants_not = server.session(&mut link, OTHER, Access::View).await;
    wants_not.command(Command::SetRestartOnEnd { on: false }).await;
    wants.command(Command::End).await;
    assert_eq!(link.ended(SESSION).await, (EndReason::EndedByViewer, false));
    server.pass_a_turn(&mut link).await;
    assert_eq!(console.n_restarts(), 0, "somebody is still connected");
    wants_not.command(Command::End).await;
    assert_eq!(link.ended(OTHER).await, (EndReason::EndedByViewer, true));
    until("a restart", || console.n_restarts() == 1).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_waits_for_the_end_of_a_call() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    viewer.frame().await;
    console.set_call(CallObservation::InCall);
    viewer.notice("a pause", |notice| matches!(notice, Notice::Picture { .. }).then_some(())).await;
    viewer.command(Command::End).await;
    link.ended(SESSION).await;
    server.pass_a_turn(&mut link).await;
    assert_eq!(console.n_restarts(), 0);
    console.set_call(CallObservation::Idle);
    until("a restart", || console.n_restarts() == 1).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_reported_by_the_next_agent_which_restarts_the_device_once() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    viewer.frame().await;
    agent.kill().await;
    drop(link);
    assert_eq!(console.room.ring_state(), None, "no ring without an agent");

    let agent = console.start(&server);
    let mut link = server.link().await;
    let receipt = link.next_receipt().await;
    assert_eq!((receipt.session, receipt.reason, receipt.restarts), (SESSION, EndReason::AgentCrash, true));
    assert_eq!(receipt.found, EndFound::Crash);
    until("a restart", || console.n_restarts() == 1).await;
    pass_a_call(&console, &mut server, &mut link).await;
    agent.stop().await;
    drop(link);

    let agent = console.start(&server);
    let mut link = server.link().await;
    link.hello().await;
    pass_a_call(&console, &mut server, &mut link).await;
    agent.stop().await;
    assert_eq!(console.n_restarts(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commanded_restart_is_survived_by_the_session() {
    let (mut console, mut server) = (Console::new(), Server::start().await);
    console.acts_restarts = true;
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    viewer.frame().await;
    viewer.command(Command::RestartDevice).await;
    for expected in [RestartPhase::GoingDown, RestartPhase::AgentBack, RestartPhase::DisplayReady] {
        assert_eq!(phase(&mut viewer).await, expected);
    }
    link.event(&SessionEvent::Restarted).await;
    viewer.frame().await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_went_down_with_its_device_takes_the_session_up_again() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::Modify).await;
    viewer.frame().await;
    viewer.command(Command::SetRestartOnEnd { on: false }).await;
    viewer.command(Command::RestartDevice).await;
    link.event(&SessionEvent::RestartRequested).await;
    // The system going down stops the agent.
    agent.stop().await;
    assert_eq!(console.n_restarts(), 1);
    drop((viewer, link));

    let agent = console.start_after_boot(&server, "boot 2");
    let mut link = server.link().await;
    link.hello().await;
    let mut viewer = server.session(&mut link, SESSION, Access::Modify).await;
    let on = viewer.notice("the switch", |notice| match notice {
        Notice::RestartOnEnd { on } => Some(*on),
        _ => None,
    });
    assert!(!on.await, "as the viewer left it");
    for expected in [RestartPhase::AgentBack, RestartPhase::DisplayReady] {
        assert_eq!(phase(&mut viewer).await, expected);
    }
    viewer.command(Command::End).await;
    assert_eq!(link.ended(SESSION).await, (EndReason::EndedByViewer, false));
    agent.stop().await;
    assert_eq!(console.n_restarts(), 1);
}
