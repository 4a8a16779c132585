//! How a connection begins, and with whom it does not.

use protocol::access::Access;
use protocol::control::{Command, Notice};
use protocol::ids::DisplayId;
use protocol::input::InputEvent;
use protocol::keycode::KeyCode;
use protocol::reason::EndReason;
use protocol::session::{AgentEvent, SessionError, ViewerEvent};
use protocol::testing::{Pair, PairStart};
use protocol::time::Micros;

#[test]
fn both_sides_open_within_two_round_trips() {
    let mut pair = Pair::new(PairStart::default());
    pair.run_for(Micros::from_millis(31));
    let [ViewerEvent::Open { code }] = pair.viewer_events[..] else { panic!("{:?}", pair.viewer_events) };
    let expected = AgentEvent::Open { display: DisplayId::Console, code };
    assert_eq!(pair.agent_events, [expected], "both ends have the same code");
    assert!(pair.agent.wants_picture(pair.agent_now()));
}

#[test]
fn the_agent_sends_nothing_before_the_viewer_is_confirmed() {
    let mut pair = Pair::new(PairStart::default());
    // The handshake is done on both sides, but the viewer's first message is still on its way.
    pair.run_for(Micros::from_millis(25));
    assert!(!pair.agent.wants_picture(pair.agent_now()));
    pair.agent.notice(&Notice::RestartOnEnd { on: true });
    pair.run_for(Micros::from_millis(3));
    assert_eq!(pair.agent.poll_transmit(), None);
    pair.run_for(Micros::from_millis(100));
    let is_open_alone = matches!(pair.viewer_events[..], [ViewerEvent::Open { .. }]);
    assert!(is_open_alone, "the notice was not queued either: {:?}", pair.viewer_events);
}

#[test]
fn a_repeated_message_ends_the_connection() {
    let mut pair = Pair::open(PairStart::default());
    pair.viewer.command(Command::RequestKeyframe, pair.now);
    let message = pair.viewer.poll_transmit().expect("a command is sent");
    pair.send_to_agent(message.clone());
    pair.send_to_agent(message);
    pair.run_for(Micros::from_millis(20));
    assert_eq!(
        pair.agent_events,
        [AgentEvent::Command(Command::RequestKeyframe), AgentEvent::Ended(EndReason::KeyMismatch)]
    );
    assert!(matches!(pair.agent_error, Some(SessionError::Noise(_))));
}

#[test]
fn a_handshake_that_was_changed_opens_nothing() {
    for at in [0, 40, 90] {
        let mut pair = Pair::new(PairStart::default());
        let mut message = pair.viewer.poll_transmit().expect("the first message");
        message[at] ^= 1;
        pair.send_to_agent(message);
        pair.run_for(Micros::from_millis(50));
        assert_eq!(pair.agent_events, [AgentEvent::Ended(EndReason::KeyMismatch)], "byte {at}");
        assert!(!pair.agent.is_open());
    }
}

#[test]
fn a_viewer_that_never_speaks_is_given_up_after_fifteen_seconds() {
    let mut pair = Pair::new(PairStart::default());
    pair.viewer_is_dead = true;
    pair.run_for(Micros::from_secs(16));
    assert_eq!(pair.agent_events, [AgentEvent::Ended(EndReason::NeverConnected)]);
}

#[test]
fn a_view_session_sends_no_input_and_accepts_none() {
    let mut pair = Pair::open(PairStart { access: Access::View, ..PairStart::default() });
    pair.viewer.input(InputEvent::Key { code: KeyCode::KeyA, down: true }, pair.now);
    assert_eq!(pair.viewer.poll_transmit(), None);
    pair.viewer.command(Command::RestartDevice, pair.now);
    pair.run_for(Micros::from_millis(20));
    assert_eq!(pair.agent_events, [AgentEvent::Command(Command::RestartDevice)], "commands are open to View");
}

#[test]
fn the_agents_last_word_is_its_reason() {
    let mut pair = Pair::open(PairStart::default());
    pair.agent.close(EndReason::Revoked);
    pair.run_for(Micros::from_millis(20));
    assert_eq!(pair.viewer_events, [ViewerEvent::Ended(EndReason::Revoked)]);
    assert_eq!(pair.agent_events, [AgentEvent::Ended(EndReason::Revoked)]);
    assert_eq!(pair.viewer.next_timeout(), None);
    assert_eq!(pair.agent.next_timeout(), None);
}
