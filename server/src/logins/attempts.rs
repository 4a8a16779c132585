//! How often somebody may try to sign in: per account and per address, whether or not the account exists.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use protocol::time::Micros;
use sha2::{Digest as _, Sha256};

const MINUTE: Micros = Micros::from_secs(60);
const DAY: Micros = Micros::from_secs(24 * 60 * 60);
/// Keys that are remembered; the least recent go first.
const KEYS_MAX: usize = 50_000;

/// So many tries within a time.
#[derive(Debug, Clone, Copy)]
struct Allowance {
    tries: u32,
    within: Micros,
}

const ACCOUNT_MINUTE: Allowance = Allowance { tries: 5, within: MINUTE };
const ACCOUNT_DAY: Allowance = Allowance { tries: 100, within: DAY };
const ADDRESS_MINUTE: Allowance = Allowance { tries: 30, within: MINUTE };

/// Counts tries.
#[derive(Debug, Default)]
pub struct Attempts {
    accounts_minute: Mutex<Windows<[u8; 32]>>,
    accounts_day: Mutex<Windows<[u8; 32]>>,
    addresses: Mutex<Windows<IpAddr>>,
}

/// Too many tries: wait so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait(pub Micros);

impl Wait {
    pub fn whole_seconds(self) -> u32 {
        u32::try_from(self.0.0.div_ceil(1_000_000)).unwrap_or(u32::MAX)
    }
}

impl Attempts {
    /// Counts a try from an address.
    ///
    /// # Errors
    /// When there were too many.
    pub fn from_address(&self, address: IpAddr, now: Micros) -> Result<(), Wait> {
        lock(&self.addresses).count(network_of(address), ADDRESS_MINUTE, now)
    }

    /// Counts a try at an account.
    ///
    /// # Errors
    /// When there were too many.
    pub fn at_account(&self, email: &str, now: Micros) -> Result<(), Wait> {
        let key = account_key(email);
        lock(&self.accounts_minute).count(key, ACCOUNT_MINUTE, now)?;
        lock(&self.accounts_day).count(key, ACCOUNT_DAY, now)
    }

    /// The right password was given: earlier mistakes no longer count.
    pub fn succeeded(&self, email: &str) {
        let key = account_key(email);
        lock(&self.accounts_minute).forget(&key);
        lock(&self.accounts_day).forget(&key);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Upper and lower case are one account; the address itself is not kept.
fn account_key(email: &str) -> [u8; 32] {
    Sha256::digest(email.trim().to_lowercase()).into()
}

/// One person has a whole /64 of IPv6.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Tries per key in fixed windows.
#[derive(Debug)]
struct Windows<K> {
    windows: HashMap<K, Window>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    started: Micros,
    tries: u32,
}

impl<K> Default for Windows<K> {
    fn default() -> Self {
        Self { windows: HashMap::new() }
    }
}

impl<K: Hash + Eq + Clone> Windows<K> {
    fn count(&mut self, key: K, allowance: Allowance, now: Micros) -> Result<(), Wait> {
        if KEYS_MAX <= self.windows.len() && !self.windows.contains_key(&key) {
            self.make_room(allowance, now);
        }
        let window = self.windows.entry(key).or_insert(Window { started: now, tries: 0 });
        if allowance.within <= now.since(window.started) {
            *window = Window { started: now, tries: 0 };
        }
        if allowance.tries <= window.tries {
            return Err(Wait(allowance.within.since(now.since(window.started))));
        }
        window.tries += 1;
        Ok(())
    }

    fn forget(&mut self, key: &K) {
        self.windows.remove(key);
    }

    /// Drops windows that are over, then the older half.
    fn make_room(&mut self, allowance: Allowance, now: Micros) {
        self.windows.retain(|_, window| now.since(window.started) < allowance.within);
        if KEYS_MAX <= self.windows.len() {
            let mut starts: Vec<Micros> = self.windows.values().map(|window| window.started).collect();
            let (_, median, _) = starts.select_nth_unstable(KEYS_MAX / 2);
            let median = *median;
            self.windows.retain(|_, window| median < window.started);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_takes_five_tries_a_minute_whatever_its_spelling() {
        let attempts = Attempts::default();
        for _ in 0..5 {
            assert_eq!(attempts.at_account("A@example.com", Micros::ZERO), Ok(()));
        }
        assert_eq!(attempts.at_account(" a@Example.com", Micros::from_secs(10)), Err(Wait(Micros::from_secs(50))));
        assert_eq!(attempts.at_account("b@example.com", Micros::from_secs(10)), Ok(()));
        assert_eq!(attempts.at_account("a@example.com", Micros::from_secs(60)), Ok(()));
    }

    #[test]
    fn an_account_takes_a_hundred_tries_a_day() {
        let attempts = Attempts::default();
        let counted =
            (0..500).filter(|minute| attempts.at_account("a", Micros::from_secs(60 * minute)).is_ok()).count();
        assert_eq!(counted, 100);
    }

    #[test]
    fn success_forgets_mistakes() {
        let attempts = Attempts::default();
        for _ in 0..20 {
            assert_eq!(attempts.at_account("a", Micros::ZERO), Ok(()));
            attempts.succeeded("a");
        }
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let attempts = Attempts::default();
        let address = |last: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last));
        for last in 0..30 {
            assert_eq!(attempts.from_address(address(last), Micros::ZERO), Ok(()));
        }
        assert!(attempts.from_address(address(31), Micros::ZERO).is_err());
        assert_eq!(attempts.from_address([127, 0, 0, 1].into(), Micros::ZERO), Ok(()));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut windows = Windows::default();
        for key in 0..2 * KEYS_MAX as u64 {
            assert_eq!(windows.count(key, ACCOUNT_DAY, Micros(key)), Ok(()));
        }
        assert!(windows.windows.len() <= KEYS_MAX);
    }
}
