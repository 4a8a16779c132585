//! A session from its start to its one end.

use protocol::access::Access;
use protocol::api::ProblemCode;
use protocol::control::Shortcut;
use protocol::ids::DisplayId;
use protocol::link::{CallState, FromAgent, SessionEvent, ToAgent, close};
use protocol::reason::EndReason;
use protocol::refusal::RefusalCode;
use protocol::time::Micros;
use protocol::wire::Text;
use serde_json::json;
use server::clock::Clock;

use crate::support::socket::Heard;
use crate::support::world::{World, quick, until};

#[tokio::test]
async fn a_technician_reaches_a_console_and_ends_the_session() {
    let world = World::start().await;
    let mut session = world.session().await;
    assert_eq!(session.started.access, Access::Modify);
    assert_eq!(session.offer.grant.user_name.as_str(), "Tina Technician");
    assert!(session.offer.grant.restart_on_end, "on for every new session");
    for _ in 0..3 {
        session.exchange(b"KeyA down", &vec![0x5a; 40_000]).await;
    }
    assert_eq!(world.live_sessions("aurora").await, 1);

    let ending = format!("/sessions/{}", session.started.session);
    let (answer, order) = tokio::join!(session.browser.delete(&ending), session.agent.receive_order());
    assert_eq!(answer.status, 204);
    let expected = ToAgent::End { session: session.started.session, reason: EndReason::EndedByViewer };
    assert_eq!(order, expected);
    assert_eq!(session.viewer_socket.closed().await, close::SESSION_ENDED);
    assert_eq!(session.agent_socket.closed().await, close::SESSION_ENDED);
    assert_eq!(world.the_end().await, "ended_by_viewer");
    assert_eq!(world.live_sessions("aurora").await, 0);
    assert_eq!(session.browser.delete(&ending).await.status, 404, "it is over");

    let start = &world.events("session.start").await[0];
    assert_eq!(
        (&start["room"], &start["access"], &start["user_name"]),
        (&json!("aurora"), &json!("modify"), &json!("Tina Technician"))
    );
}

#[tokio::test]
async fn a_closed_page_is_told_apart_from_an_end_that_somebody_asked_for() {
    let world = World::start().await;
    let mut session = world.session().await;
    let path = format!("/sessions/{}", session.started.session);
    // The other reasons are for the server and the console to tell.
    for query in ["reason=idle", "reason=ended_by_viewer", "reason=", "why=viewer_closed"] {
        let answer = session.browser.delete(&format!("{path}?{query}")).await;
        assert_eq!((answer.status, answer.problem().code), (400, ProblemCode::BadRequest), "{query}");
    }
    session.exchange(b"still", b"here").await;

    let closing = format!("{path}?reason=viewer_closed");
    let (answer, order) = tokio::join!(session.browser.delete(&closing), session.agent.receive_order());
    assert_eq!(answer.status, 204);
    assert_eq!(order, ToAgent::End { session: session.started.session, reason: EndReason::ViewerClosed });
    assert_eq!(world.the_end().await, "viewer_closed");
}

#[tokio::test]
async fn the_start_is_in_the_log_before_the_console_is_offered_anything() {
    let world = World::start().await;
    let mut agent = world.console("aurora", 1).await;
    let technician = world.modifier_of("aurora").await;
    let console = async {
        agent.give_nonce([1; 32], CallState::Idle).await;
        let offer = agent.take_offer().await;
        let starts = world.events("session.start").await;
        assert_eq!(starts.len(), 1, "no log, no session");
        assert_eq!(starts[0]["session"], json!(offer.grant.session));
        agent.send(&FromAgent::Accepted { request: offer.request, session: offer.grant.session }).await;
    };
    let (answer, ()) = world.ask(&technician, "aurora", console).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

#[tokio::test]
async fn the_lower_of_role_and_console_is_granted() {
    let world = World::start().await;
    let mut agent = world.console("aurora", 1).await;
    let (started, offer) = world.agreed(&world.viewer_of("aurora").await, &mut agent).await;
    assert_eq!((started.access, offer.grant.access), (Access::View, Access::View));

    let mut info = crate::support::agent::info();
    info.highest_access = Access::View;
    agent.send(&agent.greeting(info, CallState::Idle)).await;
    agent.pulse(Micros(1)).await;
    let technician = world.modifier_of("aurora").await;
    until("the console's own ceiling counts", async || {
        let list = technician.get("/rooms/aurora/remote-access").await;
        list.json::<serde_json::Value>(200)["access"] == json!("view")
    })
    .await;
    let (started, _) = world.agreed(&technician, &mut agent).await;
    assert_eq!(started.access, Access::View);
}

#[tokio::test]
async fn what_happens_in_a_session_is_in_the_log_by_name() {
    let world = World::start().await;
    let mut session = world.session().await;
    let id = session.started.session;
    let events = [
        (SessionEvent::IndicatorShown, "session.indicator_shown"),
        (SessionEvent::ViewerConnected, "session.viewer_connected"),
        (SessionEvent::DisplaySelected { display: DisplayId::FrontOfRoom1 }, "session.display_selected"),
        (SessionEvent::RestartOnEndSet { on: false }, "session.restart_on_end_set"),
        (SessionEvent::ShortcutUsed { shortcut: Shortcut::WindowsKey }, "session.shortcut_used"),
        (SessionEvent::InputTaken, "session.input_taken"),
        (SessionEvent::Paused, "session.paused"),
        (SessionEvent::Resumed, "session.resumed"),
        (SessionEvent::UserSwitched { user: Text::fitted("Administrator") }, "session.user_switched"),
        (SessionEvent::SignOutRequested, "session.sign_out_requested"),
        (SessionEvent::PolicyViolation { kind: Text::fitted("key") }, "session.policy_violation"),
        (SessionEvent::IndicatorHidden, "session.indicator_hidden"),
    ];
    for (event, _) in &events {
        session.agent.report(id, event.clone()).await;
    }
    session.agent.ended(id, EndReason::PolicyViolation, false).await;
    assert_eq!(world.the_end().await, "policy_violation");
    for (_, kind) in events {
        let found = world.events(kind).await;
        assert_eq!(found.len(), 1, "{kind}");
        assert_eq!(found[0]["session"], json!(id));
    }
    assert_eq!(world.events("session.policy_violation").await[0]["violation"], json!("key"));
    assert_eq!(world.events("session.user_switched").await[0]["system_user"], json!("Administrator"));
    assert_eq!(session.viewer_socket.closed().await, close::SESSION_ENDED);
}

#[tokio::test]
async fn a_console_has_no_say_in_the_sessions_of_another() {
    let world = World::start().await;
    let mut session = world.session().await;
    let mut other = world.console("fabric", 2).await;
    let id = session.started.session;
    other.report(id, SessionEvent::PolicyViolation { kind: Text::fitted("made up") }).await;
    other.ended(id, EndReason::EndedInRoom, false).await;
    // A link works in order: once a later message had its effect, the earlier ones had theirs.
    other.send_sealed(b"").await;
    other.closed().await;
    session.exchange(b"still", b"here").await;
    assert_eq!(world.events("session.policy_violation").await.len(), 0);
    assert_eq!(world.events("session.end").await.len(), 0);
    assert_eq!(world.events_of("fabrikam", "session.policy_violation").await.len(), 0);
}

#[tokio::test]
async fn two_viewers_of_one_console_do_not_disturb_each_other() {
    let world = World::start().await;
    let mut agent = world.console("aurora", 1).await;
    let (first_started, first_offer) = world.agreed(&world.modifier_of("aurora").await, &mut agent).await;
    let second_browser = world.viewer_of("aurora").await;
    let (second_started, second_offer) = world.agreed(&second_browser, &mut agent).await;
    let first = world.connected(world.modifier_of("aurora").await, agent, first_started, first_offer).await;
    let crate::support::world::Session { mut viewer_socket, agent, mut agent_socket, .. } = first;
    let mut second = world.connected(second_browser, agent, second_started, second_offer).await;
    assert_eq!(world.live_sessions("aurora").await, 2);
    viewer_socket.close_now().await;
    assert_eq!(agent_socket.closed().await, close::PEER_GONE);
    second.exchange(b"a", b"b").await;
}

#[tokio::test]
async fn a_console_that_is_lost_while_it_signs_somebody_out_restarts_whatever_the_switch_said() {
    let world = World::start().await;
    let mut session = world.session().await;
    let id = session.started.session;
    session.agent.report(id, SessionEvent::RestartOnEndSet { on: false }).await;
    session.agent.report(id, SessionEvent::SignOutRequested).await;
    world.await_events("session.sign_out_requested").await;
    session.agent_socket.close_now().await;
    session.agent.socket.close_now().await;
    assert_eq!(world.the_end().await, "agent_lost");
    assert_eq!(world.events("session.end").await[0]["restarts"], json!(true));
}

#[tokio::test]
async fn a_lost_viewer_resumes_in_the_same_record() {
    let world = World::start().await;
    let mut session = world.session().await;
    let id = session.started.session;
    session.agent.report(id, SessionEvent::RestartOnEndSet { on: false }).await;
    world.await_events("session.restart_on_end_set").await;
    session.viewer_socket.close_now().await;
    assert_eq!(session.agent_socket.closed().await, close::PEER_GONE);

    let colleague = world.sign_in("colleague").await;
    let body = serde_json::json!({ "viewer_key": crate::support::world::viewer_key().public_key() });
    let foreign = colleague.post(&format!("/sessions/{id}/resume"), &body).await;
    assert_eq!(foreign.status, 404, "somebody else's session");

    let (started, offer) = world.resume(&session.browser, &mut session.agent, id).await;
    assert_eq!((started.session, started.started_at), (id, session.started.started_at));
    assert!(!offer.grant.restart_on_end, "as the viewer last chose");
    assert_ne!(offer.grant.elapsed, Micros::ZERO);
    let mut session = world.connected(session.browser, session.agent, started, offer).await;
    session.exchange(b"again", b"here").await;
    assert_eq!(world.events("session.reconnect").await.len(), 1);
    session.agent.ended(id, EndReason::ViewerClosed, false).await;
    assert_eq!(world.the_end().await, "viewer_closed");
    let late = session.browser.post(&format!("/sessions/{id}/resume"), &body).await;
    assert_eq!(late.status, 404, "the session is over");
}

#[tokio::test]
async fn resuming_replaces_the_old_sockets() {
    let world = World::start().await;
    let mut session = world.session().await;
    let (started, offer) = world.resume(&session.browser, &mut session.agent, session.started.session).await;
    assert_eq!(session.viewer_socket.closed().await, close::PEER_GONE);
    assert_eq!(session.agent_socket.closed().await, close::PEER_GONE);
    let mut session = world.connected(session.browser, session.agent, started, offer).await;
    session.exchange(b"new", b"sockets").await;
}

#[tokio::test]
async fn a_session_that_nobody_connects_to_ends() {
    let mut limits = quick();
    limits.session.connect_within = Micros::from_millis(500);
    let world = World::with(limits, Clock::system()).await;
    let mut agent = world.console("aurora", 1).await;
    let (started, _) = world.agreed(&world.modifier_of("aurora").await, &mut agent).await;
    let expected = ToAgent::End { session: started.session, reason: EndReason::NeverConnected };
    assert_eq!(agent.receive_order().await, expected);
    assert_eq!(world.the_end().await, "never_connected");
}

#[tokio::test]
async fn a_viewer_that_does_not_come_back_ends_the_session() {
    let mut limits = quick();
    limits.session.grace = Micros::from_millis(50);
    let world = World::with(limits, Clock::system()).await;
    let mut session = world.session().await;
    session.viewer_socket.close_now().await;
    let expected = ToAgent::End { session: session.started.session, reason: EndReason::ViewerLost };
    assert_eq!(session.agent.receive_order().await, expected);
    assert_eq!(world.the_end().await, "viewer_lost");
}

#[tokio::test]
async fn a_console_that_is_lost_ends_its_session() {
    let mut limits = quick();
    limits.session.grace = Micros::from_millis(50);
    let world = World::with(limits, Clock::system()).await;
    let session = world.session().await;
    drop(session.agent);
    assert_eq!(world.the_end().await, "agent_lost");
    let mut viewer_socket = session.viewer_socket;
    assert_eq!(viewer_socket.closed().await, close::SESSION_ENDED);
}

#[tokio::test]
async fn a_console_whose_link_breaks_for_a_moment_keeps_its_session() {
    let world = World::start().await;
    let mut session = world.session().await;
    let id = session.started.session;
    session.agent.socket.close_now().await;
    world.await_events("console.disconnected").await;
    let key = session.agent.key.clone();
    session.agent = world.reconnect("aurora", key).await;
    session.agent.send(&session.agent.greeting(crate::support::agent::info(), CallState::Idle)).await;
    let ToAgent::Leases { sessions } = session.agent.receive().await else { panic!("the leases") };
    assert_eq!(sessions.into_vec(), [id], "the session that may go on");
    session.exchange(b"same", b"sockets").await;
    assert_eq!(world.events("session.end").await.len(), 0);
}

#[tokio::test]
async fn a_restart_of_the_device_gives_everything_more_time() {
    let mut limits = quick();
    limits.session.grace = Micros::from_millis(20);
    limits.session.restart_grace = Micros::from_secs(600);
    let world = World::with(limits, Clock::system()).await;
    let mut session = world.session().await;
    let id = session.started.session;
    session.agent.report(id, SessionEvent::RestartRequested).await;
    world.await_events("session.restart_requested").await;
    session.agent_socket.close_now().await;
    assert_eq!(session.viewer_socket.closed().await, close::PEER_GONE);
    session.agent.socket.close_now().await;
    world.await_events("console.disconnected").await;
    let body = serde_json::json!({ "viewer_key": crate::support::world::viewer_key().public_key() });
    let early = session.browser.post(&format!("/sessions/{id}/resume"), &body).await;
    assert_eq!(early.problem().refusal, Some(protocol::refusal::RefusalCode::NotMonitored));

    // The console is back long after the usual grace.
    let mut agent = world.reconnect("aurora", session.agent.key).await.hello().await;
    agent.report(id, SessionEvent::Restarted).await;
    let (started, offer) = world.resume(&session.browser, &mut agent, id).await;
    let mut session = world.connected(session.browser, agent, started, offer).await;
    session.exchange(b"after", b"restart").await;
    assert_eq!(world.events("session.end").await.len(), 0);
    assert_eq!(world.events("session.refused").await.len(), 0, "asking early is no event");
}

#[tokio::test]
async fn a_device_that_does_not_come_back_from_its_restart_ends_the_session() {
    let mut limits = quick();
    limits.session.grace = Micros::from_millis(20);
    // Longer than the console takes to vanish, on a busy machine too.
    limits.session.restart_grace = Micros::from_secs(2);
    let world = World::with(limits, Clock::system()).await;
    let mut session = world.session().await;
    session.agent.report(session.started.session, SessionEvent::RestartRequested).await;
    world.await_events("session.restart_requested").await;
    drop((session.agent_socket, session.agent));
    assert_eq!(world.the_end().await, "restart_timed_out");
}

#[tokio::test]
async fn switching_remote_access_off_ends_live_sessions() {
    let world = World::start().await;
    let mut session = world.session().await;
    world.bootstrap("[[tenant]]\nid = \"contoso\"\nname = \"Contoso\"\nremote_access = { enabled = false }").await;
    world.sessions.end_unallowed(&world.scope("contoso").await).await.ended().await;
    assert_eq!(world.the_end().await, "disabled");
    assert_eq!(session.viewer_socket.closed().await, close::SESSION_ENDED);
    let expected = ToAgent::End { session: session.started.session, reason: EndReason::Disabled };
    assert_eq!(session.agent.receive_order().await, expected);
}

#[tokio::test]
async fn taking_the_permission_away_ends_the_session_without_anybody_asking() {
    let mut limits = quick();
    limits.session.recheck_every = std::time::Duration::from_millis(20);
    let world = World::with(limits, Clock::system()).await;
    let mut session = world.session().await;
    world
        .bootstrap(
            "[[tenant]]\nid = \"contoso\"\nname = \"Contoso\"\n[[tenant.role]]\nname = \"Console technicians\"\n\
             permissions = [\"room.view\", \"remote_access.view\"]",
        )
        .await;
    assert_eq!(world.the_end().await, "revoked", "View is less than the session has");
    assert_eq!(session.viewer_socket.closed().await, close::SESSION_ENDED);
}

#[tokio::test]
async fn leases_name_the_sessions_that_live() {
    let mut limits = quick();
    limits.session.lease_every = std::time::Duration::from_millis(20);
    let world = World::with(limits, Clock::system()).await;
    let mut session = world.session().await;
    for _ in 0..3 {
        let ToAgent::Leases { sessions } = session.agent.receive().await else { panic!("a renewal") };
        assert_eq!(sessions.into_vec(), [session.started.session]);
    }
}

#[tokio::test]
async fn stopping_the_server_ends_sessions_and_says_good_bye() {
    let mut world = World::start().await;
    let mut session = world.session().await;
    let ((), (messages, _)) = tokio::join!(world.stop(), session.agent.closed());
    let id = session.started.session;
    assert!(messages.contains(&ToAgent::End { session: id, reason: EndReason::ServerStopped }), "{messages:?}");
    assert!(
        matches!(messages.last(), Some(ToAgent::Bye { reason: protocol::link::LinkClose::Stopping })),
        "{messages:?}"
    );
    assert_eq!(session.viewer_socket.closed().await, close::SESSION_ENDED);
    assert_eq!(world.the_end().await, "server_stopped");
}

#[tokio::test]
async fn sessions_of_a_server_that_died_get_one_end() {
    let world = World::start().await;
    let mut session = world.session().await;
    // What the next start of the server does with what it finds, while the first one still knows the session.
    let next = server::sessions::SessionManager::new(std::sync::Arc::clone(&world.core), quick());
    assert_eq!(next.close_leftovers().await.unwrap(), 1);
    assert_eq!(next.close_leftovers().await.unwrap(), 0);
    assert_eq!(world.the_end().await, "server_stopped");
    session.agent.ended(session.started.session, EndReason::ViewerClosed, false).await;
    assert_eq!(session.viewer_socket.closed().await, close::SESSION_ENDED);
    until("the session is gone", async || world.live_sessions("aurora").await == 0).await;
    assert_eq!(world.the_end().await, "server_stopped", "a second end cannot be stored");
}

/// What a console can say to an offer that is taken back just then.
#[derive(Debug, Clone, Copy)]
enum Late {
    Nothing,
    Refused,
    Accepted,
}

#[tokio::test]
async fn whoever_leaves_while_the_room_is_asked_takes_the_question_back() {
    for late in [Late::Nothing, Late::Refused, Late::Accepted] {
        let world = World::start().await;
        let mut agent = world.console("aurora", 1).await;
        let technician = world.modifier_of("aurora").await;
        let body = json!({ "viewer_key": crate::support::world::viewer_key().public_key() });
        let offer = {
            let asking = technician.post("/rooms/aurora/sessions", &body);
            let asked = async {
                agent.give_nonce([1; 32], CallState::Idle).await;
                agent.take_offer().await
            };
            // The page is closed while the people in the room make up their minds.
            tokio::select! {
                _ = asking => panic!("the console has not agreed"),
                offer = asked => offer,
            }
        };
        let (request, session) = (offer.request, offer.grant.session);
        assert_eq!(agent.receive_order().await, ToAgent::End { session, reason: EndReason::ViewerClosed });
        match late {
            Late::Nothing => {}
            Late::Refused => agent.send(&FromAgent::Refused { request, code: RefusalCode::AgentRefused }).await,
            Late::Accepted => agent.send(&FromAgent::Accepted { request, session }).await,
        }
        assert_eq!(world.the_end().await, "viewer_closed", "{late:?}");
        assert_eq!(world.events("session.refused").await.len(), 0, "nobody refused it: {late:?}");
        until("the session is gone", async || world.live_sessions("aurora").await == 0).await;
    }
}

#[tokio::test]
async fn the_number_of_sessions_is_bounded() {
    let mut limits = quick();
    limits.session.per_user_max = 1;
    limits.session.per_console_max = 2;
    let world = World::with(limits, Clock::system()).await;
    let mut agent = world.console("aurora", 1).await;
    let technician = world.modifier_of("aurora").await;
    world.agreed(&technician, &mut agent).await;
    let body = serde_json::json!({ "viewer_key": crate::support::world::viewer_key().public_key() });
    let second = technician.post("/rooms/aurora/sessions", &body).await;
    assert_eq!((second.status, second.problem().code), (409, protocol::api::ProblemCode::Conflict));
    world.agreed(&world.viewer_of("aurora").await, &mut agent).await;
    let third = world.sign_in("colleague").await.post("/rooms/aurora/sessions", &body).await;
    assert_eq!((third.status, third.problem().code), (409, protocol::api::ProblemCode::Conflict));
    assert_eq!(world.events("session.start").await.len(), 2);
}

#[tokio::test]
async fn nothing_is_heard_from_a_console_before_it_is_offered_a_session() {
    let world = World::start().await;
    let agent = world.console("aurora", 1).await;
    // Two sockets for a session that does not exist.
    for (path, origin) in [("/ws/viewer", Some(world.origin.as_str())), ("/ws/agent", None)] {
        let mut socket = crate::support::socket::Socket::open(&world.socket_url(path), origin).await;
        let opening = protocol::link::SocketOpening {
            version: protocol::VERSION,
            session: protocol::ids::SessionId([9; 16]),
            ticket: [9; 32],
        };
        socket.send(protocol::wire::Encode::to_bytes(&opening)).await;
        assert_eq!(socket.hear().await, Heard::Closed(close::BAD_TICKET));
    }
    drop(agent);
}
