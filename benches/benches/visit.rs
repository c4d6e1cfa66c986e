//! Text to findings: one text on one worker, with no rule and with all. The difference to `parse` is the visit, the start of the worker
//! and, in the second bench, the rules.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run must stop")]

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use rev_accel_benches::module;
use rev_accel_core::{Cancel, DEFAULT_MAX_BYTES, Grammar, Producer, RuleSet, Scan, scan_source};

fn main() {
    divan::main();
}

/// One file of so many functions.
const SIZES: [usize; 3] = [10, 100, 1_000];

#[divan::bench(args = SIZES)]
fn no_rule(bencher: Bencher<'_, '_>, functions: usize) {
    bench(bencher, functions, RuleSet::from_bits(0));
}

#[divan::bench(args = SIZES)]
fn all_rules(bencher: Bencher<'_, '_>, functions: usize) {
    bench(bencher, functions, RuleSet::ALL);
}

fn bench(bencher: Bencher<'_, '_>, functions: usize, rules: RuleSet) {
    let text = module(functions);
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| analyse(black_box(&text), rules));
}

fn analyse(text: &str, rules: RuleSet) -> Scan {
    scan_source(
        text.as_bytes(),
        "module.py".into(),
        rules,
        DEFAULT_MAX_BYTES,
        Producer::Parser,
        &Grammar::default(),
        &Cancel::new(),
    )
    .expect("a text within the limits gives a result")
}
