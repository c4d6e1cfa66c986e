//! What must be done to every byte of a file: the recogniser, and for what it does not accept the guard's outline and the parser, which is
//! the floor of everybody who makes a tree.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run must stop")]

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use rev_accel_benches::{module, sources, tree};
use rev_accel_core::Grammar;
use rev_accel_core::syntax::{audit, guard};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};

fn main() {
    divan::main();
}

/// One file of so many functions.
const SIZES: [usize; 3] = [10, 100, 1_000];

#[divan::bench(args = SIZES)]
fn recogniser_of_file(bencher: Bencher<'_, '_>, functions: usize) {
    let text = module(functions);
    assert!(audit::recognised(&text, Grammar::default()).is_ok(), "plain Python is accepted");
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| audit::recognised(black_box(&text), Grammar::default()));
}

#[divan::bench(args = SIZES)]
fn guard_of_file(bencher: Bencher<'_, '_>, functions: usize) {
    let text = module(functions);
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| guard::outline(black_box(&text)));
}

#[divan::bench(args = SIZES)]
fn parser_of_file(bencher: Bencher<'_, '_>, functions: usize) {
    let text = module(functions);
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| parse(black_box(&text)));
}

#[divan::bench(sample_count = 10)]
fn recogniser_of_tree(bencher: Bencher<'_, '_>) {
    let texts = texts();
    bencher.counter(bytes(&texts)).bench_local(|| {
        for text in &texts {
            let _ = black_box(audit::recognised(text, Grammar::default()));
        }
    });
}

#[divan::bench(sample_count = 10)]
fn guard_of_tree(bencher: Bencher<'_, '_>) {
    let texts = texts();
    bencher.counter(bytes(&texts)).bench_local(|| {
        for text in &texts {
            black_box(guard::outline(text));
        }
    });
}

#[divan::bench(sample_count = 10)]
fn parser_of_tree(bencher: Bencher<'_, '_>) {
    // What the guard would not let through must not reach the parser here either.
    let texts: Vec<_> = texts().into_iter().filter(|text| guard::outline(text).stop.is_none()).collect();
    bencher.counter(bytes(&texts)).bench_local(|| {
        for text in &texts {
            parse(text);
        }
    });
}

/// Parses, and drops the tree, which is part of the price.
fn parse(text: &str) {
    black_box(parse_unchecked(text, ParseOptions::from(Mode::Module)));
}

fn texts() -> Vec<String> {
    let files = sources(&tree()).expect("the tree to measure must be readable");
    files.into_iter().filter_map(|bytes| String::from_utf8(bytes).ok()).collect()
}

fn bytes(texts: &[String]) -> BytesCount {
    BytesCount::new(texts.iter().map(String::len).sum::<usize>())
}
