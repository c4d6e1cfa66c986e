//! What comes of a question.

use std::path::PathBuf;
use std::sync::Arc;

use super::entries;
use super::parse::{Commit, Head, StatusEntry};
use crate::tree::key::Key;

/// An answer, which many may share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What was asked for.
    pub content: Content,
    /// The top of the working tree, if there is one.
    pub top: Option<PathBuf>,
}

/// The content of an answer, in the form that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The text of rev.
    Text(String),
    /// What differs.
    Status(Vec<StatusEntry>),
    /// The latest commits, the newest first.
    Log(Vec<Commit>),
    /// What is checked out.
    Head(Head),
}

impl Answer {
    /// Whether these are the entries in its text.
    pub(super) fn shows(&self, entries: &[(Key, bool)]) -> bool {
        let text = entries::text(b"", b"", entries);
        let start = text.find("\"top_level\"").unwrap_or_default();
        matches!(&self.content, Content::Text(whole) if whole.ends_with(&text[start..]))
    }

    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        match &self.content {
            Content::Text(text) => text.len(),
            Content::Status(entries) => {
                entries.iter().map(|entry| 96 + entry.path.len() + entry.original.as_ref().map_or(0, Vec::len)).sum()
            }
            Content::Log(commits) => commits.iter().map(|commit| 320 + commit.subject.len()).sum(),
            Content::Head(_) => 160,
        }
    }
}

/// How an answer came about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Whether it was kept from before; else git was asked.
    pub kept: bool,
    /// Why it could be kept, or why git was asked.
    pub reason: String,
    /// Why it is not kept for the next time, if it is not.
    pub not_kept: Option<String>,
    /// Why git gave no answer, or not a whole one, if so.
    pub problem: Option<String>,
    /// The git that is asked; `None` if there is none.
    pub git: Option<PathBuf>,
    /// How many processes were started.
    pub processes: u32,
    /// How many stamps of files and folders the answer rests on.
    pub stamps: usize,
}

/// An answer, and how it came about.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The answer.
    pub answer: Arc<Answer>,
    /// How it came about.
    pub explanation: Explanation,
}
