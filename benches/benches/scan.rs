//! A whole tree, from its path to its findings, by number of threads.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run must stop")]

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use rev_accel_benches::{exclude, tree};
use rev_accel_core::{Cancel, Grammar, Options, Scan, scan};

fn main() {
    divan::main();
}

#[divan::bench(args = [1, 2], sample_count = 10)]
fn tree_by_threads(bencher: Bencher<'_, '_>, threads: usize) {
    let options = Options { threads: Some(threads), exclude: exclude(), ..Options::new(tree(), [".".into()]) };
    let stats = run(&options).stats;
    let (files, bytes) = (ItemsCount::new(stats.files), BytesCount::new(stats.bytes));
    bencher.counter(files).counter(bytes).bench_local(|| run(&options));
}

fn run(options: &Options) -> Scan {
    scan(options, &Grammar::default(), &Cancel::new(), &|_, _| {}).expect("the tree to measure must be readable")
}
