//! The product's promises on virtual time.

use std::ops::Range;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;
use trials::effort::Effort;
use trials::simulation::{Plant, Story, tell};

fn next(seeds: &Mutex<Range<u64>>) -> Option<u64> {
    seeds.lock().expect("nobody panics with it").next()
}

/// `RUST_LOG=info` with the seed of a story tells it in words.
fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("off"));
    // Another test may have set it up.
    _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time().try_init();
}

#[test]
fn every_promise_holds_in_every_story() {
    log();
    let effort = Effort::or(200);
    let seeds = Mutex::new(effort.seeds());
    let sum = Mutex::new(Story::default());
    let tell_some = || {
        while let Some(seed) = next(&seeds) {
            let story = tell(seed, None);
            let violations: Vec<String> = story.violations.iter().map(ToString::to_string).collect();
            assert!(violations.is_empty(), "seed {seed}: {violations:#?}");
            sum.lock().expect("nobody panics with it").add(&story);
            if seed % 10_000 == 0 {
                println!("seed {seed}");
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(tell_some);
        }
    });
    let sum = sum.into_inner().expect("nobody panics with it");
    println!("{effort:?}: {sum:?}");
    let n = effort.times as usize;
    assert!(n <= sum.n_sessions, "the stories have something to tell");
    assert!(
        effort.times * 20 <= sum.n_pictures && effort.times <= sum.n_injected && effort.times / 4 <= sum.n_restarts
    );
}

#[test]
fn the_same_seed_is_the_same_story() {
    for seed in 1..4 {
        assert_eq!(format!("{:?}", tell(seed, None)), format!("{:?}", tell(seed, None)));
    }
}

#[test]
fn every_fault_that_was_built_in_is_found() {
    for plant in Plant::ALL {
        let found = (1..400).find_map(|seed| {
            let story = tell(seed, Some(plant));
            let violation = story.violations.into_iter().find(|violation| violation.rule == plant.breaks())?;
            Some(format!("seed {seed}: {violation}"))
        });
        println!("{plant:?}: {found:?}");
        assert!(found.is_some(), "{plant:?} is not found");
    }
}
