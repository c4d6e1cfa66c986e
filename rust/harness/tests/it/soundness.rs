//! Comparisons of the producers: 200,000 mutants, 40,000 programs and all bombs.
//!
//! The mutants are made of the Python files of this repository and, if the variable `REV_ACCEL_HARNESS_TREE` names one, of those of
//! another folder, which does not change with the repository.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::{env, thread};

use rev_accel_core::Grammar;
use rev_accel_harness::random::Random;
use rev_accel_harness::{STACK, Tally, bombs, compare, corpus, mutants, programs};

/// Texts from one seed. Many seeds spread the work over the cores without an effect on the texts.
const TEXTS: usize = 1_000;

/// Largest text, in bytes, of which mutants are made.
const LARGEST_BASE: usize = 20_000;

static BASES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut folders = vec![concat!(env!("CARGO_MANIFEST_DIR"), "/../../python").to_owned()];
    folders.push(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests").to_owned());
    folders.extend(env::var("REV_ACCEL_HARNESS_TREE"));
    let texts = folders.iter().flat_map(|folder| corpus::load(Path::new(folder)).unwrap());
    texts.map(|(_, text)| text).filter(|text| (3..=LARGEST_BASE).contains(&text.len())).collect()
});

/// Compares `seeds` × [`TEXTS`] texts on all cores.
fn run(seeds: u64, make: impl Fn(&mut Random) -> String + Sync) -> Tally {
    let next = AtomicU64::new(0);
    let total = Mutex::new(Tally::default());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                break;
            }
            let mut random = Random::new(seed);
            let mut tally = Tally::default();
            for _ in 0..TEXTS {
                count(&mut tally, &make(&mut random));
            }
            total.lock().unwrap().add(&tally);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).unwrap();
        }
    });
    total.into_inner().unwrap()
}

fn count(tally: &mut Tally, text: &str) {
    let outcome = compare(text, Grammar::default());
    assert!(!tally.count(&outcome), "{outcome:?} in\n{text}");
}

#[test]
fn mutants_of_real_files_get_no_other_verdict_and_no_other_facts_than_from_the_parser() {
    let bases: Vec<&str> = BASES.iter().map(String::as_str).collect();
    let tally = run(200, |random| {
        let index = random.below(bases.len());
        mutants::mutant(&bases, index, random)
    });
    assert_eq!(tally.texts, 200_000);
    assert!(tally.accepted > 60_000, "{tally:?}");
}

#[test]
fn generated_programs_get_the_facts_of_the_parser_in_its_order() {
    let tally = run(40, programs::program);
    assert!(tally.accepted > 10_000 && tally.facts > 50_000, "{tally:?}");
}

#[test]
fn nests_and_chains_are_accepted_only_where_the_parser_accepts_them() {
    let tally = thread::Builder::new().stack_size(STACK).spawn(|| {
        let mut tally = Tally::default();
        bombs::bombs(|text| count(&mut tally, &text));
        tally
    });
    let tally = tally.unwrap().join().unwrap();
    assert!(tally.accepted > 10_000, "{tally:?}");
}
