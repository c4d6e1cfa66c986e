//! See `rust/harness/src/fuzz/records.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rev_accel_harness::fuzz::records(data));
