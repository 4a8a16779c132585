//! What happens when something is pressed.

use super::super::draw::Icon;
use super::ids::{FieldId, Id, Page, Slider, Switch};
use super::{Call, Scene, TOAST_STAYS, Toast, schedule, widgets};

/// Lights, blinds and the name of an occasion.
pub(super) const MOODS: [(&str, u8, bool); 4] =
    [("Meeting", 70, false), ("Presentation", 35, true), ("Focus", 85, false), ("Break", 50, false)];

impl Scene {
    pub(super) fn activate(&mut self, id: Id) {
        self.set_focus(Some(id).filter(|id| id.takes_focus()));
        match id {
            Id::Go(page) => self.go(page),
            Id::StartCall => self.start_call("Meet now".to_owned()),
            Id::JoinCode => self.submit(FieldId::JoinCode),
            Id::JoinMeeting(start) => self.join_meeting(start),
            Id::Leave => self.end_call(),
            Id::Switch(switch) => self.toggle(switch),
            Id::Layout(layout) => {
                self.saved.keyboard = layout;
                self.settings_changed("Keyboard", layout.name());
            }
            Id::Mood(i) => self.set_mood(i),
            Id::Warmer => self.change_temperature(5),
            Id::Colder => self.change_temperature(-5),
            Id::Digit(digit) => self.key_in(digit.encode_utf8(&mut [0; 4])),
            Id::Erase => self.erase(),
            Id::ClearNotes => self.field_mut(FieldId::Notes).clear(),
            Id::SignIn => self.sign_in(),
            Id::SignOut => self.sign_out(),
            Id::Lock => {
                self.security = false;
                self.asleep = true;
            }
            Id::ScreensOff => self.asleep = true,
            Id::Restart => self.restart(),
            Id::Cancel => {
                self.security = false;
                self.set_focus(None);
            }
            Id::Field(_) | Id::Slider(_) | Id::List(_) | Id::Nothing => {}
        }
        self.hover_again();
    }

    pub(super) fn go(&mut self, page: Page) {
        self.commit_fields();
        self.page = page;
        self.set_focus(None);
        self.events_scroll = 0;
        self.hover_again();
    }

    pub(super) fn say(&mut self, icon: Icon, text: &str) {
        self.toast = Some(Toast { icon, text: text.to_owned(), until: self.now + TOAST_STAYS });
    }

    pub(super) fn set_focus(&mut self, focus: Option<Id>) {
        if self.focus != focus {
            self.commit_fields();
        }
        self.focus = focus;
        self.caret_since = self.now;
        self.keyboard.accent = None;
    }

    /// Moves the focus to the next or the previous thing on the page.
    pub(super) fn move_focus(&mut self, step: isize) {
        let view = self.view(protocol::ids::DisplayId::Console);
        let mut reachable: Vec<Id> = view.targets.iter().map(|(_, id)| *id).collect();
        // What a full-screen sheet covers comes before the sheet.
        if let Some(sheet) = reachable.iter().rposition(|id| *id == Id::Nothing) {
            reachable.drain(..=sheet);
        }
        reachable.retain(|id| id.takes_focus());
        let count = reachable.len() as isize;
        if count == 0 {
            return;
        }
        let current = self.focus.and_then(|focus| reachable.iter().position(|id| *id == focus));
        let next = match current {
            Some(at) => (at as isize + step).rem_euclid(count),
            None if step < 0 => count - 1,
            None => 0,
        };
        self.set_focus(reachable.get(next as usize).copied());
        if let Some(Id::Field(id)) = self.focus {
            self.field_mut(id).select_all();
        }
        self.focus_by_keyboard = true;
    }

    pub(super) fn escape(&mut self) {
        if self.focus.is_some() {
            self.set_focus(None);
        } else if self.page != Page::Home {
            self.go(Page::Home);
        }
    }

    /// Enter in a field of one line.
    pub(super) fn submit(&mut self, id: FieldId) {
        match id {
            FieldId::JoinCode if self.field(id).is_empty() => {
                self.say(Icon::Keypad, "Enter the code from the invitation first");
            }
            FieldId::JoinCode => {
                let title = format!("Meeting {}", self.field(id).text());
                self.field_mut(id).clear();
                self.start_call(title);
            }
            FieldId::Account => self.set_focus(Some(Id::Field(FieldId::Password))),
            FieldId::Password => self.sign_in(),
            FieldId::DeviceName | FieldId::Contact => self.set_focus(None),
            FieldId::Notes | FieldId::TryOut => {}
        }
    }

    pub(super) fn field_changed(&mut self, _id: FieldId) {
        self.caret_since = self.now;
    }

    /// Ends a call, if there is one.
    pub(super) fn end_call(&mut self) {
        if self.call.take().is_none() {
            return;
        }
        self.remember("Call ended");
        if self.page == Page::Call {
            self.go(Page::Home);
        }
        self.say(Icon::HangUp, "Call ended");
    }

    pub(super) fn drag_slider(&mut self, slider: Slider, x: i32) {
        let view = self.view(protocol::ids::DisplayId::Console);
        let area = view.targets.iter().find(|(_, id)| *id == Id::Slider(slider)).map(|(area, _)| *area);
        if let Some(area) = area {
            self.set_slider(slider, widgets::slider_value(area, x));
        }
    }

    pub(super) fn step_slider(&mut self, slider: Slider, by: i16) {
        let value = (i16::from(self.slider(slider)) + by).clamp(0, 100) as u8;
        self.set_slider(slider, value);
        if slider == Slider::Volume {
            self.say(Icon::Speaker, &format!("Volume {value} %"));
        }
        self.store();
    }

    pub(super) fn slider(&self, slider: Slider) -> u8 {
        match slider {
            Slider::Volume => self.saved.volume,
            Slider::Microphone => self.saved.microphone,
            Slider::Lights => self.saved.lights,
        }
    }

    pub(super) fn switch(&self, switch: Switch) -> bool {
        match switch {
            Switch::TwentyFourHours => self.saved.twenty_four_hours,
            Switch::HideTitles => self.saved.hide_titles,
            Switch::Motion => self.saved.motion,
            Switch::SwapDisplays => self.saved.swap_displays,
            Switch::NoiseSuppression => self.saved.noise_suppression,
            Switch::JoinSound => self.saved.join_sound,
            Switch::ShareCode => self.share_code,
            Switch::Blinds => self.saved.blinds,
            Switch::Muted => self.call.as_ref().is_some_and(|call| call.muted),
            Switch::CameraOff => self.call.as_ref().is_some_and(|call| call.camera_off),
            Switch::CameraPlugged => self.saved.camera_plugged,
            Switch::MicrophonePlugged => self.saved.microphone_plugged,
            Switch::SpeakersPlugged => self.saved.speakers_plugged,
            Switch::RoomApp => self.saved.room_app,
        }
    }

    fn set_slider(&mut self, slider: Slider, value: u8) {
        match slider {
            Slider::Volume => self.saved.volume = value,
            Slider::Microphone => self.saved.microphone = value,
            Slider::Lights => self.saved.lights = value,
        }
    }

    fn toggle(&mut self, switch: Switch) {
        let on = !self.switch(switch);
        let kept = match switch {
            Switch::TwentyFourHours => &mut self.saved.twenty_four_hours,
            Switch::HideTitles => &mut self.saved.hide_titles,
            Switch::Motion => &mut self.saved.motion,
            Switch::SwapDisplays => &mut self.saved.swap_displays,
            Switch::NoiseSuppression => &mut self.saved.noise_suppression,
            Switch::JoinSound => &mut self.saved.join_sound,
            Switch::Blinds => &mut self.saved.blinds,
            Switch::CameraPlugged => &mut self.saved.camera_plugged,
            Switch::MicrophonePlugged => &mut self.saved.microphone_plugged,
            Switch::SpeakersPlugged => &mut self.saved.speakers_plugged,
            Switch::RoomApp => &mut self.saved.room_app,
            Switch::ShareCode => return self.share_code = on,
            Switch::Muted => return self.in_running_call(|call| call.muted = on),
            Switch::CameraOff => return self.in_running_call(|call| call.camera_off = on),
        };
        *kept = on;
        self.store();
    }

    fn in_running_call(&mut self, change: impl FnOnce(&mut Call)) {
        if let Some(call) = &mut self.call {
            change(call);
        }
    }

    fn settings_changed(&mut self, what: &str, value: &str) {
        self.remember(&format!("{what} set to {value}"));
        self.say(Icon::Check, &format!("{what}: {value}"));
        self.store();
    }

    /// Takes over what was typed into the settings.
    fn commit_fields(&mut self) {
        let (name, contact) = (self.field(FieldId::DeviceName).text(), self.field(FieldId::Contact).text());
        if name != self.saved.device_name {
            self.saved.device_name.clone_from(&name);
            self.settings_changed("Console name", &name);
        }
        if contact != self.saved.contact {
            self.saved.contact.clone_from(&contact);
            self.settings_changed("Contact", &contact);
        }
    }

    fn start_call(&mut self, title: String) {
        if self.call.is_none() {
            self.remember("Call started");
            self.call = Some(Call { since: self.now, title, muted: false, camera_off: false });
        }
        self.go(Page::Call);
    }

    fn join_meeting(&mut self, start: i64) {
        let plan = schedule::meetings(self.options.seed, self.local.minute_of_era(), 10);
        let title = plan.iter().find(|meeting| meeting.start == start).map(|meeting| meeting.title);
        self.start_call(title.unwrap_or("Meeting").to_owned());
    }

    fn set_mood(&mut self, i: u8) {
        let Some((name, lights, blinds)) = MOODS.get(usize::from(i)) else { return };
        (self.saved.lights, self.saved.blinds) = (*lights, *blinds);
        self.settings_changed("Room", name);
    }

    fn change_temperature(&mut self, tenths: i16) {
        self.saved.temperature = (self.saved.temperature + tenths).clamp(160, 280);
        self.store();
    }

    fn key_in(&mut self, digit: &str) {
        let id = FieldId::JoinCode;
        self.set_focus(Some(Id::Field(id)));
        self.field_mut(id).insert(digit, id.form());
        self.field_changed(id);
    }

    fn erase(&mut self) {
        let id = FieldId::JoinCode;
        self.set_focus(Some(Id::Field(id)));
        self.field_mut(id).delete(super::field::Motion::Left, id.form());
        self.field_changed(id);
    }

    fn sign_in(&mut self) {
        let account = self.field(FieldId::Account).text();
        if account.trim().is_empty() || self.field(FieldId::Password).is_empty() {
            self.say(Icon::User, "Enter an account and a password");
            return;
        }
        self.field_mut(FieldId::Password).clear();
        self.field_mut(FieldId::Account).clear();
        self.saved.account = Some(account.trim().to_owned());
        self.remember("Somebody signed in at the console");
        self.store();
        self.go(Page::Home);
        self.say(Icon::Check, "Signed in");
    }

    fn sign_out(&mut self) {
        self.security = false;
        if self.saved.account.take().is_some() {
            self.remember("Signed out at the console");
            self.store();
        }
        self.go(Page::Home);
        self.say(Icon::SignOut, "Signed out");
    }
}
