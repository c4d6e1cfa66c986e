//! A look at a known tree, against the floor of bare `stat` calls; and what the look is made of.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run must stop")]

use std::fs;
use std::sync::LazyLock;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use rev_accel_benches::tree;
use rev_accel_core::Selection;
use rev_accel_core::measure::{KnownTree, listing, selected, stamp_through_bytes, system_clock};

static KNOWN: LazyLock<KnownTree> = LazyLock::new(|| {
    // As if some time had passed, so that a tree that was just written is measured too.
    let later = || system_clock() + 3_600_000_000_000;
    KnownTree::new(&tree(), Selection::Ignore, later).expect("the tree to measure must be readable")
});

fn main() {
    divan::main();
}

#[divan::bench(args = [1, 2])]
fn floor_by_threads(bencher: Bencher<'_, '_>, threads: usize) {
    bencher.counter(ItemsCount::new(KNOWN.paths())).bench_local(|| KNOWN.look(threads));
}

#[divan::bench(args = [1, 2])]
fn check_by_threads(bencher: Bencher<'_, '_>, threads: usize) {
    let later = || system_clock() + 7_200_000_000_000;
    assert!(KNOWN.check(threads, later).expect("nobody cancels"), "the tree must not change meanwhile");
    bencher.counter(ItemsCount::new(KNOWN.paths())).bench_local(|| KNOWN.check(threads, later));
}

#[divan::bench(args = [Selection::All, Selection::Ignore])]
fn select_alone(bencher: Bencher<'_, '_>, selection: Selection) {
    let tree = tree();
    bencher.bench_local(|| selected(&tree, selection, false));
}

#[divan::bench(args = [Selection::All, Selection::Ignore])]
fn select_and_watch(bencher: Bencher<'_, '_>, selection: Selection) {
    let tree = tree();
    bencher.bench_local(|| selected(&tree, selection, true));
}

#[divan::bench]
fn listing_of_one_folder(bencher: Bencher<'_, '_>) {
    let folder = tree();
    bencher.bench_local(|| listing(&folder));
}

#[divan::bench]
fn stamp_of_one_file(bencher: Bencher<'_, '_>) {
    let metadata = fs::metadata(tree()).expect("the tree to measure must be readable");
    bencher.bench_local(|| stamp_through_bytes(black_box(&metadata)));
}
