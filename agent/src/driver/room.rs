//! People in the room: what the ring tells them, and what they decide with its buttons.

use protocol::ids::SessionId;
use protocol::link::FromAgent;
use protocol::reason::EndReason;
use protocol::refusal::RefusalCode;
use protocol::secure::Grant;
use protocol::time::Micros;
use tokio::task::block_in_place;

use super::admission::refuse;
use super::session::Session;
use super::{Asking, Core, News, Offer};
use crate::platform::{PlatformError, RestartNews, RingAsk, RingButton, RingLine, RingNews};

/// Nobody waits longer for the people in the room, whatever the grant says: the server would not, either.
const ASK_MAX: Micros = Micros::from_secs(30);
/// The last word stands for so long.
const NEWS_FOR: Micros = Micros::from_secs(10);

impl Core {
    /// Tells the room who wants to connect. The answer to the offer comes with their decision, or when the time is over.
    pub(super) fn ask_room(&mut self, offer: Offer, grant: Grant, within: Micros) -> Result<(), RefusalCode> {
        let (session, until) = (grant.session, self.now.at + within.min(ASK_MAX));
        self.news = None;
        self.asking.insert(session, Asking { offer, grant, until });
        if let Err(error) = self.show_ring() {
            tracing::error!(session.id = %session, %error, "the room cannot be asked");
            self.asking.remove(&session);
            self.update_ring();
            return Err(RefusalCode::IndicatorFailed);
        }
        tracing::info!(session.id = %session, "the room is asked about a session");
        Ok(())
    }

    pub(super) fn take_press(&mut self, button: RingButton) {
        match button {
            RingButton::Decline => self.decline(),
            RingButton::End => self.end_in_room(),
        }
    }

    /// Nobody connects of those who want to.
    fn decline(&mut self) {
        let Some(first) = self.asking.values().next() else { return };
        let name = first.grant.user_name.as_str().to_owned();
        self.refuse_asking(RefusalCode::DeclinedInRoom);
        self.tell_room(RingNews::Declined { name });
        self.update_ring();
    }

    fn end_in_room(&mut self) {
        let may_end = self.sessions.iter().filter(|(_, session)| session.terms.room_may_end);
        let ids: Vec<_> = may_end.map(|(id, _)| *id).collect();
        for id in ids {
            self.end_session(id, EndReason::EndedInRoom);
        }
    }

    /// Whoever waits for the room's decision is refused. The ring is not shown anew.
    pub(super) fn refuse_asking(&mut self, code: RefusalCode) {
        for (session, Asking { offer, .. }) in std::mem::take(&mut self.asking) {
            tracing::info!(session.id = %session, code = code.code(), "a session is refused while the room is asked");
            self.send(FromAgent::Refused { request: offer.request, code });
        }
    }

    /// The server does not want a session any more that the room is asked about.
    pub(super) fn withdraw_asking(&mut self, session: SessionId) {
        if let Some(Asking { offer, .. }) = self.asking.remove(&session) {
            self.send(FromAgent::Refused { request: offer.request, code: RefusalCode::AgentRefused });
            self.update_ring();
        }
    }

    /// Nobody has declined: what the room was asked about begins. Counts the seconds in the line, and takes the last word
    /// away when its time is over.
    pub(super) fn follow_room(&mut self, now: Micros) {
        let is_due = |(id, asking): (&SessionId, &Asking)| (asking.until <= now).then_some(*id);
        let due: Vec<_> = self.asking.iter().filter_map(is_due).collect();
        for session in due {
            let Some(Asking { offer, grant, .. }) = self.asking.remove(&session) else { continue };
            // Much may have happened since the offer was checked; a call has refused it.
            let begun = if self.is_full() {
                Err(refuse(session, &"too many people are connected"))
            } else {
                self.accept(&offer, &grant)
            };
            if let Err(code) = begun {
                self.send(FromAgent::Refused { request: offer.request, code });
            }
        }
        self.news.take_if(|news| news.until <= now);
        if self.ring_line() != self.ring_shown {
            self.update_ring();
        }
    }

    /// Says what has happened, for a while.
    pub(super) fn tell_room(&mut self, news: RingNews) {
        self.news = Some(News { news, until: self.now.at + NEWS_FOR });
    }

    pub(super) fn tell_room_of_end(&mut self, session: &Session, restarts: bool) {
        let restart = match (restarts, self.call.is_idle()) {
            (false, _) => RestartNews::No,
            (true, true) => RestartNews::Now,
            (true, false) => RestartNews::AfterCall,
        };
        self.tell_room(RingNews::Left { name: session.user_name.as_str().to_owned(), restart });
    }

    fn ring_line(&self) -> RingLine {
        let now = self.now.at;
        let first = self.asking.values().min_by_key(|asking| asking.until);
        RingLine {
            people: self.sessions.values().map(Session::ring_person).collect(),
            asks: first.map(|asking| RingAsk {
                name: asking.grant.user_name.as_str().to_owned(),
                access: asking.grant.access,
                n_others: self.asking.len() - 1,
                seconds: asking.until.since(now).0.div_ceil(1_000_000),
            }),
            news: self.news.as_ref().map(|news| news.news.clone()),
            may_end: self.sessions.values().any(|session| session.terms.room_may_end && !session.is_ending()),
        }
    }

    pub(super) fn show_ring(&mut self) -> Result<(), PlatformError> {
        let line = self.ring_line();
        let ring = &mut self.ring.0;
        let shown = block_in_place(|| ring.show(&line));
        self.ring_shown = line;
        shown
    }

    /// The ring names who is connected, and is gone when there is nothing to say. Without it nobody stays or comes.
    pub(super) fn update_ring(&mut self) {
        if self.ring_line().is_empty() {
            self.ring_shown = RingLine::default();
            let ring = &mut self.ring.0;
            return block_in_place(|| ring.hide());
        }
        let Err(error) = self.show_ring() else { return };
        tracing::error!(%error, "the ring cannot be shown; every session ends");
        self.news = None;
        self.refuse_asking(RefusalCode::IndicatorFailed);
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            self.end_session(id, EndReason::IndicatorFailed);
        }
        if self.sessions.is_empty() {
            self.ring_shown = RingLine::default();
            let ring = &mut self.ring.0;
            block_in_place(|| ring.hide());
        }
    }
}
