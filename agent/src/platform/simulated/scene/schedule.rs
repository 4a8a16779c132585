//! Meetings and people, made up from a seed: the same seed and minute make the same plan.

/// Minutes in which one meeting lies.
const SLOT_MINUTES: i64 = 90;

const TITLES: [&str; 16] = [
    "Design review",
    "Weekly planning",
    "Supplier call",
    "Budget check-in",
    "Team stand-up",
    "Roadmap workshop",
    "Customer interview",
    "Site safety briefing",
    "Retrospective",
    "Onboarding session",
    "Release readiness",
    "Quarterly outlook",
    "Research read-out",
    "Hiring panel",
    "Facilities sync",
    "Product demo",
];

pub(super) const PEOPLE: [&str; 12] = [
    "Mara Lindqvist",
    "Tomás Rivera",
    "Aiko Tanaka",
    "Jonas Weber",
    "Priya Nair",
    "Zoë Martin",
    "Samuel Okafor",
    "Ewa Kowalska",
    "Liam O’Connor",
    "Noor Haddad",
    "Ivana Novák",
    "Daniel Cruz",
];

/// A meeting in the room; minutes as in [`super::LocalTime::minute_of_era`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meeting {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) title: &'static str,
    pub(super) organiser: &'static str,
}

/// The meetings that are not over at `minute`, the earliest first.
pub(super) fn meetings(seed: u64, minute: i64, count: usize) -> Vec<Meeting> {
    let first = minute.div_euclid(SLOT_MINUTES);
    (first..).map(|slot| meeting(seed, slot)).filter(|meeting| minute < meeting.end).take(count).collect()
}

fn meeting(seed: u64, slot: i64) -> Meeting {
    let dice = scattered(seed ^ (slot as u64).wrapping_mul(0x9E37_79B9));
    let start = slot * SLOT_MINUTES + [0, 15, 30][(dice % 3) as usize];
    let end = start + [30, 45, 60][(dice / 3 % 3) as usize];
    // Neighbours differ: titles follow one another in a row that starts anywhere.
    let row = (slot as u64).wrapping_mul(5).wrapping_add(seed % 16);
    Meeting {
        start,
        end,
        title: TITLES[(row % 16) as usize],
        organiser: PEOPLE[((row / 2 + dice % 3) % PEOPLE.len() as u64) as usize],
    }
}

/// Spreads a number over 64 bits.
pub(super) fn scattered(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Spreads a text over 64 bits, the same in every version of the agent.
pub(in crate::platform::simulated) fn scattered_text(text: &str) -> u64 {
    text.bytes().fold(0, |spread, byte| scattered(spread ^ u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meetings_follow_one_another_and_end_late() {
        for minute in (29_000_000..29_003_000).step_by(17) {
            let plan = meetings(7, minute, 8);
            assert_eq!(plan.len(), 8);
            assert!(plan.iter().all(|meeting| minute < meeting.end));
            assert!(plan.windows(2).all(|pair| pair[0].end <= pair[1].start && pair[0].title != pair[1].title));
        }
    }

    #[test]
    fn rooms_with_similar_names_have_different_plans() {
        let rooms: Vec<String> = (0..50).map(|number| format!("room-{number}")).collect();
        let plans: Vec<_> = rooms.iter().map(|room| meetings(scattered_text(room), 29_000_000, 4)).collect();
        for (index, plan) in plans.iter().enumerate() {
            assert!(!plans[..index].contains(plan), "{}", rooms[index]);
        }
        assert_eq!(scattered_text("aurora"), scattered_text("aurora"));
    }
}
