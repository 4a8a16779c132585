//! Silence: what is released, paused and ended when, and what a returning line mends.

use protocol::input::InputEvent;
use protocol::keycode::KeyCode;
use protocol::reason::EndReason;
use protocol::session::{AgentEvent, ViewerEvent};
use protocol::testing::{Pair, PairStart};
use protocol::time::Micros;

fn press(pair: &mut Pair, code: KeyCode) {
    pair.viewer.input(InputEvent::Key { code, down: true }, pair.now);
    pair.run_for(Micros::from_millis(50));
}

#[test]
fn a_key_held_for_a_minute_stays_down() {
    let mut pair = Pair::open(PairStart::default());
    press(&mut pair, KeyCode::ArrowDown);
    pair.run_for(Micros::from_secs(60));
    assert_eq!(pair.console.keys, [KeyCode::ArrowDown]);
    assert!(!pair.agent_events.contains(&AgentEvent::Silent));
}

#[test]
fn a_dead_viewers_keys_are_released_after_a_second_and_a_half_and_the_session_ends_after_fifteen() {
    let mut pair = Pair::open(PairStart::default());
    press(&mut pair, KeyCode::ControlLeft);
    pair.viewer_is_dead = true;
    pair.run_for(Micros::from_millis(1_400));
    assert_eq!(pair.console.keys, [KeyCode::ControlLeft]);
    pair.run_for(Micros::from_millis(200));
    assert!(pair.console.is_empty());
    pair.run_for(Micros::from_millis(3_500));
    assert!(pair.agent_events.contains(&AgentEvent::Silent));
    assert!(!pair.agent.wants_picture(pair.agent_now()));
    pair.run_for(Micros::from_secs(10));
    assert_eq!(pair.agent_events.last(), Some(&AgentEvent::Ended(EndReason::ViewerLost)));
}

#[test]
fn a_stalled_line_pauses_and_goes_on() {
    let mut pair = Pair::open(PairStart::default());
    press(&mut pair, KeyCode::ShiftLeft);
    pair.line.stalled_until = pair.now + Micros::from_secs(8);
    pair.run_for(Micros::from_secs(7));
    assert!(pair.console.is_empty());
    assert!(pair.viewer_events.contains(&ViewerEvent::Silent));
    pair.run_for(Micros::from_secs(3));
    assert_eq!(pair.agent_events.last(), Some(&AgentEvent::Heard));
    assert_eq!(pair.viewer_events.last(), Some(&ViewerEvent::Heard));
    assert!(pair.console.is_empty(), "a late heartbeat presses nothing");
    assert!(pair.agent.wants_picture(pair.agent_now()));
}

#[test]
fn a_viewer_without_an_agent_gives_up_after_fifteen_seconds() {
    let mut pair = Pair::open(PairStart::default());
    pair.line.is_cut = true;
    pair.run_for(Micros::from_secs(18));
    assert_eq!(pair.viewer_events, [ViewerEvent::Silent, ViewerEvent::Ended(EndReason::AgentLost)]);
}

#[test]
fn the_agents_clock_is_known_to_half_a_round_trip() {
    let mut pair = Pair::open(PairStart::default());
    pair.run_for(Micros::from_secs(10));
    assert_eq!(pair.viewer.round_trip(), Some(Micros::from_millis(20)));
    assert_eq!(pair.viewer.agent_time_to_viewer(pair.agent_now()), Some(pair.now));
}
