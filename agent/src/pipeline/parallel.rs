//! The same work on several things at once, on threads that end with the call: what is encoded for a viewer takes all
//! cores for a moment, and nothing between pictures.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Builder};

/// More would only take the room's own programs their share.
const THREADS_MAX: usize = 4;

/// One for each core, and four at most.
pub fn n_threads() -> usize {
    thread::available_parallelism().map_or(1, |n_cores| n_cores.get().min(THREADS_MAX))
}

/// Does `work` on every item, on at most `n_threads` threads, the caller's among them. The results are in the order of
/// the items. A thread that the system does not give is done without.
pub fn map<T: Send, R: Send>(items: Vec<T>, n_threads: usize, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let n_helpers = n_threads.min(items.len()).saturating_sub(1);
    if n_helpers == 0 {
        return items.into_iter().map(work).collect();
    }
    let queue = Mutex::new(items.into_iter().enumerate());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work_off = || {
        let mut done = Vec::new();
        while let Some((index, item)) = next() {
            done.push((index, work(item)));
        }
        done
    };
    let mut done = thread::scope(|scope| {
        let start = |_| Builder::new().name("encoding".to_owned()).spawn_scoped(scope, work_off).ok();
        let helpers: Vec<_> = (0..n_helpers).map_while(start).collect();
        let mut done = work_off();
        for helper in helpers {
            done.extend(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        for n_threads in [0, 1, 2, 4, 100] {
            let results = map((0..50).collect(), n_threads, |item: u32| item * item);
            assert_eq!(results, (0..50).map(|item| item * item).collect::<Vec<_>>(), "{n_threads} threads");
        }
        assert!(map(Vec::<u32>::new(), 4, |item| item).is_empty());
    }

    #[test]
    fn items_are_worked_on_at_once() {
        // Nobody passes the barrier alone.
        let barrier = Barrier::new(3);
        let leaders = map(vec![(); 3], 3, |()| barrier.wait().is_leader());
        assert_eq!(leaders.iter().filter(|is_leader| **is_leader).count(), 1);
    }

    #[test]
    #[should_panic(expected = "as asked for")]
    fn a_panic_is_passed_on() {
        // On a helper's thread: the caller waits for it in its first item.
        let caller = thread::current().id();
        let barrier = Barrier::new(2);
        map(vec![(); 2], 2, |()| {
            barrier.wait();
            assert!(thread::current().id() == caller, "as asked for");
        });
    }
}
