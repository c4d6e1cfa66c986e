//! What must hold for any bytes whatever: the bodies of the targets of `rust/fuzz`.
//!
//! Each target reads its input from a sequence of bytes and panics when something does not hold. The fuzzer makes up the bytes, guided
//! by coverage; `tests/it/fuzz.rs` changes a few [`seeds`] at random, so that the targets themselves cannot rot.

mod encodings;
mod input;
mod manifests;
mod mutation;
mod producers;
mod records;
mod repositories;
mod scan;
pub mod seeds;
mod stack;

pub use encodings::encodings;
pub use manifests::manifests;
pub use mutation::mutate;
pub use producers::producers;
pub use records::records;
pub use repositories::repositories;
pub use scan::scan;

/// A target by its name.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// As `cargo fuzz` calls it.
    pub name: &'static str,
    /// Panics when something does not hold.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 6] = [
    Target { name: "producers", run: producers },
    Target { name: "scan", run: scan },
    Target { name: "records", run: records },
    Target { name: "manifests", run: manifests },
    Target { name: "encodings", run: encodings },
    Target { name: "repositories", run: repositories },
];
