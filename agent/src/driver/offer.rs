//! Whether a session may start: the console's own decision, whatever the server decided. Pure.

use std::collections::VecDeque;

use protocol::access::Access;
use protocol::ids::{RoomId, SessionId, TenantId};
use protocol::refusal::RefusalCode;
use protocol::secure::{Grant, GrantError, PublicKey, SignedGrant};
use protocol::time::Micros;

use crate::identity::Enrolled;

/// A nonce is good for so long.
const NONCE_LIFETIME: Micros = Micros::from_secs(60);
/// Unspent nonces; the oldest is forgotten first.
const NONCES_MAX: usize = 64;

/// The nonces that this console has given out and that were not spent.
#[derive(Debug, Default)]
pub struct Nonces(VecDeque<([u8; 32], Micros)>);

impl Nonces {
    pub fn add(&mut self, nonce: [u8; 32], now: Micros) {
        if NONCES_MAX <= self.0.len() {
            self.0.pop_front();
        }
        self.0.push_back((nonce, now));
    }

    /// Spends a nonce; true when it was ours, unspent and young enough.
    fn spend(&mut self, nonce: &[u8; 32], now: Micros) -> bool {
        let Some(index) = self.0.iter().position(|(other, _)| other == nonce) else { return false };
        self.0.remove(index).is_some_and(|(_, made_at)| now.since(made_at) <= NONCE_LIFETIME)
    }
}

/// What an offer is checked against.
#[derive(Debug, Clone)]
pub struct Console<'a> {
    pub enrolled: &'a Enrolled,
    pub tenant: &'a TenantId,
    pub room: &'a RoomId,
    pub key: PublicKey,
    pub highest_access: Access,
    /// Nobody talks in the room, for certain.
    pub is_idle: bool,
    /// No more sessions fit.
    pub is_full: bool,
}

/// Why an offer was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OfferRefusal {
    #[error(transparent)]
    Grant(#[from] GrantError),
    #[error("the grant is for another console, tenant or room")]
    OtherConsole,
    #[error("the grant names another key of this console")]
    OtherKey,
    #[error("the grant's nonce is unknown, spent or too old")]
    Nonce,
    #[error("the grant allows more than this console does")]
    TooMuchAccess,
    #[error("the session has used up its time")]
    NoTimeLeft,
    #[error("too many people are connected")]
    Full,
    #[error("the room is in a call, or may be")]
    InCall,
}

impl OfferRefusal {
    pub fn code(&self) -> RefusalCode {
        match self {
            Self::InCall => RefusalCode::InCall,
            _ => RefusalCode::AgentRefused,
        }
    }
}

/// Reads a grant if this console agrees to it. A genuine grant's nonce is spent even when something else is wrong.
///
/// A session that `is_live` may go on in a call (its picture rests) and beside any number of others.
///
/// # Errors
/// Names the first thing that is wrong.
pub fn check(
    signed: &SignedGrant,
    console: &Console<'_>,
    nonces: &mut Nonces,
    is_live: impl Fn(SessionId) -> bool,
    now: Micros,
) -> Result<Grant, OfferRefusal> {
    let grant = signed.verify(&console.enrolled.grant_key)?;
    let nonce_is_good = nonces.spend(&grant.nonce, now);
    let is_here =
        grant.console == console.enrolled.console && grant.tenant == *console.tenant && grant.room == *console.room;
    let is_live = is_live(grant.session);
    match () {
        () if !is_here => Err(OfferRefusal::OtherConsole),
        () if grant.agent_key != console.key => Err(OfferRefusal::OtherKey),
        () if !nonce_is_good => Err(OfferRefusal::Nonce),
        () if console.highest_access < grant.access => Err(OfferRefusal::TooMuchAccess),
        () if grant.limits.maximum <= grant.elapsed => Err(OfferRefusal::NoTimeLeft),
        () if console.is_full && !is_live => Err(OfferRefusal::Full),
        () if !console.is_idle && !is_live => Err(OfferRefusal::InCall),
        () => Ok(grant),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ids::ConsoleId;
    use protocol::secure::{GrantSigner, Limits, Secret};
    use protocol::terms::Terms;
    use protocol::wire::Text;

    const NONCE: [u8; 32] = [5; 32];
    const LIVE: SessionId = SessionId([9; 16]);
    const KEY: PublicKey = PublicKey([3; 32]);

    fn signer(byte: u8) -> GrantSigner {
        GrantSigner::new(&Secret::new([byte; 32]))
    }

    fn tenant(name: &str) -> TenantId {
        TenantId::new(name).expect("a slug")
    }

    fn room(name: &str) -> RoomId {
        RoomId::new(name).expect("a slug")
    }

    fn grant() -> Grant {
        Grant {
            version: protocol::VERSION,
            tenant: tenant("contoso"),
            room: room("aurora"),
            console: ConsoleId([1; 16]),
            session: SessionId([2; 16]),
            agent_key: KEY,
            viewer_key: PublicKey([4; 32]),
            nonce: NONCE,
            access: Access::Modify,
            limits: Limits { idle: Micros::from_secs(900), maximum: Micros::from_secs(14_400) },
            terms: Terms::default(),
            restart_on_end: true,
            elapsed: Micros::ZERO,
            user_name: Text::fitted("Tina Technician"),
            audit_position: 7,
        }
    }

    /// What a test changes about a console that agrees.
    struct Case {
        grant: Grant,
        signer: u8,
        highest_access: Access,
        is_idle: bool,
        is_full: bool,
        age: Micros,
    }

    fn good() -> Case {
        let age = NONCE_LIFETIME;
        Case { grant: grant(), signer: 1, highest_access: Access::Modify, is_idle: true, is_full: false, age }
    }

    fn run(case: &Case, nonces: &mut Nonces) -> Result<Grant, OfferRefusal> {
        let enrolled = Enrolled { console: ConsoleId([1; 16]), grant_key: signer(1).public_key() };
        let (tenant, room) = (tenant("contoso"), room("aurora"));
        let console = Console {
            enrolled: &enrolled,
            tenant: &tenant,
            room: &room,
            key: KEY,
            highest_access: case.highest_access,
            is_idle: case.is_idle,
            is_full: case.is_full,
        };
        check(&signer(case.signer).sign(&case.grant), &console, nonces, |session| session == LIVE, case.age)
    }

    fn fresh() -> Nonces {
        let mut nonces = Nonces::default();
        nonces.add(NONCE, Micros::ZERO);
        nonces
    }

    #[test]
    fn a_good_offer_is_accepted_once() {
        let mut nonces = fresh();
        assert_eq!(run(&good(), &mut nonces), Ok(grant()));
        assert_eq!(run(&good(), &mut nonces), Err(OfferRefusal::Nonce));
    }

    type Row = (&'static str, fn(&mut Case), Result<(), OfferRefusal>);

    #[test]
    fn every_way_of_being_wrong_is_refused() {
        let of = |change: fn(&mut Case)| {
            let mut case = good();
            change(&mut case);
            run(&case, &mut fresh()).map(|_| ())
        };
        let cases: [Row; 17] = [
            ("nothing", |_| {}, Ok(())),
            ("signature", |case| case.signer = 2, Err(OfferRefusal::Grant(GrantError::BadSignature))),
            ("console", |case| case.grant.console = ConsoleId([8; 16]), Err(OfferRefusal::OtherConsole)),
            ("tenant", |case| case.grant.tenant = tenant("fabrikam"), Err(OfferRefusal::OtherConsole)),
            ("room", |case| case.grant.room = room("borealis"), Err(OfferRefusal::OtherConsole)),
            ("key", |case| case.grant.agent_key = PublicKey([8; 32]), Err(OfferRefusal::OtherKey)),
            ("nonce", |case| case.grant.nonce = [6; 32], Err(OfferRefusal::Nonce)),
            ("age", |case| case.age = NONCE_LIFETIME + Micros(1), Err(OfferRefusal::Nonce)),
            ("ceiling", |case| case.highest_access = Access::View, Err(OfferRefusal::TooMuchAccess)),
            ("time", |case| case.grant.elapsed = case.grant.limits.maximum, Err(OfferRefusal::NoTimeLeft)),
            ("full", |case| case.is_full = true, Err(OfferRefusal::Full)),
            ("call", |case| case.is_idle = false, Err(OfferRefusal::InCall)),
            (
                "version",
                |case| case.grant.version += 1,
                Err(OfferRefusal::Grant(GrantError::Version {
                    expected: protocol::VERSION,
                    received: protocol::VERSION + 1,
                })),
            ),
            (
                "view under a ceiling of view",
                |case| (case.highest_access, case.grant.access) = (Access::View, Access::View),
                Ok(()),
            ),
            ("a live session in a call", |case| (case.is_idle, case.grant.session) = (false, LIVE), Ok(())),
            ("a live session of many", |case| (case.is_full, case.grant.session) = (true, LIVE), Ok(())),
            (
                "a live session with a spent nonce",
                |case| (case.grant.session, case.grant.nonce) = (LIVE, [6; 32]),
                Err(OfferRefusal::Nonce),
            ),
        ];
        for (name, change, expected) in cases {
            assert_eq!(of(change), expected, "{name}");
        }
    }

    #[test]
    fn only_a_call_has_a_code_of_its_own() {
        assert_eq!(OfferRefusal::InCall.code(), RefusalCode::InCall);
        assert_eq!(OfferRefusal::Nonce.code(), RefusalCode::AgentRefused);
    }

    #[test]
    fn nonces_are_bounded() {
        let mut nonces = Nonces::default();
        for byte in 0..=NONCES_MAX as u8 {
            nonces.add([byte; 32], Micros::ZERO);
        }
        assert!(!nonces.spend(&[0; 32], Micros::ZERO), "the oldest is forgotten");
        assert!(nonces.spend(&[1; 32], Micros::ZERO));
    }
}
