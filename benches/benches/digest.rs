//! Digests, without Python: texts of several sizes, a history of messages, and the hash alone as their floor.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run must stop")]

use divan::Bencher;
use divan::counter::BytesCount;
use rev_accel_core::canonical::{Encoder, Excess, Output};
use rev_accel_core::{Domain, Hashing};

/// A history of messages, as benches/llm.py has it.
const MESSAGES: usize = 120;
const MESSAGE_BYTES: usize = 4 << 10;

fn main() {
    divan::main();
}

#[divan::bench(args = [100, 4_000, 100_000, 10_000_000])]
fn text(bencher: Bencher<'_, '_>, length: usize) {
    let text = vec![b'x'; length];
    bencher.counter(BytesCount::new(length)).bench(|| encode(Hashing::default(), |encoder| encoder.text(&text)));
}

#[divan::bench]
fn messages(bencher: Bencher<'_, '_>) {
    let text = vec![b'x'; MESSAGE_BYTES];
    bencher
        .counter(BytesCount::new(MESSAGES * MESSAGE_BYTES))
        .bench(|| encode(Hashing::default(), |encoder| feed_messages(encoder, &text)));
}

#[divan::bench]
fn messages_floor(bencher: Bencher<'_, '_>) {
    let text = vec![b'x'; MESSAGE_BYTES];
    let bytes = encode(Vec::new(), |encoder| feed_messages(encoder, &text));
    bencher.counter(BytesCount::new(bytes.len())).bench(|| blake3::hash(&bytes));
}

#[divan::bench]
fn ten_thousand_small_values(bencher: Bencher<'_, '_>) {
    let feed = |encoder: &mut Encoder<Hashing>| {
        encoder.list(10_000)?;
        for number in 0..2_500 {
            encoder.integer(number)?;
            encoder.float(0.1)?;
            encoder.text(b"parameters")?;
            encoder.none()?;
        }
        encoder.end();
        Ok(())
    };
    bencher.bench(|| encode(Hashing::default(), feed));
}

fn feed_messages<O: Output>(encoder: &mut Encoder<O>, text: &[u8]) -> Result<(), Excess> {
    encoder.list(MESSAGES)?;
    for _ in 0..MESSAGES {
        encoder.dict(2)?;
        encoder.key(b"content")?;
        encoder.text(text)?;
        encoder.key(b"role")?;
        encoder.text(b"assistant")?;
        encoder.end();
    }
    encoder.end();
    Ok(())
}

fn encode<O: Output>(output: O, feed: impl FnOnce(&mut Encoder<O>) -> Result<(), Excess>) -> O::Done {
    let mut encoder = Encoder::new(Domain::new("bench").expect("a short name"), output);
    feed(&mut encoder).and_then(|()| encoder.finish()).expect("a value within the bounds")
}
