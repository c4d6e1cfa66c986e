//! Findings to text: the drop-in's object from findings that are there, and whole streamed scans by format.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run must stop")]

use divan::Bencher;
use divan::counter::BytesCount;
use rev_accel_benches::{exclude, tree};
use rev_accel_core::{Cancel, Grammar, LineFormat, Options, scan, scan_lines};

fn main() {
    divan::main();
}

#[divan::bench]
fn drop_in_object(bencher: Bencher<'_, '_>) {
    let options = options();
    let found = scan(&options, &Grammar::default(), &Cancel::new(), &|_, _| {}).expect("the tree must be readable");
    let length = found.to_drop_in_json().len();
    bencher.counter(BytesCount::new(length)).bench_local(|| found.to_drop_in_json());
}

#[divan::bench(sample_count = 10)]
fn streamed_text(bencher: Bencher<'_, '_>) {
    stream(bencher, LineFormat::Text { color: false });
}

#[divan::bench(sample_count = 10)]
fn streamed_json_lines(bencher: Bencher<'_, '_>) {
    stream(bencher, LineFormat::JsonLines);
}

fn options() -> Options {
    Options { exclude: exclude(), ..Options::new(tree(), [".".into()]) }
}

fn stream(bencher: Bencher<'_, '_>, format: LineFormat) {
    let options = options();
    let run = || {
        let mut length = 0;
        let write = |piece: &[u8]| {
            length += piece.len();
            true
        };
        let done = scan_lines(&options, format, &Grammar::default(), &Cancel::new(), &|_, _| {}, write);
        done.expect("the tree must be readable");
        length
    };
    bencher.counter(BytesCount::new(run())).bench_local(run);
}
