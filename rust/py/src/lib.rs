//! The extension module `rev_accel._core`: a table of contents. The work is done in `rev-accel-core`.

mod cache;
mod detach;
mod digest;
mod error;
mod interpreter;
mod outline;
mod replies;
mod repo;
mod scan;
mod search;
mod walk;
mod workspace;

use pyo3::prelude::*;

/// Native parts of `rev_accel`; private, use the package's public names.
#[pymodule(gil_used = true)]
mod _core {
    use super::{Bound, PyModule, PyModuleMethods, PyResult};

    #[pymodule_export]
    use super::cache::{
        add_reply_counts, after_fork_in_child, after_fork_in_parent, before_fork, cache_bytes, cache_clear, cache_info,
        cache_shrink, cache_verify, forget, write_counts,
    };
    #[pymodule_export]
    use super::detach::panic_for_tests;
    #[pymodule_export]
    use super::digest::{canonical_bytes, chain_digest, digest, digest_bytes};
    #[pymodule_export]
    use super::outline::{find_definitions, outline, outline_source};
    #[pymodule_export]
    use super::replies::ReplyStore;
    #[pymodule_export]
    use super::repo::{repo_explain, repo_floor, repo_git, repo_head, repo_log, repo_status, repo_text};
    #[pymodule_export]
    use super::scan::{ScanResult, analyze, scan, scan_source, stream};
    #[pymodule_export]
    use super::search::{FoundLines, search};
    #[pymodule_export]
    use super::workspace::{WorkspaceCore, content_digest, plain_name};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::detach::refuse_subinterpreters()?;
        super::detach::keep_panics_quiet();
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
