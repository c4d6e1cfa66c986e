//! See `rust/harness/src/fuzz/repositories.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rev_accel_harness::fuzz::repositories(data));
