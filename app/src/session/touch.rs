//! Fingers on the picture as the mouse that the console knows: a tap clicks, a long press is a right click, one finger
//! drags with the left button held, two fingers turn the wheel. Pure: fingers and a time go in, what the mouse does comes
//! out.

use protocol::input::PointerPosition;
use protocol::time::Micros;

use super::pointer::WheelTurn;

/// A finger that stays where it is for so long means the right button.
pub const LONG_PRESS: Micros = Micros::from_millis(500);
/// A finger is never quite still: up to here, in CSS pixels, it counts as resting.
const SLOP: f64 = 10.0;
/// A second tap so soon and so near comes down on the very place of the first, or the console would not take the two for a
/// double click.
const DOUBLE_TAP_WITHIN: Micros = Micros::from_millis(400);
const DOUBLE_TAP_SLOP: f64 = 24.0;

/// Bits of `PointerEvent.buttons`.
const NO_BUTTON: u16 = 0;
const LEFT: u16 = 1;
const RIGHT: u16 = 2;

/// A finger that comes, moves or goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finger {
    /// `PointerEvent.pointerId`
    pub id: i32,
    /// In CSS pixels of the window.
    pub x: f64,
    pub y: f64,
    pub position: PointerPosition,
}

/// What the mouse does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Act {
    /// These buttons are down from now on, as `PointerEvent.buttons` names them.
    Buttons(u16, PointerPosition),
    Move(PointerPosition),
    Wheel(WheelTurn, PointerPosition),
}

/// What the fingers are at.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum Gesture {
    #[default]
    None,
    /// One finger rests: a tap, a long press, or the beginning of something else.
    Pressing { start: Finger, since: Micros },
    /// One finger moves with the left button held.
    Dragging { id: i32 },
    /// Two fingers turn the wheel where the first of them came down.
    Scrolling { fingers: [Finger; 2], at: PointerPosition },
    /// The gesture is over; fingers that are still down mean nothing.
    Spent,
}

/// The fingers on the picture.
#[derive(Debug, Default)]
pub struct Touch {
    down: Vec<i32>,
    gesture: Gesture,
    tapped: Option<(Finger, Micros)>,
}

impl Touch {
    pub fn down(&mut self, finger: Finger, now: Micros) {
        self.down.retain(|id| *id != finger.id);
        self.down.push(finger.id);
        self.gesture = match self.gesture {
            _ if self.down.len() == 1 => Gesture::Pressing { start: finger, since: now },
            Gesture::Pressing { start, .. } => Gesture::Scrolling { fingers: [start, finger], at: start.position },
            present => present,
        };
    }

    pub fn moved(&mut self, finger: Finger) -> Vec<Act> {
        match &mut self.gesture {
            Gesture::Pressing { start, .. } if start.id == finger.id && SLOP < distance(start, &finger) => {
                let from = start.position;
                self.gesture = Gesture::Dragging { id: finger.id };
                vec![Act::Buttons(LEFT, from), Act::Move(finger.position)]
            }
            Gesture::Dragging { id } if *id == finger.id => vec![Act::Move(finger.position)],
            Gesture::Scrolling { fingers, at } => {
                let Some(before) = fingers.iter_mut().find(|before| before.id == finger.id) else { return Vec::new() };
                // The picture follows the middle between the fingers, so each of them counts for half.
                let (across, down) = ((before.x - finger.x) / 2.0, (before.y - finger.y) / 2.0);
                *before = finger;
                vec![Act::Wheel(WheelTurn { across, down, mode: 0 }, *at)]
            }
            _ => Vec::new(),
        }
    }

    pub fn up(&mut self, finger: Finger, now: Micros) -> Vec<Act> {
        self.down.retain(|id| *id != finger.id);
        let gesture = self.gesture;
        self.gesture = if self.down.is_empty() { Gesture::None } else { Gesture::Spent };
        match gesture {
            Gesture::Pressing { start, .. } if start.id == finger.id => self.tap(start, now),
            Gesture::Dragging { id } if id == finger.id => vec![Act::Buttons(NO_BUTTON, finger.position)],
            // Another finger went; the drag goes on.
            Gesture::Dragging { .. } => {
                self.gesture = gesture;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// A finger may have rested long enough.
    pub fn expire(&mut self, now: Micros) -> Vec<Act> {
        match self.gesture {
            Gesture::Pressing { start, since } if LONG_PRESS <= now.since(since) => {
                self.gesture = Gesture::Spent;
                click(RIGHT, start.position)
            }
            _ => Vec::new(),
        }
    }

    /// Forgets the fingers; whoever calls this releases the buttons too.
    pub fn release_all(&mut self) {
        *self = Self::default();
    }

    fn tap(&mut self, finger: Finger, now: Micros) -> Vec<Act> {
        let first = self.tapped.take().filter(|(first, at)| {
            now.since(*at) <= DOUBLE_TAP_WITHIN
                && first.position.display == finger.position.display
                && distance(first, &finger) <= DOUBLE_TAP_SLOP
        });
        let Some((first, _)) = first else {
            self.tapped = Some((finger, now));
            return click(LEFT, finger.position);
        };
        click(LEFT, PointerPosition { epoch: finger.position.epoch, ..first.position })
    }
}

fn click(button: u16, at: PointerPosition) -> Vec<Act> {
    vec![Act::Buttons(button, at), Act::Buttons(NO_BUTTON, at)]
}

fn distance(one: &Finger, other: &Finger) -> f64 {
    (one.x - other.x).hypot(one.y - other.y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ids::DisplayId;

    fn ms(ms: u64) -> Micros {
        Micros::from_millis(ms)
    }

    fn place(x: f64, y: f64) -> PointerPosition {
        PointerPosition { display: DisplayId::Console, epoch: 1, x: x as u16, y: y as u16 }
    }

    fn finger(id: i32, x: f64, y: f64) -> Finger {
        Finger { id, x, y, position: place(x, y) }
    }

    fn clicked(button: u16, x: f64, y: f64) -> [Act; 2] {
        [Act::Buttons(button, place(x, y)), Act::Buttons(NO_BUTTON, place(x, y))]
    }

    fn turned(acts: &[Act]) -> (f64, f64) {
        let turn = |act: &Act| if let Act::Wheel(turn, _) = act { (turn.across, turn.down) } else { (0.0, 0.0) };
        acts.iter().map(turn).fold((0.0, 0.0), |sum, turn| (sum.0 + turn.0, sum.1 + turn.1))
    }

    #[test]
    fn a_tap_clicks_where_the_finger_came_down() {
        let mut touch = Touch::default();
        touch.down(finger(1, 100.0, 100.0), ms(0));
        assert_eq!(touch.moved(finger(1, 104.0, 103.0)), []);
        assert_eq!(touch.up(finger(1, 104.0, 103.0), ms(80)), clicked(LEFT, 100.0, 100.0));
        assert_eq!(touch.expire(ms(900)), []);
    }

    #[test]
    fn a_double_tap_hits_one_place() {
        let mut touch = Touch::default();
        let mut tap = |x, at| {
            touch.down(finger(1, x, 50.0), ms(at));
            touch.up(finger(1, x, 50.0), ms(at + 50))
        };
        assert_eq!(tap(100.0, 0), clicked(LEFT, 100.0, 50.0));
        assert_eq!(tap(115.0, 200), clicked(LEFT, 100.0, 50.0));
        assert_eq!(tap(115.0, 400), clicked(LEFT, 115.0, 50.0), "a third tap is a first one again");
        assert_eq!(tap(145.0, 500), clicked(LEFT, 145.0, 50.0), "too far away");
        assert_eq!(tap(145.0, 1500), clicked(LEFT, 145.0, 50.0));
    }

    #[test]
    fn a_long_press_is_a_right_click_and_nothing_else() {
        let mut touch = Touch::default();
        touch.down(finger(1, 30.0, 40.0), ms(0));
        assert_eq!(touch.expire(ms(499)), []);
        assert_eq!(touch.expire(ms(500)), clicked(RIGHT, 30.0, 40.0));
        assert_eq!(touch.moved(finger(1, 300.0, 40.0)), []);
        assert_eq!(touch.up(finger(1, 300.0, 40.0), ms(900)), []);
    }

    #[test]
    fn one_finger_drags_from_where_it_came_down() {
        let mut touch = Touch::default();
        touch.down(finger(1, 10.0, 10.0), ms(0));
        let begun = touch.moved(finger(1, 30.0, 10.0));
        assert_eq!(begun, [Act::Buttons(LEFT, place(10.0, 10.0)), Act::Move(place(30.0, 10.0))]);
        assert_eq!(touch.expire(ms(2000)), [], "a finger that has moved presses no more");
        assert_eq!(touch.moved(finger(1, 60.0, 20.0)), [Act::Move(place(60.0, 20.0))]);
        assert_eq!(touch.up(finger(1, 60.0, 20.0), ms(2100)), [Act::Buttons(NO_BUTTON, place(60.0, 20.0))]);
    }

    #[test]
    fn another_finger_does_not_disturb_a_drag() {
        let mut touch = Touch::default();
        touch.down(finger(1, 10.0, 10.0), ms(0));
        touch.moved(finger(1, 50.0, 10.0));
        touch.down(finger(2, 90.0, 90.0), ms(10));
        assert_eq!(touch.moved(finger(2, 10.0, 90.0)), []);
        assert_eq!(touch.up(finger(2, 10.0, 90.0), ms(20)), []);
        assert_eq!(touch.up(finger(1, 50.0, 10.0), ms(30)), [Act::Buttons(NO_BUTTON, place(50.0, 10.0))]);
    }

    #[test]
    fn two_fingers_scroll_what_is_under_the_first() {
        let mut touch = Touch::default();
        touch.down(finger(1, 100.0, 200.0), ms(0));
        touch.down(finger(2, 160.0, 200.0), ms(30));
        let up_by_forty = [touch.moved(finger(1, 100.0, 160.0)), touch.moved(finger(2, 160.0, 160.0))].concat();
        assert_eq!(turned(&up_by_forty), (0.0, 40.0), "what lies below comes into view");
        assert!(up_by_forty.iter().all(|act| matches!(act, Act::Wheel(_, at) if *at == place(100.0, 200.0))));
        let apart = [touch.moved(finger(1, 80.0, 160.0)), touch.moved(finger(2, 180.0, 160.0))].concat();
        assert_eq!(turned(&apart), (0.0, 0.0), "spreading them is no scrolling");
    }

    #[test]
    fn the_finger_that_stays_after_scrolling_does_nothing() {
        let mut touch = Touch::default();
        touch.down(finger(1, 100.0, 200.0), ms(0));
        touch.down(finger(2, 160.0, 200.0), ms(30));
        assert_eq!(touch.expire(ms(700)), [], "two fingers press nothing");
        assert_eq!(touch.up(finger(2, 160.0, 200.0), ms(800)), []);
        assert_eq!(touch.moved(finger(1, 10.0, 10.0)), []);
        assert_eq!(touch.up(finger(1, 10.0, 10.0), ms(900)), []);
        touch.down(finger(3, 5.0, 5.0), ms(1000));
        assert_eq!(touch.up(finger(3, 5.0, 5.0), ms(1050)), clicked(LEFT, 5.0, 5.0), "and then all is as before");
    }

    #[test]
    fn a_lost_finger_is_forgotten_with_the_rest() {
        let mut touch = Touch::default();
        touch.down(finger(1, 100.0, 200.0), ms(0));
        touch.release_all();
        assert_eq!(touch.expire(ms(800)), []);
        touch.down(finger(2, 5.0, 5.0), ms(1000));
        assert_eq!(touch.up(finger(2, 5.0, 5.0), ms(1050)), clicked(LEFT, 5.0, 5.0));
    }
}
