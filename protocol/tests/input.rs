//! Keys and buttons from the viewer to the console.

use protocol::ids::DisplayId;
use protocol::input::{InputEvent, PointerButton, PointerPosition};
use protocol::keycode::KeyCode;
use protocol::session::AgentEvent;
use protocol::testing::{Pair, PairStart};
use protocol::time::Micros;

fn key(code: KeyCode, down: bool) -> InputEvent {
    InputEvent::Key { code, down }
}

#[test]
fn events_arrive_in_order_and_without_repetitions() {
    let mut pair = Pair::open(PairStart::default());
    let position = PointerPosition { display: DisplayId::Console, epoch: 1, x: 7, y: 8 };
    let sent = [
        key(KeyCode::ControlLeft, true),
        key(KeyCode::KeyC, true),
        key(KeyCode::KeyC, false),
        InputEvent::PointerMove { position },
        InputEvent::Button { button: PointerButton::Primary, down: true, position },
        InputEvent::Button { button: PointerButton::Primary, down: false, position },
        key(KeyCode::ControlLeft, false),
    ];
    for event in &sent {
        pair.viewer.input(event.clone(), pair.now);
        pair.viewer.input(event.clone(), pair.now);
    }
    pair.run_for(Micros::from_millis(20));
    let received: Vec<_> = pair.agent_events.iter().collect();
    let mut expected: Vec<_> = sent.iter().cloned().map(AgentEvent::Input).collect();
    expected.insert(4, AgentEvent::Input(InputEvent::PointerMove { position }));
    assert!(received == expected.iter().collect::<Vec<_>>(), "{received:?}");
}

#[test]
fn losing_the_focus_releases_everything() {
    let mut pair = Pair::open(PairStart::default());
    for code in [KeyCode::AltLeft, KeyCode::Tab] {
        pair.viewer.input(key(code, true), pair.now);
    }
    pair.viewer.input(InputEvent::ReleaseAll, pair.now);
    pair.run_for(Micros::from_millis(20));
    assert_eq!(pair.agent_events.len(), 4);
    assert!(pair.console.is_empty());
}

#[test]
fn all_messages_of_the_viewer_have_lengths_that_tell_nothing() {
    let mut pair = Pair::open(PairStart::default());
    let mut lengths = Vec::new();
    for event in [
        key(KeyCode::KeyA, true),
        key(KeyCode::KeyA, false),
        InputEvent::PointerMove { position: PointerPosition { display: DisplayId::Console, epoch: 1, x: 7, y: 8 } },
    ] {
        pair.viewer.input(event, pair.now);
        lengths.extend(pair.viewer.poll_transmit().map(|message| message.len()));
    }
    assert_eq!(lengths, [80, 80, 80]);
}
