//! The symbolic links that a path runs over.
//!
//! Git says where things are without links. That a link leads elsewhere since then, only a look at the link itself shows.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::gate::Unkept;
use super::seen::is_mere_absence;

/// How many links the system follows in one path.
const MOST: usize = 40;

/// What a path runs over.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// The links, each under a path without another one.
    pub(super) links: Vec<PathBuf>,
    /// Where it ends, without links, or would: from the first part on that there is not.
    pub(super) end: PathBuf,
    /// The first part that there is not.
    pub(super) missing: Option<PathBuf>,
}

enum Step {
    Start(PathBuf),
    Up,
    Name(OsString),
}

/// Follows an absolute path part by part, as the system does.
pub(super) fn follow(path: &Path) -> Result<Way, Unkept> {
    let mut way = Way::default();
    let mut left: VecDeque<_> = steps(path).collect();
    while let Some(step) = left.pop_front() {
        let name = match step {
            Step::Start(start) => {
                way.end.push(start);
                continue;
            }
            Step::Up => {
                way.end.pop();
                continue;
            }
            Step::Name(name) => name,
        };
        let next = way.end.join(name);
        if way.missing.is_none() {
            match fs::symlink_metadata(&next) {
                Ok(metadata) if metadata.is_symlink() => {
                    let unreadable = |_| Unkept::At(next.clone(), "cannot be read");
                    let there = fs::read_link(&next).map_err(unreadable)?;
                    way.links.push(next);
                    if way.links.len() > MOST {
                        return Err(Unkept::At(path.to_owned(), "runs over too many links"));
                    }
                    for step in steps(&there).rev() {
                        left.push_front(step);
                    }
                    continue;
                }
                Ok(_) => {}
                Err(error) if is_mere_absence(error.raw_os_error().unwrap_or_default()) => {
                    way.missing = Some(next.clone());
                }
                Err(_) => return Err(Unkept::At(next, "cannot be looked at")),
            }
        }
        way.end = next;
    }
    Ok(way)
}

fn steps(path: &Path) -> impl DoubleEndedIterator<Item = Step> {
    path.components().filter_map(|part| match part {
        Component::Prefix(_) | Component::RootDir => Some(Step::Start(Path::new(part.as_os_str()).to_owned())),
        Component::CurDir => None,
        Component::ParentDir => Some(Step::Up),
        Component::Normal(name) => Some(Step::Name(name.to_owned())),
    })
}
