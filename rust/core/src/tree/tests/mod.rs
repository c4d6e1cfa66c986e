//! Trees that change under a snapshot.
