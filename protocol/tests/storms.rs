//! Random input over random lines with random deaths: nothing stays down, nothing is pressed twice.

use protocol::ids::DisplayId;
use protocol::input::{InputEvent, PointerButton, PointerPosition};
use protocol::keycode::KeyCode;
use protocol::session::AgentEvent;
use protocol::testing::{Chance, Pair, PairStart};
use protocol::time::Micros;

const BUTTONS: [PointerButton; 3] = [PointerButton::Primary, PointerButton::Middle, PointerButton::Secondary];

fn random_event(chance: &mut Chance) -> InputEvent {
    let position = PointerPosition { display: DisplayId::Console, epoch: 1, x: chance.next_u64() as u16, y: 0 };
    let down = chance.one_in(2);
    match chance.below(10) {
        0 => InputEvent::PointerMove { position },
        1 | 2 => InputEvent::Button { button: *chance.pick(&BUTTONS), down, position },
        3 => InputEvent::ReleaseAll,
        _ => InputEvent::Key { code: *chance.pick(KeyCode::ALL), down },
    }
}

/// One session from a seed: a storm of input, stalls, and then the death of viewer, line or agent, or a clean end.
fn storm(seed: u64) {
    let mut chance = Chance::from_seed(seed);
    let mut pair = Pair::open(PairStart { delay: Micros(chance.below(200_000)), ..PairStart::default() });
    for _ in 0..chance.below(200) {
        let event = random_event(&mut chance);
        pair.viewer.input(event, pair.now);
        if chance.one_in(30) {
            pair.line.stalled_until = pair.now + Micros(chance.below(12_000_000));
        }
        pair.run_for(Micros(chance.below(300_000)));
    }
    match chance.below(4) {
        0 => pair.viewer_is_dead = true,
        1 => pair.line.is_cut = true,
        2 => pair.send_to_agent(vec![0; 40]),
        _ => pair.agent.close(protocol::reason::EndReason::EndedByViewer),
    }
    pair.run_for(Micros::from_secs(60));
    assert!(pair.console.is_empty(), "seed {seed}: {:?} is still down", pair.console);
    let ended = |event: &AgentEvent| matches!(event, AgentEvent::Ended(_));
    assert!(pair.agent_events.last().is_some_and(ended), "seed {seed}: the last event is the end");
    assert_eq!(pair.agent_events.iter().filter(|event| ended(event)).count(), 1, "seed {seed}: one end");
}

#[test]
fn nothing_stays_down_whatever_dies() {
    for seed in 0..400 {
        storm(seed);
    }
}

#[test]
fn any_bytes_at_any_moment_end_the_connection_and_nothing_else() {
    for seed in 0..300 {
        let mut chance = Chance::from_seed(seed);
        let mut pair =
            if chance.one_in(3) { Pair::new(PairStart::default()) } else { Pair::open(PairStart::default()) };
        pair.viewer.input(InputEvent::Key { code: KeyCode::KeyA, down: true }, pair.now);
        pair.run_for(Micros(chance.below(100_000)));
        let length = chance.below(300) as usize;
        let bytes: Vec<u8> = (0..length).map(|_| chance.next_u64() as u8).collect();
        pair.send_to_agent(bytes.clone());
        let _ = pair.viewer.receive(&bytes, pair.now);
        pair.run_for(Micros::from_millis(300));
        assert!(pair.agent_error.is_some(), "seed {seed}");
        assert!(pair.console.is_empty(), "seed {seed}");
    }
}
