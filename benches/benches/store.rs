//! What lies on disk: the manifest of a tree, and the content store.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run must stop")]

use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::ItemsCount;
use rev_accel_benches::tree;
use rev_accel_core::measure::KnownCache;

static KNOWN: LazyLock<KnownCache> = LazyLock::new(|| {
    let place = std::env::temp_dir().join(format!("rev-accel-bench-{}", std::process::id()));
    std::fs::create_dir_all(&place).expect("a temporary folder can be made");
    let place = place.canonicalize().expect("it is there");
    KnownCache::new(&tree(), &place).expect("the tree to measure must be readable")
});

fn main() {
    divan::main();
    let _ = std::fs::remove_dir_all(std::env::temp_dir().join(format!("rev-accel-bench-{}", std::process::id())));
}

#[divan::bench]
fn manifest_load(bencher: Bencher<'_, '_>) {
    assert!(KNOWN.load(), "there must be a manifest");
    bencher.bench_local(|| KNOWN.load());
}

#[divan::bench]
fn manifest_write(bencher: Bencher<'_, '_>) {
    assert!(KNOWN.write(), "the manifest must be writable");
    bencher.bench_local(|| KNOWN.write());
}

#[divan::bench(args = [10, 1000, 10_000])]
fn store_put(bencher: Bencher<'_, '_>, values: usize) {
    assert!(KNOWN.put(values), "the store must be writable");
    bencher.counter(ItemsCount::new(values)).bench_local(|| KNOWN.put(values));
}

#[divan::bench(args = [10, 1000, 10_000])]
fn store_get(bencher: Bencher<'_, '_>, values: usize) {
    assert!(KNOWN.put(values), "the store must be writable");
    assert_eq!(KNOWN.get(values), values);
    bencher.counter(ItemsCount::new(values)).bench_local(|| KNOWN.get(values));
}
