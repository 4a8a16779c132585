//! Pictures from the agent to the viewer.

use protocol::geometry::{PixelRect, PixelSize};
use protocol::ids::DisplayId;
use protocol::session::{AgentEvent, SessionError, ViewerEvent};
use protocol::testing::{Pair, PairStart};
use protocol::time::Micros;
use protocol::video::{AccessUnit, Codec, FrameId, FrameKind, Picture, Presented, Region, StreamConfig};
use protocol::wire::{Blob, List};

const CODEC: Codec = Codec::H264 { profile: 0x42, constraints: 0xC0, level: 0x1F };

fn config(region: PixelRect) -> StreamConfig {
    StreamConfig {
        display: DisplayId::Console,
        epoch: 1,
        size: PixelSize::new(1920, 1080),
        regions: List::fitted(vec![Region { rect: region, codec: CODEC }]),
    }
}

fn unit(n_bytes: usize) -> AccessUnit {
    AccessUnit { region: 0, kind: FrameKind::Key, data: Blob::new(vec![0x55; n_bytes]).expect("below the limit") }
}

fn configured() -> Pair {
    let mut pair = Pair::open(PairStart::default());
    pair.agent.config(config(PixelRect::new(0, 0, 480, 272)));
    pair.run_for(Micros::from_millis(20));
    pair.viewer_events.clear();
    pair
}

fn send(pair: &mut Pair, n_bytes: usize) -> FrameId {
    let now = pair.agent_now();
    pair.agent.frame(now, now, vec![unit(n_bytes)], now)
}

#[test]
fn pictures_of_any_size_arrive_whole() {
    for n_bytes in [0, 1, 65_000, 65_600, 1 << 20, 3 << 20] {
        let mut pair = configured();
        send(&mut pair, n_bytes);
        pair.run_for(Micros::from_millis(20));
        let [ViewerEvent::Picture(Picture::Frame { frame })] = &pair.viewer_events[..] else {
            panic!("{n_bytes} bytes: {:?}", pair.viewer_events)
        };
        assert_eq!(frame.units[0].data.len(), n_bytes);
    }
}

#[test]
fn the_window_closes_until_pictures_are_on_the_screen() {
    let mut pair = configured();
    let mut last = FrameId(0);
    for _ in 0..50 {
        if pair.agent.wants_picture(pair.agent_now()) {
            last = send(&mut pair, 1_000);
        }
    }
    assert_eq!(last, FrameId(2));
    pair.run_for(Micros::from_millis(20));
    assert!(!pair.agent.wants_picture(pair.agent_now()));
    pair.viewer.presented(Presented { frame: last, received_at: pair.now, presented_at: pair.now }, pair.now);
    pair.run_for(Micros::from_millis(20));
    assert!(pair.agent.wants_picture(pair.agent_now()));
    let presented = AgentEvent::Presented { frame: last, in_flight: Micros::from_millis(30) };
    assert_eq!(pair.agent_events, [presented]);
    assert_eq!(pair.agent.bytes_in_flight(), 0);
}

#[test]
fn acknowledging_what_was_never_sent_ends_the_session() {
    let mut pair = configured();
    pair.viewer.presented(Presented { frame: FrameId(9), received_at: pair.now, presented_at: pair.now }, pair.now);
    pair.run_for(Micros::from_millis(20));
    assert!(matches!(pair.agent_error, Some(SessionError::OutOfOrder { .. })));
}

#[test]
fn a_region_beyond_the_display_is_refused() {
    for region in [PixelRect::new(1900, 0, 21, 10), PixelRect::new(0, 0, 0, 10), PixelRect::new(0, 1080, 1, 1)] {
        let mut pair = Pair::open(PairStart::default());
        pair.agent.config(config(region));
        pair.run_for(Micros::from_millis(20));
        assert!(matches!(pair.viewer_error, Some(SessionError::Decode(_))), "{region:?}");
    }
}
