//! Which git, and how it is run so that nothing of the repository runs with it.
//!
//! * The program is the first one in an absolute entry of PATH that does not lie in the working tree.
//! * No shell, no terminal, no pager, no file system monitor, no hooks, no signatures that another program checks.
//! * Nothing is written: the index is not refreshed on disk. Nothing is fetched.
//! * The clean and process filters that the repository's own configuration names are blanked.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ask::Environment;

/// Variables that options take their values from.
const NOTHING: &str = "REV_ACCEL_NOTHING";
const FALSE: &str = "REV_ACCEL_FALSE";

/// How long the options that blank filters may be in all, in bytes: git passes them on in one variable, which Linux bounds at 128 KiB.
const MOST_OPTIONS: usize = 48 << 10;

/// Settings that hold before those of any file. An index that is read by several threads may say itself where its entries are, and then
/// has others than [`index`](super::index) sees.
const SETTINGS: [&str; 7] =
    ["--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "index.threads=1"];

/// The last of them.
pub(super) const LAST_SETTING: (&str, &str) = ("index.threads", "1");

/// Variables that are set over those of the caller: no lock for a refresh of the index, no fetch of what a partial clone left out (in
/// two ways, since older versions know only the second), no question at the terminal, no flush after each commit.
const VARIABLES: [(&str, &str); 7] = [
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_FLUSH", "0"),
    (NOTHING, ""),
    (FALSE, "false"),
];

/// A git that may be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Git {
    pub(super) program: PathBuf,
}

impl Git {
    /// The first git in PATH that no working tree around the folder holds; both as the environment says.
    pub(super) fn find(environment: &Environment, folder: &Path) -> Option<Self> {
        let trees = trees_around(environment, folder);
        let name = if cfg!(windows) { "git.exe" } else { "git" };
        let is_inside = |path: &Path| trees.iter().any(|tree| path.starts_with(tree));
        std::env::split_paths(environment.get("PATH")?)
            .filter(|entry| entry.is_absolute())
            .map(|entry| entry.join(name))
            .find(|program| {
                let holds = program.parent().and_then(|entry| entry.canonicalize().ok());
                let leads = program.canonicalize();
                is_program(program)
                    && holds.is_some_and(|entry| !is_inside(&entry))
                    && leads.is_ok_and(|there| !is_inside(&there))
            })
            .map(|program| Self { program })
    }

    /// A command in a folder, with these filters blanked.
    pub(super) fn command(&self, folder: &Path, environment: &Environment, blanks: &Blanks) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(folder).env_clear().envs(environment.variables()).envs(VARIABLES);
        command.args(SETTINGS).args(&blanks.0);
        command
    }
}

/// Options that blank filters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Blanks(Vec<OsString>);

impl Blanks {
    /// `None` if there are more than can be passed on.
    pub(super) fn new<'a>(filters: impl Iterator<Item = &'a OsStr>) -> Option<Self> {
        let (mut options, mut length) = (Vec::new(), 0);
        for filter in filters {
            length += 3 * (filter.len() + 40);
            if length > MOST_OPTIONS {
                return None;
            }
            for (variable, value) in [("clean", NOTHING), ("process", NOTHING), ("required", FALSE)] {
                // This form splits at the last `=`: a name may hold some.
                let mut option = OsString::from("--config-env=filter.");
                option.push(filter);
                option.push(format!(".{variable}={value}"));
                options.push(option);
            }
        }
        Some(Self(options))
    }
}

/// The folder, and every working tree that holds it. A tree at the root of the file system would leave no program.
fn trees_around(environment: &Environment, folder: &Path) -> Vec<PathBuf> {
    let mut trees: Vec<_> = folder.canonicalize().into_iter().collect();
    let named = environment.get("GIT_WORK_TREE").map(|tree| folder.join(tree));
    trees.extend(named.and_then(|tree| tree.canonicalize().ok()));
    let above = trees.first().cloned().unwrap_or_default();
    trees.extend(above.ancestors().skip(1).filter(|up| up.join(".git").exists()).map(Path::to_owned));
    trees.retain(|tree| tree.parent().is_some());
    trees
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}
