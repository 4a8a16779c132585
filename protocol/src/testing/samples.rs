use crate::access::Access;
use crate::control::{Command, CommandKind, CommandRefusal, Notice, Person, PictureState, RestartPhase, Shortcut};
use crate::cursor::{CursorShape, CursorUpdate};
use crate::geometry::{PixelRect, PixelSize};
use crate::heartbeat::{Heartbeat, HeartbeatReply};
use crate::ids::{ConsoleId, DisplayId, DisplayInfo, RoomId, SessionId, TenantId};
use crate::input::{HeldSet, InputEvent, LockKeys, PointerButton, PointerPosition};
use crate::keycode::KeyCode;
use crate::link::{
    CallState, ConsoleInfo, Enrolment, FromAgent, LinkClose, Opening, SessionEvent, SocketOpening, ToAgent,
};
use crate::reason::EndReason;
use crate::refusal::RefusalCode;
use crate::secure::{ConsoleSigner, EndFound, EnrolmentString, Grant, Limits, PublicKey, Receipt, Secret, SessionCode};
use crate::signals::{Signal, SignalKind, SignalState, Signals, SystemUser};
use crate::terms::{CallPolicy, ShortcutPolicy, Terms};
use crate::time::Micros;
use crate::video::{AccessUnit, Codec, Frame, FrameId, FrameKind, Picture, Presented, Region, StreamConfig, Thumbnail};
use crate::wire::{Blob, Decode, DecodeError, Encode, List, Text};

/// A message, its bytes, and how its type reads bytes.
#[derive(Debug)]
pub struct Sample {
    /// `Type.Variant`
    pub name: String,
    pub bytes: Vec<u8>,
    /// Reads bytes as this type and writes the value again.
    pub reencode: fn(&[u8]) -> Result<Vec<u8>, DecodeError>,
}

/// At least one sample of every message that travels, with every variant.
pub fn samples() -> Vec<Sample> {
    let mut list = Samples(Vec::new());
    commands(&mut list);
    notices(&mut list);
    inputs(&mut list);
    pictures(&mut list);
    cursors_and_heartbeats(&mut list);
    link(&mut list);
    secure(&mut list);
    list.0
}

struct Samples(Vec<Sample>);

impl Samples {
    fn add<T: Encode + Decode>(&mut self, name: impl Into<String>, value: &T) {
        let reencode = |bytes: &[u8]| T::from_bytes(bytes).map(|value| value.to_bytes());
        self.0.push(Sample { name: name.into(), bytes: value.to_bytes(), reencode });
    }
}

fn commands(list: &mut Samples) {
    let display = DisplayId::FrontOfRoom1;
    list.add("Command.Open", &Command::Open { display });
    list.add("Command.SelectDisplay", &Command::SelectDisplay { display: DisplayId::FrontOfRoom2 });
    list.add("Command.RestartDevice", &Command::RestartDevice);
    list.add("Command.SetRestartOnEnd", &Command::SetRestartOnEnd { on: false });
    for shortcut in Shortcut::ALL {
        list.add(format!("Command.Shortcut.{shortcut:?}"), &Command::Shortcut { shortcut });
    }
    list.add("Command.TakeInput", &Command::TakeInput);
    list.add("Command.WatchThumbnails", &Command::WatchThumbnails { on: true });
    list.add("Command.RequestKeyframe", &Command::RequestKeyframe);
    list.add("Command.End", &Command::End);
    list.add("Command.StayConnected", &Command::StayConnected);
    list.add("Command.SignOutAndRestart", &Command::SignOutAndRestart);
}

fn notices(list: &mut Samples) {
    let displays = List::fitted(vec![
        DisplayInfo { id: DisplayId::Console, size: PixelSize::new(1920, 1080) },
        DisplayInfo { id: DisplayId::FrontOfRoom1, size: PixelSize::new(3840, 2160) },
    ]);
    list.add("Notice.Displays", &Notice::Displays { displays, selected: DisplayId::Console, epoch: 3 });
    let person = Person {
        name: Text::fitted("Tina Technician"),
        access: Access::Modify,
        connected_for: Micros::from_secs(61),
        you: true,
        holds_input: true,
    };
    list.add("Notice.People", &Notice::People { people: List::fitted(vec![person]) });
    list.add("Notice.RestartOnEnd", &Notice::RestartOnEnd { on: true });
    for state in [
        PictureState::Live,
        PictureState::Starting,
        PictureState::DisplayAsleep,
        PictureState::SecureDesktop,
        PictureState::NoOutput,
        PictureState::PausedByCall,
        PictureState::PausedBySilence,
    ] {
        list.add(format!("Notice.Picture.{state:?}"), &Notice::Picture { state });
    }
    for phase in [RestartPhase::GoingDown, RestartPhase::AgentBack, RestartPhase::DisplayReady] {
        list.add(format!("Notice.Restart.{phase:?}"), &Notice::Restart { phase });
    }
    list.add("Notice.ShortcutDone", &Notice::ShortcutDone { shortcut: Shortcut::Esc });
    let kinds = [
        (CommandKind::SelectDisplay, CommandRefusal::Failed),
        (CommandKind::RestartDevice, CommandRefusal::InCall),
        (CommandKind::SetRestartOnEnd, CommandRefusal::Unsupported),
        (CommandKind::Shortcut, CommandRefusal::NotAllowed),
        (CommandKind::TakeInput, CommandRefusal::NotAllowed),
        (CommandKind::SignOutAndRestart, CommandRefusal::Unsupported),
    ];
    for (command, refusal) in kinds {
        list.add(format!("Notice.Refused.{command:?}.{refusal:?}"), &Notice::Refused { command, refusal });
    }
    list.add("Notice.EndsSoon", &Notice::EndsSoon { remaining: Micros::from_secs(60), reason: EndReason::Idle });
    for reason in EndReason::ALL {
        list.add(format!("Notice.Bye.{reason:?}"), &Notice::Bye { reason: *reason });
    }
    list.add("Notice.EndsLater", &Notice::EndsLater);
    list.add("Notice.InCall", &Notice::InCall { on: true });
    let user = Some(Text::fitted("Administrator"));
    list.add("Notice.UserSwitched", &Notice::UserSwitched { user, can_sign_out: true });
    list.add("Notice.UserSwitched.None", &Notice::UserSwitched { user: None, can_sign_out: false });
}

fn inputs(list: &mut Samples) {
    let position = PointerPosition { display: DisplayId::Console, epoch: 3, x: 0, y: 65_535 };
    for code in KeyCode::ALL {
        list.add(format!("InputEvent.Key.{}", code.name()), &InputEvent::Key { code: *code, down: true });
    }
    list.add("InputEvent.PointerMove", &InputEvent::PointerMove { position });
    for button in [
        PointerButton::Primary,
        PointerButton::Middle,
        PointerButton::Secondary,
        PointerButton::Back,
        PointerButton::Forward,
    ] {
        list.add(format!("InputEvent.Button.{button:?}"), &InputEvent::Button { button, down: false, position });
    }
    list.add("InputEvent.Wheel", &InputEvent::Wheel { horizontal: -7, vertical: 120, position });
    list.add("InputEvent.Text", &InputEvent::Text { text: Text::fitted("grün €") });
    let locks = LockKeys { caps_lock: Some(true), num_lock: None, scroll_lock: Some(false) };
    list.add("InputEvent.Locks", &InputEvent::Locks { locks });
    list.add("InputEvent.ReleaseAll", &InputEvent::ReleaseAll);
}

fn pictures(list: &mut Samples) {
    let codec = Codec::H264 { profile: 0x42, constraints: 0xC0, level: 0x1F };
    let config = StreamConfig {
        display: DisplayId::Console,
        epoch: 3,
        size: PixelSize::new(960, 270),
        regions: List::fitted(vec![
            Region { rect: PixelRect::new(0, 0, 480, 270), codec },
            Region { rect: PixelRect::new(480, 0, 480, 270), codec },
        ]),
    };
    list.add("Picture.Config", &Picture::Config { config });
    let unit = |region, kind| AccessUnit { region, kind, data: Blob::new(vec![0, 0, 0, 1, 0x67]).unwrap_or_default() };
    let frame = Frame {
        id: FrameId(9),
        captured_at: Micros(1_000),
        encoded_at: Micros(2_500),
        units: List::fitted(vec![unit(0, FrameKind::Key), unit(1, FrameKind::Delta)]),
    };
    list.add("Picture.Frame", &Picture::Frame { frame });
    let thumbnail = Thumbnail {
        display: DisplayId::FrontOfRoom1,
        size: PixelSize::new(320, 180),
        codec,
        data: Blob::new(vec![0, 0, 1]).unwrap_or_default(),
    };
    list.add("Picture.Thumbnail", &Picture::Thumbnail { thumbnail });
    list.add("Presented", &Presented { frame: FrameId(9), received_at: Micros(5), presented_at: Micros(7) });
}

fn cursors_and_heartbeats(list: &mut Samples) {
    let rgba = Blob::new(vec![255; 8]).unwrap_or_default();
    list.add(
        "CursorUpdate.Shape",
        &CursorUpdate::Shape { shape: CursorShape { width: 2, height: 1, hot_x: 1, hot_y: 0, rgba } },
    );
    list.add("CursorUpdate.Hidden", &CursorUpdate::Hidden);
    list.add("CursorUpdate.Moved", &CursorUpdate::Moved { display: DisplayId::Console, x: 1, y: 2 });
    let held = HeldSet {
        keys: List::fitted(vec![KeyCode::ShiftLeft, KeyCode::KeyA]),
        buttons: List::fitted(vec![PointerButton::Primary]),
    };
    list.add("Heartbeat", &Heartbeat { sequence: 1, sent_at: Micros(10), held });
    let reply = HeartbeatReply { sequence: 1, sent_at: Micros(10), agent_at: Micros(20), inputs_applied: 4 };
    list.add("HeartbeatReply", &reply);
}

fn link(list: &mut Samples) {
    list.add("Opening.Enrol", &Opening::Enrol { version: crate::VERSION, tenant: tenant(), room: room() });
    list.add("Opening.Connect", &Opening::Connect { version: crate::VERSION });
    list.add("SocketOpening", &SocketOpening { version: crate::VERSION, session: SESSION, ticket: [6; 32] });

    let call = CallState::InCall { since: Micros::from_secs(5) };
    let info = ConsoleInfo {
        agent_version: Text::fitted("0.1.0"),
        platform: Text::fitted("x11"),
        host_name: Text::fitted("aurora-console"),
        operating_system: Text::fitted("Debian 12"),
        displays: List::fitted(vec![DisplayInfo { id: DisplayId::Console, size: PixelSize::new(1920, 1080) }]),
        highest_access: Access::Modify,
        can_restart: true,
    };
    list.add("FromAgent.Hello", &FromAgent::Hello { info, call, signing_key: signer().public_key() });
    list.add("FromAgent.Pulse", &FromAgent::Pulse { sent_at: Micros(1) });
    list.add("FromAgent.CallChanged", &FromAgent::CallChanged { call: CallState::Idle, sent_at: Micros(1) });
    list.add("FromAgent.Nonce", &FromAgent::Nonce { request: 1, nonce: [7; 32], call: CallState::Unknown });
    for code in RefusalCode::ALL {
        list.add(format!("FromAgent.Refused.{code:?}"), &FromAgent::Refused { request: 1, code: *code });
    }
    list.add("FromAgent.Accepted", &FromAgent::Accepted { request: 1, session: SESSION });
    for event in session_events() {
        list.add(format!("FromAgent.Event.{event:?}"), &FromAgent::Event { session: SESSION, event });
    }
    let receipt = signer().sign_receipt(&receipt(Some(61_000), EndFound::Clean)).into_bytes();
    list.add("FromAgent.Ended", &FromAgent::Ended { receipt: Blob::new(receipt).unwrap_or_default() });
    for (name, signals) in signals() {
        list.add(format!("FromAgent.Signals.{name}"), &FromAgent::Signals { signals });
    }

    let welcome = |status| ToAgent::Welcome {
        console: CONSOLE,
        tenant: tenant(),
        room: room(),
        room_name: Text::fitted("Aurora"),
        grant_key: [8; 32],
        status,
    };
    list.add("ToAgent.Welcome", &welcome(Enrolment::Approved));
    for status in [Enrolment::Pending, Enrolment::Quarantined] {
        list.add(format!("ToAgent.Welcome.{status:?}"), &welcome(status));
    }
    list.add("ToAgent.NonceRequest", &ToAgent::NonceRequest { request: 1 });
    let grant = Blob::new(vec![1, 2, 3]).unwrap_or_default();
    let relay_url = Text::fitted("wss://rooms.example.com/ws/agent");
    list.add("ToAgent.Offer", &ToAgent::Offer { request: 1, grant, ticket: [9; 32], relay_url });
    list.add("ToAgent.End", &ToAgent::End { session: SESSION, reason: EndReason::Revoked });
    list.add("ToAgent.Leases", &ToAgent::Leases { sessions: List::fitted(vec![SESSION]) });
    for reason in [LinkClose::Replaced, LinkClose::Revoked, LinkClose::ProtocolError, LinkClose::Stopping] {
        list.add(format!("ToAgent.Bye.{reason:?}"), &ToAgent::Bye { reason });
    }
    list.add("ToAgent.ReceiptTaken", &ToAgent::ReceiptTaken { number: 7 });
}

fn session_events() -> Vec<SessionEvent> {
    vec![
        SessionEvent::IndicatorShown,
        SessionEvent::IndicatorHidden,
        SessionEvent::ViewerConnected,
        SessionEvent::ViewerReconnected,
        SessionEvent::DisplaySelected { display: DisplayId::Console },
        SessionEvent::RestartOnEndSet { on: true },
        SessionEvent::ShortcutUsed { shortcut: Shortcut::AltTab },
        SessionEvent::RestartRequested,
        SessionEvent::Restarted,
        SessionEvent::InputTaken,
        SessionEvent::PolicyViolation { kind: Text::fitted("key") },
        SessionEvent::Paused,
        SessionEvent::Resumed,
        SessionEvent::UserSwitched { user: Text::fitted("Administrator") },
        SessionEvent::SignOutRequested,
    ]
}

fn signals() -> [(&'static str, Signals); 3] {
    const STATES: [SignalState; 4] =
        [SignalState::Ok, SignalState::Missing, SignalState::Failing, SignalState::Unknown];
    let every = SignalKind::ALL.into_iter().zip(STATES.into_iter().cycle()).map(|(kind, state)| Signal {
        kind,
        state,
        detail: Text::fitted(kind.name()),
    });
    let user = SystemUser::SignedIn { name: Text::fitted("room") };
    [
        ("Every", Signals { list: List::fitted(every.collect()), user }),
        ("Nobody", Signals { list: List::default(), user: SystemUser::Nobody }),
        ("Unknown", Signals::default()),
    ]
}

fn secure(list: &mut Samples) {
    let grant = Grant {
        version: crate::VERSION,
        tenant: tenant(),
        room: room(),
        console: CONSOLE,
        session: SESSION,
        agent_key: PublicKey([3; 32]),
        viewer_key: PublicKey([4; 32]),
        nonce: [5; 32],
        access: Access::View,
        limits: Limits { idle: Micros::from_secs(900), maximum: Micros::from_secs(14_400) },
        terms: Terms::default(),
        restart_on_end: true,
        elapsed: Micros::ZERO,
        user_name: Text::fitted("Vera Viewer"),
        audit_position: 7,
    };
    list.add("Grant", &grant);
    let calls = [CallPolicy::Pause, CallPolicy::End, CallPolicy::Continue];
    let shortcuts = [ShortcutPolicy::All, ShortcutPolicy::Safe, ShortcutPolicy::None];
    for (when_call_starts, view_shortcuts) in calls.into_iter().zip(shortcuts) {
        let decline_within = Some(Micros::from_secs(20));
        let terms = Terms { when_call_starts, view_shortcuts, decline_within, room_may_end: false };
        list.add(format!("Terms.{when_call_starts:?}.{view_shortcuts:?}"), &terms);
    }
    list.add("SessionCode", &SessionCode::of(&[7; 32]));
    list.add("Receipt.Clean", &receipt(Some(61_000), EndFound::Clean));
    list.add("Receipt.Crash", &receipt(None, EndFound::Crash));
    let string = EnrolmentString {
        url: Text::fitted("https://rooms.example.com"),
        server_key: PublicKey([1; 32]),
        tenant: tenant(),
        room: room(),
        secret: Secret::new([2; 32]),
    };
    list.add("EnrolmentString", &string);
}

const SESSION: SessionId = SessionId([0xA5; 16]);
const CONSOLE: ConsoleId = ConsoleId([0xC0; 16]);

fn signer() -> ConsoleSigner {
    ConsoleSigner::new(&Secret::new([9; 32]))
}

fn receipt(shown_ms: Option<u64>, found: EndFound) -> Receipt {
    Receipt {
        tenant: tenant(),
        console: CONSOLE,
        session: SESSION,
        number: 7,
        reason: EndReason::AgentCrash,
        restarts: true,
        viewer_came: true,
        shown_ms,
        found,
    }
}

fn tenant() -> TenantId {
    TenantId::new("contoso").unwrap_or_else(|_| unreachable!("a slug"))
}

fn room() -> RoomId {
    RoomId::new("aurora").unwrap_or_else(|_| unreachable!("a slug"))
}
