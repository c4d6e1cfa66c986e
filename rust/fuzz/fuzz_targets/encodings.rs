//! See `rust/harness/src/fuzz/encodings.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rev_accel_harness::fuzz::encodings(data));
