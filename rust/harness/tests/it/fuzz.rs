//! The bodies of the fuzz targets on a few thousand inputs each.

use std::path::Path;

use rev_accel_core::fuzzing::read_index;
use rev_accel_harness::corpus;
use rev_accel_harness::fuzz::{TARGETS, mutate, seeds};
use rev_accel_harness::random::Random;

/// Inputs of each target; a text has a thread for each way to look at it.
const INPUTS: [usize; 6] = [2_000, 1_000, 20_000, 4_000, 8_000, 20_000];

#[test]
fn an_index_whose_names_take_far_more_than_the_file_is_none() {
    let entry = |cut: u8, name: &[u8]| [&[0; 60][..], &[0x0f, 0xff, cut], name, &[0]].concat();
    let long = [b'a'; 16_000];
    let of = |entries: u32| {
        let first = entry(0, &long);
        let rest = (1..entries).flat_map(|number| entry(4, format!("{number:04}").as_bytes()));
        let head = [&b"DIRC"[..], &4_u32.to_be_bytes(), &entries.to_be_bytes()].concat();
        head.into_iter().chain(first).chain(rest).chain([0; 20]).collect::<Vec<u8>>()
    };
    let read = |entries| read_index(&of(entries), 20).map(|index| index.names.len());
    assert_eq!((read(10), read(4_000)), (Some(10), None));
}

#[test]
fn no_input_of_a_fuzz_target_breaks_what_must_hold() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../python"));
    let files: Vec<_> = corpus::load(folder).unwrap().into_iter().map(|(_, text)| text).collect();
    for ((target, seeds), count) in TARGETS.iter().zip(seeds::seeds(&files)).zip(INPUTS) {
        let mut random = Random::new(1);
        for _ in 0..count {
            let mut input = seeds[random.below(seeds.len())].clone();
            mutate(&mut input, &mut random);
            let outcome = std::panic::catch_unwind(|| (target.run)(&input));
            assert!(outcome.is_ok(), "{} with {input:?}", target.name);
        }
    }
}
