//! Inputs that the benchmarks share: a real tree, and files of a chosen size.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// Names another tree for the benchmarks to measure.
pub const TREE_VARIABLE: &str = "REV_ACCEL_BENCH_TREE";

/// Folders inside a standard library that are not part of it.
const LEFT_OUT: [&str; 3] = ["site-packages", "dist-packages", "__pycache__"];

/// One function in which every rule finds something; `{number}` is replaced.
const FUNCTION: &str = r#"def step_{number}(first, second, third, fourth, fifth, sixth=None):
    """Handles one step of the run; see the notes on ordering."""
    global total, state_{number}
    # TODO: take the unit from the settings
    values = [item.size * 2 for item in (first, second) if item is not None]
    if sixth:
        print(f"step {sixth!r} of {number}", *values)
        return eval(sixth, {"total": total})
    return third + fourth[fifth]


"#;

/// The tree to measure: what [`TREE_VARIABLE`] names, else the standard library of the `python3` on the search path, else the fixtures
/// of the tests.
#[must_use]
pub fn tree() -> PathBuf {
    let found = env::var_os(TREE_VARIABLE).map(PathBuf::from).or_else(standard_library);
    found.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures"))
}

/// The bytes of every Python file below `folder`, sorted by path.
///
/// # Errors
/// When a folder or a file of the tree cannot be read.
pub fn sources(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if !is_left_out(&entry) {
                found.append(&mut sources(&path)?);
            }
        } else if path.extension().is_some_and(|extension| extension == "py") {
            found.push(fs::read(&path)?);
        }
    }
    Ok(found)
}

/// The globs that leave out of a scan what [`sources`] leaves out.
#[must_use]
pub fn exclude() -> Vec<String> {
    LEFT_OUT.map(str::to_owned).to_vec()
}

/// A module of so many functions, about 420 bytes each, in which every rule finds something.
#[must_use]
pub fn module(functions: usize) -> String {
    (0..functions).map(|number| FUNCTION.replace("{number}", &number.to_string())).collect()
}

fn is_left_out(entry: &fs::DirEntry) -> bool {
    LEFT_OUT.iter().any(|name| entry.file_name() == *name)
}

fn standard_library() -> Option<PathBuf> {
    let program = "import sysconfig; print(sysconfig.get_path('stdlib'))";
    let answer = Command::new("python3").args(["-c", program]).output().ok()?;
    let path = PathBuf::from(String::from_utf8(answer.stdout).ok()?.trim());
    path.is_dir().then_some(path)
}
