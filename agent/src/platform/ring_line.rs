//! What the ring says to people in the room, and what they may press in its line. Pure: platforms draw it.

use protocol::access::Access;

/// A connected person, as the ring names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingPerson {
    pub name: String,
    pub access: Access,
    /// Local time at which the person connected: `14:05`.
    pub since: String,
    /// The words that stand on this person's screen, too; `None` before the connection is there.
    pub code: Option<String>,
}

/// Somebody who wants to connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingAsk {
    pub name: String,
    pub access: Access,
    /// How many more want to.
    pub n_others: usize,
    /// After so long they connect, unless somebody declines.
    pub seconds: u64,
}

/// What has just happened, when nobody is connected any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RingNews {
    /// The last person is gone.
    Left { name: String, restart: RestartNews },
    /// People in the room did not want it.
    Declined { name: String },
}

/// Whether the device restarts because the last person is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestartNews {
    No,
    Now,
    /// It waits for the end of the room's call.
    AfterCall,
}

/// What people in the room may press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RingButton {
    /// Ends every session that may be ended so.
    End,
    /// Nobody connects of those who want to.
    Decline,
}

impl RingButton {
    pub const fn name(self) -> &'static str {
        match self {
            Self::End => "End",
            Self::Decline => "Decline",
        }
    }
}

/// The ring's line. The red frame is around every display while `people` has somebody; a line without people stands
/// alone at the top of every display.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RingLine {
    pub people: Vec<RingPerson>,
    pub asks: Option<RingAsk>,
    pub news: Option<RingNews>,
    /// People in the room may end a session that is there.
    pub may_end: bool,
}

impl RingLine {
    /// There is nothing to say: no ring.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.asks.is_none() && self.news.is_none()
    }

    /// Somebody is connected: the red frame is up.
    pub fn is_framed(&self) -> bool {
        !self.people.is_empty()
    }

    /// What may be pressed, from left to right.
    pub fn buttons(&self) -> Vec<RingButton> {
        let decline = self.asks.as_ref().map(|_| RingButton::Decline);
        let end = (self.may_end && self.is_framed()).then_some(RingButton::End);
        decline.into_iter().chain(end).collect()
    }

    /// The words: with everybody who is connected and their codes when that `fits`, else with everybody, else with the
    /// first and how many more. Who is there comes before what proves it.
    pub fn words(&self, fits: impl Fn(&str) -> bool) -> String {
        let all_as = |named: fn(&RingPerson) -> String| {
            self.joined(self.people.iter().map(named).collect::<Vec<_>>().join("; "))
        };
        let with_codes = all_as(person_with_code);
        let [first, others @ ..] = &self.people[..] else { return with_codes };
        if others.is_empty() || fits(&with_codes) {
            return with_codes;
        }
        let everybody = all_as(person);
        if fits(&everybody) {
            return everybody;
        }
        self.joined(format!("{} and {} more", person_with_code(first), others.len()))
    }

    fn joined(&self, people: String) -> String {
        let people = self.is_framed().then(|| format!("{people} · no audio"));
        let asks = self.asks.as_ref().map(ask);
        // News are for a room in which nothing else goes on.
        let news = self.news.as_ref().filter(|_| people.is_none() && asks.is_none()).map(news);
        // What is to be decided comes first.
        [asks, people, news].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }
}

fn person(RingPerson { name, access, since, .. }: &RingPerson) -> String {
    format!("{name} ({}) since {since}", access.name())
}

fn person_with_code(named: &RingPerson) -> String {
    let code = named.code.as_ref().map(|code| format!(", code {code}")).unwrap_or_default();
    person(named) + &code
}

fn ask(RingAsk { name, access, n_others, seconds }: &RingAsk) -> String {
    let others = if *n_others == 0 { String::new() } else { format!(" and {n_others} more") };
    let want = if *n_others == 0 { "wants" } else { "want" };
    format!("{name} ({}){others} {want} to connect: starts in {seconds} s", access.name())
}

fn news(news: &RingNews) -> String {
    match news {
        RingNews::Declined { name } => format!("Declined: {name} does not connect"),
        RingNews::Left { name, restart } => {
            let restart = match restart {
                RestartNews::No => "Nobody is connected",
                RestartNews::Now => "The device restarts now",
                RestartNews::AfterCall => "The device restarts after the call",
            };
            format!("{name} has left. {restart}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn somebody(name: &str, access: Access, code: Option<&str>) -> RingPerson {
        RingPerson { name: name.to_owned(), access, since: "14:05".to_owned(), code: code.map(str::to_owned) }
    }

    fn connected(people: &[RingPerson]) -> RingLine {
        RingLine { people: people.to_vec(), ..RingLine::default() }
    }

    fn ask_of(n_others: usize) -> RingAsk {
        RingAsk { name: "Tom".to_owned(), access: Access::View, n_others, seconds: 17 }
    }

    #[test]
    fn the_line_names_everybody_with_their_code_or_says_how_many() {
        let ada = somebody("Ada Admin", Access::Modify, Some("acorn kite lemon otter"));
        let both = connected(&[ada.clone(), somebody("Tom", Access::View, None)]);
        let alone = "Ada Admin (Modify) since 14:05, code acorn kite lemon otter";
        assert_eq!(connected(&[ada]).words(|_| false), format!("{alone} · no audio"));
        assert_eq!(both.words(|_| true), format!("{alone}; Tom (View) since 14:05 · no audio"));
        let has_no_code = |words: &str| !words.contains("code");
        assert_eq!(both.words(has_no_code), "Ada Admin (Modify) since 14:05; Tom (View) since 14:05 · no audio");
        assert_eq!(both.words(|_| false), format!("{alone} and 1 more · no audio"));
    }

    #[test]
    fn whoever_wants_to_connect_comes_first_and_can_be_declined() {
        let asked = RingLine { asks: Some(ask_of(0)), may_end: true, ..RingLine::default() };
        assert_eq!(asked.words(|_| true), "Tom (View) wants to connect: starts in 17 s");
        assert!(!asked.is_framed(), "nobody is connected yet");
        assert_eq!(asked.buttons(), [RingButton::Decline], "there is nothing to end");

        let people = vec![somebody("Ada", Access::Modify, None)];
        let beside = RingLine { people, asks: Some(ask_of(1)), may_end: true, ..RingLine::default() };
        let words = "Tom (View) and 1 more want to connect: starts in 17 s · Ada (Modify) since 14:05 · no audio";
        assert_eq!(beside.words(|_| true), words);
        assert_eq!(beside.buttons(), [RingButton::Decline, RingButton::End]);
    }

    #[test]
    fn the_last_word_says_who_left_and_whether_the_device_restarts() {
        let left = |restart| {
            let news = Some(RingNews::Left { name: "Ada".to_owned(), restart });
            RingLine { news, may_end: true, ..RingLine::default() }
        };
        assert_eq!(left(RestartNews::No).words(|_| true), "Ada has left. Nobody is connected");
        assert_eq!(left(RestartNews::Now).words(|_| true), "Ada has left. The device restarts now");
        assert_eq!(left(RestartNews::AfterCall).words(|_| true), "Ada has left. The device restarts after the call");
        let declined = RingLine { news: Some(RingNews::Declined { name: "Tom".to_owned() }), ..RingLine::default() };
        assert_eq!(declined.words(|_| true), "Declined: Tom does not connect");
        assert!(left(RestartNews::No).buttons().is_empty() && !left(RestartNews::No).is_framed());
        assert!(RingLine::default().is_empty() && !declined.is_empty());
    }

    #[test]
    fn without_the_policy_there_is_no_end() {
        assert!(connected(&[somebody("Ada", Access::View, None)]).buttons().is_empty());
    }
}
