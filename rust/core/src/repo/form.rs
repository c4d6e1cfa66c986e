//! What can be asked, and the commands that git answers it with.

use std::ffi::OsString;

/// The format of one commit in [`Form::Log`]: fields that end with a NUL, in the order of [`Commit`](super::Commit).
const COMMIT: &str = "--format=format:%H%x00%h%x00%P%x00%an%x00%ae%x00%ct%x00%s%x00";

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// The text of rev: `git status -s`, `git log -n N --oneline`, and the entries of the folder.
    Text {
        /// The number of commits, as git reads it.
        commits: String,
        /// Names of entries that are left out.
        excluded: Vec<OsString>,
    },
    /// What differs in the working tree and the index.
    Status,
    /// The latest commits.
    Log {
        /// How many.
        commits: u32,
    },
    /// What is checked out.
    Head,
}

impl Form {
    /// The arguments of each command, all to be run at the same time. With `lists_ignored`, status says also what it ignores.
    pub(super) fn commands(&self, lists_ignored: bool) -> Vec<Vec<&str>> {
        let ignored = lists_ignored.then_some("--ignored=matching");
        match self {
            Self::Text { commits, .. } => vec![
                ["status", "-s"].into_iter().chain(ignored).collect(),
                vec!["log", "-n", commits, "--oneline", "--no-show-signature"],
            ],
            Self::Status => vec![["status", "--porcelain=v1", "-z"].into_iter().chain(ignored).collect()],
            // Whether there is any commit: where there is none, `log` fails as it does for other reasons.
            Self::Log { .. } => vec![
                vec!["log", "--no-show-signature", "--no-color", "--no-decorate", "--encoding=UTF-8", COMMIT],
                vec!["rev-parse", "--verify", "--quiet", "HEAD"],
            ],
            Self::Head => {
                vec![vec!["rev-parse", "--verify", "--quiet", "HEAD"], vec!["symbolic-ref", "--quiet", "HEAD"]]
            }
        }
    }

    /// An argument that has to be made, to be put behind those of the first command.
    pub(super) fn last_argument(&self) -> Option<String> {
        match self {
            Self::Log { commits } => Some(format!("--max-count={commits}")),
            _ => None,
        }
    }

    /// Which of the commands is `git status`.
    pub(super) fn is_status(&self, command: usize) -> bool {
        command == 0 && self.reads_tree()
    }

    /// Whether the answer depends on the index and the working tree.
    pub(super) fn reads_tree(&self) -> bool {
        matches!(self, Self::Text { .. } | Self::Status)
    }

    /// The output that shows abbreviated commits, by the number of its command.
    pub(super) fn abbreviates(&self) -> Option<usize> {
        match self {
            Self::Text { .. } => Some(1),
            Self::Log { .. } => Some(0),
            Self::Status | Self::Head => None,
        }
    }

    /// Whether an answer with this exit code of a command may be kept.
    pub(super) fn is_kept_with(&self, code: Option<i32>) -> bool {
        code == Some(0) || (matches!(self, Self::Head) && code == Some(1))
    }
}
